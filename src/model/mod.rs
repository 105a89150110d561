//! Plain types that every room shares: no I/O, no database, no GraphQL.

mod batch;
mod domain;
mod domain_name;
mod ids;
mod job;
mod known_site;
mod report;
mod scan_error;
mod scan_options;
mod scope;
mod status;

pub use batch::{BatchCounts, BatchJob, FailureCount, RejectedName};
pub use domain::Domain;
pub use domain_name::{DomainName, NameError, RejectReason};
pub use ids::{BatchId, DomainId, IdError, JobId, SitemapId, TenantId, UserId, WorkerId};
pub use job::Job;
pub use known_site::{KnownSite, Revisit};
pub use report::{
    Contact, ContactKind, ContactMethod, ScanReport, SiteFacts, SitemapFacts, SitemapKind, SitemapSource,
    SocialLink, Technology, WordpressPlugin, WordpressTheme,
};
pub use scan_error::{ScanError, ScanErrorCode, ScanFailure};
pub use scan_options::{OptionError, ScanOptions};
pub use scope::{Role, Scope, Tenant};
pub use status::{BatchStatus, DomainStatus, JobStatus, JobStep, JobType, UnknownName};

/// A JSON object, for facts that have no column of their own.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
