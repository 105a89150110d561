//! Name resolution against a name server of the test's own.

use std::{net::Ipv4Addr, time::Duration};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use tokio::{net::UdpSocket, task::JoinHandle};

use super::*;
use crate::config::ScannerSettings;

const PUBLIC: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);
const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// A name server on loopback that answers by the first label of the name.
pub(in crate::scanner) struct NameServer {
    pub(in crate::scanner) resolver: GuardedResolver,
    task: JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NameServer {
    pub(in crate::scanner) async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut connection = ConnectionConfig::udp();
        connection.port = socket.local_addr().unwrap().port();
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
        let config = ResolverConfig::from_parts(None, vec!["search.test.".parse().unwrap()], vec![server]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = Duration::from_millis(200);
        builder.options_mut().attempts = 1;
        let guard = AddressGuard::new(&ScannerSettings::default());
        let resolver = GuardedResolver::build(builder, guard).unwrap();
        Self { resolver, task: tokio::spawn(serve(socket)) }
    }

    async fn ask(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        let found = self.resolver.addresses(name).await?;
        Ok(found.iter().map(SocketAddr::ip).collect())
    }
}

async fn serve(socket: UdpSocket) {
    let mut query = [0; 512];
    let mut asked = 0_u8;
    while let Ok((length, from)) = socket.recv_from(&mut query).await {
        asked = asked.wrapping_add(1);
        if let Some(answer) = answer(&query[..length], asked) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// The answer to a query (RFC 1035, section 4): its header and question, then addresses of IPv4.
fn answer(query: &[u8], asked: u8) -> Option<Vec<u8>> {
    let label_length = usize::from(query[12]);
    let label = str::from_utf8(&query[13..13 + label_length]).unwrap().to_ascii_lowercase();
    let name_length = query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let question = &query[12..12 + name_length + 4];
    let is_for_v4 = question[name_length..name_length + 2] == [0, 1];
    let (code, addresses): (u8, &[Ipv4Addr]) = match label.as_str() {
        "public" => (0, &[PUBLIC]),
        "mixed" => (0, &[PRIVATE, PUBLIC]),
        "rebinding" if asked <= 2 => (0, &[PUBLIC]),
        "private" | "rebinding" => (0, &[PRIVATE]),
        "empty" => (0, &[]),
        "broken" => (2, &[]),
        "silent" => return None,
        _ => (3, &[]),
    };
    let addresses = if is_for_v4 { addresses } else { &[] };
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(addresses.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(question);
    for address in addresses {
        // The name by reference, an address of the internet class, no life time, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

#[tokio::test]
async fn only_public_addresses_come_out() {
    let server = NameServer::start().await;
    assert_eq!(server.ask("public.test").await.unwrap(), [PUBLIC]);
    assert_eq!(server.ask("mixed.test").await.unwrap(), [PUBLIC]);
    let error = server.ask("private.test").await.unwrap_err();
    assert!(matches!(error, LookupError::Blocked { address, .. } if address == PRIVATE), "{error}");
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_checked_each_time() {
    let server = NameServer::start().await;
    assert_eq!(server.ask("rebinding.test").await.unwrap(), [PUBLIC]);
    let error = server.ask("rebinding.test").await.unwrap_err();
    assert!(matches!(error, LookupError::Blocked { .. }), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_apart_from_a_server_that_fails() {
    let server = NameServer::start().await;
    for name in ["missing.test", "empty.test", "search"] {
        let error = server.ask(name).await.unwrap_err();
        assert!(matches!(error, LookupError::NotFound(_)), "{name}: {error}");
    }
    for name in ["broken.test", "silent.test"] {
        let error = server.ask(name).await.unwrap_err();
        assert!(matches!(error, LookupError::Failed { .. }), "{name}: {error}");
    }
}

/// Some clients then ask public servers, which would learn what is scanned.
#[test]
fn where_the_system_names_no_server_none_is_asked() {
    let error = hickory_resolver::system_conf::parse_resolv_conf("search a.test\noptions timeout:1\n");
    assert!(error.is_err(), "{error:?}");
    let (config, _) = hickory_resolver::system_conf::parse_resolv_conf("nameserver 127.0.0.1\n").unwrap();
    let servers: Vec<IpAddr> = config.name_servers().iter().map(|server| server.ip).collect();
    assert_eq!(servers, [Ipv4Addr::LOCALHOST]);
}
