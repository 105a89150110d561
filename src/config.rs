//! Settings: one place for every option, its environment variable, default and bounds.
//!
//! A command-line option wins over its `SCRAPERSKY_*` variable, which wins over the default.

mod http;
mod traces;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, builder::RangedU64ValueParser, value_parser};

pub use http::{AllowedOrigin, HttpSettings};
pub use traces::TraceSettings;

/// Reads a duration given in seconds, such as `30` or `0.5`; at most a year.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const YEAR: f64 = 31_536_000.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=YEAR).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        Ok(_) => Err(format!("it must be from 0 to {YEAR} seconds")),
        Err(_) => Err("expected a number of seconds, such as 30 or 0.5".to_owned()),
    }
}

/// Reads a host and a port, such as `127.0.0.1:8080` or `localhost:8080`; a name is looked up at once.
fn address(text: &str) -> Result<SocketAddr, String> {
    let expected = "expected HOST:PORT, such as 127.0.0.1:8080";
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; {expected}"))?;
    found.next().ok_or_else(|| format!("the host has no address; {expected}"))
}

/// Accepts whole numbers within bounds as `usize`.
fn count(min: u64, max: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(min..=max)
}

/// How sites are visited.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scanning")]
pub struct ScannerSettings {
    /// How the scanner names itself to sites; should hold an address where its owner can be reached
    #[arg(long, env = "SCRAPERSKY_USER_AGENT", default_value = DEFAULT_USER_AGENT, value_name = "TEXT")]
    pub user_agent: String,

    /// The most bytes read of one page, after decompression
    #[arg(long, env = "SCRAPERSKY_MAX_PAGE_BYTES", default_value_t = 2 << 20, value_name = "BYTES", value_parser = count(1 << 10, 64 << 20))]
    pub max_page_bytes: usize,

    /// The most seconds to wait for a connection
    #[arg(long, env = "SCRAPERSKY_CONNECT_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// The most seconds for one request, its body included
    #[arg(long, env = "SCRAPERSKY_REQUEST_TIMEOUT", default_value = "20", value_name = "SECONDS", value_parser = seconds)]
    pub request_timeout: Duration,

    /// The most redirects followed for one page
    #[arg(long, env = "SCRAPERSKY_MAX_REDIRECTS", default_value_t = 10, value_name = "N", value_parser = count(0, 50))]
    pub max_redirects: usize,

    /// The most sitemap files read of one domain
    #[arg(long, env = "SCRAPERSKY_MAX_SITEMAPS", default_value_t = 50, value_name = "N", value_parser = count(0, 50_000))]
    pub max_sitemaps: usize,

    /// The most bytes read of all sitemaps of one domain together, after decompression
    #[arg(long, env = "SCRAPERSKY_MAX_SITEMAP_BYTES", default_value_t = 256 << 20, value_name = "BYTES", value_parser = count(1 << 10, 16 << 30))]
    pub max_sitemap_bytes: usize,

    /// The most requests at a time to one address: thousands of names may share it
    #[arg(long, env = "SCRAPERSKY_MAX_REQUESTS_PER_ADDRESS", default_value_t = 8, value_name = "N", value_parser = count(1, 10_000))]
    pub max_requests_per_address: usize,

    /// The most requests a second to one address
    #[arg(long, env = "SCRAPERSKY_MAX_REQUEST_RATE_PER_ADDRESS", default_value_t = 50, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    pub max_request_rate_per_address: u32,

    /// The most requests at a time to one host: many names may redirect to it
    #[arg(long, env = "SCRAPERSKY_MAX_REQUESTS_PER_HOST", default_value_t = 4, value_name = "N", value_parser = count(1, 10_000))]
    pub max_requests_per_host: usize,

    /// The least seconds between two requests to one host, where its robots.txt asks for no longer Crawl-delay
    #[arg(long, env = "SCRAPERSKY_HOST_PAUSE", default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    pub host_pause: Duration,

