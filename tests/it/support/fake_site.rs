//! Web sites on loopback: a real HTTP server with as many virtual hosts as a test needs, well behaved or hostile.
//!
//! ```ignore
//! let web = FakeSite::start().await;
//! web.site("shop.test").page("/", "<title>Shop</title>").robots("Disallow: /private");
//! web.site("slow.test").answer("/", Answer::hang());
//! let scanner = Scanner::new(&web.settings())?;
//! assert_eq!(web.site("shop.test").requests().len(), 3);
//! ```
//!
//! Hosts are told apart by the `Host` header; a name of the form `*.test` stands for every host that ends so. What
//! is not declared is answered with 404. Sites may be added and changed while the server runs.

mod answer;
mod connection;
mod tls;

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
    time::Duration,
};

use scrapersky::config::ScannerSettings;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) use self::answer::{Answer, gzip};
use self::{connection::Connections, tls::TestAuthority};

/// A server with virtual hosts. Dropping it closes every connection.
pub(crate) struct FakeSite {
    address: SocketAddr,
    tls: Option<(SocketAddr, Arc<TestAuthority>)>,
    hosts: Arc<Hosts>,
    connections: Arc<Connections>,
    tasks: JoinSet<()>,
}

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedRequest {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// When it came, since the server began.
    pub(crate) at: Duration,
}

impl LoggedRequest {
    /// The value of a header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The virtual hosts of a server.
#[derive(Default)]
struct Hosts(Mutex<HashMap<String, Host>>);

#[derive(Default, Clone)]
struct Host {
    answers: HashMap<String, Answer>,
    /// Answers to requests whose header holds a value: path, header's name, value.
    conditional: Vec<(String, String, String, Answer)>,
    requests: Vec<LoggedRequest>,
    running: usize,
    max_running: usize,
}

impl Host {
    fn answer_to(&self, request: &LoggedRequest) -> Answer {
        let applies = |(path, name, holds, _): &&(String, String, String, Answer)| {
            *path == request.path && request.header(name).is_some_and(|value| value.contains(holds.as_str()))
        };
        let conditional = self.conditional.iter().find(applies).map(|(.., answer)| answer);
        conditional.or(self.answers.get(&request.path)).cloned().unwrap_or_else(|| Answer::status(404))
    }
}

impl Hosts {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.0.lock().expect("no test panics while it holds the hosts")
    }

    /// The key under which a host is declared: its name, or a wildcard that covers it.
    fn key(hosts: &HashMap<String, Host>, name: &str) -> String {
        let covers = |key: &&String| key.strip_prefix('*').is_some_and(|end| name.ends_with(end));
        if hosts.contains_key(name) {
            return name.to_owned();
        }
        hosts.keys().find(covers).cloned().unwrap_or_else(|| name.to_owned())
    }
}

impl FakeSite {
    /// Starts a server for plain HTTP on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        let hosts = Arc::new(Hosts::default());
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let connections = Arc::new(Connections::default());
        tasks.spawn(connection::serve(listener, None, Arc::clone(&hosts), Arc::clone(&connections)));
        Self { address, tls: None, hosts, connections, tasks }
    }

    /// Starts a server for plain HTTP and one for HTTPS with the same hosts. Certificates come from an authority of
    /// the test's own, which [`Self::ca_file`] lets clients trust.
    pub(crate) async fn start_with_tls() -> Self {
        let mut server = Self::start().await;
        let authority = Arc::new(TestAuthority::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let acceptor = Some(authority.acceptor(b"http/1.1"));
        let (hosts, connections) = (Arc::clone(&server.hosts), Arc::clone(&server.connections));
        server.tasks.spawn(connection::serve(listener, acceptor, hosts, connections));
        server.tls = Some((address, authority));
        server
    }

    /// Accepts TLS connections with the certificates of this server and speaks this protocol in them.
    pub(crate) fn acceptor(&self, protocol: &[u8]) -> TlsAcceptor {
        self.tls.as_ref().expect("a server started with TLS").1.acceptor(protocol)
    }

    /// How many connections there have been, and how many are open.
    pub(crate) fn connections(&self) -> (usize, usize) {
        (self.connections.all.load(Ordering::SeqCst), self.connections.open.load(Ordering::SeqCst))
    }

    /// The address for plain HTTP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for HTTPS; the server must have been started with TLS.
    pub(crate) fn tls_address(&self) -> SocketAddr {
        self.tls.as_ref().expect("a server started with TLS").0
    }

    /// A PEM file with the authority that signs the server's certificates.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.tls.as_ref().expect("a server started with TLS").1.file()
    }

    /// Settings under which every name leads to the plain server, with time limits that suit a test.
    pub(crate) fn settings(&self) -> ScannerSettings {
        ScannerSettings {
            connect_to: Some(self.address),
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(5),
            ..ScannerSettings::default()
        }
    }

    /// Settings under which every name leads to the TLS server, its authority trusted.
    pub(crate) fn tls_settings(&self) -> ScannerSettings {
        ScannerSettings {
            connect_to: None,
            connect_to_tls: Some(self.tls_address()),
            ca_file: Some(self.ca_file()),
            ..self.settings()
        }
    }

    /// The virtual host of this name, declared by this call if it is new.
    pub(crate) fn site(&self, name: &str) -> Site<'_> {
        self.hosts.lock().entry(name.to_owned()).or_default();
        Site { hosts: &self.hosts, name: name.to_owned() }
    }
}

/// One virtual host.
pub(crate) struct Site<'a> {
    hosts: &'a Hosts,
    name: String,
}

impl Site<'_> {
    /// Answers a path, with its query, in the given way.
    pub(crate) fn answer(&self, path: &str, answer: Answer) -> &Self {
        self.change(|host| host.answers.insert(path.to_owned(), answer));
        self
    }

    /// Answers a path in this way when a header of the request, named in lower case, holds a text.
    pub(crate) fn when_header(&self, path: &str, name: &str, holds: &str, answer: Answer) -> &Self {
        let condition = (path.to_owned(), name.to_owned(), holds.to_owned(), answer);
        // The newest of several that apply counts.
        self.change(|host| host.conditional.insert(0, condition));
        self
    }

    /// Answers with an HTML page.
    pub(crate) fn page(&self, path: &str, html: impl Into<Vec<u8>>) -> &Self {
        self.answer(path, Answer::html(html))
    }

    /// Answers with a file whose media type follows from its name.
    pub(crate) fn file(&self, path: &str, bytes: impl Into<Vec<u8>>) -> &Self {
        self.answer(path, Answer::file(path, bytes))
    }

    /// Answers `/robots.txt`. Rules for everybody need no `User-agent` line.
    pub(crate) fn robots(&self, text: &str) -> &Self {
        let names_agents = text.to_ascii_lowercase().contains("user-agent");
        let text = if names_agents { text.to_owned() } else { format!("User-agent: *\n{text}\n") };
        self.file("/robots.txt", text)
    }

    /// Redirects with status 301.
    pub(crate) fn redirect(&self, path: &str, target: &str) -> &Self {
        self.answer(path, Answer::status(301).header("Location", target))
    }

    /// The requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.change(|host| host.requests.clone())
    }

    /// The paths that were requested, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// The most requests that were under way at the same time.
    pub(crate) fn max_concurrency(&self) -> usize {
        self.change(|host| host.max_running)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Host) -> T) -> T {
        change(self.hosts.lock().entry(self.name.clone()).or_default())
    }
}
