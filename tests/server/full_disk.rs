//! A disk that is full refuses what is new, keeps what is old, and needs no restart when there is room again.

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

use super::support::{PROGRAM, TestClient, TestProcess};

/// More than an empty database, its log and some messages take; little to fill.
const SIZE: &str = "size=8m";

/// A disk that is soon full: a small one in memory or, where mounting is not allowed, a quota on the process.
struct SmallDisk {
    folder: TempDir,
    /// How to call what mounts; `None` if nothing is mounted.
    mounted_by: Option<&'static [&'static str]>,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let ways: [&[&str]; 2] = [&[], &["sudo", "-n"]];
        let mounted_by = ways.into_iter().find(|way| {
            let path = folder.path().as_os_str();
            run(way, "mount", &["-t".as_ref(), "tmpfs".as_ref(), "-o".as_ref(), SIZE.as_ref(), "tmpfs".as_ref(), path])
        });
        let disk = Self { folder, mounted_by };
        if let Some(way) = mounted_by {
            assert!(run(way, "chmod", &["0777".as_ref(), disk.path().as_os_str()]));
        }
        disk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fill(&self, process: &TestProcess) {
        if self.mounted_by.is_none() {
            return limit_files(process, "4096");
        }
        let mut ballast = File::create(self.ballast()).expect("a ballast");
        for block in [64 * 1024, 1] {
            let block = vec![0; block];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self, process: &TestProcess) {
        if self.mounted_by.is_none() {
            return limit_files(process, "unlimited");
        }
        fs::remove_file(self.ballast()).expect("no ballast");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(way) = self.mounted_by {
            // Lazily: a process of a failed test may still have files open there.
            run(way, "umount", &["--lazy".as_ref(), self.path().as_os_str()]);
        }
    }
}

/// Whether it could be run, and went well.
fn run(way: &[&str], program: &str, arguments: &[&std::ffi::OsStr]) -> bool {
    let mut line = way.iter().copied().chain([program]);
    let mut command = Command::new(line.next().expect("a program"));
    command.args(line).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn limit_files(process: &TestProcess, bytes: &str) {
    let process = process.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status();
    assert!(limited.expect("prlimit").success());
}

/// The program, with its own log on the same disk as its data.
async fn start(disk: &SmallDisk) -> TestProcess {
    let log = File::create(disk.path().join("server.log")).expect("a log");
    // With a quota, what is too much must be an error, as on a full disk, and not a signal that kills.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", PROGRAM]).stderr(log).env("TEAHOUSE_UNLIMITED", "true");
    TestProcess::start_with_command(shell, &disk.path().join("data")).await
}

/// The answer to a command: whether it was acked, or refused because of the disk.
async fn is_acked(client: &mut TestClient, command: CommandId) -> bool {
    let answer = client.expect("an answer", |frame| match frame {
        ServerFrame::Ack { id, .. } if *id == command => Some(Ok(())),
        ServerFrame::Error(error) if error.id == Some(command) => Some(Err(error.code)),
        _ => None,
    });
    match answer.await {
        Ok(()) => true,
        Err(code) => {
            assert_eq!(code, ErrorCode::StorageUnavailable);
            false
        }
    }
}

async fn get(process: &TestProcess, path: &str, token: &str) -> reqwest::Response {
    let request = reqwest::Client::new().get(format!("http://{}{path}", process.address)).bearer_auth(token);
    request.send().await.expect("an answer")
}

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
    // Files that are there already may have some room left within.
    let long = "好".repeat(3_900);
    let refused = loop {
        let id = ming.send_without_waiting(lobby, &long).await;
        if !is_acked(&mut ming, id).await {
            break id;
        }
        acked.push(id);
        assert!(acked.len() < 1_000, "the disk does not get full");
    };
    for number in 0..20 {
        let id = ming.send_without_waiting(lobby, &format!("{number} {long}")).await;
        assert!(!is_acked(&mut ming, id).await, "it is still full");
    }
    assert_eq!(history(&process, &token, lobby).await, acked, "what was acked can be read, and nothing else is there");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&process, path, &token).await.status(), 200, "{path}");
    }

    disk.make_room(&process);
    for _twice in 0..2 {
        ming.send_with_id(refused, lobby, &long).await;
        assert!(is_acked(&mut ming, refused).await, "there is room, and nothing was restarted");
    }
    acked.push(refused);
    assert_eq!(history(&process, &token, lobby).await, acked);

    process.signal("TERM");
    assert!(process.exit().await.success());
    let process = start(&disk).await;
    assert_eq!(history(&process, &token, lobby).await, acked, "and after a restart");
    drop(process);
}
