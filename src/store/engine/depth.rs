//! How much is in the queue.

use sea_orm::ConnectionTrait;

use super::{
    super::{StoreError, sql},
    LOSSES_BEFORE_ISOLATION, Lane,
};

/// How many jobs of all tenants are in each state of the queue: its name and the number. Each is counted in an index of
/// its own.
pub async fn depth(connection: &impl ConnectionTrait) -> Result<Vec<(&'static str, i64)>, StoreError> {
    let claimable = |lane: Lane| {
        let (lane, losses) = (lane.as_number(), LOSSES_BEFORE_ISOLATION);
        format!("status = 'pending' AND run_at IS NULL AND losses < {losses} AND lane = {lane}")
    };
    let isolated = format!("status = 'pending' AND run_at IS NULL AND losses >= {LOSSES_BEFORE_ISOLATION}");
    let mut counts = Vec::new();
    for (state, condition) in [
        ("claimable_single", claimable(Lane::Single)),
        ("claimable_batch", claimable(Lane::Batch)),
        ("isolated", isolated),
        ("waiting_for_retry", "status = 'pending' AND run_at IS NOT NULL".to_owned()),
        ("running", "status = 'running'".to_owned()),
    ] {
        let text = format!("SELECT count(*) FROM jobs WHERE {condition}");
        counts.push((state, sql::scalar(connection, text, []).await?));
    }
    Ok(counts)
}
