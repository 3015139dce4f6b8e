//! The command line: `teahouse serve`, or just `teahouse`.

mod log;

use std::{
    env,
    fmt::Display,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, Command as Program, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use teahouse::{
    pages,
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
    let Cli { command, config } = read_command_line();
    let config = match command {
        Some(Command::Serve(config)) => *config,
        Some(Command::Admin { data, command }) => return tell(server::send_command(&data, &command)),
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

/// Reads the arguments and the environment, or exits as clap does.
fn read_command_line() -> Cli {
    let matches = ignore_empty_variables(Cli::command()).get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Treats an environment variable that is set to nothing as not set: compose files and unit files hand such ones over.
fn ignore_empty_variables(program: Program) -> Program {
    let is_empty = |arg: &Arg| arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    program
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&str>) } else { arg })
        .mut_subcommands(ignore_empty_variables)
}

/// Tells whoever has typed a command what came of it. A reader who has gone, as `head` does, is no failure; a text that could
/// not be written, as to a full disk, is one.
fn tell(outcome: Result<String, impl Display>) -> ExitCode {
    let error = match outcome {
        Ok(words) => match print(&words) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => format!("cannot write the answer: {error}"),
        },
        Err(error) => error.to_string(),
    };
    // With standard error closed as well, the exit code says it.
    drop(writeln!(io::stderr(), "{error}"));
    ExitCode::FAILURE
}

/// Writes to standard output. Unlike `print!` it does not panic where nobody can read it.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
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
    if let Err(error) = print(&format!("listening on {scheme}://{here}\n{claim}")) {
        tracing::warn!(%error, "nobody reads what is printed");
    }
    let pages = pages::router(server.pages_api(), pages::Assets::open(site));
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
