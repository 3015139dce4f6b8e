//! The compiled program, as a process that receives signals.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use tokio::task::spawn_blocking;

use super::{Database, with_timeout};

/// The path of the compiled program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_teahouse");

/// The paths at which Linux distributions install libfaketime, in the variant for multithreaded programs.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// A wall clock, by libfaketime, that can be set while the program runs. Holds the path of the file with the offset.
pub(crate) struct FakeClock(PathBuf);

impl FakeClock {
    /// Creates a clock that shows the correct time. Its file is stored in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self(folder.join("clock"));
        clock.set(0);
        clock
    }

    /// Sets the clock to the true time plus `offset` seconds.
    pub(crate) fn set(&self, offset: i64) {
        // Renamed into place, because a half-written file would mean another time.
        let new_file = self.0.with_extension("new");
        fs::write(&new_file, format!("{offset:+}\n")).expect("a file");
        fs::rename(new_file, &self.0).expect("a file");
    }

    /// A command that runs the program with this clock. The monotonic clock, which times waits, stays correct.
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
    /// What the program printed to standard output at its start.
    pub(crate) startup_output: String,
    /// `None` once the exit status was read.
    child: Option<Child>,
}

impl TestProcess {
    /// Starts the program with this data folder and waits until it prints its address.
    pub(crate) async fn start(data: &Path) -> Self {
        Self::start_with_command(Command::new(PROGRAM), data).await
    }

    /// Starts the program with `command`, to which the arguments of `teahouse serve` are appended. On PostgreSQL, its database
    /// is that of the data folder, unless the command names another store.
    pub(crate) async fn start_with_command(mut command: Command, data: &Path) -> Self {
        if !command.get_envs().any(|(name, _)| name == "TEAHOUSE_STORE")
            && let Some(url) = Database::of(data).url()
        {
            command.env("TEAHOUSE_STORE", url);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let stdout = child.stdout.take().expect("piped output");
        let read_output = spawn_blocking(|| {
            let mut reader = BufReader::new(stdout);
            reader.fill_buf().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        });
        // The program writes all its startup output at once, so a single read returns all of it.
        let startup_output =
            with_timeout("the program to listen", read_output).await.expect("no panic").expect("a line");
        let first_line = startup_output.lines().next().expect("a line");
        let address = first_line.strip_prefix("listening on http://").expect(first_line);
        Self { address: address.parse().expect(first_line), startup_output, child: Some(child) }
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
        // Reached only when a test failed; errors here would hide that failure.
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
