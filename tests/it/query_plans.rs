//! On a table of two million jobs, with their domains and batches, every statement of the hot path keeps its index.
//! The statements are those that the program sends, caught on their way.

use std::time::Duration;

use scrapersky::{
    config::WorkerSettings,
    model::{BatchId, BatchStatus, DomainId, JobId, JobStatus, JobStep, Scope, TenantId, WorkerId},
    store::{
        Columns, Db, Direction, PageRequest, Position, SortKey,
        batches::{self, BatchOrder, BatchSort},
        domains::{self, DomainOrder, DomainSort},
        engine::{self, FinishedJob, HeldLease, Outcome},
        jobs,
    },
};
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use crate::{
    on_each_database,
    support::{
        engine::{TestEngine, batch_of, report},
        large_table::{self, Pending},
        plans::{full_scans, plans},
    },
};

/// The statements of some work keep from reading all of a large table, and follow this index.
async fn follows<T>(db: &Db, what: &str, index: &str, work: impl Future<Output = T>) -> T {
    let (answer, plans) = planned(db, what, work).await;
    assert!(plans.iter().any(|plan| uses(plan, index)), "{what} by {index}: {plans:?}");
    answer
}

/// The plans of what the work asks of large tables; none reads one of them from end to end.
async fn planned<T>(db: &Db, what: &str, work: impl Future<Output = T>) -> (T, Vec<String>) {
    let (answer, statements) = db.statements_of(work).await;
    let on_large: Vec<&Statement> = statements.iter().filter(|one| names_large_table(&one.sql)).collect();
    assert!(!on_large.is_empty(), "{what}: {statements:?}");
    let mut all = Vec::new();
    for statement in on_large {
        for plan in plans(db, statement).await {
            assert_eq!(full_scans(&plan), Vec::<&str>::new(), "{what}: {}\n{plan}", statement.sql);
            all.push(plan);
        }
    }
    (answer, all)
}

fn uses(plan: &str, index: &str) -> bool {
    plan.contains(&format!(" {index} ")) || plan.contains(&format!(" {index}\n"))
}

fn names_large_table(sql: &str) -> bool {
    let names =
        |table| ["FROM", "UPDATE", "JOIN"].iter().any(|verb| sql.contains(&format!("{verb} {table} ")));
    ["jobs", "domains", "batch_jobs"].into_iter().any(names)
}

fn id(kind: u32, number: u32) -> Uuid {
    Uuid::parse_str(&format!("0190{number:08x}70008000{kind:012}")).unwrap()
}

/// The index of the table's key.
fn key(db: &Db) -> &'static str {
    if db.is_sqlite() { "sqlite_autoindex_jobs_1" } else { "jobs_pkey" }
}

async fn filled(database: &crate::support::database::TestDatabase, settings: WorkerSettings) -> TestEngine {
    let mut engine = TestEngine::start_with(database, settings).await;
    large_table::fill(&engine.db, Pending::Everywhere).await;
    engine.scope = Scope { tenant_id: TenantId(id(1, 0)), ..engine.scope };
    engine
}

fn first(limit: u32) -> PageRequest {
    PageRequest { limit, backward: false, from: None }
}

on_each_database! {
    async fn on_two_million_jobs_every_hot_statement_keeps_its_index(database: TestDatabase) {
        let capped = WorkerSettings { max_running_per_tenant: 1_000, ..WorkerSettings::default() };
        let engine = filled(&database, WorkerSettings::default()).await;
        the_queue(&engine, &capped).await;
        lists(&engine).await;
        lists_of_domains(&engine).await;
        lists_of_batches(&engine).await;
        submission(&engine).await;
        removal(&engine).await;
    }
}

async fn the_queue(engine: &TestEngine, capped: &WorkerSettings) {
    let (db, queue, worker) = (&engine.db, &engine.queue, WorkerId::generate());
    let pending = engine.number("SELECT count(*) FROM jobs WHERE status = 'pending'").await;
    assert!((190_000..210_000).contains(&pending), "a tenth is pending: {pending}");
    let held = follows(db, "claim", "jobs_claimable", queue.claim(worker, 64)).await.unwrap();
    assert_eq!(held.len(), 64);
    let with_cap = scrapersky::queue::Queue::new(db.clone(), scrapersky::clock::Clock::system(), capped);
    let more = follows(db, "capped claim", "jobs_claimable_by_tenant", with_cap.claim(worker, 64)).await;
    assert_eq!(more.unwrap().len(), 64);
    follows(db, "look for isolated jobs", "jobs_isolated", queue.has_isolated()).await.unwrap();
    follows(db, "claim alone", "jobs_isolated", queue.claim_alone(worker)).await.unwrap();
    let leases: Vec<HeldLease> = held
        .iter()
        .map(|job| HeldLease { job_id: job.id, lease_epoch: job.lease_epoch, step: Some(JobStep::Sitemaps) })
        .collect();
    follows(db, "heartbeat", key(db), queue.extend(&leases)).await.unwrap();
    follows(db, "give back", key(db), queue.give_back(&leases[32..])).await.unwrap();
    let finished: Vec<FinishedJob> = held[..32]
        .iter()
        .map(|job| FinishedJob::of(job, Outcome::Complete(Box::new(report(job.name.as_str())))))
        .collect();
    let recorded = follows(db, "finish", key(db), queue.finish(&finished)).await.unwrap();
    assert_eq!(recorded.jobs.len(), 32);
    follows(db, "reap", "jobs_leased", queue.reap()).await.unwrap();
    let now = scrapersky::clock::Clock::system().now();
    let (expired, plans) =
        planned(db, "look for lost workers", engine::expired(db.reader(), false, now)).await;
    for plan in plans {
        let by_time = ["Index Cond: (lease_expires_at <", "jobs_leased (lease_expires_at<"];
        assert!(uses(&plan, "jobs_leased") && by_time.iter().any(|part| plan.contains(part)), "{plan}");
    }
    follows(db, "reopen", key(db), engine::reopen(db.writer(), &expired.unwrap())).await.unwrap();
    follows(db, "release due retries", "jobs_waiting", queue.promote_due()).await.unwrap();
}

