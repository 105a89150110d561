//! One connection to a fake site.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Hosts, LoggedRequest,
    answer::{Answer, Manner},
};

/// The connections to a server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// All that there have been.
    pub(super) all: AtomicUsize,
    /// Those that are open.
    pub(super) open: AtomicUsize,
}

impl Connections {
    fn enter(self: &Arc<Self>) -> Open {
        self.all.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
        Open(Arc::clone(self))
    }
}

/// An open connection, until dropped.
struct Open(Arc<Connections>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers connections until it is dropped.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    hosts: Arc<Hosts>,
    counted: Arc<Connections>,
) {
    let began = Instant::now();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { return };
        let (hosts, tls, open) = (Arc::clone(&hosts), tls.clone(), counted.enter());
        connections.spawn(async move {
            let _open = open;
            // A client that goes away ends its connection; there is nothing to do about it.
            let _ = match tls {
                None => converse(stream, &hosts, began).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => converse(stream, &hosts, began).await,
                    Err(error) => Err(error),
                },
            };
        });
    }
}

/// A stream that can be broken off with a reset.
trait Breakable: AsyncRead + AsyncWrite + Unpin {
    fn reset_on_drop(&self) -> io::Result<()>;
}

impl Breakable for TcpStream {
    fn reset_on_drop(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Breakable for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset_on_drop(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

async fn converse(mut stream: impl Breakable, hosts: &Hosts, began: Instant) -> io::Result<()> {
    while let Some(head) = read_head(&mut stream).await? {
        let (host, mut request) = parse_head(&head);
        request.at = began.elapsed();
        let (answer, _running) = Running::begin(hosts, &host, request);
        tokio::time::sleep(answer.delay).await;
        if !send(&mut stream, &answer).await? {
            break;
        }
    }
    Ok(())
}

/// The head of a request; `None` when the client has nothing more to ask.
async fn read_head(stream: &mut impl Breakable) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            return Ok(None);
        }
        head.extend_from_slice(&piece[..count]);
        if !head[0].is_ascii_uppercase() {
            // What begins like this is no HTTP, perhaps TLS on the wrong port.
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await?;
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

fn parse_head(head: &str) -> (String, LoggedRequest) {
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let request = LoggedRequest { path, headers, at: Duration::ZERO };
    let host = request.header("host").unwrap_or_default();
    (host.split(':').next().unwrap_or_default().to_owned(), request)
}

/// A request under way; it is counted until this is dropped.
struct Running<'a> {
    hosts: &'a Hosts,
    key: String,
}

impl<'a> Running<'a> {
    fn begin(hosts: &'a Hosts, name: &str, request: LoggedRequest) -> (Answer, Self) {
        let mut all = hosts.lock();
        let key = Hosts::key(&all, name);
        let host = all.entry(key.clone()).or_default();
        let answer = host.answer_to(&request);
        host.requests.push(request);
        host.running += 1;
        host.max_running = host.max_running.max(host.running);
        (answer, Self { hosts, key })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.hosts.lock().get_mut(&self.key) {
            host.running -= 1;
        }
    }
}

/// Sends an answer. `false` says that the connection is to be closed.
async fn send(stream: &mut impl Breakable, answer: &Answer) -> io::Result<bool> {
    match &answer.manner {
        Manner::Plain => {
            let head = head(answer, Some(answer.body.len()));
            stream.write_all(&[head.as_bytes(), &answer.body].concat()).await?;
            return Ok(true);
        }
        Manner::Hang => std::future::pending().await,
        Manner::Close => {}
        Manner::Raw(bytes) => stream.write_all(bytes).await?,
        Manner::WrongLength(length) => {
            stream.write_all(head(answer, Some(*length)).as_bytes()).await?;
            stream.write_all(&answer.body).await?;
        }
        Manner::Drip(pause) => {
            stream.write_all(head(answer, Some(answer.body.len())).as_bytes()).await?;
            drip(stream, &answer.body, *pause).await?;
        }
        Manner::DripHead(pause) => {
            let head = head(answer, Some(answer.body.len()));
            drip(stream, &[head.as_bytes(), &answer.body].concat(), *pause).await?;
        }
        Manner::Endless => {
            let head = head(answer, None);
            repeat(stream, head.as_bytes(), &answer.body).await?;
        }
        Manner::RawEndless(start, again) => repeat(stream, start, again).await?,
        Manner::Reset => {
            stream.write_all(head(answer, Some(answer.body.len())).as_bytes()).await?;
            stream.write_all(&answer.body[..answer.body.len() / 2]).await?;
            stream.flush().await?;
            // The half must have arrived before the reset overtakes it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.reset_on_drop()?;
            return Ok(false);
        }
    }
    stream.flush().await?;
    stream.shutdown().await?;
    Ok(false)
}

async fn drip(stream: &mut impl Breakable, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        tokio::time::sleep(pause).await;
        stream.write_all(&[*byte]).await?;
    }
    Ok(())
}

/// Sends until nobody reads any more.
async fn repeat(stream: &mut impl Breakable, start: &[u8], again: &[u8]) -> io::Result<()> {
    stream.write_all(start).await?;
    loop {
        stream.write_all(again).await?;
    }
}

fn head(answer: &Answer, length: Option<usize>) -> String {
    let mut lines = vec![format!("HTTP/1.1 {} Status", answer.status)];
    lines.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(match length {
        Some(length) => format!("Content-Length: {length}"),
        None => "Connection: close".to_owned(),
    });
    lines.join("\r\n") + "\r\n\r\n"
}
