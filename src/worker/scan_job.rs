//! The job that scans one domain.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{sync::mpsc, time::Instant};
use tracing::{Instrument, Span, error, warn};

use super::{Scan, leases::Leases};
use crate::{
    model::{JobStep, KnownSite, ScanError, ScanErrorCode, ScanFailure, ScanOptions, ScanReport},
    queue::Queue,
    spans,
    store::engine::{ClaimedJob, FinishedJob, Outcome},
};

/// Scans the job's domain and hands the outcome to the recorder.
pub(super) async fn run(
    job: ClaimedJob,
    known: Option<Arc<KnownSite>>,
    queue: Queue,
    scanner: Arc<dyn Scan>,
    leases: Leases,
    finished: mpsc::Sender<FinishedJob>,
) {
    let began = Instant::now();
    let span = spans::scan(job.id, &job.name, job.tenant_id);
    let scanning = scan(&job, known.as_deref(), scanner.as_ref(), &leases);
    let result = scanning.instrument(span.clone()).await;
    let outcome = queue.outcome(&job, result.map(Box::new));
    count(&queue, &outcome, began.elapsed(), span);
    leases.step(job.id, JobStep::Storing);
    let finish = FinishedJob::of(&job, outcome);
    match finished.reserve().await {
        Ok(place) => {
            leases.hand_over(job.id);
            place.send(finish);
        }
        Err(_closed) => {
            warn!(job_id = %job.id, "A result found no recorder; the job is tried again when its lease runs out");
        }
    }
}

/// The span of the scan ends here.
fn count(queue: &Queue, outcome: &Outcome, took: Duration, span: Span) {
    let code = |failure: &ScanFailure| {
        let code = serde_json::to_value(failure.code).unwrap_or_default();
        code.as_str().unwrap_or_default().to_owned()
    };
    let (outcome, code) = match outcome {
        Outcome::Complete(_) => ("complete", String::new()),
        Outcome::Retry(failure, _) => ("retry", code(failure)),
        Outcome::Failed(failure) => ("failed", code(failure)),
    };
    queue.metrics().scanned(outcome, &code, took);
    spans::scanned(&span, outcome, &code);
    drop(span);
}

/// Time for a scan to put together what it has when its own deadline comes.
const GRACE: Duration = Duration::from_secs(1);

/// When a scan that does not end by itself is ended. The scan keeps its own deadline, at which it answers with what it has;
/// waiting for its turn at a shared address does not count for that, up to as long again.
fn backstop(options: &ScanOptions) -> Duration {
    options.timeout() * 2 + GRACE
}

/// Every way in which a scan can end is a result: its own, the backstop, or a panic.
async fn scan(
    job: &ClaimedJob,
    known: Option<&KnownSite>,
    scanner: &dyn Scan,
    leases: &Leases,
) -> Result<ScanReport, ScanError> {
    let on_step = |step| leases.step(job.id, step);
    let scanning = AssertUnwindSafe(scanner.scan(&job.name, &job.options, known, &on_step)).catch_unwind();
    match tokio::time::timeout(backstop(&job.options), scanning).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            error!(job_id = %job.id, domain = %job.name, tenant_id = %job.tenant_id, "A scan panicked");
            Err(ScanError::new(
                ScanErrorCode::Internal,
                format!("the scan of {} hit a fault of the program", job.name),
            ))
        }
        Err(_elapsed) => Err(ScanError::new(
            ScanErrorCode::DeadlineExceeded,
            format!("the scan of {} took longer than {} seconds", job.name, job.options.timeout_seconds),
        )),
    }
}
