//! Scanning one domain.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Service, ServiceError,
    idempotency::{self, Begun, Call},
};
use crate::{
    model::{DomainId, DomainName, JobId, ScanOptions, Scope},
    store::{
        Columns, StoreError, Transaction, domains,
        submit::{self, NewScan, NewScans},
    },
};

/// One name to be scanned.
#[derive(Debug, Clone)]
pub struct SubmitScan {
    /// A domain name or address as people write it.
    pub name: String,
    /// How it is scanned.
    pub options: ScanOptions,
    /// Reuse a complete scan with equal options that began at most this long ago.
    pub max_age: Option<Duration>,
    /// Makes a repeated call answer the same job.
    pub idempotency_key: Option<String>,
}

/// The scan that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedScan {
    /// Its job.
    pub job_id: JobId,
    /// Its domain.
    pub domain_id: DomainId,
    /// Whether it took the result of an earlier scan.
    pub reused: bool,
}

impl Service {
    /// Accepts one name and starts its scan, ahead of all batches.
    pub async fn scan_domain(&self, scope: &Scope, input: SubmitScan) -> Result<SubmittedScan, ServiceError> {
        idempotency::check_key(input.idempotency_key.as_deref())?;
        let name =
            DomainName::parse(&input.name).map_err(|error| ServiceError::BadInput(error.to_string()))?;
        let input_hash = idempotency::hash(&json!([name, input.options, input.max_age]))?;
        let key = input.idempotency_key.as_deref();
        let call = Call { operation: "scanDomain", key, input_hash: &input_hash };
        let transaction = match self.begin_call(scope, &call).await? {
            Begun::Repeated(answer) => return Ok(answer),
            Begun::Fresh(transaction) => transaction,
        };
        let answer = self.store_scan(&transaction, scope, name, &input.options, input.max_age).await?;
        self.end_call(transaction, scope, &call, &answer).await?;
        self.0.queue.wake();
        Ok(answer)
    }

    pub(super) async fn store_scan(
        &self,
        transaction: &Transaction,
        scope: &Scope,
        name: DomainName,
        options: &ScanOptions,
        max_age: Option<Duration>,
    ) -> Result<SubmittedScan, ServiceError> {
        let names = [name];
        let mut reusable = self.reusable(transaction, scope, &names, options, max_age).await?;
        let [name] = names;
        let scan = NewScan { reuse: reusable.remove(&name), job_id: JobId::generate(), name };
        let shared =
            NewScans { batch_id: None, options, max_attempts: self.0.max_attempts, now: self.clock().now() };
        submit::insert_scans(transaction, scope, &shared, std::slice::from_ref(&scan)).await?;
        let domain = domains::by_name(transaction, scope, &scan.name, Columns::of(&[])).await?;
        let domain =
            domain.ok_or_else(|| StoreError::Unreadable(format!("the domain {} is gone", scan.name)))?;
        Ok(SubmittedScan { job_id: scan.job_id, domain_id: domain.id, reused: scan.reuse.is_some() })
    }
}
