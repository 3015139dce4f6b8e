//! A PostgreSQL server as processes that can be killed, stopped and frozen.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use tokio::{
    spawn,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

use super::programs::{Programs, output};
use crate::{failure::Failure, server};

/// How long a server may take to start or to end.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long an answer may take that decides whether a server is there.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The settings of the servers. Syncs are on, as by default.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
# The standby finds what it missed while it was away.
wal_keep_size = '4GB'
max_wal_size = '2GB'
wal_retrieve_retry_interval = '100ms'
log_min_messages = 'warning'
include_if_exists = 'synchronous.conf'
";

/// Who may do everything.
const SUPERUSER: &str = "postgres";

pub(super) struct PostgresServer {
    programs: Programs,
    data: PathBuf,
    log: PathBuf,
    pub(super) port: u16,
    process: Option<Child>,
}

impl PostgresServer {
    /// A server in a folder that the programs' user can write to; nothing is there yet.
    pub(super) fn new(programs: &Programs, folder: &Path, name: &str) -> Result<Self, Failure> {
        let (data, log) = (folder.join(name), folder.join(format!("{name}.log")));
        Ok(Self { programs: programs.clone(), data, log, port: free_port()?, process: None })
    }

    /// Creates the data of an empty server.
    pub(super) fn create(&self) -> Result<(), Failure> {
        let mut initdb = self.programs.command("initdb");
        initdb.args(["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--pgdata"]);
        output(initdb.arg(&self.data))?;
        let file = self.data.join("postgresql.conf");
        let settings = fs::read_to_string(&file)? + SETTINGS;
        fs::write(file, settings)?;
        Ok(())
    }

    /// Makes this server a standby of a running one, from a new copy of its data.
    pub(super) async fn copy(&self, primary: &Self) -> Result<(), Failure> {
        if self.data.exists() {
            fs::remove_dir_all(&self.data)?;
        }
        let mut copy = self.programs.command("pg_basebackup");
        copy.args(["--host", "127.0.0.1", "--username", SUPERUSER, "--port", &primary.port.to_string()])
            .args(["--wal-method", "stream", "--checkpoint", "fast", "--write-recovery-conf", "--pgdata"])
            .arg(&self.data);
        let mut copying = copy.stdin(Stdio::null()).stdout(Stdio::null()).stderr(self.open_log()?).spawn()?;
        let limit = Instant::now() + TIMEOUT;
        while Instant::now() < limit {
            match copying.try_wait()? {
                Some(status) if status.success() => return self.set_synchronous(false),
                Some(status) => return Err(self.failure(&format!("pg_basebackup failed: {status}"))),
                None => sleep(POLL_INTERVAL).await,
            }
        }
        copying.kill()?;
        copying.wait()?;
        Err(self.failure("pg_basebackup did not end in time"))
    }

    /// Starts the server and waits until it accepts connections.
    pub(super) async fn start(&mut self) -> Result<(), Failure> {
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(&self.data).args(["-p", &self.port.to_string()]);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(self.open_log()?).spawn()?;
        let process = self.process.insert(process);
        let limit = Instant::now() + TIMEOUT;
        while Instant::now() < limit {
            if let Some(status) = process.try_wait()? {
                return Err(format!("PostgreSQL ended at its start: {status}; see {}", self.log.display()).into());
            }
            if connect(self.port).await.is_ok() {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(self.failure("PostgreSQL did not accept connections in time"))
    }

    /// SIGKILL to all processes.
    pub(super) async fn kill(&mut self) -> Result<(), Failure> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        // A stopped one starts no others meanwhile.
        server::run("kill", &["-STOP", &process.id().to_string()])?;
        let children = children_of(process.id())?;
        process.kill()?;
        signal("-KILL", &children);
        process.wait()?;
        self.wait_for_ends(&children).await
    }

    /// Ends all connections, writes everything and stops.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let children = children_of(process.id())?;
        server::run("kill", &["-INT", &process.id().to_string()])?;
        let limit = Instant::now() + TIMEOUT;
        while process.try_wait()?.is_none() {
            if Instant::now() > limit {
                process.kill()?;
                return Err(self.failure("PostgreSQL did not stop in time"));
            }
            sleep(POLL_INTERVAL).await;
        }
        self.wait_for_ends(&children).await
    }

