//! The server as a process that can be killed or stopped, with a disk that can be filled and a clock that can be set.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use super::{consumer::ConsumerSetup, failure::Failure};

/// How long to wait until the server listens, or until it has ended.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where distributions install libfaketime, in its variant for programs with threads.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// In days. Steps of the clock must not end a session that is still needed: in a long run they add up to months.
const LIFETIMES: [&str; 3] = ["--guest-days", "--session-days", "--idle-days"];

/// How to start the server, the same each time.
#[derive(Clone, Debug)]
pub(crate) struct ServerSetup {
    pub(crate) program: PathBuf,
    /// Holds the data, the server's own log and the clock's offset.
    pub(crate) folder: PathBuf,
    pub(crate) send_queue_bytes: usize,
    /// Where to listen: any free port by default.
    pub(crate) listen: SocketAddr,
    /// What comes before the command line.
    pub(crate) prefix: Vec<String>,
    /// The PostgreSQL database; by default the data is in the folder.
    pub(crate) store: Option<String>,
    faketime: Option<&'static str>,
    can_fill_disk: bool,
}

impl ServerSetup {
    pub(crate) fn new(program: PathBuf, folder: PathBuf, send_queue_bytes: usize) -> io::Result<Self> {
        let faketime = FAKETIME.into_iter().find(|library| Path::new(library).exists());
        let can_fill_disk = Command::new("prlimit").arg("--version").output().is_ok();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let prefix = Vec::new();
        let setup = Self { program, folder, send_queue_bytes, listen, prefix, store: None, faketime, can_fill_disk };
        setup.set_clock(0)?;
        Ok(setup)
    }

    /// Whether libfaketime is installed.
    pub(crate) fn can_set_clock(&self) -> bool {
        self.faketime.is_some()
    }

    /// Whether `prlimit` is installed.
    pub(crate) fn can_fill_disk(&self) -> bool {
        self.can_fill_disk
    }

    /// Sets the server's clock this many seconds off, whether it runs or not.
    pub(crate) fn set_clock(&self, offset: i64) -> io::Result<()> {
        // Renaming is atomic: the server must not read a partly written offset.
        let new = self.folder.join("clock.new");
        fs::write(&new, format!("{offset:+}\n"))?;
        fs::rename(new, self.clock())
    }

    /// A consumer of the server's commit log, with its copy beside the data.
    pub(crate) fn consumer(&self) -> ConsumerSetup {
        ConsumerSetup { source: self.folder.display().to_string(), copy: self.folder.join("consumer.db") }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("teahouse.db")
    }

    fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }

    /// Starts the server and waits until it listens.
    pub(crate) async fn start(&self) -> Result<Server, Failure> {
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        // Ignoring SIGXFSZ turns a write beyond the quota into an error, as on a full disk, instead of ending the
        // process.
        let mut words = self.prefix.iter().map(String::as_str).chain(["sh"]);
        let mut command = Command::new(words.next().unwrap_or("sh"));
        command
            .args(words)
            .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .arg(&self.program)
            .args(["serve", "--unlimited", "--listen", &self.listen.to_string(), "--send-queue-bytes"])
            .arg(self.send_queue_bytes.to_string())
            .arg("--data")
            .arg(&self.folder)
            .args(LIFETIMES.into_iter().flat_map(|option| [option, "36500"]))
            .args(self.store.iter().flat_map(|store| ["--store", store]))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(library) = self.faketime {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", self.clock())
                .env("FAKETIME_NO_CACHE", "1")
                // Timers use the monotonic clock, which nobody can set.
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        let mut server = Server { address: SocketAddr::from(([127, 0, 0, 1], 0)), child };
        let reading = spawn_blocking(|| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = timeout(TIMEOUT, reading).await.map_err(|_| "the server did not listen in time")???;
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            return Err(format!("the server did not start; see {}", self.folder.join("server.log").display()).into());
        };
        server.address = address.parse()?;
        Ok(server)
    }
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// SIGKILL: the process flushes nothing. What the kernel already holds is kept.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.wait_for_exit().await.map(drop)
    }

    /// SIGTERM: the server may finish what it has accepted.
    pub(crate) async fn terminate(&mut self) -> Result<(), Failure> {
        run("kill", &["-TERM", &self.child.id().to_string()])?;
        let status = self.wait_for_exit().await?;
        if status.success() { Ok(()) } else { Err(format!("the server did not stop cleanly: {status}").into()) }
    }

    /// SIGSTOP: the process does nothing more, but its connections stay.
    pub(crate) fn freeze(&self) -> Result<(), Failure> {
        run("kill", &["-STOP", &self.child.id().to_string()])
    }

    /// SIGCONT: ends a freeze.
    pub(crate) fn thaw(&self) -> Result<(), Failure> {
        run("kill", &["-CONT", &self.child.id().to_string()])
    }

    /// Limits the size of the files that it may write from now on; `None` lifts the limit.
    pub(crate) fn limit_file_size(&self, bytes: Option<u64>) -> Result<(), Failure> {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        run("prlimit", &["--pid", &self.child.id().to_string(), &format!("--fsize={limit}:")])
    }

    /// The peak of its resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// Its exit status, if it has ended by itself.
    pub(crate) fn exit_status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    async fn wait_for_exit(&mut self) -> Result<ExitStatus, Failure> {
        let limit = Instant::now() + TIMEOUT;
        while Instant::now() < limit {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            sleep(Duration::from_millis(5)).await;
        }
        Err("the server did not end in time".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // `kill` fails if the process has already ended, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}
