//! Settings of the HTTP edge.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{count, seconds};

/// How clients are served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpSettings {
    /// The most sockets and event streams open at a time
    #[arg(long, env = "SCRAPERSKY_MAX_STREAMS", default_value_t = 20_000, value_name = "N", value_parser = count(1, 10_000_000))]
    pub max_streams: usize,

    /// The most operations running at a time on one WebSocket
    #[arg(long, env = "SCRAPERSKY_MAX_SOCKET_OPERATIONS", default_value_t = 100, value_name = "N", value_parser = count(1, 100_000))]
    pub max_socket_operations: usize,

    /// The most bytes of one message on a socket
    #[arg(long, env = "SCRAPERSKY_MAX_MESSAGE_BYTES", default_value_t = 1 << 20, value_name = "BYTES", value_parser = count(1 << 10, 256 << 20))]
    pub max_message_bytes: usize,

    /// The most bytes of all request bodies that are held at a time
    #[arg(long, env = "SCRAPERSKY_MAX_BODIES_BYTES", default_value_t = 256 << 20, value_name = "BYTES", value_parser = count(1 << 10, 64 << 30))]
    pub max_bodies_bytes: usize,

    /// Pages of these origins may use the API, as `https://app.example.com`; `localhost` stands for those of this machine
    /// with any port, `*` for all, `none` for no other than the server's own
    #[arg(long, env = "SCRAPERSKY_ALLOWED_ORIGINS", default_value = "localhost", value_name = "ORIGIN", value_delimiter = ',', value_parser = allowed_origin)]
    pub allowed_origins: Vec<AllowedOrigin>,

    /// A JSON manifest of trusted documents, which clients name by `documentId`: ids and documents, or Apollo's format
    #[arg(long, env = "SCRAPERSKY_TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,

    /// Run trusted documents only
    #[arg(long, env = "SCRAPERSKY_ONLY_TRUSTED_DOCUMENTS", requires = "trusted_documents")]
    pub only_trusted_documents: bool,

    /// Seconds in which a new WebSocket must send its `connection_init`
    #[arg(long, env = "SCRAPERSKY_CONNECTION_INIT_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub connection_init_timeout: Duration,

    /// Seconds between the pings sent on sockets and event streams; a socket silent for five of them is closed
    #[arg(long, env = "SCRAPERSKY_PING_INTERVAL", default_value = "12", value_name = "SECONDS", value_parser = ping_interval)]
    pub ping_interval: Duration,

    /// Seconds in which the headers of a request must have arrived, and then its body
    #[arg(long, env = "SCRAPERSKY_READ_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub read_timeout: Duration,

    /// Seconds that requests are given to end when the process is told to stop
    #[arg(long, env = "SCRAPERSKY_SHUTDOWN_TIMEOUT", default_value = "10", value_name = "SECONDS", value_parser = seconds)]
    pub shutdown_timeout: Duration,
}

/// Pages that may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// All.
    Any,
    /// Those of this machine, whatever the port.
    Localhost,
    /// Those of one origin: scheme, host and port as browsers write them.
    Exactly(String),
}

/// Reads `*`, `localhost`, `none` or an origin such as `https://app.example.com:8443`.
fn allowed_origin(text: &str) -> Result<AllowedOrigin, String> {
    match text {
        "*" => Ok(AllowedOrigin::Any),
        "localhost" => Ok(AllowedOrigin::Localhost),
        // No browser has it as an origin.
        "none" => Ok(AllowedOrigin::Exactly(String::new())),
        _ => {
            let url = url::Url::parse(text).map_err(|error| error.to_string())?;
            let origin = url.origin().ascii_serialization();
            if origin == text.trim_end_matches('/').to_ascii_lowercase() {
                Ok(AllowedOrigin::Exactly(origin))
            } else {
                Err("expected a scheme, a host and a port where it is not the usual one, and no more"
                    .to_owned())
            }
        }
    }
}

/// Pings more often than ten times a second would be a load of their own.
fn ping_interval(text: &str) -> Result<Duration, String> {
    let interval = seconds(text)?;
    if interval < Duration::from_millis(100) {
        Err("it must be at least 0.1 seconds".to_owned())
    } else {
        Ok(interval)
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_streams: 20_000,
            max_socket_operations: 100,
            max_message_bytes: 1 << 20,
            max_bodies_bytes: 256 << 20,
            allowed_origins: vec![AllowedOrigin::Localhost],
            trusted_documents: None,
            only_trusted_documents: false,
            connection_init_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(12),
            read_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_origin_has_no_path_and_is_as_browsers_write_it() {
        let exactly = |origin: &str| Ok(AllowedOrigin::Exactly(origin.to_owned()));
        assert_eq!(allowed_origin("https://App.example.com"), exactly("https://app.example.com"));
        assert_eq!(allowed_origin("http://10.0.0.1:3000/"), exactly("http://10.0.0.1:3000"));
        for wrong in
            ["example.com", "https://example.com/app", "https://example.com:443", "https://u@example.com", ""]
        {
            assert!(allowed_origin(wrong).is_err(), "{wrong}");
        }
    }
}
