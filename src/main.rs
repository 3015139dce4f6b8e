//! The command line: `teahouse serve`, or just `teahouse`.

mod log;

use std::{
    fmt::Display,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use teahouse::{
    page,
    server::{self, AdminCommand, Config, Server},
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Group and private chat that you host yourself.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the chat; what happens without a command, too.
    Serve(Box<Config>),
    /// Ask something of the server that runs on a data folder.
    Admin {
        /// The server's data folder.
        #[arg(long, env = "TEAHOUSE_DATA", default_value = "data", global = true)]
        data: PathBuf,
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Copy the data to a file, whether a server runs on them or not.
    Backup {
        /// The server's data folder.
        #[arg(long, env = "TEAHOUSE_DATA", default_value = "data")]
        data: PathBuf,
        /// Where to; nothing may be there yet.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let Cli { command, config } = Cli::parse();
    let config = match command {
        Some(Command::Serve(config)) => *config,
        Some(Command::Admin { data, command }) => return tell(server::ask(&data, &command)),
        Some(Command::Backup { data, file }) => {
            return tell(server::back_up(&data, &file).map(|()| format!("backed up to {}\n", file.display())));
        }
        None => config,
    };
    log::begin();

    // The usual soft limit of 1,024 is less than the connections that are allowed. What can't be raised is lived with.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }

    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(serve(config));
        // Whatever still hangs must not keep the process: all that was acked is on disk.
        runtime.shutdown_timeout(Duration::from_millis(200));
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever has typed a command what came of it.
fn tell(outcome: Result<String, impl Display>) -> ExitCode {
    match outcome {
        Ok(words) => {
            print!("{words}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    // First: a signal during the start must not kill half-way.
    let shutdown = stop_on_signals()?;
    let (listen, site) = (config.listen, config.site.clone());
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    let server = Server::open(config)?;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let here = listener.local_addr()?;
    // At once, because whoever reads the first line may not stay for another; and not in the log, because it is a secret.
    let claim = server.claim_link(here).await.map(|link| format!("own this server: {link}\n")).unwrap_or_default();
    if let Err(error) = io::stdout().write_all(format!("listening on {scheme}://{here}\n{claim}").as_bytes()) {
        tracing::warn!(%error, "nobody reads what is printed");
    }
    let pages = page::router(server.house(), site);
    server.run(listener, pages, shutdown).await?;
    Ok(())
}

/// A token that the first SIGTERM or SIGINT cancels.
fn stop_on_signals() -> io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    // Lives as long as the process.
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
        stop.cancel();
    });
    Ok(shutdown)
}
