//! A full disk: the server refuses new data, keeps acknowledged data, and recovers without a restart.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use teahouse::{
    domain::{CommandId, ConversationId, MessagesPage},
    protocol::{ErrorCode, ServerFrame},
};
use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess, only_on_sqlite};

/// Large enough for a database with some messages, small enough to fill quickly.
const SIZE: &str = "size=8m";

/// A small disk: a tmpfs, or a file size limit on the process where mounting is not allowed.
struct SmallDisk {
    folder: TempDir,
    /// The command prefix (`sudo` or nothing) that mounted the tmpfs; `None` if nothing is mounted.
    mount_prefix: Option<&'static [&'static str]>,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let prefixes: [&[&str]; 2] = [&[], &["sudo", "-n"]];
        let mount_prefix = prefixes.into_iter().find(|prefix| {
            let path = folder.path().as_os_str();
            run(
                prefix,
                "mount",
                &["-t".as_ref(), "tmpfs".as_ref(), "-o".as_ref(), SIZE.as_ref(), "tmpfs".as_ref(), path],
            )
        });
        let disk = Self { folder, mount_prefix };
        if let Some(prefix) = mount_prefix {
            assert!(run(prefix, "chmod", &["0777".as_ref(), disk.path().as_os_str()]));
        }
        disk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fill(&self, process: &TestProcess) {
        if self.mount_prefix.is_none() {
            return limit_files(process, "4096");
        }
        let mut ballast = File::create(self.ballast()).expect("a ballast");
        for block in [64 * 1024, 1] {
            let block = vec![0; block];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn free_space(&self, process: &TestProcess) {
        if self.mount_prefix.is_none() {
            return limit_files(process, "unlimited");
        }
        fs::remove_file(self.ballast()).expect("the ballast removed");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(prefix) = self.mount_prefix {
            // `--lazy`, because the process of a failed test may still have open files there.
            run(prefix, "umount", &["--lazy".as_ref(), self.path().as_os_str()]);
        }
    }
}

/// Runs a command behind `prefix`. Returns whether it succeeded.
fn run(prefix: &[&str], program: &str, arguments: &[&std::ffi::OsStr]) -> bool {
    let mut words = prefix.iter().copied().chain([program]);
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn limit_files(process: &TestProcess, bytes: &str) {
    let process = process.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status();
    assert!(limited.expect("prlimit").success());
}

/// Starts the program with its log on the same disk as its data.
async fn start(disk: &SmallDisk) -> TestProcess {
    let log = File::create(disk.path().join("server.log")).expect("a log");
    // Ignore SIGXFSZ, so that exceeding the file size limit is a write error, as on a full disk.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", PROGRAM]).stderr(log).env("TEAHOUSE_UNLIMITED", "true");
    TestProcess::start_with_command(shell, &disk.path().join("data")).await
}

/// Returns whether a command was acked. Any error must be `StorageUnavailable`.
async fn is_acked(client: &mut TestClient, command: CommandId) -> bool {
    let response = client.expect("a reply", |frame| match frame {
        ServerFrame::Ack { id, .. } if *id == command => Some(Ok(())),
        ServerFrame::Error(error) if error.id == Some(command) => Some(Err(error.code)),
        _ => None,
    });
    match response.await {
        Ok(()) => true,
        Err(code) => {
            assert_eq!(code, ErrorCode::StorageUnavailable);
            false
        }
    }
}

async fn get(process: &TestProcess, path: &str, token: &str) -> reqwest::Response {
    let request = reqwest::Client::new().get(format!("http://{}{path}", process.address)).bearer_auth(token);
    request.send().await.expect("a response")
}

/// Fetches the command ids of all messages of the Lobby.
async fn history(process: &TestProcess, token: &str, lobby: ConversationId) -> Vec<CommandId> {
    let mut ids = Vec::new();
    let mut last = 0;
    loop {
        let path = format!("/api/conversations/{lobby}/messages?after={last}&limit=200");
        let page: MessagesPage = get(process, &path, token).await.json().await.expect("a page");
        last = page.messages.last().map_or(last, |message| message.seq.0);
        ids.extend(page.messages.iter().map(|message| message.id));
        if !page.more {
            return ids;
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commands_until_there_is_space() {
    if only_on_sqlite("its disk is that of the data folder") {
        return;
    }
    let disk = SmallDisk::new();
    let process = start(&disk).await;
    let mut ming = TestClient::guest_at_address(process.address, "小明").await;
    let (lobby, token) = (ming.lobby().id, ming.token().to_owned());
    let mut acked = Vec::new();
    for number in 0..20 {
        let id = ming.send_without_waiting(lobby, &number.to_string()).await;
        ming.expect_ack(id).await;
        acked.push(id);
    }

    disk.fill(&process);
    // Existing files may still have some free space.
    let long = "好".repeat(3_900);
    let refused_id = loop {
        let id = ming.send_without_waiting(lobby, &long).await;
        if !is_acked(&mut ming, id).await {
            break id;
        }
        acked.push(id);
        assert!(acked.len() < 1_000, "the disk never gets full");
    };
    for number in 0..20 {
        let id = ming.send_without_waiting(lobby, &format!("{number} {long}")).await;
        assert!(!is_acked(&mut ming, id).await, "the disk is still full");
    }
    assert_eq!(history(&process, &token, lobby).await, acked, "exactly the acked messages can be read");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&process, path, &token).await.status(), 200, "{path}");
    }

    disk.free_space(&process);
    for _ in 0..2 {
        ming.send_with_id(refused_id, lobby, &long).await;
        assert!(is_acked(&mut ming, refused_id).await, "there is space again, without a restart");
    }
    acked.push(refused_id);
    assert_eq!(history(&process, &token, lobby).await, acked);

    process.signal("TERM");
    assert!(process.exit().await.success());
    let process = start(&disk).await;
    assert_eq!(history(&process, &token, lobby).await, acked, "the same after a restart");
    drop(process);
}
