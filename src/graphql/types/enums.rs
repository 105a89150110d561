//! The enumerations, each the image of one in [`crate::model`].

use async_graphql::Enum;

use crate::{model, store};

/// What is known of a domain, and whether work on it is under way.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::DomainStatus")]
pub(crate) enum DomainStatus {
    /// Known, never scanned.
    New,
    /// A scan waits in the queue.
    Pending,
    /// A scan is running.
    Scanning,
    /// The newest scan succeeded.
    Scanned,
    /// The newest scan failed.
    Failed,
}

/// Where a job is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::JobStatus")]
pub(crate) enum JobStatus {
    /// Waits for a worker, the first time or for its next try.
    Pending,
    /// A worker is at it.
    Running,
    /// Ended with a result.
    Complete,
    /// Ended without one.
    Failed,
    /// Ended because somebody asked for that.
    Cancelled,
}

/// Where a batch is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::BatchStatus")]
pub(crate) enum BatchStatus {
    /// None of its jobs has started.
    Pending,
    /// Some of its jobs have started, not all have ended.
    Running,
    /// Every job ended with a result.
    Complete,
    /// Some jobs ended with a result, some without.
    Partial,
    /// No job ended with a result, and not all were cancelled.
    Failed,
    /// Cancelled, by a call or by its deadline, before all of its jobs had ended; or every job was cancelled.
    Cancelled,
}

/// The kind of work that a job does.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::JobType")]
pub(crate) enum JobType {
    /// Scan one domain.
    DomainScan,
}

/// How far a running scan has come.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::JobStep")]
pub(crate) enum JobStep {
    /// Waits for a worker.
    Queued,
    /// Looks the name up and reads robots.txt.
    Resolving,
    /// Fetches the homepage.
    Fetching,
    /// Reads facts from the page.
    Extracting,
    /// Reads the sitemaps.
    Sitemaps,
    /// Waits for its result to be stored.
    Storing,
    /// Ended.
    Done,
}

/// The cause of a failed scan.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::ScanErrorCode")]
pub(crate) enum ScanErrorCode {
    /// The name does not exist in the DNS.
    DnsNotFound,
    /// The DNS did not answer, or could not.
    DnsFailed,
    /// The name, or a redirect, leads to an address that must not be reached.
    AddressBlocked,
    /// No connection could be made.
    ConnectFailed,
    /// The connection broke while the answer was read.
    ConnectionReset,
    /// The certificate or the TLS handshake was refused.
    TlsFailed,
    /// The site did not answer in time.
    Timeout,
    /// More redirects than are followed, or a loop.
    TooManyRedirects,
    /// The site answered with a 4xx status.
    HttpClientError,
    /// The site answered with a 5xx status.
    HttpServerError,
    /// The site asks to come back later (429, or 503 with Retry-After).
    RateLimited,
    /// The answer is not HTTP, or contradicts itself.
    InvalidResponse,
    /// The answer is not a page (an image, a download).
    NotHtml,
    /// The site's robots.txt does not allow the visit.
    RobotsDisallowed,
    /// The scan took longer than its options allow.
    DeadlineExceeded,
    /// The worker died with the job too often.
    WorkerLost,
    /// The result could not be stored.
    StoreFailed,
    /// A fault of the program itself.
    Internal,
}

/// Why a name was not accepted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::RejectReason")]
pub(crate) enum RejectReason {
    /// Nothing but white space.
    Empty,
    /// Longer than a name or an address can be.
    TooLong,
    /// White space inside the name.
    HasSpace,
    /// A port: scans use the standard ports only.
    HasPort,
    /// An IP address, in whatever spelling.
    IpAddress,
    /// A name that has a meaning only on one machine or network, such as `localhost`.
    LocalName,
    /// A single label, such as `example`.
    NotQualified,
    /// A character that domain names cannot have, such as an emoji.
    InvalidCharacter,
    /// A label that is empty, too long, or begins or ends with a hyphen, or ill-formed punycode.
    InvalidLabel,
    /// An address whose scheme is neither http nor https.
    UnsupportedScheme,
}

/// The kind of a contact.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::ContactKind")]
pub(crate) enum ContactKind {
    /// An email address.
    Email,
    /// A phone number.
    Phone,
}

/// How a contact was found.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::ContactMethod")]
pub(crate) enum ContactMethod {
    /// A `mailto:` link.
    Mailto,
    /// A `tel:` link.
    Tel,
    /// The text of the page.
    Text,
    /// An address that Cloudflare hides from simple readers (`data-cfemail`).
    Cfemail,
    /// Structured data (JSON-LD).
    JsonLd,
}

/// The format of a sitemap file.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::SitemapKind")]
pub(crate) enum SitemapKind {
    /// A `sitemapindex`: it lists other sitemaps.
    Index,
    /// A `urlset`: it lists pages.
    Urlset,
    /// One address a line.
    Text,
    /// An RSS feed.
    Rss,
    /// An Atom feed.
    Atom,
    /// Something else, or nothing that could be read.
    Unknown,
}

/// What led to a sitemap file.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::SitemapSource")]
pub(crate) enum SitemapSource {
    /// A `Sitemap:` line of robots.txt.
    Robots,
    /// One of the usual addresses, such as `/sitemap.xml`.
    WellKnown,
    /// A `<link rel="sitemap">` on the page.
    Link,
    /// A sitemap index.
    Index,
}

/// What the caller may do.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Role")]
pub(crate) enum Role {
    /// Everything within the tenant.
    Owner,
}

/// The way in which a list is sorted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "store::Direction")]
pub(crate) enum OrderDirection {
    /// Smallest, earliest or first in the alphabet first.
    #[graphql(name = "ASC")]
    Ascending,
    /// Greatest, latest or last in the alphabet first.
    #[graphql(name = "DESC")]
    Descending,
}

/// By what domains are sorted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "store::domains::DomainSort")]
pub(crate) enum DomainOrderField {
    /// By name, byte by byte.
    Name,
    /// By when they became known.
    CreatedAt,
    /// By when their newest successful scan began; those never scanned are last in either direction.
    LastScan,
}

/// By what jobs are sorted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "store::jobs::JobSort")]
pub(crate) enum JobOrderField {
    /// By when they were asked for.
    CreatedAt,
    /// By when they ended; those that have not are last in either direction.
    CompletedAt,
}

/// By what batches are sorted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "store::batches::BatchSort")]
pub(crate) enum BatchJobOrderField {
    /// By when they were asked for.
    CreatedAt,
    /// By when their last job ended; those that have not ended are last in either direction.
    EndTime,
}
