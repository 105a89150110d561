//! A website known to a tenant.

use chrono::{DateTime, Utc};

use super::{BatchId, DomainId, DomainStatus, JobId, ScanFailure, SiteFacts, TenantId};

/// A website known to a tenant, with what its newest successful scan found.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Its identifier.
    pub id: DomainId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The normalised name, as [`super::DomainName`] makes it.
    pub name: String,
    /// Where the newest successful scan ended, else `https://<name>/`.
    pub url: String,
    /// What is known, and whether work is under way.
    pub status: DomainStatus,
    /// When the newest successful scan began.
    pub last_scan: Option<DateTime<Utc>>,
    /// Why the newest scan failed; empty when it succeeded.
    pub last_error: Option<ScanFailure>,
    /// What the newest successful scan found; none before the first.
    pub facts: Option<SiteFacts>,
    /// How many sitemap files were found.
    pub total_sitemaps: i64,
    /// How many page addresses the sitemaps list together.
    pub sitemap_urls: i64,
    /// What people wrote about it.
    pub notes: Option<String>,
    /// Labels that people gave it.
    pub tags: Vec<String>,
    /// Its newest job.
    pub latest_job_id: Option<JobId>,
    /// The newest batch it was scanned in.
    pub batch_id: Option<BatchId>,
    /// When it became known.
    pub created_at: DateTime<Utc>,
    /// When anything of it last changed.
    pub updated_at: DateTime<Utc>,
}
