//! A store with a million messages. It is created once and kept in the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    clients::TIMEOUT,
    failure::Failure,
    servers::{Server, teahouse},
    settings::Settings,
};

const MESSAGES: i64 = 1_000_000;
const AUTHORS: i64 = 1_000;

/// When the first message was written, in milliseconds since the Unix epoch. Each of the others follows a second later.
const FIRST_MESSAGE_AT: i64 = 1_790_000_000_000;

/// Returns the data folder, and creates the store if it does not exist. The server itself creates the schema.
pub(crate) fn data_folder(settings: &Settings) -> Result<PathBuf, Failure> {
    let temporary_folder = tempfile::Builder::new().prefix("speed-million-").tempdir_in(&settings.folder)?;
    stop(Server::start(teahouse(&settings.server, temporary_folder.path()), temporary_folder.path())?)?;
    let path = temporary_folder.path().join("teahouse.db");
    let version: u32 = Connection::open(&path)?.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let data_folder = settings.folder.join(format!("speed-million-{version}"));
    if !data_folder.exists() {
        eprintln!("writing a store with a million messages");
        write_messages(&path)?;
        // The server opens the store once, which checks it and tidies up.
        stop(Server::start(teahouse(&settings.server, temporary_folder.path()), temporary_folder.path())?)?;
        fs::rename(temporary_folder.keep(), &data_folder)?;
    }
    Ok(data_folder)
}

fn write_messages(path: &Path) -> Result<(), Failure> {
    let mut db = Connection::open(path)?;
    db.pragma_update(None, "synchronous", "OFF")?;
    let lobby: i64 = db.query_row("SELECT lobby FROM meta", [], |row| row.get(0))?;
    let head: i64 = db.query_row(
        "SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT coalesce(max(position), 0) FROM entries))",
        [],
        |row| row.get(0),
    )?;
    let transaction = db.transaction()?;
    {
        // Registered users: the server removes guests without a session when it starts.
        let mut insert = transaction.prepare(
            "INSERT INTO users (id, nickname, nickname_key, created_at, password) VALUES (?1, ?2, ?2, ?3, '!')",
        )?;
        let mut join = transaction.prepare(
            "INSERT INTO members (conversation, user, read_seq, joined_at, listed)
             VALUES (?1, ?2, 0, ?3, 9223372036854775807)",
        )?;
        let mut authors = Vec::new();
        for number in 0..AUTHORS {
            insert.execute(params![Uuid::now_v7().into_bytes(), format!("p{number}"), FIRST_MESSAGE_AT])?;
            authors.push(transaction.last_insert_rowid());
            join.execute(params![lobby, authors.last(), FIRST_MESSAGE_AT])?;
        }
        let mut event = transaction.prepare(
            "INSERT INTO events (position, conversation, seq, at, author, command_id, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (seq, author) in (1..=MESSAGES).zip(authors.iter().cycle()) {
            let (id, at) = (Uuid::new_v4().into_bytes(), FIRST_MESSAGE_AT + seq * 1_000);
            let body = format!("{:.<128}", format!("message {seq}"));
            let payload = format!(r#"{{"kind":"message","body":"{body}"}}"#);
            event.execute(params![head + seq, lobby, seq, at, author, id, payload])?;
        }
    }
    transaction.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Sends SIGTERM and waits.
fn stop(mut server: Server) -> Result<(), Failure> {
    Command::new("kill").arg(server.id().to_string()).status()?;
    let start = Instant::now();
    while !server.has_ended()? {
        if start.elapsed() > TIMEOUT {
            return Err("the server did not stop in time".into());
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
