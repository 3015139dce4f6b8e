//! The program itself, as a process that gets signals.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use tokio::task::spawn_blocking;

use super::with_timeout;

/// What is tested, as it was built.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_teahouse");

/// Where Debian and its relatives put libfaketime; the variant for programs with threads.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// A machine's clock, which can be set while the program runs.
pub(crate) struct FakeClock(PathBuf);

impl FakeClock {
    /// One that is right, so far. It stands in a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self(folder.join("clock"));
        clock.set(0);
        clock
    }

    /// Sets it to so many seconds off the true time.
    pub(crate) fn set(&self, offset: i64) {
        // By renaming: a file that is half written would be another time.
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{offset:+}\n")).expect("a file");
        fs::rename(new, &self.0).expect("a file");
    }

    /// The program, as it runs by this clock. Waiting goes by the monotonic one, which no administrator can set.
    pub(crate) fn program(&self) -> Command {
        let library = FAKETIME.into_iter().find(|library| Path::new(library).exists());
        let mut program = Command::new(PROGRAM);
        program
            .env("LD_PRELOAD", library.expect("libfaketime, which script/bootstrap installs"))
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        program
    }
}

pub(crate) struct TestProcess {
    pub(crate) address: SocketAddr,
    /// What it printed at its start.
    pub(crate) startup_output: String,
    /// `None` once its end was seen.
    child: Option<Child>,
}

impl TestProcess {
    /// Starts the program on `data` and waits for the line that says where it listens.
    pub(crate) async fn start(data: &Path) -> Self {
        Self::start_with_command(Command::new(PROGRAM), data).await
    }

    /// Starts it by a command whose last argument so far is the program.
    pub(crate) async fn start_with_command(mut command: Command, data: &Path) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let stdout = child.stdout.take().expect("its output");
        let reading = spawn_blocking(|| {
            let mut reader = BufReader::new(stdout);
            reader.fill_buf().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        });
        // All in one piece.
        let startup_output = with_timeout("the program to listen", reading).await.expect("no panic").expect("a line");
        let line = startup_output.lines().next().expect("a line");
        let address = line.strip_prefix("listening on http://").expect(line);
        Self { address: address.parse().expect(line), startup_output, child: Some(child) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a process that runs").id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id();
        let status = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status();
        assert!(status.expect("kill").success());
    }

    pub(crate) async fn exit(mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a process that runs");
        with_timeout("the program to exit", spawn_blocking(move || child.wait()))
            .await
            .expect("no panic")
            .expect("a status")
    }
}

impl Drop for TestProcess {
    fn drop(&mut self) {
        // Only after a failed test: then the failure is what matters.
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
