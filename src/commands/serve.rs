//! `scrapersky serve`: the API, and unless told otherwise the work too.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::server::{ServeSettings, Server};

/// Where to listen, and how the API, the work and the database behave.
#[derive(Debug, Args)]
pub(super) struct ServeCommand {
    /// The address to listen on; 0 as the port picks a free one
    #[arg(long, env = "SCRAPERSKY_LISTEN", default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    listen: String,

    #[command(flatten)]
    settings: ServeSettings,
}

impl ServeCommand {
    /// The port is taken first: when it is in use, nothing has been touched yet.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let listener = listen(&self.listen).await?;
        let stop = super::stop_signal()?;
        let server = Server::start(listener, &self.settings, stop).await?;
        announce(&server)?;
        if let Err(error) = server.wait().await {
            warn!(%error, "The server did not stop in good order");
        }
        info!("Stopped");
        Ok(ExitCode::SUCCESS)
    }
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen, such as 127.0.0.1:8081")
    })
}

fn announce(server: &Server) -> anyhow::Result<()> {
    let address = server.address();
    let mut out = io::stdout().lock();
    writeln!(out, "ScraperSky {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  GraphiQL       http://{address}/graphiql")?;
    writeln!(out, "  GraphQL        http://{address}/graphql")?;
    writeln!(out, "  Subscriptions  ws://{address}/graphql/ws")?;
    if let Some(sites) = server.demo_sites() {
        writeln!(
            out,
            "  Demonstration  {sites} fake sites; a batch of them is running: open GraphiQL to watch it"
        )?;
    }
    writeln!(out, "  Database       {}", server.app().db)?;
    out.flush()?;
    Ok(())
}
