//! The measured servers: Teahouse, its rivals, and the floors.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    time::{Duration, Instant},
};

use clap::ValueEnum;

use super::{database::Database, failure::Failure, process, protocols::Dialect, settings::Settings};

/// The core of the measured server. The clients use the other one.
pub(crate) const SERVER_CORE: usize = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServerKind {
    /// Teahouse, simple protocol.
    TeahouseSimple,
    /// Teahouse, full protocol.
    TeahouseProtocol,
    /// Teahouse on PostgreSQL, full protocol.
    TeahousePostgres,
    /// Teahouse on PostgreSQL, simple protocol.
    TeahousePostgresSimple,
    /// `Bun.serve` with its publish and subscribe.
    Bun,
    /// Node with the package `ws`.
    Node,
    /// axum's chat example: a broadcast channel.
    Axum,
    /// The same with `TCP_NODELAY`.
    AxumNodelay,
    /// No logic: one write for each delivery.
    FloorWrite,
    /// No logic: one write for everything queued for a socket in one turn of the loop.
    FloorGather,
    /// The same, and messages are synced to the disk before they are sent.
    FloorDurable,
}

impl ServerKind {
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The servers whose names begin with one of `names`; all if there are no names.
    pub(crate) fn named(names: &[String]) -> Result<Vec<Self>, Failure> {
        for name in names {
            if !Self::all().iter().any(|kind| kind.name().starts_with(name)) {
                return Err(format!("no server is named {name}").into());
            }
        }
        let is_selected = |kind: &Self| names.is_empty() || names.iter().any(|name| kind.name().starts_with(name));
        Ok(Self::all().iter().copied().filter(is_selected).collect())
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::TeahouseSimple | Self::TeahousePostgresSimple => Dialect::Simple,
            Self::TeahouseProtocol | Self::TeahousePostgres => Dialect::Protocol,
            _ => Dialect::Raw,
        }
    }

    pub(crate) fn is_on_postgres(self) -> bool {
        matches!(self, Self::TeahousePostgres | Self::TeahousePostgresSimple)
    }

    /// Starts the server with an empty store.
    pub(crate) fn start(self, settings: &Settings) -> Result<Server, Failure> {
        let database = if self.is_on_postgres() { Some(Rc::new(Database::create(settings)?)) } else { None };
        self.start_with(settings, database)
    }

    /// Starts nodes with one empty store.
    pub(crate) fn start_nodes(self, settings: &Settings, count: usize) -> Result<Vec<Server>, Failure> {
        let first = self.start(settings)?;
        let database = first.database.clone();
        if count > 1 && database.is_none() {
            return Err("only servers on PostgreSQL can share a store".into());
        }
        let mut nodes = vec![first];
        for _ in 1..count {
            nodes.push(self.start_with(settings, database.clone())?);
        }
        Ok(nodes)
    }

    fn start_with(self, settings: &Settings, database: Option<Rc<Database>>) -> Result<Server, Failure> {
        let folder = tempfile::Builder::new().prefix("speed-").tempdir_in(&settings.folder)?;
        let mut command = self.command(settings, folder.path())?;
        if let Some(database) = &database {
            command.env("TEAHOUSE_STORE", database.url());
        }
        let mut server = Server::start(command, folder.path())?;
        (server.folder, server.database) = (Some(folder), database);
        Ok(server)
    }

    fn command(self, settings: &Settings, data: &Path) -> Result<Command, Failure> {
        let rivals = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed/rivals");
        let this_program = |role: &str| -> Result<Command, Failure> {
            let mut command = process::on_core(SERVER_CORE, &std::env::current_exe()?);
            command.args(["--be", role]);
            Ok(command)
        };
        let script = |program: PathBuf, file: &str| {
            let mut command = process::on_core(SERVER_CORE, &program);
            command.arg(rivals.join(file)).env("BENCH_TOOLS", &settings.tools);
            command
        };
        Ok(match self {
            Self::TeahouseSimple | Self::TeahouseProtocol | Self::TeahousePostgres | Self::TeahousePostgresSimple => {
                teahouse(&settings.server, data)
            }
            Self::Bun => script(settings.tools.join("node_modules/.bin/bun"), "bun.ts"),
            Self::Node => script(PathBuf::from("node"), "node.mjs"),
            Self::Axum => this_program("axum")?,
            Self::AxumNodelay => this_program("axum-nodelay")?,
            Self::FloorWrite => this_program("floor-write")?,
            Self::FloorGather => this_program("floor-gather")?,
            Self::FloorDurable => {
                let mut command = this_program("floor-durable")?;
                command.arg("--data").arg(data);
                command
            }
        })
    }
}

/// Teahouse as users run it, but without limits and with a log of errors only.
pub(crate) fn teahouse(program: &Path, data: &Path) -> Command {
    let mut command = process::on_core(SERVER_CORE, program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--unlimited", "--max-connections", "200000", "--data"]);
    command.arg(data).env("RUST_LOG", "error");
    command
}

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// From the start of the program until it listened.
    pub(crate) startup_time: Duration,
    /// Shared by the nodes of a cluster.
    pub(crate) database: Option<Rc<Database>>,
    child: Child,
    folder: Option<tempfile::TempDir>,
}

impl Server {
    /// Runs `command` and waits until it prints its address.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Result<Self, Failure> {
        let errors = File::create(folder.join("server.log"))?;
        let start = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { address, startup_time: Duration::ZERO, database: None, child, folder: None };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        server.startup_time = start.elapsed();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let log = std::fs::read_to_string(folder.join("server.log"))?;
            return Err(format!("{command:?} did not start: {line}{log}").into());
        };
        server.address = address.parse()?;
        Ok(server)
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        process::cpu_time(self.child.id())
    }

    pub(crate) fn resident_kib(&self) -> Result<f64, Failure> {
        process::resident_kib(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // `kill` fails if the process has already ended, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
