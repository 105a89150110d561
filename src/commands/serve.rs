//! `scrapersky serve`: the API, and unless told otherwise the work too.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
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
        announce(&server);
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

/// Nobody needs to read it: a closed standard output does not end the server.
fn announce(server: &Server) {
    let address = server.address();
    let mut text = format!("ScraperSky {} is ready.\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "  GraphiQL       http://{address}/graphiql");
    let _ = writeln!(text, "  GraphQL        http://{address}/graphql");
    let _ = writeln!(text, "  Subscriptions  ws://{address}/graphql/ws");
    if let Some(sites) = server.demo_sites() {
        let _ = writeln!(
            text,
            "  Demonstration  {sites} fake sites; a batch of them is running: open GraphiQL to watch it"
        );
    }
    let _ = writeln!(text, "  Database       {}", server.app().db);
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        warn!(%error, %address, "Where the server listens could not be printed");
    }
}