async fn lists(engine: &TestEngine) {
    let (db, scope) = (engine.db.reader(), &engine.scope);
    let (all, any, five) = (jobs::JobFilter::default(), domains::DomainFilter::default(), first(5));
    let some = [None, Some(Position { key: SortKey::Id, id: id(4, 700_000) })];
    for direction in [Direction::Ascending, Direction::Descending] {
        for from in some.clone() {
            for backward in [false, true] {
                let request = PageRequest { limit: 50, backward, from: from.clone() };
                let order = jobs::JobOrder { by: jobs::JobSort::CreatedAt, direction };
                let page = jobs::page(db, scope, &all, order, &request, Columns::all());
                follows(&engine.db, "jobs by creation", "jobs_by_tenant", page).await.unwrap();
                for (column, filter) in [
                    ("jobs_by_batch", jobs::JobFilter { batch_id: Some(BatchId(id(2, 150))), ..all.clone() }),
                    (
                        "jobs_by_domain",
                        jobs::JobFilter { domain_id: Some(DomainId(id(3, 7))), ..all.clone() },
                    ),
                ] {
                    let page = jobs::page(db, scope, &filter, order, &request, Columns::all());
                    follows(&engine.db, "jobs of a parent", column, page).await.unwrap();
                }
                let order = jobs::JobOrder { by: jobs::JobSort::CompletedAt, direction };
                let request = PageRequest { from: None, ..request };
                let page = jobs::page(db, scope, &all, order, &request, Columns::all());
                follows(&engine.db, "jobs by completion", "jobs_unfinished", page).await.unwrap();
            }
        }
    }
    let batch = BatchId(id(2, 150));
    let finished = jobs::finished_after(db, scope, batch, 2_000, 100, Columns::all());
    assert_eq!(follows(&engine.db, "finished jobs", "jobs_by_sequence", finished).await.unwrap().len(), 100);
    let ids: Vec<JobId> = (0..50).map(|number| JobId(id(4, number * 7))).collect();
    let by_id = if engine.db.is_sqlite() { "jobs_by_tenant" } else { "jobs_pkey" };
    follows(&engine.db, "jobs by id", by_id, jobs::by_ids(db, scope, &ids, Columns::all())).await.unwrap();
    let parents: Vec<Uuid> = (0..50).map(|number| id(3, number)).collect();
    let pages = jobs::pages_of(db, scope, jobs::JobsOf::Domains, &parents, &all, &five, Columns::all());
    assert_eq!(follows(&engine.db, "jobs of domains", "jobs_by_domain", pages).await.unwrap().len(), 50);
    let parents: Vec<Uuid> = (100..120).map(|number| id(2, number)).collect();
    let pages = jobs::pages_of(db, scope, jobs::JobsOf::Batches, &parents, &all, &five, Columns::all());
    assert_eq!(follows(&engine.db, "jobs of batches", "jobs_by_batch", pages).await.unwrap().len(), 20);
    let counts = jobs::counts_of(db, scope, jobs::JobsOf::Batches, &parents, &all);
    follows(&engine.db, "counted jobs of batches", "jobs_by_batch", counts).await.unwrap();
    let of_batches: Vec<BatchId> = parents.iter().map(|id| BatchId(*id)).collect();
    let pages = domains::pages_of_batches(db, scope, &of_batches, &any, &five, Columns::all());
    follows(&engine.db, "domains of batches", "jobs_by_batch", pages).await.unwrap();
    let batches = batches::by_ids(db, scope, &of_batches, Columns::all()).await.unwrap();
    assert!(batches.iter().all(|batch| batch.status == BatchStatus::Running));
}

/// Pages from the beginning and from each of these positions, either way.
fn requests(from: &[Position]) -> Vec<PageRequest> {
    let positions = std::iter::once(None).chain(from.iter().cloned().map(Some));
    let either_way = |from: Option<Position>| {
        [false, true].map(|backward| PageRequest { limit: 50, backward, from: from.clone() })
    };
    positions.flat_map(either_way).collect()
}