    /// Reach every name at this address over plain http, for tests and demonstrations; the address may be private
    #[arg(long, env = "SCRAPERSKY_CONNECT_TO", value_name = "HOST:PORT", value_parser = address)]
    pub connect_to: Option<SocketAddr>,

    /// Reach every name at this address over https first, for tests and demonstrations; the address may be private
    #[arg(long, env = "SCRAPERSKY_CONNECT_TO_TLS", value_name = "HOST:PORT", value_parser = address)]
    pub connect_to_tls: Option<SocketAddr>,

    /// Also trust the certificates in this PEM file
    #[arg(long, env = "SCRAPERSKY_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Do not verify certificates
    #[arg(long, env = "SCRAPERSKY_INSECURE")]
    pub insecure: bool,

    /// Allow private, loopback and other addresses that are not public
    #[arg(long, env = "SCRAPERSKY_ALLOW_PRIVATE_ADDRESSES")]
    pub allow_private_addresses: bool,

    /// Also load technology rules (Wappalyzer JSON format) from the files in this folder
    #[arg(long, env = "SCRAPERSKY_FINGERPRINTS", value_name = "DIR")]
    pub fingerprints: Option<PathBuf>,
}

const DEFAULT_USER_AGENT: &str =
    concat!("ScraperSky/", env!("CARGO_PKG_VERSION"), " (+https://github.com/scrapersky/scrapersky)");

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            user_agent: DEFAULT_USER_AGENT.to_owned(),
            max_page_bytes: 2 << 20,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(20),
            max_redirects: 10,
            max_sitemaps: 50,
            max_sitemap_bytes: 256 << 20,
            max_requests_per_address: 8,
            max_request_rate_per_address: 50,
            max_requests_per_host: 4,
            host_pause: Duration::ZERO,
            connect_to: None,
            connect_to_tls: None,
            ca_file: None,
            insecure: false,
            allow_private_addresses: false,
            fingerprints: None,
        }
    }
}

/// What one GraphQL request may ask for. Each limit is refused before execution.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GraphQL limits")]
pub struct GraphqlLimits {
    /// The deepest nesting of fields
    #[arg(long, env = "SCRAPERSKY_MAX_DEPTH", default_value_t = 15, value_name = "N", value_parser = count(1, 1_000))]
    pub max_depth: usize,

    /// The most fields a query may resolve, with lists counted by what they ask for
    #[arg(long, env = "SCRAPERSKY_MAX_COMPLEXITY", default_value_t = 100_000, value_name = "N", value_parser = count(1, 1 << 32))]
    pub max_complexity: usize,

    /// The deepest nesting of brackets in a document
    #[arg(long, env = "SCRAPERSKY_MAX_NESTING", default_value_t = 64, value_name = "N", value_parser = count(8, 200))]
    pub max_nesting: usize,

    /// The most bytes of a document, comments included; variables are not of it
    #[arg(long, env = "SCRAPERSKY_MAX_DOCUMENT_BYTES", default_value_t = 256 << 10, value_name = "BYTES", value_parser = count(1 << 10, 256 << 20))]
    pub max_document_bytes: usize,

    /// The most names, numbers, strings and punctuators in a document
    #[arg(long, env = "SCRAPERSKY_MAX_TOKENS", default_value_t = 20_000, value_name = "N", value_parser = count(100, 10_000_000))]
    pub max_tokens: usize,

    /// The most renamed fields in an operation
    #[arg(long, env = "SCRAPERSKY_MAX_ALIASES", default_value_t = 50, value_name = "N", value_parser = count(0, 1_000_000))]
    pub max_aliases: usize,

    /// The most fields at the root of an operation
    #[arg(long, env = "SCRAPERSKY_MAX_ROOT_FIELDS", default_value_t = 20, value_name = "N", value_parser = count(1, 1_000_000))]
    pub max_root_fields: usize,

    /// The most directives in a document
    #[arg(long, env = "SCRAPERSKY_MAX_DIRECTIVES", default_value_t = 100, value_name = "N", value_parser = count(0, 1_000_000))]
    pub max_directives: usize,

