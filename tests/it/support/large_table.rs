//! A database with two million jobs, filled by the database itself.

use scrapersky::store::Db;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// How many jobs there are; a tenth of them is pending.
pub const JOBS: u32 = 2_000_000;

/// Jobs of one batch.
const BATCH: u32 = 5_000;

/// Batches: those that the jobs belong to, and later ones that are empty.
const BATCHES: u32 = 50_000;

/// Where in the table the pending jobs are.
#[derive(Debug, Clone, Copy)]
pub enum Pending {
    /// Two of each fifteen rows: nearly each is on a page of its own.
    Everywhere,
    /// Next to each other at the end, where submissions put them.
    Newest,
}

/// Fills an empty database: 20 tenants of which the first has half of everything, 200,000 domains, and batches of which
/// the first 100 and the empty ones have ended. Indexes are made again when the rows are there, which is how they are after
/// years as well.
pub async fn fill(db: &Db, pending: Pending) {
    let connection = db.writer();
    let prepare = match db.backend() {
        DbBackend::Postgres => {
            "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; \
             SET max_parallel_maintenance_workers = 2; SET jit = off"
        }
        _ => {
            "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000; PRAGMA threads = 2"
        }
    };
    let indexes = indexes(db).await;
    let drop = indexes.iter().map(|(name, _)| format!("DROP INDEX {name}"));
    let create = indexes.iter().map(|(_, create)| create.clone());
    let analyze = match db.backend() {
        DbBackend::Postgres => "ANALYZE; RESET ALL",
        _ => {
            "PRAGMA analysis_limit = 1000; ANALYZE; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536"
        }
    };
    let parts: Vec<String> = std::iter::once(prepare.to_owned())
        .chain(drop)
        .chain([tenants(db), batches(db), domains(db), jobs(db, pending)])
        .chain(create)
        .chain([analyze.to_owned()])
        .collect();
    // PostgreSQL's settings are those of one connection: all of it goes over the same.
    connection.execute_unprepared(&parts.join(";\n")).await.unwrap();
}

/// The indexes of jobs and domains beside their keys, and how they are made.
async fn indexes(db: &Db) -> Vec<(String, String)> {
    let text = match db.backend() {
        DbBackend::Postgres => {
            "SELECT indexname::text AS name, indexdef AS made FROM pg_indexes \
             WHERE tablename IN ('jobs', 'domains') AND indexname NOT LIKE '%_pkey'"
        }
        _ => {
            "SELECT name, sql AS made FROM sqlite_master \
             WHERE type = 'index' AND tbl_name IN ('jobs', 'domains') AND sql IS NOT NULL"
        }
    };
    let rows = db.reader().query_all_raw(Statement::from_string(db.backend(), text)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "name").unwrap(), row.try_get("", "made").unwrap())).collect()
}

/// What the two databases write differently.
struct Words {
    is_postgres: bool,
}

impl Words {
    fn of(db: &Db) -> Self {
        Self { is_postgres: db.backend() == DbBackend::Postgres }
    }

    /// An identifier that grows with the number.
    fn id(&self, kind: u32, number: &str) -> String {
        if self.is_postgres {
            return format!("('0190' || lpad(to_hex({number}), 8, '0') || '70008000{kind:012}')::uuid");
        }
        format!("unhex(printf('0190%08x70008000{kind:012}', {number}))")
    }

    /// A time so many seconds after the beginning of 2024.
    fn time(&self, seconds: &str) -> String {
        if self.is_postgres {
            return format!("to_timestamp(1704067200 + {seconds})");
        }
        format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', 1704067200 + {seconds}, 'unixepoch')")
    }

    fn numbers(&self, count: u32) -> String {
        if self.is_postgres {
            return format!("generate_series(0, {}) AS n(g)", count - 1);
        }
        format!(
            "(WITH RECURSIVE n(g) AS (VALUES (0) UNION ALL SELECT g + 1 FROM n WHERE g < {}) SELECT g FROM n)",
            count - 1
        )
    }
}

fn tenants(db: &Db) -> String {
    let words = Words::of(db);
    format!(
        "INSERT INTO tenants (id, name, created_at) SELECT {}, 'tenant ' || g, {} FROM {}",
        words.id(1, "g"),
        words.time("g"),
        words.numbers(20)
    )
}

