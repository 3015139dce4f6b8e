//! Reads the log from the database, at the end of a run and as its consumer.

use std::{collections::HashMap, path::Path, time::Duration};

use serde_json::json;
use teahouse::domain::{CommandId, ConversationId, Event, Nickname, Seq, Timestamp, User, UserId};
use tokio::{spawn, time::sleep};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::{
    consumer::{Copy, ENTRIES, POLL_INTERVAL},
    failure::Failure,
    history::Log,
    log::name_mentioned,
    stored_entry::logged_setting,
};

/// How long the consumer waits when the database is not there.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

const USERS: &str = "SELECT id, nickname, password IS NOT NULL FROM users";

const EVENTS: &str = "SELECT c.id, e.seq, e.at, u.id, e.command_id, e.payload::text, e.position FROM events e
       JOIN conversations c ON c.number = e.conversation JOIN users u ON u.number = e.author
      ORDER BY e.conversation, e.seq";

const ENTRIES_AFTER: &str = "SELECT e.position, c.id, e.seq FROM events e
       JOIN conversations c ON c.number = e.conversation WHERE e.position > $1
     UNION ALL SELECT position, NULL, NULL FROM entries WHERE position > $1
     ORDER BY 1 LIMIT $2";

/// Everything that the database holds.
pub(super) async fn read(address: &str) -> Result<Log, Failure> {
    let client = connect(address).await?;
    let mut users = HashMap::new();
    for row in client.query(USERS, &[]).await? {
        let id = UserId::from_uuid(row.get(0));
        let nickname = Nickname::parse_existing(row.get(1))?;
        users.insert(id, User { registered: row.get(2), ..User::guest(id, nickname) });
    }
    let mut log = Log::default();
    for row in client.query(EVENTS, &[]).await? {
        let author = UserId::from_uuid(row.get(3));
        let mut kind = serde_json::from_str(row.get(5))?;
        name_mentioned(&mut kind, &users)?;
        let event = Event {
            conversation: ConversationId::from_uuid(row.get(0)),
            seq: Seq(number(row.get(1))?),
            at: Timestamp(number(row.get(2))?),
            author: users.get(&author).ok_or("an event has an unknown author")?.clone(),
            id: CommandId::from_uuid(row.get(4)),
            kind,
        };
        log.entries.insert(number(row.get(6))?, Some((event.conversation, event.seq)));
        log.conversations.entry(event.conversation).or_default().push(event);
    }
    for row in client.query("SELECT position, entry::text FROM entries", &[]).await? {
        let position = number(row.get(0))?;
        log.entries.insert(position, None);
        log.settings.extend(logged_setting(row.get(1))?.map(|setting| (position, setting)));
    }
    Ok(log)
}

/// Is the consumer of the commit log, until the process is killed, or with `until_end` until nothing is left.
pub(super) async fn consume(address: &str, copy: &Path, until_end: bool) -> Result<(), Failure> {
    let mut copy = Copy::open(copy)?;
    loop {
        match follow(address, &mut copy, until_end).await {
            Ok(()) => return Ok(()),
            Err(failure) if until_end || !failure.is::<tokio_postgres::Error>() => return Err(failure),
            Err(_) => sleep(RETRY_INTERVAL).await,
        }
    }
}

async fn follow(address: &str, copy: &mut Copy, until_end: bool) -> Result<(), Failure> {
    let client = connect(address).await?;
    let select = client.prepare(ENTRIES_AFTER).await?;
    loop {
        let position = i64::try_from(copy.position()?)?;
        let rows = client.query(&select, &[&position, &i64::from(ENTRIES)]).await?;
        let Some(last) = rows.last() else {
            if until_end {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
            continue;
        };
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let (position, conversation, seq): (i64, Option<Uuid>, Option<i64>) =
                    (row.get(0), row.get(1), row.get(2));
                let change = match (conversation, seq) {
                    (Some(conversation), Some(seq)) => {
                        json!({"event": {"event": {"conversation": conversation, "seq": seq}}})
                    }
                    _ => json!({"entry": null}),
                };
                json!({"position": position, "change": change}).to_string()
            })
            .collect();
        copy.append(&lines, number(last.get(0))?)?;
    }
}

async fn connect(address: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    // It ends with the client; its errors are the client's, too.
    spawn(connection);
    Ok(client)
}

fn number(value: i64) -> Result<u64, Failure> {
    Ok(u64::try_from(value)?)
}
