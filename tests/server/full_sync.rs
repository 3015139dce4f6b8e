//! The disk has it before the ack says so: seen in what the program asks of the kernel.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use teahouse::domain::CommandId;
use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess};

/// The program under `strace`.
struct Traced {
    process: TestProcess,
    trace: PathBuf,
}

impl Traced {
    async fn start(data: &Path) -> Self {
        let is_there = Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok();
        assert!(is_there, "strace is needed here; script/bootstrap installs it");
        let trace = data.join("trace");
        let mut strace = Command::new("strace");
        // Strings in full: many acks go out in one write.
        strace.args(["-f", "-y", "-s", "1000000", "-o"]).arg(&trace);
        strace.args(["-e", "trace=fsync,fdatasync,write,pwrite64,writev,sendto,sendmsg"]).arg(PROGRAM);
        strace.env("TEAHOUSE_UNLIMITED", "true");
        Self { process: TestProcess::start_with_command(strace, data).await, trace }
    }

    /// Stops the program; `strace` ends with it, and has written all that it saw.
    async fn stop(self) -> Vec<Call> {
        let strace = self.process.id();
        let children = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children")).expect("its children");
        let program = children.split_whitespace().next().expect("the program");
        assert!(Command::new("kill").args(["-TERM", program]).status().expect("kill").success());
        assert!(self.process.exit().await.success());
        let trace = fs::read(self.trace).expect("a trace");
        String::from_utf8_lossy(&trace).lines().filter_map(Call::parse).collect()
    }
}

/// What a line of the trace tells.
enum Call {
    /// The write-ahead log is about to be written to.
    LogWritten,
    /// A sync of the write-ahead log has come to its end, well.
    Synced,
    /// These acks are about to be written to a socket.
    Acks(Vec<CommandId>),
}

impl Call {
    /// Writes count when they begin, syncs when they end: in the same line, or in one that says `resumed`, if another
    /// thread did something in between.
    fn parse(line: &str) -> Option<Self> {
        let (_thread, call) = line.split_once(' ')?;
        let call = call.trim_start();
        let is_sync = |call: &str| call.starts_with("fsync") || call.starts_with("fdatasync");
        if let Some(resumed) = call.strip_prefix("<... ") {
            // Of another file, too: but only the log is synced while nothing is moved into the database.
            return (is_sync(resumed) && call.ends_with("= 0")).then_some(Self::Synced);
        }
        if call.contains("teahouse.db-wal>") {
            return match (is_sync(call), call.ends_with("= 0")) {
                (true, true) => Some(Self::Synced),
                (true, false) => None,
                (false, _) => Some(Self::LogWritten),
            };
        }
        let acks: Vec<CommandId> = call.split(r#"{\"type\":\"ack\",\"id\":\""#).skip(1).map(id).collect();
        (!acks.is_empty()).then_some(Self::Acks(acks))
    }
}

fn id(text: &str) -> CommandId {
    text.get(..36).and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no id: {text}"))
}

fn syncs(calls: &[Call]) -> usize {
    calls.iter().filter(|call| matches!(call, Call::Synced)).count()
}

#[tokio::test]
async fn every_ack_follows_a_sync_of_its_event() {
    const MESSAGES: usize = 20;
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
    // Since the last ack.
    let (mut is_written, mut is_synced) = (false, false);
    for call in traced.stop().await {
        match call {
            Call::LogWritten => (is_written, is_synced) = (true, false),
            Call::Synced => is_synced = is_written,
            Call::Acks(ids) => {
                assert!(is_synced, "{ids:?} was acked before the disk had it");
                acked.extend(ids);
                (is_written, is_synced) = (false, false);
            }
        }
    }
    assert_eq!(acked, sent, "each ack was seen in the trace");
}

#[tokio::test]
async fn concurrent_commands_share_a_sync() {
    const CLIENTS: usize = 8;
    const EACH: usize = 40;
    let data = TempDir::new().expect("a folder");
    let traced = Traced::start(data.path()).await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(TestClient::guest_at_address(traced.process.address, &format!("client {number}")).await);
    }
    let mut sent = Vec::new();
    for client in &mut clients {
        let lobby = client.lobby().id;
        for number in 0..EACH {
            sent.push((client.send_without_waiting(lobby, &number.to_string()).await, false));
        }
    }
    for (client, sent) in clients.iter_mut().zip(sent.chunks(EACH)) {
        for (id, _) in sent {
            client.expect_ack(*id).await;
        }
    }
    drop(clients);

    let calls = traced.stop().await;
    let first = calls.iter().position(|call| matches!(call, Call::Acks(_))).expect("an ack");
    let last = calls.iter().rposition(|call| matches!(call, Call::Acks(_))).expect("an ack");
    assert!(syncs(&calls[..first]) > 0, "the first ack, too, follows a sync");
    let shared = syncs(&calls[first..last]) + 1;
    assert!(shared < CLIENTS * EACH / 2, "{shared} syncs for {} commands", CLIENTS * EACH);
}
