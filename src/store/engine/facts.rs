//! What finished jobs tell of their domains.

use std::{
    collections::{BTreeMap, HashSet},
    iter::once,
};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use serde_json::{Value as Json, json};

use super::super::{
    StoreError,
    sql::{self, Column, Kind},
};
use super::finish::{FinishedJob, Outcome};
use crate::model::{DomainId, ScanReport, SitemapFacts, SitemapId};

/// Stores the reports and failures of the jobs on their domains.
pub(super) async fn store(
    transaction: &DatabaseTransaction,
    jobs: &[&FinishedJob],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let newest = newest_of_each_domain(jobs);
    if newest.is_empty() {
        return Ok(());
    }
    lock_domains(transaction, &newest).await?;
    let updated = store_reports(transaction, &newest, now).await?;
    store_failures(transaction, &newest, now).await?;
    replace_sitemaps(transaction, &newest, &updated).await
}

/// Of several jobs for one domain, the one that began last. A try that will be repeated tells nothing.
fn newest_of_each_domain<'a>(jobs: &[&'a FinishedJob]) -> Vec<&'a FinishedJob> {
    let mut newest: BTreeMap<DomainId, &FinishedJob> = BTreeMap::new();
    for job in jobs.iter().filter(|job| !matches!(job.outcome, Outcome::Retry(..))) {
        let known = newest.entry(job.domain_id).or_insert(job);
        if known.scanned_at < job.scanned_at {
            *known = job;
        }
    }
    newest.into_values().collect()
}

async fn lock_domains(transaction: &DatabaseTransaction, jobs: &[&FinishedJob]) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    if backend == DbBackend::Postgres {
        let text = format!(
            "SELECT 1 FROM domains WHERE {} ORDER BY id {}",
            sql::in_ids(backend, "id", 1),
            sql::for_update(backend)
        );
        sql::all(transaction, text, [sql::ids_value(backend, jobs.iter().map(|job| job.domain_id.0))])
            .await?;
    }
    Ok(())
}

/// The columns of `domains` that a report fills; in the report they have the same names in camel case, but for
/// `revisit`, which is no part of what is shown.
const FACTS: &[Column] = &[
    ("url", Kind::Text),
    ("title", Kind::Text),
    ("description", Kind::Text),
    ("language", Kind::Text),
    ("favicon_url", Kind::Text),
    ("logo_url", Kind::Text),
    ("is_wordpress", Kind::Bool),
    ("wordpress_version", Kind::Text),
    ("wordpress_themes", Kind::Json),
    ("wordpress_plugins", Kind::Json),
    ("has_elementor", Kind::Bool),
    ("elementor_version", Kind::Text),
    ("technologies", Kind::Json),
    ("tech_stack", Kind::Json),
    ("email_addresses", Kind::Json),
    ("phone_numbers", Kind::Json),
    ("contacts", Kind::Json),
    ("social_links", Kind::Json),
    ("facebook_url", Kind::Text),
    ("twitter_url", Kind::Text),
    ("linkedin_url", Kind::Text),
    ("instagram_url", Kind::Text),
    ("youtube_url", Kind::Text),
    ("metadata", Kind::Json),
    ("total_sitemaps", Kind::Integer),
    ("sitemap_urls", Kind::Integer),
    ("revisit", Kind::Json),
];

/// The columns that say whose facts they are, and of when.
const ORIGIN: &[Column] = &[("domain_id", Kind::Id), ("job_id", Kind::Id), ("scanned_at", Kind::Time)];

/// Stores the reports unless a scan that began later has stored its own; answers the domains that took theirs.
async fn store_reports(
    transaction: &DatabaseTransaction,
    jobs: &[&FinishedJob],
    now: DateTime<Utc>,
) -> Result<HashSet<DomainId>, StoreError> {
    let rows: Vec<Json> = jobs
        .iter()
        .filter_map(|job| report_of(job).map(|report| (job, report)))
        .map(|(job, report)| report_row(job, report))
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 1, now, TimeDelta::zero());
    let columns = [ORIGIN, FACTS].concat();
    let facts = FACTS.iter().map(|(name, _)| format!("{name} = x.{name}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "UPDATE domains AS d SET {facts}, last_scan = x.scanned_at, updated_at = {at}, \
           last_error = CASE WHEN d.latest_job_id = x.job_id THEN NULL ELSE d.last_error END, \
           status = CASE WHEN d.latest_job_id = x.job_id THEN 'scanned' ELSE d.status END \
         FROM {} WHERE d.id = x.domain_id \
           AND (d.latest_job_id = x.job_id OR d.last_scan IS NULL OR d.last_scan <= x.scanned_at) RETURNING id",
        sql::rows(backend, 2, &columns)
    );
    let rows = sql::row_values(backend, &columns, &rows);
    let updated = sql::all(transaction, text, once(at_value).chain(rows)).await?;
    updated.iter().map(|row| Ok(DomainId(row.try_get("", "id")?))).collect()
}

