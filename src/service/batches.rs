//! Scanning many domains as one piece of work.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Service, ServiceError,
    idempotency::{self, Begun, Call},
};
use crate::{
    model::{BatchCounts, BatchId, DomainName, JobId, RejectedName, ScanOptions, Scope},
    store::{
        Transaction,
        submit::{self, NewBatch, NewScan, NewScans, Reusable},
    },
};

/// The most names in one call.
pub(super) const MAX_NAMES: usize = 100_000;

/// Names to be scanned as one batch.
#[derive(Debug, Clone)]
pub struct SubmitBatch {
    /// Domain names or addresses as people write them, from 1 to 100,000.
    pub names: Vec<String>,
    /// How they are scanned.
    pub options: ScanOptions,
    /// Reuse a complete scan with equal options that began at most this long ago.
    pub max_age: Option<Duration>,
    /// When what is left of the batch is cancelled; later than now.
    pub deadline: Option<DateTime<Utc>>,
    /// Makes a repeated call answer the same batch.
    pub idempotency_key: Option<String>,
}

/// What became of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedBatch {
    /// The batch; none when every name was rejected.
    pub batch_id: Option<BatchId>,
    /// The names that were not accepted.
    pub rejected: Vec<RejectedName>,
    /// How many names were given more than once.
    pub duplicates: u64,
    /// How many names got the result of an earlier scan.
    pub reused: u64,
}

impl Service {
    /// Accepts names as one batch and starts the work on it: invalid names are rejected with their reasons, repeated
    /// ones are folded, and everything is stored in one transaction before the answer.
    pub async fn scan_domains(
        &self,
        scope: &Scope,
        input: SubmitBatch,
    ) -> Result<SubmittedBatch, ServiceError> {
        check_count(input.names.len())?;
        check_deadline(input.deadline, self.clock().now())?;
        idempotency::check_key(input.idempotency_key.as_deref())?;
        let input_hash = hash_of(&input)?;
        let key = input.idempotency_key.as_deref();
        let call = Call { operation: "scanDomains", key, input_hash: &input_hash };
        // Before the transaction, which keeps other writers waiting.
        let sorted = sort_out(&input.names);
        let transaction = match self.begin_call(scope, &call).await? {
            Begun::Repeated(answer) => return Ok(answer),
            Begun::Fresh(transaction) => transaction,
        };
        let answer = self.store_batch(&transaction, scope, &BatchPlan::of(&input), sorted).await?;
        self.end_call(transaction, scope, &call, &answer).await?;
        self.0.queue.wake();
        Ok(answer)
    }

    /// Stores a batch of these names; none when there are none.
    pub(super) async fn store_batch(
        &self,
        transaction: &Transaction,
        scope: &Scope,
        plan: &BatchPlan<'_>,
        sorted: Sorted,
    ) -> Result<SubmittedBatch, ServiceError> {
        let mut answered = SubmittedBatch {
            batch_id: None,
            rejected: sorted.rejected,
            duplicates: sorted.duplicates,
            reused: 0,
        };
        if sorted.accepted.is_empty() {
            return Ok(answered);
        }
        let now = self.clock().now();
        let reusable =
            self.reusable(transaction, scope, &sorted.accepted, plan.options, plan.max_age).await?;
        let scans = new_scans(sorted.accepted, reusable);
        answered.reused = scans.iter().filter(|scan| scan.reuse.is_some()).count() as u64;
        let batch_id = BatchId::generate();
        answered.batch_id = Some(batch_id);
        let batch = NewBatch {
            id: batch_id,
            counts: counts(scans.len(), answered.reused),
            options: plan.options,
            rejected: &answered.rejected,
            deadline: plan.deadline,
            retry_of: plan.retry_of,
        };
        submit::insert_batch(transaction, scope, &batch, now).await?;
        let shared = NewScans {
            batch_id: Some(batch_id),
            options: plan.options,
            max_attempts: self.0.max_attempts,
            now,
        };
        submit::insert_scans(transaction, scope, &shared, &scans).await?;
        Ok(answered)
    }

    /// The fresh results of these names, where a caller allows any age above none.
    pub(super) async fn reusable(
        &self,
        transaction: &Transaction,
        scope: &Scope,
        names: &[DomainName],
        options: &ScanOptions,
        max_age: Option<Duration>,
    ) -> Result<HashMap<DomainName, Reusable>, ServiceError> {
        let Some(max_age) = max_age.and_then(|age| chrono::TimeDelta::from_std(age).ok()) else {
            return Ok(HashMap::new());
        };
        let not_before = self.clock().now() - max_age;
        Ok(submit::reusable(transaction, scope, names, options, not_before).await?.into_iter().collect())
    }
}

fn check_count(count: usize) -> Result<(), ServiceError> {
    match count {
        0 => {
            Err(ServiceError::BadInput(format!("`names` is empty; give from 1 to {MAX_NAMES} domain names")))
        }
        1..=MAX_NAMES => Ok(()),
        _ => Err(ServiceError::BadInput(format!(
            "`names` has {count} names; at most {MAX_NAMES} are accepted in one call"
        ))),
    }
}

fn check_deadline(deadline: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), ServiceError> {
    match deadline {
        Some(deadline) if deadline <= now => Err(ServiceError::BadInput(format!(
            "`deadline` is {}, which is past; it must be later than now",
            deadline.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        ))),
        _ => Ok(()),
    }
}

fn hash_of(input: &SubmitBatch) -> Result<String, ServiceError> {
    match input.idempotency_key {
        None => Ok(String::new()),
        Some(_) => idempotency::hash(&json!([input.names, input.options, input.max_age, input.deadline])),
    }
}

/// What a batch is besides its names.
pub(super) struct BatchPlan<'a> {
    pub(super) options: &'a ScanOptions,
    pub(super) max_age: Option<Duration>,
    pub(super) deadline: Option<DateTime<Utc>>,
    pub(super) retry_of: Option<BatchId>,
}

impl<'a> BatchPlan<'a> {
    fn of(input: &'a SubmitBatch) -> Self {
        Self { options: &input.options, max_age: input.max_age, deadline: input.deadline, retry_of: None }
    }
}

/// Names with what is wrong with the others.
pub(super) struct Sorted {
    pub(super) accepted: Vec<DomainName>,
    pub(super) rejected: Vec<RejectedName>,
    pub(super) duplicates: u64,
}

/// Names in the order in which they were given, each once.
fn sort_out(names: &[String]) -> Sorted {
    let mut sorted =
        Sorted { accepted: Vec::with_capacity(names.len()), rejected: Vec::new(), duplicates: 0 };
    let mut seen = HashSet::with_capacity(names.len());
    for name in names {
        match DomainName::parse(name) {
            Err(error) => sorted.rejected.push(error.into()),
            Ok(name) if seen.contains(&name) => sorted.duplicates += 1,
            Ok(name) => {
                seen.insert(name.clone());
                sorted.accepted.push(name);
            }
        }
    }
    sorted
}

/// Those that reuse a result come first: they are finished, and sequence numbers begin with them.
fn new_scans(names: Vec<DomainName>, mut reusable: HashMap<DomainName, Reusable>) -> Vec<NewScan> {
    let mut scans: Vec<NewScan> = names
        .into_iter()
        .map(|name| NewScan { reuse: reusable.remove(&name), job_id: JobId::generate(), name })
        .collect();
    scans.sort_by_key(|scan| scan.reuse.is_none());
    scans
}

fn counts(total: usize, reused: u64) -> BatchCounts {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    BatchCounts { total: number(total as u64), completed: number(reused), ..BatchCounts::default() }
}
