//! Events are synced to the disk before they are acked, as the trace of system calls shows.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use teahouse::domain::CommandId;
use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess, only_on_sqlite};

/// The program running under `strace`.
struct Traced {
    process: TestProcess,
    trace: PathBuf,
}

impl Traced {
    async fn start(data: &Path) -> Self {
        let is_installed = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok();
        assert!(is_installed, "strace is needed here; script/bootstrap installs it");
        let trace = data.join("trace");
        let mut strace = Command::new("strace");
        // Strings in full length, because one write can carry many acks.
        strace.args(["-f", "-y", "-s", "1000000", "-o"]).arg(&trace);
        strace.args(["-e", "trace=fsync,fdatasync,write,pwrite64,writev,sendto,sendmsg"]).arg(PROGRAM);
        strace.env("TEAHOUSE_UNLIMITED", "true");
        Self { process: TestProcess::start_with_command(strace, data).await, trace }
    }

    /// Stops the program, which also ends `strace`. Returns the parsed trace.
    async fn stop(self) -> Vec<TraceEntry> {
        let strace = self.process.id();
        let children =
            fs::read_to_string(format!("/proc/{strace}/task/{strace}/children")).expect("the children of strace");
        let program = children.split_whitespace().next().expect("the program");
        assert!(Command::new("kill").args(["-TERM", program]).status().expect("kill").success());
        assert!(self.process.exit().await.success());
        let trace = fs::read(self.trace).expect("a trace");
        String::from_utf8_lossy(&trace).lines().filter_map(TraceEntry::parse).collect()
    }
}

/// A relevant line of the trace.
enum TraceEntry {
    /// A write to the write-ahead log starts.
    LogWritten,
    /// A sync of the write-ahead log succeeded.
    Synced,
    /// A write of these acks to a socket starts.
    Acks(Vec<CommandId>),
}

impl TraceEntry {
    /// Parses one line. Writes count when they start, syncs when they end: on the same line or, if another thread
    /// interrupted them, on a `resumed` line.
    fn parse(line: &str) -> Option<Self> {
        let (_thread, entry) = line.split_once(' ')?;
        let entry = entry.trim_start();
        let is_sync = |entry: &str| entry.starts_with("fsync") || entry.starts_with("fdatasync");
        if let Some(resumed) = entry.strip_prefix("<... ") {
            // This line does not name the file, but without a checkpoint only the write-ahead log is synced.
            return (is_sync(resumed) && entry.ends_with("= 0")).then_some(Self::Synced);
        }
        if entry.contains("teahouse.db-wal>") {
            return match (is_sync(entry), entry.ends_with("= 0")) {
                (true, true) => Some(Self::Synced),
                (true, false) => None,
                (false, _) => Some(Self::LogWritten),
            };
        }
        let acks: Vec<CommandId> = entry.split(r#"{\"type\":\"ack\",\"id\":\""#).skip(1).map(parse_id).collect();
        (!acks.is_empty()).then_some(Self::Acks(acks))
    }
}

fn parse_id(text: &str) -> CommandId {
    text.get(..36).and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("not an id: {text}"))
}

fn count_syncs(entries: &[TraceEntry]) -> usize {
    entries.iter().filter(|entry| matches!(entry, TraceEntry::Synced)).count()
}

#[tokio::test]
async fn every_ack_follows_a_sync_of_its_event() {
    const MESSAGES: usize = 20;
    if only_on_sqlite("it watches the system calls of SQLite") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let traced = Traced::start(data.path()).await;
    let mut ming = TestClient::guest_at_address(traced.process.address, "小明").await;
    let lobby = ming.lobby().id;
    let mut sent = Vec::new();
    for number in 0..MESSAGES {
        let id = ming.send_without_waiting(lobby, &number.to_string()).await;
        ming.expect_ack(id).await;
        sent.push(id);
    }
    drop(ming);

    let mut acked = Vec::new();
    // Both since the last ack.
    let (mut is_written, mut is_synced) = (false, false);
    for entry in traced.stop().await {
        match entry {
            TraceEntry::LogWritten => (is_written, is_synced) = (true, false),
            TraceEntry::Synced => is_synced = is_written,
            TraceEntry::Acks(ids) => {
                assert!(is_synced, "{ids:?} acked before the sync");
                acked.extend(ids);
                (is_written, is_synced) = (false, false);
            }
        }
    }
    assert_eq!(acked, sent, "the trace shows each ack");
}

#[tokio::test]
async fn concurrent_commands_share_a_sync() {
    const CLIENTS: usize = 8;
    const MESSAGES_EACH: usize = 40;
    if only_on_sqlite("it watches the system calls of SQLite") {
        return;
    }
    let data = TempDir::new().expect("a folder");
    let traced = Traced::start(data.path()).await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(TestClient::guest_at_address(traced.process.address, &format!("client {number}")).await);
    }
    let mut sent = Vec::new();
    for client in &mut clients {
        let lobby = client.lobby().id;
        for number in 0..MESSAGES_EACH {
            sent.push((client.send_without_waiting(lobby, &number.to_string()).await, false));
        }
    }
    for (client, sent) in clients.iter_mut().zip(sent.chunks(MESSAGES_EACH)) {
        for (id, _) in sent {
            client.expect_ack(*id).await;
        }
    }
    drop(clients);

    let entries = traced.stop().await;
    let first = entries.iter().position(|entry| matches!(entry, TraceEntry::Acks(_))).expect("an ack");
    let last = entries.iter().rposition(|entry| matches!(entry, TraceEntry::Acks(_))).expect("an ack");
    assert!(count_syncs(&entries[..first]) > 0, "the first ack follows a sync");
    let shared = count_syncs(&entries[first..last]) + 1;
    assert!(shared < CLIENTS * MESSAGES_EACH / 2, "{shared} syncs for {} commands", CLIENTS * MESSAGES_EACH);
}
