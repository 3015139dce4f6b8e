//! The command line: `teahouse serve`, or just `teahouse`.

mod log;
mod progress;

use std::{
    env,
    fmt::Display,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, Command as Program, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use teahouse::{
    pages,
    server::{self, AdminCommand, Config, DatabaseUrl, Server},
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use self::progress::ProgressBar;

/// Group and private chat that you host yourself.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Run the server. This is the default.
    Serve(Box<Config>),
    /// Send a command to the server that runs on a data folder.
    Admin {
        /// The server's data folder.
        #[arg(long, env = "TEAHOUSE_DATA", default_value = "data", global = true)]
        data: PathBuf,
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Copy the data to a file, whether a server runs on the folder or not. For SQLite only.
    Backup {
        /// The server's data folder.
        #[arg(long, env = "TEAHOUSE_DATA", default_value = "data")]
        data: PathBuf,
        /// The PostgreSQL database of a server that has one. Its own tools make backups of it.
        #[arg(long, env = "TEAHOUSE_STORE", hide_env_values = true, hide = true)]
        store: Option<DatabaseUrl>,
        /// The new file. It must not exist yet.
        file: PathBuf,
    },
    /// Hold the data, or a backup of it, against its own log, whether a server runs on the folder or not. Exits with 1 if
    /// anything is wrong. For SQLite only.
    Verify {
        /// The server's data folder.
        #[arg(long, env = "TEAHOUSE_DATA", default_value = "data")]
        data: PathBuf,
        /// The PostgreSQL database of a server that has one, which cannot be verified.
        #[arg(long, env = "TEAHOUSE_STORE", hide_env_values = true, hide = true)]
        store: Option<DatabaseUrl>,
        /// A backup to verify instead.
        file: Option<PathBuf>,
    },
}

const NO_POSTGRES_BACKUP: &str = "the data is in PostgreSQL: make backups with pg_dump or the database's own tools";
const NO_POSTGRES_VERIFY: &str = "the data is in PostgreSQL: teahouse verifies SQLite databases only";

fn main() -> ExitCode {
    let Cli { command, config } = read_command_line();
    let config = match command {
        Some(CliCommand::Serve(config)) => *config,
        Some(CliCommand::Admin { data, command }) => return print_outcome(server::send_command(&data, &command)),
        Some(CliCommand::Backup { store: Some(_), .. }) => return print_outcome(Err(NO_POSTGRES_BACKUP)),
        Some(CliCommand::Verify { store: Some(_), file: None, .. }) => return print_outcome(Err(NO_POSTGRES_VERIFY)),
        Some(CliCommand::Backup { data, file, .. }) => {
            return print_outcome(server::back_up(&data, &file).map(|()| format!("backed up to {}\n", file.display())));
        }
        Some(CliCommand::Verify { data, file, .. }) => return print_outcome(verify(file.as_ref().unwrap_or(&data))),
        None => config,
    };
    log::begin();

    // The usual soft limit of 1,024 open files is lower than the connection limit. If it cannot be raised, go on.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }

    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(serve(config));
        // A task that hangs must not keep the process: everything acknowledged is on the disk.
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

/// Verifies a data folder or a backup. Fails with what is wrong with it.
fn verify(path: &Path) -> Result<String, String> {
    let mut bar = ProgressBar::new();
    let findings = server::verify(path, &mut |step, done| bar.show(step, done)).map_err(|error| error.to_string());
    bar.clear();
    match findings? {
        findings if findings.is_empty() => Ok(format!("nothing is wrong with {}\n", path.display())),
        findings => Err(format!("{findings}{} things are wrong with {}", findings.count(), path.display())),
    }
}

/// Reads the arguments and the environment, or exits as clap does.
fn read_command_line() -> Cli {
    let matches = ignore_empty_variables(Cli::command()).get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Treats empty environment variables as not set, because compose files and unit files pass such variables.
fn ignore_empty_variables(program: Program) -> Program {
    let is_empty = |arg: &Arg| arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    program
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&str>) } else { arg })
        .mut_subcommands(ignore_empty_variables)
}

/// Prints the outcome of a command, and returns the exit code. A closed pipe, as with `head`, is a success; any other write
/// error, such as a full disk, is a failure.
fn print_outcome(outcome: Result<String, impl Display>) -> ExitCode {
    let error = match outcome {
        Ok(words) => match print(&words) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => format!("cannot write the answer: {error}"),
        },
        Err(error) => error.to_string(),
    };
    // If standard error is closed as well, the exit code must be enough.
    drop(writeln!(io::stderr(), "{error}"));
    ExitCode::FAILURE
}

/// Writes to standard output. Unlike `print!`, it does not panic if that fails.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    // First, so that a signal during the start does not kill the process half-way.
    let shutdown = stop_on_signals()?;
    let (listen, site) = (config.listen, config.site.clone());
    let scheme = if config.tls_cert.is_some() { "https" } else { "http" };
    let server = Server::open(config).await?;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let here = listener.local_addr()?;
    // In one write, because a reader may leave after the first line. Not in the log, because the claim link is a secret.
    let claim = server.claim_link(here).await.map(|link| format!("own this server: {link}\n")).unwrap_or_default();
    if let Err(error) = print(&format!("listening on {scheme}://{here}\n{claim}")) {
        tracing::warn!(%error, "nobody reads what is printed");
    }
    let pages = pages::router(server.pages_api(), pages::Assets::open(site));
    server.run(listener, pages, shutdown).await?;
    Ok(())
}

/// Returns a token that the first SIGTERM or SIGINT cancels.
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
