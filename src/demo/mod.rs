//! Thirty web sites of small companies that do not exist, for a tour without a network.
//!
//! One server on loopback answers for all of them, told apart by the `Host` header; with
//! `ScannerSettings::connect_to` every name leads to it. The sites are data (`data/`) poured into layouts
//! (`templates/`). Each takes its own time for every answer, so that the scans of a batch end one after the other;
//! some misbehave, so that failures can be seen. Names are below the reserved endings of RFC 2606.

mod hosts;
mod page;
mod pictures;
mod server;
mod site;
mod sitemaps;
mod template;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinSet};

use self::site::Tables;

/// The demonstration sites, served until this is dropped.
#[derive(Debug)]
pub struct DemoSites {
    address: SocketAddr,
    names: Vec<String>,
    /// The one task of the server; dropping it ends every connection.
    _server: JoinSet<Infallible>,
}

impl DemoSites {
    /// Serves the sites on a free port of 127.0.0.1. A batch of them all takes about 20 seconds.
    pub async fn start() -> io::Result<Self> {
        Self::start_at_speed(1).await
    }

    /// The same, so many times as fast; for tests.
    pub async fn start_at_speed(speed: u32) -> io::Result<Self> {
        let tables = Tables::load().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let hosts = Arc::new(hosts::build(&tables, speed)?);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, hosts));
        let names = tables.sites.into_iter().map(|site| site.name).collect();
        Ok(Self { address, names, _server: tasks })
    }

    /// The address that answers for every name, for `ScannerSettings::connect_to`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names of the thirty sites as people write them, to be submitted as a batch.
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }
}