    /// The most errors told of one operation
    #[arg(long, env = "SCRAPERSKY_MAX_ERRORS", default_value_t = 50, value_name = "N", value_parser = count(1, 1_000_000))]
    pub max_errors: usize,

    /// The most seconds that a query or a mutation may run
    #[arg(long, env = "SCRAPERSKY_QUERY_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub query_timeout: Duration,

    /// Refuse questions about the schema itself
    #[arg(long, env = "SCRAPERSKY_DISABLE_INTROSPECTION")]
    pub disable_introspection: bool,

    /// Do not suggest names like those that are not found
    #[arg(long, env = "SCRAPERSKY_DISABLE_SUGGESTIONS")]
    pub disable_suggestions: bool,

    /// The most bytes of one request's body
    #[arg(long, env = "SCRAPERSKY_MAX_BODY_BYTES", default_value_t = 8 << 20, value_name = "BYTES", value_parser = count(1 << 10, 256 << 20))]
    pub max_body_bytes: usize,

    /// The most operations in one HTTP request
    #[arg(long, env = "SCRAPERSKY_MAX_OPERATIONS", default_value_t = 10, value_name = "N", value_parser = count(1, 1_000))]
    pub max_operations: usize,
}

impl Default for GraphqlLimits {
    fn default() -> Self {
        Self {
            max_depth: 15,
            max_complexity: 100_000,
            max_nesting: 64,
            max_document_bytes: 256 << 10,
            max_tokens: 20_000,
            max_aliases: 50,
            max_root_fields: 20,
            max_directives: 100,
            max_errors: 50,
            query_timeout: Duration::from_secs(30),
            disable_introspection: false,
            disable_suggestions: false,
            max_body_bytes: 8 << 20,
            max_operations: 10,
        }
    }
}

/// Where the data is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// An SQLite file (`scrapersky.db`, `sqlite:///path/file.db`) or a PostgreSQL URL (`postgres://user@host/name`)
    #[arg(
        long,
        env = "SCRAPERSKY_DATABASE_URL",
        default_value = "scrapersky.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: String,

    /// A PostgreSQL URL of its own for LISTEN, where the other goes through a pooler; `off` polls instead
    #[arg(long, env = "SCRAPERSKY_LISTEN_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub listen_database_url: Option<String>,

    /// The most connections held to PostgreSQL; on SQLite, readers
    #[arg(long, env = "SCRAPERSKY_DATABASE_CONNECTIONS", default_value_t = 10, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(2..=1_000))]
    pub database_connections: u32,

    /// The most seconds to wait for a free connection
    #[arg(long, env = "SCRAPERSKY_DATABASE_ACQUIRE_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub database_acquire_timeout: Duration,

    /// Close a connection that was idle for this many seconds
    #[arg(long, env = "SCRAPERSKY_DATABASE_IDLE_TIMEOUT", default_value = "300", value_name = "SECONDS", value_parser = seconds)]
    pub database_idle_timeout: Duration,

    /// Renew a connection after this many seconds
    #[arg(long, env = "SCRAPERSKY_DATABASE_MAX_LIFETIME", default_value = "1800", value_name = "SECONDS", value_parser = seconds)]
    pub database_max_lifetime: Duration,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            database_url: "scrapersky.db".to_owned(),
            listen_database_url: None,
            database_connections: 10,
            database_acquire_timeout: Duration::from_secs(10),
            database_idle_timeout: Duration::from_secs(300),
            database_max_lifetime: Duration::from_secs(1_800),
        }
    }
}

/// How the work is done.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Worker")]
pub struct WorkerSettings {
    /// The most scans at a time
    #[arg(long, env = "SCRAPERSKY_CONCURRENCY", default_value_t = 64, value_name = "N", value_parser = count(1, 10_000))]
    pub concurrency: usize,

    /// Tries at a site before its job fails
    #[arg(long, env = "SCRAPERSKY_MAX_ATTEMPTS", default_value_t = 3, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=100))]
    pub max_attempts: u32,

