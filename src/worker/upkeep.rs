//! What a worker does beside its work: it keeps its leases, and the queue in order.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Scan, leases::Leases, pokes::Pokes};
use crate::{model::WorkerId, progress::ProgressHub, queue::Queue, store::engine::Cancelled};

/// Leases are extended, due retries released and lost workers noticed this often.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Old rows are looked for this often.
const CLEANING: Duration = Duration::from_secs(60);

/// The pause between two steps of the clean-up: it takes less than a tenth of the database's time.
const CLEANING_PAUSE: Duration = Duration::from_millis(200);

/// Extends leases; scans whose job is no longer this worker's are dropped.
pub(super) async fn keep_leases(queue: Queue, leases: Leases, ended: CancellationToken) {
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            _ = beat.tick() => {}
            () = queue.leases_may_be_lost() => {}
        }
        let held = leases.all();
        if held.is_empty() {
            continue;
        }
        match queue.extend(&held).await {
            Ok(lost) => leases.drop_lost(&lost),
            Err(error) => warn!(%error, "Leases could not be extended"),
        }
    }
}

/// Shares the limits for addresses with the other workers that live: they may visit hosts at the same addresses. Who
/// joins or ends is known to the others a heartbeat later; of one that is lost they know when its lease is over.
pub(super) async fn share_addresses(
    queue: Queue,
    scanner: Arc<dyn Scan>,
    worker: WorkerId,
    ended: CancellationToken,
) {
    if queue.is_alone() {
        return;
    }
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = 1;
    while ended.run_until_cancelled(beat.tick()).await.is_some() {
        match queue.keep_alive(worker).await {
            Ok(workers) if workers == known => {}
            Ok(workers) => {
                info!(workers, "The limits for addresses are shared by the workers that live");
                scanner.share_addresses(workers);
                known = workers;
            }
            Err(error) => warn!(%error, "Other workers could not be looked for"),
        }
    }
    if let Err(error) = queue.end_worker(worker).await {
        debug!(%error, "Other workers could not be told of the end; they see it when the lease is over");
    }
}

/// Releases due retries, takes the jobs of silent workers, and ends batches at their deadlines.
pub(super) async fn maintain(queue: Queue, pokes: Pokes, progress: ProgressHub, ended: CancellationToken) {
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while ended.run_until_cancelled(beat.tick()).await.is_some() {
        match queue.promote_due().await {
            Ok(0) => {}
            Ok(_) => queue.wake(),
            Err(error) => warn!(%error, "Due retries could not be released"),
        }
        match queue.reap().await {
            Ok(recorded) => pokes.recorded(&recorded),
            Err(error) => warn!(%error, "Jobs of lost workers could not be taken"),
        }
        match queue.cancel_overdue().await {
            Ok(cancelled) => {
                for cancelled in cancelled {
                    tell_of_deadline(&queue, &progress, &cancelled);
                }
            }
            Err(error) => warn!(%error, "Batches whose deadline has come could not be cancelled"),
        }
    }
}

fn tell_of_deadline(queue: &Queue, progress: &ProgressHub, cancelled: &Cancelled) {
    let Some(batch) = cancelled.batch else { return };
    info!(batch_id = %batch, jobs = cancelled.jobs.len(), "The deadline of a batch has come: what was left of it is cancelled");
    queue.look_at_leases();
    progress.poke_batch(batch);
    cancelled.jobs.iter().for_each(|job| progress.poke_job(*job));
}

/// Removes what is old, in small steps with pauses between them, so that the work goes on beside it.
pub(super) async fn clean_up(queue: Queue, ended: CancellationToken) {
    let mut round = interval(CLEANING);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while ended.run_until_cancelled(round.tick()).await.is_some() {
        loop {
            match queue.remove_old().await {
                Ok(0) => break,
                Ok(removed) => debug!(removed, "Old rows were removed"),
                Err(error) => {
                    warn!(%error, "Old jobs could not be removed");
                    break;
                }
            }
            if ended.run_until_cancelled(tokio::time::sleep(CLEANING_PAUSE)).await.is_none() {
                return;
            }
        }
    }
}
