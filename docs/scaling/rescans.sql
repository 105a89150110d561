-- After fill.sql: makes every domain one that was scanned before, and gives the jobs their domains in no order, as the
-- second scan of a customer's list has them. Then CHECKPOINT, so that the first touch of each page is written in full.
SET synchronous_commit = off;
UPDATE domains d SET url = x.url, title = x.title, description = x.description, favicon_url = x.favicon_url,
  logo_url = x.logo_url, wordpress_plugins = x.wordpress_plugins, technologies = x.technologies,
  tech_stack = x.tech_stack, contacts = x.contacts, social_links = x.social_links, metadata = x.metadata,
  revisit = x.revisit, last_scan = now() - interval '30 days' FROM facts x WHERE d.name LIKE 'filled-%';
INSERT INTO sitemaps (id, tenant_id, domain_id, position, url, kind, discovered_by, url_count)
  SELECT gen_random_uuid(), d.tenant_id, d.id, s.position, s.url, s.kind, s.discovered_by, s.url_count
  FROM domains d, facts_sitemaps s WHERE d.name LIKE 'filled-%';
WITH shuffled AS (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS place FROM domains WHERE name LIKE 'filled-%'),
  placed AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM jobs)
  UPDATE jobs j SET domain_id = shuffled.id FROM placed JOIN shuffled USING (place) WHERE placed.id = j.id;
VACUUM ANALYZE jobs, domains, sitemaps;
CHECKPOINT;
