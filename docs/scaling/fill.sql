-- Fills a database that `scrapersky serve --demo` has scanned its sites into (its facts are copied):
--   psql -v batches=1 -v jobs=50000 -f fill.sql
-- Jobs of all batches take turns, as `store::submit` gives them out.
SET synchronous_commit = off;
CREATE TABLE IF NOT EXISTS facts AS
  SELECT * FROM domains WHERE status = 'scanned' ORDER BY pg_column_size(domains.*) DESC LIMIT 1;
CREATE TABLE IF NOT EXISTS facts_sitemaps AS
  SELECT position, url, kind, discovered_by, url_count, last_modified, error FROM sitemaps
  WHERE domain_id = (SELECT id FROM facts) ORDER BY position LIMIT 3;
CREATE TABLE IF NOT EXISTS facts_result AS
  SELECT result FROM jobs WHERE domain_id = (SELECT id FROM facts) AND status = 'complete' LIMIT 1;
-- UUIDv7 would be in order of time; so are these.
CREATE OR REPLACE FUNCTION ordered_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT (lpad(to_hex(kind), 4, '0') || lpad(to_hex(n), 12, '0') || '7000' || '8' || substr(md5(kind || '.' || n), 1, 11))::uuid $$;
TRUNCATE jobs, sitemaps, batch_jobs;
DELETE FROM domains WHERE name LIKE 'filled-%';
INSERT INTO batch_jobs (id, tenant_id, status, total_domains, created_at, updated_at)
  SELECT ordered_id(1, b), (SELECT tenant_id FROM facts), 'pending', :jobs, now(), now()
  FROM generate_series(0, :batches - 1) b;
INSERT INTO domains (id, tenant_id, name, status, latest_job_id, batch_id, created_at, updated_at)
  SELECT ordered_id(2, n), (SELECT tenant_id FROM facts), 'filled-' || n || '.example', 'pending', ordered_id(3, n),
    ordered_id(1, n % :batches), now(), now() FROM generate_series(0, :jobs - 1) n;
INSERT INTO jobs (id, tenant_id, domain_id, batch_id, job_type, status, lane, turn, max_attempts, options_key,
    options, created_at)
  SELECT ordered_id(3, n), (SELECT tenant_id FROM facts), ordered_id(2, n), ordered_id(1, n % :batches),
    'domain_scan', 'pending', 1, n / :batches, 3, 'full', '{}', now() FROM generate_series(0, :jobs - 1) n;
VACUUM ANALYZE jobs, domains, batch_jobs;
CHECKPOINT;
