//! Single jobs.

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::POLL;
use crate::{
    model::{BatchId, Job, JobId, JobStatus, JobStep, Scope},
    progress::Watcher,
    service::{Service, ServiceError},
    store::{Columns, jobs},
};

impl Service {
    /// The job now, then each newer state until it has ended. Of the job the columns are read.
    pub fn watch_job(
        &self,
        scope: &Scope,
        id: JobId,
        columns: Columns<Job>,
    ) -> BoxStream<'static, Result<Job, ServiceError>> {
        let watched = WatchedJob {
            service: self.clone(),
            scope: scope.clone(),
            id,
            columns: columns.and(Columns::of(&[jobs::Column::Step, jobs::Column::Progress])),
            pokes: self.0.progress.watch_job(id),
            batch_pokes: None,
            step: None,
            last: None,
        };
        stream::unfold(Some(watched), |watched| async {
            let mut watched = watched?;
            match watched.next_state().await {
                Err(error) => Some((Err(error), None)),
                Ok(job) if job.status.is_finished() => Some((Ok(job), None)),
                Ok(job) => Some((Ok(job), Some(watched))),
            }
        })
        .boxed()
    }
}

struct WatchedJob {
    service: Service,
    scope: Scope,
    id: JobId,
    columns: Columns<Job>,
    pokes: Watcher<JobId, Option<JobStep>>,
    batch_pokes: Option<Watcher<BatchId, ()>>,
    step: Option<JobStep>,
    last: Option<Job>,
}

impl WatchedJob {
    /// The next state that differs from the last one.
    async fn next_state(&mut self) -> Result<Job, ServiceError> {
        loop {
            if self.last.is_some() {
                let _ = tokio::time::timeout(POLL, self.poked()).await;
            }
            let job = jobs::by_id(self.service.db().reader(), &self.scope, self.id, self.columns).await?;
            let mut job = job.ok_or_else(|| ServiceError::not_found("job", &self.id))?;
            if let (None, Some(batch)) = (&self.batch_pokes, job.batch_id) {
                self.batch_pokes = Some(self.service.0.progress.watch_batch(batch));
            }
            self.add_step(&mut job);
            if self.last.as_ref() != Some(&job) {
                self.last = Some(job.clone());
                return Ok(job);
            }
        }
    }

    /// A job's own pokes come from the worker of this node, its batch's from all nodes.
    async fn poked(&mut self) {
        let batch = async {
            match &mut self.batch_pokes {
                Some(pokes) => pokes.poked().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            step = self.pokes.poked() => self.step = step,
            () = batch => {}
        }
    }

    /// A step that this node's worker told is newer than the one that the last heartbeat stored.
    fn add_step(&self, job: &mut Job) {
        if let (JobStatus::Running, Some(step)) = (job.status, self.step)
            && step > job.step
        {
            job.step = step;
            job.progress = step.progress();
        }
    }
}