fn report_of(job: &FinishedJob) -> Option<&ScanReport> {
    match &job.outcome {
        Outcome::Complete(report) => Some(report),
        Outcome::Failed(_) | Outcome::Retry(..) => None,
    }
}

fn report_row(job: &FinishedJob, report: &ScanReport) -> Result<Json, StoreError> {
    let Json::Object(facts) = sql::to_json(report)? else { return Ok(Json::Null) };
    let mut row = origin_row(job);
    row["revisit"] = sql::to_json(&report.revisit)?;
    for (name, value) in facts {
        row[snake_case(&name)] = value;
    }
    Ok(row)
}

fn origin_row(job: &FinishedJob) -> Json {
    json!({
        "domain_id": sql::hex(job.domain_id.0),
        "job_id": sql::hex(job.job_id.0),
        "scanned_at": sql::time(job.scanned_at),
    })
}

fn snake_case(name: &str) -> String {
    name.chars().fold(String::with_capacity(name.len() + 4), |mut snake, c| {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        snake
    })
}

/// A failure leaves the facts of an earlier scan as they are.
async fn store_failures(
    transaction: &DatabaseTransaction,
    jobs: &[&FinishedJob],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows: Vec<Json> = jobs.iter().filter_map(|job| failure_row(job)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let (at, at_value) = sql::from_now(backend, 1, now, TimeDelta::zero());
    let columns = [ORIGIN, &[("failure", Kind::Json)]].concat();
    let text = format!(
        "UPDATE domains AS d SET status = 'failed', last_error = x.failure, updated_at = {at} \
         FROM {} WHERE d.id = x.domain_id AND d.latest_job_id = x.job_id",
        sql::rows(backend, 2, &columns)
    );
    let rows = sql::row_values(backend, &columns, &rows);
    sql::execute(transaction, text, once(at_value).chain(rows)).await?;
    Ok(())
}

fn failure_row(job: &FinishedJob) -> Option<Json> {
    let Outcome::Failed(failure) = &job.outcome else { return None };
    let mut row = origin_row(job);
    row["failure"] = json!(failure);
    Some(row)
}

const SITEMAP_COLUMNS: &[Column] = &[
    ("id", Kind::Id),
    ("tenant_id", Kind::Id),
    ("domain_id", Kind::Id),
    ("position", Kind::Integer),
    ("url", Kind::Text),
    ("kind", Kind::Text),
    ("discovered_by", Kind::Text),
    ("url_count", Kind::Integer),
    ("last_modified", Kind::Time),
    ("error", Kind::Text),
];

async fn replace_sitemaps(
    transaction: &DatabaseTransaction,
    jobs: &[&FinishedJob],
    updated: &HashSet<DomainId>,
) -> Result<(), StoreError> {
    if updated.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let delete = format!("DELETE FROM sitemaps WHERE {}", sql::in_ids(backend, "domain_id", 1));
    sql::execute(transaction, delete, [sql::ids_value(backend, updated.iter().map(|id| id.0))]).await?;
    let rows: Vec<Json> = jobs
        .iter()
        .filter(|job| updated.contains(&job.domain_id))
        .filter_map(|job| report_of(job).map(|report| (job, report)))
        .flat_map(|(job, report)| {
            report
                .sitemaps
                .iter()
                .enumerate()
                .map(move |(position, sitemap)| sitemap_row(job, position, sitemap))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let columns = SITEMAP_COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let source = sql::rows(backend, 1, SITEMAP_COLUMNS);
    let insert = format!("INSERT INTO sitemaps ({columns}) SELECT {columns} FROM {source}");
    sql::execute(transaction, insert, sql::row_values(backend, SITEMAP_COLUMNS, &rows)).await?;
    Ok(())
}

fn sitemap_row(job: &FinishedJob, position: usize, sitemap: &SitemapFacts) -> Json {
    json!({
        "id": sql::hex(SitemapId::generate().0),
        "tenant_id": sql::hex(job.tenant_id.0),
        "domain_id": sql::hex(job.domain_id.0),
        "position": position,
        "url": sitemap.url,
        "kind": sitemap.kind.as_str(),
        "discovered_by": sitemap.discovered_by.as_str(),
        "url_count": sitemap.url_count,
        "last_modified": sitemap.last_modified.map(sql::time),
        "error": sitemap.error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_value_for_every_column_and_a_column_for_every_value() {
        let Json::Object(report) = sql::to_json(&ScanReport::default()).unwrap() else { panic!("an object") };
        let mut fields: Vec<String> = report.keys().map(|name| snake_case(name)).collect();
        fields.retain(|name| name != "sitemaps");
        fields.push("revisit".to_owned());
        fields.sort();
        let mut columns: Vec<String> = FACTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        columns.sort();
        assert_eq!(fields, columns);
    }
}