    /// Workers that a job may take down with it before it fails
    #[arg(long, env = "SCRAPERSKY_MAX_LOSSES", default_value_t = 3, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=100))]
    pub max_losses: u32,

    /// Seconds before the second try; doubled for each further one, up to an hour
    #[arg(long, env = "SCRAPERSKY_RETRY_DELAY", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub retry_delay: Duration,

    /// Seconds after which a silent worker's jobs go to others
    #[arg(long, env = "SCRAPERSKY_LEASE", default_value = "30", value_name = "SECONDS", value_parser = lease)]
    pub lease: Duration,

    /// The most jobs of one tenant that run at a time, on all workers together; 0 sets no limit. Give all workers the same
    #[arg(long, env = "SCRAPERSKY_MAX_RUNNING_PER_TENANT", default_value_t = 0, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(0..=1_000_000))]
    pub max_running_per_tenant: u32,

    /// Days after which ended jobs and batches and idempotency keys are removed; what is known of domains stays. 0 keeps
    /// all
    #[arg(long = "retention-days", env = "SCRAPERSKY_RETENTION_DAYS", default_value = "90", value_name = "DAYS", value_parser = days)]
    pub retention: Duration,

    /// Seconds that running scans are given to end when the process is told to stop
    #[arg(long, env = "SCRAPERSKY_DRAIN_TIMEOUT", default_value = "20", value_name = "SECONDS", value_parser = seconds)]
    pub drain_timeout: Duration,
}

/// Reads a duration given in days, such as `90` or `0.5`; at most a hundred years.
fn days(text: &str) -> Result<Duration, String> {
    const CENTURY: f64 = 36_525.0;
    match text.parse::<f64>() {
        Ok(days) if (0.0..=CENTURY).contains(&days) => Ok(Duration::from_secs_f64(days * 86_400.0)),
        Ok(_) => Err(format!("it must be from 0 to {CENTURY} days")),
        Err(_) => Err("expected a number of days, such as 90 or 0.5".to_owned()),
    }
}

/// A lease must outlast a few heartbeats, which come once a second.
fn lease(text: &str) -> Result<Duration, String> {
    let lease = seconds(text)?;
    if lease < Duration::from_secs(3) { Err("it must be at least 3 seconds".to_owned()) } else { Ok(lease) }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 64,
            max_attempts: 3,
            max_losses: 3,
            retry_delay: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            max_running_per_tenant: 0,
            retention: Duration::from_secs(90 * 86_400),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// What is logged, as a `tracing` filter such as `info` or `scrapersky::worker=debug,warn`
    #[arg(
        long,
        env = "SCRAPERSKY_LOG",
        default_value = "info,sea_orm_migration=warn,sqlx::postgres::notice=warn",
        value_name = "FILTER",
        global = true
    )]
    pub log: String,

    /// How log lines look
    #[arg(long, env = "SCRAPERSKY_LOG_FORMAT", default_value = "text", value_name = "FORMAT", global = true)]
    pub log_format: LogFormat,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct AllSettings {
        #[command(flatten)]
        scanner: ScannerSettings,
        #[command(flatten)]
        limits: GraphqlLimits,
        #[command(flatten)]
        http: HttpSettings,
        #[command(flatten)]
        database: DatabaseSettings,
        #[command(flatten)]
        worker: WorkerSettings,
    }

    #[test]
    fn the_defaults_of_the_command_line_and_of_the_types_are_one() {
        let parsed = AllSettings::parse_from(["scrapersky"]);
        assert_eq!(format!("{:?}", parsed.scanner), format!("{:?}", ScannerSettings::default()));
        assert_eq!(format!("{:?}", parsed.limits), format!("{:?}", GraphqlLimits::default()));
        assert_eq!(format!("{:?}", parsed.http), format!("{:?}", HttpSettings::default()));
        assert_eq!(format!("{:?}", parsed.database), format!("{:?}", DatabaseSettings::default()));
        assert_eq!(format!("{:?}", parsed.worker), format!("{:?}", WorkerSettings::default()));
    }
}
