//! The server as a process, with its usual limits.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

use super::failure::Failure;

/// How long to wait until the server listens.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The unit of CPU times in `/proc`: `USER_HZ`, which is 100 wherever Linux runs.
const TICKS_PER_SECOND: u64 = 100;

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts the server and waits until it listens.
    pub(crate) async fn start(program: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("server.log"))?)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        let mut server = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), child };
        let reading = spawn_blocking(|| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = timeout(TIMEOUT, reading).await.map_err(|_| "the server did not listen in time")???;
        let address = line.trim().strip_prefix("listening on http://").ok_or("the server did not start")?;
        server.address = address.parse()?;
        Ok(server)
    }

    /// The CPU time that the server has used.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // After the process name, which may contain spaces: field 1 is the state, fields 12 and 13 are utime and stime.
        let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/PID/stat has an unknown format")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
        Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
    }

    /// The peak of its resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/PID/status")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Whether the process is still running.
    pub(crate) fn is_alive(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_none())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // `kill` fails if the process has already ended, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
