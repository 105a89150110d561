//! How SQLite reads lists: by their index and in its order, so that a page costs what it holds.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Access, Db,
    children::Children,
    cursor::{Position, SortKey},
    listing::{Conditions, List, Pin, SortColumn, Way},
    page::{Direction, PageRequest},
};
use crate::{config::DatabaseSettings, model::TenantId};

async fn database() -> (TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let database_url = folder.path().join("plans.db").display().to_string();
    let db = Db::open(&DatabaseSettings { database_url, ..<_>::default() }, Access::Serve).await.unwrap();
    db.migrate().await.unwrap();
    (folder, db)
}

/// The steps of a statement's plan that read the listed table, or sort.
async fn plan(db: &Db, (text, values): (String, Vec<Value>)) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {text}");
    let rows =
        db.reader().query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, explain, values)).await;
    let steps = rows.unwrap().into_iter().map(|row| row.try_get_by_index::<String>(3).unwrap());
    steps.filter(|step| [" d ", " j ", " b ", "ORDER BY"].iter().any(|part| step.contains(part))).collect()
}

fn conditions(column: &'static str) -> Conditions {
    Conditions::of_tenant(DbBackend::Sqlite, column, TenantId::generate())
}

fn list(table: &'static str, alias: &'static str, sort: SortColumn) -> List<'static> {
    List { columns: "*", table, alias, sort, direction: Direction::Descending, pin: None }
}

fn requests(key: &SortKey) -> [PageRequest; 4] {
    let from = Some(Position { key: key.clone(), id: Uuid::nil() });
    [(false, None), (false, from.clone()), (true, None), (true, from)].map(|(backward, from)| PageRequest {
        limit: 50,
        backward,
        from,
    })
}

#[tokio::test]
async fn a_page_is_read_by_the_index_of_its_order_and_not_sorted() {
    let (_folder, db) = database().await;
    for (table, alias, tenant, sort, key, index) in [
        ("domains", "d", "d.tenant_id", SortColumn::Id, SortKey::Id, "domains_by_tenant"),
        (
            "domains",
            "d",
            "d.tenant_id",
            SortColumn::Unique("name"),
            SortKey::Text("a".to_owned()),
            "domains_by_name",
        ),
        ("jobs", "j", "j.tenant_id", SortColumn::Id, SortKey::Id, "jobs_by_tenant"),
        ("batch_jobs", "b", "b.tenant_id", SortColumn::Id, SortKey::Id, "batch_jobs_by_tenant"),
    ] {
        for request in requests(&key) {
            let steps = plan(&db, list(table, alias, sort).page(conditions(tenant), &request)).await;
            assert_eq!(steps.len(), 1, "{steps:?}");
            assert!(steps[0].contains(&format!("USING INDEX {index} ")), "{request:?}: {steps:?}");
        }
    }
}

#[tokio::test]
async fn a_list_by_time_is_read_by_its_index_and_only_the_page_is_sorted() {
    let (_folder, db) = database().await;
    let at = SortKey::Time(chrono::DateTime::from_timestamp_micros(1));
    for (table, alias, tenant, column, index) in [
        ("domains", "d", "d.tenant_id", "last_scan", "domains_by_scan"),
        ("jobs", "j", "j.tenant_id", "completed_at", "jobs_by_completion"),
        ("batch_jobs", "b", "b.tenant_id", "end_time", "batch_jobs_by_end"),
    ] {
        for request in requests(&at).into_iter().chain(requests(&SortKey::Time(None))) {
            let query = list(table, alias, SortColumn::Nullable(column)).page(conditions(tenant), &request);
            let has_values = query.0.contains(&format!("{column} IS NOT NULL"));
            let steps = plan(&db, query).await;
            let by_index =
                steps.iter().filter(|step| step.contains(&format!("USING INDEX {index} "))).count();
            assert!(by_index >= usize::from(has_values), "{request:?}: {steps:?}");
            // The order of the two parts together.
            assert!(
                steps.iter().filter(|step| step.contains("ORDER BY")).count() <= 2,
                "{request:?}: {steps:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_jobs_of_one_parent_are_read_by_its_index() {
    let (_folder, db) = database().await;
    for (column, index) in [("j.batch_id", "jobs_by_batch"), ("j.domain_id", "jobs_by_domain")] {
        let mut conditions = conditions("j.tenant_id");
        let pin = Some(Pin { column, place: conditions.bind(Uuid::nil()) });
        let request = PageRequest { limit: 50, backward: false, from: None };
        let steps =
            plan(&db, List { pin, ..list("jobs", "j", SortColumn::Id) }.page(conditions, &request)).await;
        assert!(steps.len() == 1 && steps[0].contains(&format!("USING INDEX {index} ")), "{steps:?}");
    }
}

#[tokio::test]
async fn a_page_of_each_parent_is_read_by_the_index_of_the_parent() {
    let (_folder, db) = database().await;
    for (join, parent, index) in [
        ("", "domain_id", "jobs_by_domain"),
        ("", "batch_id", "jobs_by_batch"),
        ("JOIN domains d ON d.id = j.domain_id", "batch_id", "jobs_by_batch"),
    ] {
        for request in requests(&SortKey::Id) {
            let children = Children { columns: "j.*", join, parent, direction: Direction::Ascending };
            let query = children.pages(conditions("j.tenant_id"), &[Uuid::nil(), Uuid::max()], &request);
            let steps = plan(&db, query).await;
            assert!(
                steps.iter().any(|step| step.contains(&format!("SEARCH j USING INDEX {index} "))),
                "{steps:?}"
            );
            assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
            assert_eq!(steps.iter().filter(|step| step.contains("ORDER BY")).count(), 1, "{steps:?}");
        }
    }
}

#[tokio::test]
async fn the_children_of_each_parent_are_counted_in_its_index_alone() {
    let (_folder, db) = database().await;
    for (join, parent, index) in [
        ("", "domain_id", "jobs_by_domain"),
        ("JOIN domains d ON d.id = j.domain_id", "batch_id", "jobs_by_batch"),
    ] {
        let children = Children { columns: "j.*", join, parent, direction: Direction::Ascending };
        let steps = plan(&db, children.counts(conditions("p.tenant_id"), &[Uuid::nil()])).await;
        assert_eq!(steps, [format!("SEARCH j USING COVERING INDEX {index} ({parent}=?)")]);
    }
}

/// Its planner drops a column that equals a value from the order, and then walks the primary key: for 50 jobs of a batch
/// it read the 100,000 of another.
#[test]
fn postgresql_is_given_bounds_instead_of_an_equality_so_that_only_the_index_has_the_order() {
    let request = |backward| PageRequest { limit: 1, backward, from: None };
    let forward = Way::of(Direction::Ascending, &request(false));
    let backward = Way::of(Direction::Ascending, &request(true));
    let by_id = |way: Way, from| way.by_id(DbBackend::Postgres, ("j.batch_id", "$2"), "j.id", from);
    assert_eq!(
        by_id(forward, None),
        ("j.batch_id >= $2 AND j.batch_id <= $2".to_owned(), "j.batch_id ASC, j.id ASC".to_owned())
    );
    assert_eq!(
        by_id(backward, Some(3)),
        (
            "(j.batch_id, j.id) < ($2, $3) AND j.batch_id >= $2".to_owned(),
            "j.batch_id DESC, j.id DESC".to_owned()
        )
    );
}
