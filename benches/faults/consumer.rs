//! A consumer of the commit log: a process that copies every entry to a database of its own, and its position in the same
//! transaction. It is killed with the server, and goes on from its position.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, params};
use serde::Deserialize;
use teahouse::{
    domain::{ConversationId, Seq},
    server::LogReader,
};
use tokio::time::sleep;

use super::{failure::Failure, history::LogEntry};

/// How many entries are copied at a time.
pub(crate) const ENTRIES: u32 = 200;
const BYTES: usize = 256 * 1024;

/// How long the consumer waits when there is nothing new. It is in another process than the server, which could wake it.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Where the consumer copies to, and from where.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerSetup {
    /// The data folder of the server, or the address of its PostgreSQL database.
    pub(crate) source: String,
    /// The consumer's own database.
    pub(crate) copy: PathBuf,
}

/// A running consumer. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Consumer(Child);

impl ConsumerSetup {
    pub(crate) fn start(&self) -> Result<Consumer, Failure> {
        Ok(Consumer(self.command(false)?.spawn()?))
    }

    /// Copies what is left, after the server has stopped.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let status = self.command(true)?.status()?;
        if status.success() { Ok(()) } else { Err("the consumer of the commit log failed".into()) }
    }

    fn command(&self, until_end: bool) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--consume").arg(&self.source).arg("--copy").arg(&self.copy).stdin(Stdio::null());
        if until_end {
            command.arg("--until-end");
        }
        Ok(command)
    }

    /// What was copied, in the order in which it was.
    pub(crate) fn copied(&self) -> Result<Vec<LogEntry>, Failure> {
        let db = Connection::open_with_flags(&self.copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut select = db.prepare("SELECT line FROM copied ORDER BY number")?;
        let lines = select.query_map([], |row| row.get::<_, String>(0))?;
        lines.map(|line| parse(&line?)).collect()
    }
}

impl Consumer {
    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        if let Some(status) = self.0.try_wait()? {
            return Err(format!("the consumer of the commit log ended by itself: {status}").into());
        }
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // `kill` fails if the process has already ended, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is the consumer, until the process is killed, or with `until_end` until nothing is left.
pub(crate) async fn consume(data: &Path, copy: &Path, until_end: bool) -> Result<(), Failure> {
    let mut copy = Copy::open(copy)?;
    let log = LogReader::open(data)?;
    loop {
        let lines = log.after(copy.position()?, ENTRIES, BYTES)?;
        let Some(last) = lines.last() else {
            if until_end {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
            continue;
        };
        let last = parse(last)?.position;
        copy.append(&lines, last)?;
    }
}

/// The consumer's own database.
pub(crate) struct Copy(Connection);

impl Copy {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE IF NOT EXISTS copied (number INTEGER PRIMARY KEY, line TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS consumer
                 (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), position INTEGER NOT NULL);
             INSERT OR IGNORE INTO consumer VALUES (1, 0);",
        )?;
        Ok(Self(db))
    }

    /// The position of the last copied entry.
    pub(crate) fn position(&self) -> Result<u64, Failure> {
        let position: i64 = self.0.query_row("SELECT position FROM consumer", [], |row| row.get(0))?;
        Ok(u64::try_from(position)?)
    }

    /// Adds entries, and the position of the last of them.
    pub(crate) fn append(&mut self, lines: &[String], position: u64) -> Result<(), Failure> {
        let transaction = self.0.transaction()?;
        for line in lines {
            transaction.execute("INSERT INTO copied (line) VALUES (?1)", [line])?;
        }
        transaction.execute("UPDATE consumer SET position = ?1", params![i64::try_from(position)?])?;
        transaction.commit()?;
        Ok(())
    }
}

/// What the harness needs of an entry.
#[derive(Deserialize)]
struct Line {
    position: u64,
    change: LineChange,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum LineChange {
    Event { event: LineEvent },
    Entry(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct LineEvent {
    conversation: ConversationId,
    seq: Seq,
}

fn parse(line: &str) -> Result<LogEntry, Failure> {
    let Line { position, change } = serde_json::from_str(line)?;
    let event = match change {
        LineChange::Event { event } => Some((event.conversation, event.seq)),
        LineChange::Entry(_) => None,
    };
    Ok(LogEntry { position, event })
}
