//! Which jobs may be claimed when each tenant may have so many running and no more.
//!
//! Nothing of a tenant that has no room is read but the first of its jobs, however many wait: an index by tenant is
//! walked from one tenant to the next, and then, of those with room, each as far as its room goes.

use sea_orm::DbBackend;

use super::claim::{picked_as, skip_locked};

/// Common table expressions of which the last, `picked`, has the identifiers of at most `$1` jobs that wait, by lane and
/// turn, and none that would exceed the cap in parameter `cap`.
pub(super) fn picked(backend: DbBackend, waiting: &str, cap: usize) -> String {
    let (candidates, picked) = match backend {
        DbBackend::Postgres => (
            format!(
                "SELECT c.id FROM with_room t CROSS JOIN LATERAL (SELECT id, lane, turn FROM jobs \
                   WHERE {waiting} AND tenant_id = t.tenant_id ORDER BY lane, turn, id LIMIT least(t.room, $1)) c \
                 ORDER BY c.lane, c.turn, c.id LIMIT $1"
            ),
            format!("SELECT id FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM candidates)) AND {waiting}"),
        ),
        // Its LIMIT may not name a column.
        _ => (
            format!(
                "SELECT id FROM (SELECT j.id, j.lane, j.turn, t.room, \
                   row_number() OVER (PARTITION BY j.tenant_id ORDER BY j.lane, j.turn, j.id) AS place \
                   FROM with_room t CROSS JOIN jobs j ON j.id IN (SELECT id FROM jobs \
                     WHERE {waiting} AND tenant_id = t.tenant_id ORDER BY lane, turn, id LIMIT $1)) \
                 WHERE place <= room ORDER BY lane, turn, id LIMIT $1"
            ),
            "SELECT id FROM candidates".to_owned(),
        ),
    };
    format!(
        "WITH RECURSIVE {}, {}, candidates AS MATERIALIZED ({candidates}), {}",
        first_of_each_tenant(waiting),
        with_room(cap),
        picked_as(&format!("{picked} {}", skip_locked(backend)))
    )
}

/// Each tenant's first job that waits: one descent of the index for each.
fn first_of_each_tenant(waiting: &str) -> String {
    let first = |beyond: &str| {
        format!("SELECT id FROM jobs WHERE {waiting} {beyond} ORDER BY tenant_id, lane, turn, id LIMIT 1")
    };
    format!(
        "firsts(tenant_id, lane, turn, id) AS (\
           SELECT tenant_id, lane, turn, id FROM jobs WHERE id = ({}) \
           UNION ALL SELECT j.tenant_id, j.lane, j.turn, j.id FROM firsts f CROSS JOIN jobs j WHERE j.id = ({}))",
        first(""),
        first("AND tenant_id > f.tenant_id")
    )
}

/// The tenants with room, by their first job: a later one than as many as are wanted has none of the first jobs.
fn with_room(cap: usize) -> String {
    format!(
        "running AS MATERIALIZED (SELECT tenant_id, count(*) AS jobs FROM jobs WHERE status = 'running' GROUP BY tenant_id), \
         with_room AS MATERIALIZED (SELECT f.tenant_id, ${cap} - coalesce(r.jobs, 0) AS room \
           FROM firsts f LEFT JOIN running r ON r.tenant_id = f.tenant_id WHERE coalesce(r.jobs, 0) < ${cap} \
           ORDER BY f.lane, f.turn, f.id LIMIT $1)"
    )
}
