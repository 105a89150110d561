-- What it costs to remove 100,000 ended jobs of a million: in steps of 500, as src/store/engine/retention.rs does, and
-- as a partition. Run after fill.sql, in a database of its own:  psql -f retention.sql
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
DROP TABLE IF EXISTS old_jobs, parted_jobs;
CREATE TABLE old_jobs (LIKE jobs INCLUDING DEFAULTS);
INSERT INTO old_jobs (id, tenant_id, domain_id, batch_id, job_type, status, lane, turn, max_attempts, options_key,
    options, result, sequence, lease_epoch, attempts, progress, step, created_at, started_at, completed_at)
  SELECT ordered_id(3, n), f.tenant_id, ordered_id(2, n % 200000), ordered_id(1, n / 5000), 'domain_scan', 'complete', 1, n,
    3, 'full', '{}', r.result, n % 5000 + 1, 1, 1, 1.0, 'done', t, t, t
  FROM generate_series(0, 999999) n, facts f, facts_result r, LATERAL (SELECT now() - interval '200 days' + n * interval '15 s') AS x(t);
-- The indexes of `jobs`, of whatever version of the schema.
SELECT replace(replace(indexdef, ' ON public.jobs ', ' ON old_jobs '), 'INDEX ' || indexname, 'INDEX old_' || indexname)
  FROM pg_indexes WHERE tablename = 'jobs' \gexec
VACUUM ANALYZE old_jobs;
SELECT 'a million jobs: ' || pg_size_pretty(pg_relation_size('old_jobs')) || ', indexes ' || pg_size_pretty(pg_indexes_size('old_jobs'));

-- The first 100,000 again, as one partition of ten by UUIDv7, which is by time.
CREATE TABLE parted_jobs (LIKE jobs INCLUDING DEFAULTS) PARTITION BY RANGE (id);
SELECT format('CREATE TABLE parted_%s PARTITION OF parted_jobs FOR VALUES FROM (%L) TO (%L)', n, ordered_id(3, n * 100000), ordered_id(3, (n + 1) * 100000))
  FROM generate_series(0, 9) n \gexec
INSERT INTO parted_jobs SELECT * FROM old_jobs WHERE id < ordered_id(3, 100000);
SELECT replace(replace(indexdef, ' ON public.jobs ', ' ON parted_0 '), 'INDEX ' || indexname, 'INDEX parted_0_' || indexname)
  FROM pg_indexes WHERE tablename = 'jobs' \gexec
CHECKPOINT;

CREATE OR REPLACE PROCEDURE remove_in_steps(batches int) LANGUAGE plpgsql AS $$
DECLARE removed bigint;
BEGIN
  FOR b IN 0 .. batches - 1 LOOP
    LOOP
      DELETE FROM old_jobs WHERE id = ANY (ARRAY(
        SELECT id FROM old_jobs WHERE batch_id = ordered_id(1, b) LIMIT 500 FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS removed = ROW_COUNT;
      COMMIT;
      EXIT WHEN removed < 500;
    END LOOP;
  END LOOP;
END $$;
SET synchronous_commit = on;
SELECT pg_current_wal_insert_lsn() AS before, clock_timestamp() AS began \gset
CALL remove_in_steps(20);
SELECT 'steps of 500: ' || clock_timestamp() - :'began' || ', WAL ' || pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :'before'));
SELECT pg_current_wal_insert_lsn() AS before, clock_timestamp() AS began \gset
VACUUM old_jobs;
SELECT 'vacuum after them: ' || clock_timestamp() - :'began' || ', WAL ' || pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :'before'));
SELECT pg_current_wal_insert_lsn() AS before, clock_timestamp() AS began \gset
ALTER TABLE parted_jobs DETACH PARTITION parted_0;
DROP TABLE parted_0;
SELECT 'a partition dropped: ' || clock_timestamp() - :'began' || ', WAL ' || pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :'before'));
DROP TABLE old_jobs, parted_jobs;
DROP PROCEDURE remove_in_steps;

-- What a claim pays for partitions: each has an index to look into.
SET client_min_messages = warning;
DROP TABLE IF EXISTS timings; CREATE TABLE timings (line text);
SELECT format($f$DROP TABLE IF EXISTS parts; CREATE TABLE parts (LIKE jobs INCLUDING DEFAULTS) PARTITION BY RANGE (id);
  DO 'BEGIN FOR n IN 0 .. %1$s - 1 LOOP EXECUTE format(''CREATE TABLE parts_%%s PARTITION OF parts FOR VALUES FROM (%%L) TO (%%L)'', n, ordered_id(3, n * (20000 / %1$s + 1)), ordered_id(3, (n + 1) * (20000 / %1$s + 1))); END LOOP; END';
  CREATE INDEX ON parts (lane, turn, id) WHERE status = 'pending' AND run_at IS NULL AND losses < 2;
  INSERT INTO parts SELECT (jsonb_populate_record(j, '{"status": "pending", "run_at": null, "losses": 0}')).* FROM jobs j WHERE id < ordered_id(3, 20000);
  ANALYZE parts;
  DO 'DECLARE planned float = 0; run float = 0; plan json; BEGIN FOR i IN 1 .. 20 LOOP
    EXECUTE ''EXPLAIN (ANALYZE, TIMING off, FORMAT json) SELECT id FROM parts WHERE status = ''''pending'''' AND run_at IS NULL AND losses < 2 ORDER BY lane, turn, id LIMIT 256 FOR UPDATE SKIP LOCKED'' INTO plan;
    planned = planned + (plan -> 0 ->> ''Planning Time'')::float / 20; run = run + (plan -> 0 ->> ''Execution Time'')::float / 20; END LOOP;
    INSERT INTO timings VALUES (format(''%1$s partitions: a claim is planned in %%s ms and picks %%s jobs in %%s ms'', round(planned::numeric, 2), plan -> 0 -> ''Plan'' ->> ''Actual Rows'', round(run::numeric, 2))); END'$f$, n)
  FROM unnest(ARRAY[1, 13, 90]) n \gexec
SELECT line FROM timings;
DROP TABLE timings, parts;
