//! An HTTP/1.1 client that sends exactly what a test says.

use std::{fmt::Write, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

/// No answer takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// An answer whose head was read and whose body is still coming in.
pub struct Reply {
    reader: BufReader<OwnedReadHalf>,
    _writer: OwnedWriteHalf,
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

/// Sends a request and reads the head of the answer.
pub async fn begin(server: SocketAddr, start: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let (read, mut writer) = TcpStream::connect(server).await.expect("a connection").into_split();
    let mut head = format!("{start} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n");
    let has = |name: &str| headers.iter().any(|(header, _)| *header == name);
    if start.starts_with("POST") && !has("content-length") && !has("transfer-encoding") {
        write!(head, "content-length: {}\r\n", body.len()).expect("text");
    }
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("text");
    }
    let request = [head.as_bytes(), b"\r\n", body].concat();
    let mut reader = BufReader::new(read);
    let exchange = async {
        // A server may answer before it has read everything, and then read no more.
        let (_written, head) = tokio::join!(writer.write_all(&request), read_head(&mut reader));
        head
    };
    let (status, headers) = timeout(PATIENCE, exchange).await.expect("an answer in time");
    Reply { reader, _writer: writer, status, headers }
}

async fn read_head(reader: &mut BufReader<OwnedReadHalf>) -> (u16, Vec<(String, String)>) {
    let status = read_line(reader).await;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.expect("a status; the connection may have been closed without one");
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader).await;
        match line.split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => return (status, headers),
        }
    }
}

async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).await.expect("a line");
    line.trim_end().to_owned()
}

impl Reply {
    fn is_chunked(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked")
    }

    /// The next chunk of the body; `None` at its end, or when the server breaks off.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        assert!(self.is_chunked(), "the body has chunks: {:?}", self.headers);
        timeout(PATIENCE, async {
            let size = usize::from_str_radix(&read_line(&mut self.reader).await, 16).ok()?;
            let mut chunk = vec![0; size + 2];
            self.reader.read_exact(&mut chunk).await.ok()?;
            chunk.truncate(size);
            (size > 0).then_some(chunk)
        })
        .await
        .expect("a chunk in time")
    }

    /// Reads to the end.
    pub async fn answer(mut self) -> Answer {
        let mut body = Vec::new();
        if self.is_chunked() {
            while let Some(chunk) = self.chunk().await {
                body.extend(chunk);
            }
        } else {
            let reading = self.reader.read_to_end(&mut body);
            timeout(PATIENCE, reading).await.expect("a body in time").expect("a body");
        }
        Answer { status: self.status, headers: self.headers, body }
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(
    server: SocketAddr,
    start: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Answer {
    begin(server, start, headers, body.as_ref()).await.answer().await
}

/// Posts JSON to `/graphql`.
pub async fn post(server: SocketAddr, accept: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("accept", accept)];
    send(server, "POST /graphql", &headers, body.to_string()).await
}

/// Asks a query, in the format that has all status codes.
pub async fn query(server: SocketAddr, query: &str) -> Answer {
    post(server, "application/graphql-response+json", &json!({ "query": query })).await
}

/// Gets `/graphql` with parameters.
pub async fn get(server: SocketAddr, accept: &str, parameters: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    send(server, &format!("GET /graphql?{query}"), &[("accept", accept)], "").await
}