/// By a time: from one that is known and from one that is not.
fn times(kind: u32) -> Vec<Position> {
    let known = chrono::DateTime::from_timestamp(1_704_067_200 + 5_000, 0);
    [known, None].map(|at| Position { key: SortKey::Time(at), id: id(kind, 5_000) }).to_vec()
}

async fn lists_of_domains(engine: &TestEngine) {
    let (db, scope) = (engine.db.reader(), &engine.scope);
    let name = Position { key: SortKey::Text("site-5.example".to_owned()), id: id(3, 5) };
    let created = Position { key: SortKey::Id, id: id(3, 5_000) };
    let all = domains::DomainFilter::default();
    let of_batch = domains::DomainFilter { batch_id: Some(BatchId(id(2, 150))), ..all.clone() };
    for (by, index, from) in [
        (DomainSort::Name, "domains_by_name", vec![name]),
        (DomainSort::CreatedAt, "domains_by_tenant", vec![created]),
        (DomainSort::LastScan, "domains_by_scan", times(3)),
    ] {
        for (direction, request) in in_both_directions(&from) {
            let order = DomainOrder { by, direction };
            let page = domains::page(db, scope, &all, order, &request, Columns::all());
            follows(&engine.db, "domains", index, page).await.unwrap();
            let page = domains::page(db, scope, &of_batch, order, &request, Columns::all());
            let (page, plans) = planned(&engine.db, "domains of a batch", page).await;
            page.unwrap();
            for plan in plans {
                assert!(uses(&plan, "jobs_by_batch"), "{plan}");
                // An index in the order of the list would lead past all of the tenant's other domains.
                assert!(by == DomainSort::CreatedAt || !uses(&plan, index), "{order:?} {request:?}: {plan}");
            }
        }
    }
    for filter in [&of_batch, &domains::DomainFilter { is_wordpress: Some(true), ..of_batch.clone() }] {
        let count = domains::count(db, scope, filter);
        follows(&engine.db, "counted domains of a batch", "jobs_by_batch", count).await.unwrap();
    }
}

async fn lists_of_batches(engine: &TestEngine) {
    let (db, scope, all) = (engine.db.reader(), &engine.scope, batches::BatchFilter::default());
    let created = Position { key: SortKey::Id, id: id(2, 5_000) };
    // Those of all tenants by their end are an index as well, which serves a tenant that has a good part of them.
    for (by, indexes, from) in [
        (BatchSort::CreatedAt, ["batch_jobs_by_tenant"; 2], vec![created]),
        (BatchSort::EndTime, ["batch_jobs_by_end", "batch_jobs_by_age"], times(2)),
    ] {
        for (direction, request) in in_both_directions(&from) {
            let order = BatchOrder { by, direction };
            let page = batches::page(db, scope, &all, order, &request, Columns::all());
            let (page, plans) = planned(&engine.db, "batches", page).await;
            page.unwrap();
            assert!(plans.iter().all(|plan| indexes.iter().any(|index| uses(plan, index))), "{plans:?}");
        }
    }
}

fn in_both_directions(from: &[Position]) -> impl Iterator<Item = (Direction, PageRequest)> {
    let requests = requests(from);
    [Direction::Ascending, Direction::Descending]
        .into_iter()
        .flat_map(move |direction| requests.clone().into_iter().map(move |request| (direction, request)))
}

async fn submission(engine: &TestEngine) {
    let known: Vec<String> = (0..100).map(|number| format!("site-{number}.example")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let input =
        scrapersky::service::SubmitBatch { max_age: Some(Duration::from_secs(1)), ..batch_of(&known) };
    let batch = engine.service.scan_domains(&engine.scope, input);
    follows(&engine.db, "a batch", "jobs_claimable", batch).await.unwrap();
    let single = scrapersky::service::SubmitScan {
        name: "site-5.example".to_owned(),
        options: scrapersky::model::ScanOptions::default(),
        max_age: None,
        idempotency_key: None,
    };
    let single = engine.service.scan_domain(&engine.scope, single);
    let single = follows(&engine.db, "a single scan", "jobs_leased", single).await.unwrap();
    let job =
        jobs::by_id(engine.db.reader(), &engine.scope, single.job_id, Columns::all()).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::Pending);
}

async fn removal(engine: &TestEngine) {
    let (removed, _) = engine.db.statements_of(engine.queue.remove_old()).await;
    assert!(removed.unwrap() > 0);
    engine
        .db
        .writer()
        .execute_unprepared("UPDATE batch_jobs SET removed_at = end_time WHERE removed_at IS NOT NULL")
        .await
        .unwrap();
    follows(&engine.db, "removal", "jobs_single_by_end", engine.queue.remove_old()).await.unwrap();
    let removed = follows(&engine.db, "removal of batches", "jobs_by_batch", engine.queue.remove_old()).await;
    assert!(removed.unwrap() >= 2 * engine::STEP);
}