/// The first half of the batches is the first tenant's.
const TENANT: &str = "(CASE WHEN g / 5000 < 200 THEN 0 ELSE g / 5000 % 20 END)";

fn batches(db: &Db) -> String {
    let words = Words::of(db);
    format!(
        "INSERT INTO batch_jobs (id, tenant_id, status, total_domains, completed_domains, created_at, updated_at, start_time, end_time) \
         SELECT {}, {}, CASE WHEN {ended} THEN 'complete' ELSE 'running' END, \
           CASE WHEN {ended} THEN {BATCH} ELSE 2 * {BATCH} END, {BATCH}, \
           {time}, {time}, {time}, CASE WHEN {ended} THEN {time} END FROM {}",
        words.id(2, "g"),
        words.id(1, "(CASE WHEN g < 200 THEN 0 ELSE g % 20 END)"),
        words.numbers(BATCHES),
        ended = format!("(g < 100 OR g >= {})", JOBS / BATCH),
        time = words.time("g * 5000"),
    )
}

fn domains(db: &Db) -> String {
    let words = Words::of(db);
    format!(
        "INSERT INTO domains (id, tenant_id, name, status, last_scan, latest_job_id, created_at, updated_at) \
         SELECT {}, {}, 'site-' || g || '.example', CASE WHEN g % 7 = 0 THEN 'pending' ELSE 'scanned' END, \
           CASE WHEN g % 7 <> 0 THEN {time} END, {}, {time}, {time} FROM {}",
        words.id(3, "g"),
        words.id(1, "g / 10000"),
        words.id(4, "g"),
        words.numbers(200_000),
        time = words.time("g"),
    )
}

fn jobs(db: &Db, pending: Pending) -> String {
    let words = Words::of(db);
    let is_pending = match pending {
        Pending::Everywhere => "g >= 500000 AND g % 15 < 2",
        Pending::Newest => "g >= 1800000 AND g % 100 <> 5",
    };
    let status = format!(
        "CASE WHEN {is_pending} THEN 'pending' WHEN g >= 500000 AND g % 1500 = 2 THEN 'running' \
           WHEN g % 10 = 3 THEN 'failed' WHEN g % 50 = 7 THEN 'cancelled' ELSE 'complete' END"
    );
    format!(
        "INSERT INTO jobs (id, job_type, status, lane, turn, run_at, worker_id, lease_expires_at, lease_epoch, attempts, \
           max_attempts, progress, step, sequence, options_key, result, created_at, started_at, completed_at, tenant_id, \
           domain_id, batch_id) \
         SELECT {id}, 'domain_scan', status, CASE WHEN is_single THEN 0 ELSE 1 END, g, \
           CASE WHEN status = 'pending' AND g % 30 = 0 THEN {later} END, \
           CASE WHEN status = 'running' THEN {id} END, CASE WHEN status = 'running' THEN {later} END, 1, 1, 3, \
           CASE WHEN ended THEN 1.0 ELSE 0.0 END, CASE WHEN ended THEN 'done' ELSE 'queued' END, \
           CASE WHEN ended AND NOT is_single THEN g % {BATCH} + 1 END, '{{}}', \
           CASE WHEN status = 'complete' THEN {result} END, {time}, {time}, CASE WHEN ended THEN {time} END, \
           {tenant}, {domain}, CASE WHEN NOT is_single THEN {batch} END \
         FROM (SELECT g, {status} AS status, {status} NOT IN ('pending', 'running') AS ended, g % 100 = 5 AS is_single FROM {numbers}) AS n",
        id = words.id(4, "g"),
        later = words.time("100000000 + g"),
        result =
            if words.is_postgres { "'{\"title\": \"A site\"}'::jsonb" } else { "'{\"title\": \"A site\"}'" },
        time = words.time("g"),
        tenant = words.id(1, TENANT),
        domain = words.id(3, &format!("({TENANT} * 10000 + g % 10000)")),
        batch = words.id(2, &format!("g / {BATCH}")),
        numbers = words.numbers(JOBS),
    )
}