    /// SIGSTOP to all processes.
    pub(super) fn freeze(&self) -> Result<(), Failure> {
        let Some(process) = &self.process else { return Ok(()) };
        server::run("kill", &["-STOP", &process.id().to_string()])?;
        signal("-STOP", &children_of(process.id())?);
        Ok(())
    }

    /// SIGCONT to all processes.
    pub(super) fn thaw(&self) -> Result<(), Failure> {
        let Some(process) = &self.process else { return Ok(()) };
        signal("-CONT", &children_of(process.id())?);
        server::run("kill", &["-CONT", &process.id().to_string()])
    }

    /// Makes a standby the primary.
    pub(super) fn promote(&self) -> Result<(), Failure> {
        let mut promote = self.programs.command("pg_ctl");
        promote.args(["promote", "--no-wait", "--pgdata"]).arg(&self.data);
        output(&mut promote)?;
        Ok(())
    }

    /// Forbids the present processes, but the first, to write files beyond this size; `None` lifts the limit.
    pub(super) fn limit_file_size(&self, bytes: Option<u64>) -> Result<(), Failure> {
        let Some(process) = &self.process else { return Ok(()) };
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        for child in children_of(process.id())? {
            // Fails if it has ended meanwhile, which is fine.
            let _ = server::run("prlimit", &["--pid", &child.to_string(), &format!("--fsize={limit}:")]);
        }
        Ok(())
    }

    /// Whether commits wait for the standby.
    pub(super) fn set_synchronous(&self, on: bool) -> Result<(), Failure> {
        let file = self.data.join("synchronous.conf");
        fs::write(&file, if on { "synchronous_standby_names = '*'\n" } else { "" })?;
        self.programs.give(&file)?;
        if let Some(process) = &self.process {
            server::run("kill", &["-HUP", &process.id().to_string()])?;
        }
        Ok(())
    }

    /// Connects as the superuser, to the database that is there from the start.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        connect(self.port).await
    }

    fn open_log(&self) -> Result<File, Failure> {
        Ok(File::options().create(true).append(true).open(&self.log)?)
    }

    fn failure(&self, what: &str) -> Failure {
        format!("{what}; see {}", self.log.display()).into()
    }

    /// A killed server leaves the processes of its connections for a moment.
    async fn wait_for_ends(&self, processes: &[u32]) -> Result<(), Failure> {
        let limit = Instant::now() + TIMEOUT;
        while processes.iter().any(|process| parent_of(*process).is_some()) {
            if Instant::now() > limit {
                return Err(self.failure("processes of PostgreSQL did not end in time"));
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let children = children_of(process.id()).unwrap_or_default();
            // Fails if the process has already ended, which is fine.
            let _ = process.kill();
            signal("-KILL", &children);
            let _ = process.wait();
        }
    }
}

async fn connect(port: u16) -> Result<Client, Failure> {
    let address = format!("host=127.0.0.1 port={port} user={SUPERUSER} dbname=postgres application_name=faults");
    let (client, connection) = timeout(ANSWER_TIMEOUT, tokio_postgres::connect(&address, NoTls)).await??;
    // It ends with the client; its errors are the client's, too.
    spawn(connection);
    Ok(client)
}

/// A port below those that the system gives to connections, so that it is still free after a restart.
pub(super) fn free_port() -> Result<u16, Failure> {
    for _ in 0..1_000 {
        let port = rand::random_range(15_000..30_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("found no free port".into())
}

/// The processes that a process has started, if they still run.
fn children_of(parent: u32) -> Result<Vec<u32>, Failure> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let process = entry?.file_name().to_string_lossy().parse::<u32>();
        children.extend(process.ok().filter(|process| parent_of(*process) == Some(parent)));
    }
    Ok(children)
}

/// The parent of a process, if that process runs.
fn parent_of(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program is in parentheses and may have any characters.
    let mut fields = status.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if state == "Z" { None } else { fields.next()?.parse().ok() }
}

/// Sends a signal to processes, some of which may have ended.
fn signal(signal: &str, processes: &[u32]) {
    let processes: Vec<String> = processes.iter().map(u32::to_string).collect();
    let arguments: Vec<&str> = [signal].into_iter().chain(processes.iter().map(String::as_str)).collect();
    if !processes.is_empty() {
        // Fails if one of them has ended, and reaches the others.
        let _ = server::run("kill", &arguments);
    }
}
