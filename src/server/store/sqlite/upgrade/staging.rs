//! The staging table of version 20, `journal`: messages that were durable and not in the log yet. A server that was killed
//! left some there.
//!
//! A row holds the messages of one commit, one after the other. Each is its conversation, `seq`, time, author and command id,
//! the length of its text in bytes, and the text. Numbers are 8 bytes, big-endian; ids are the 16 bytes of the UUID.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::{
    domain::{Body, CommandId, ConversationId, EventKind, Seq, Timestamp, UserId},
    server::store::sqlite::error::OpenError,
};

/// A message in a row of the staging table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StagedMessage {
    pub(super) conversation: ConversationId,
    pub(super) seq: Seq,
    pub(super) at: Timestamp,
    pub(super) author: UserId,
    pub(super) id: CommandId,
    pub(super) body: Body,
}

/// Moves all staged messages to the log, in one transaction.
pub(super) fn flush_staging(db: &mut Connection) -> Result<(), OpenError> {
    let transaction = db.transaction()?;
    let mut count = 0;
    {
        let mut select = transaction.prepare("SELECT id, posts FROM journal ORDER BY id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let Some(messages) = decode_row(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) else {
                tracing::error!(row = row.get::<_, i64>(0)?, "a row of the staging table cannot be decoded");
                return Err(OpenError::Staging);
            };
            for message in &messages {
                count += usize::from(message.insert(&transaction)?);
            }
        }
    }
    if count > 0 {
        tracing::info!("upgrade: {count} messages that were written last moved to the log");
    }
    transaction.execute("DELETE FROM journal", [])?;
    Ok(transaction.commit()?)
}

impl StagedMessage {
    /// Adds the message to the log, unless it is there: not all messages of a row were moved at once. Authors have read
    /// everything before their own messages.
    fn insert(&self, db: &Connection) -> Result<bool, OpenError> {
        let Self { conversation, seq, at, author, id, body } = self;
        if db
            .prepare_cached("SELECT 1 FROM events WHERE conversation = ?1 AND seq = ?2")?
            .exists(params![conversation, seq])?
        {
            return Ok(false);
        }
        let payload = serde_json::to_string(&EventKind::message(body.clone()))
            .map_err(|error| OpenError::Upgrade(format!("a message cannot be written as JSON: {error}")))?;
        let inserted = db
            .prepare_cached(
                "INSERT INTO events (conversation, seq, at, author, command_id, payload)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (command_id, author) DO NOTHING",
            )?
            .execute(params![conversation, seq, at, author, id, payload])?;
        if inserted == 0 {
            // Cannot happen: the command was looked for when it came.
            tracing::error!(%conversation, %seq, %id, "a staged message repeats a command of the log; it is left out");
            return Ok(false);
        }
        db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2 AND read_seq < ?3")?
            .execute(params![conversation, author, seq])?;
        Ok(true)
    }
}

/// Decodes all messages of a row. `None` if the row is not in this format.
fn decode_row(mut row: &[u8]) -> Option<Vec<StagedMessage>> {
    let mut messages = Vec::new();
    while !row.is_empty() {
        messages.push(take_message(&mut row)?);
    }
    Some(messages)
}

fn take_message(row: &mut &[u8]) -> Option<StagedMessage> {
    let conversation = ConversationId::from_uuid(take_uuid(row)?);
    let (seq, at) = (Seq(take_number(row)?), Timestamp(take_number(row)?));
    let (author, id) = (UserId::from_uuid(take_uuid(row)?), CommandId::from_uuid(take_uuid(row)?));
    let length = usize::try_from(take_number(row)?).ok()?;
    let (text, rest) = row.split_at_checked(length)?;
    *row = rest;
    let body = Body::from_trusted(std::str::from_utf8(text).ok()?.to_owned());
    Some(StagedMessage { conversation, seq, at, author, id, body })
}

fn take_uuid(row: &mut &[u8]) -> Option<Uuid> {
    take_bytes(row).map(Uuid::from_bytes)
}

fn take_number(row: &mut &[u8]) -> Option<u64> {
    take_bytes(row).map(u64::from_be_bytes)
}

fn take_bytes<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::store::sqlite::upgrade::tests::staged_rows::encode_row;

    prop_compose! {
        fn messages()(parts in prop::collection::vec((any::<[u128; 3]>(), any::<[u64; 2]>(), ".{0,40}"), 0..5)) -> Vec<StagedMessage> {
            parts.into_iter().map(|([conversation, author, id], [seq, at], text)| StagedMessage {
                conversation: ConversationId::from_uuid(Uuid::from_u128(conversation)),
                seq: Seq(seq),
                at: Timestamp(at),
                author: UserId::from_uuid(Uuid::from_u128(author)),
                id: CommandId::from_uuid(Uuid::from_u128(id)),
                body: Body::from_trusted(text),
            }).collect()
        }
    }

    proptest! {
        #[test]
        fn decoding_a_row_returns_the_encoded_messages(messages in messages()) {
            prop_assert_eq!(decode_row(&encode_row(&messages)), Some(messages));
        }

        #[test]
        fn a_truncated_row_does_not_decode(messages in messages(), cut in any::<prop::sample::Index>()) {
            let mut row = encode_row(&messages);
            prop_assume!(!row.is_empty());
            row.truncate(cut.index(row.len()));
            // Cut exactly between two messages, it is a row of fewer messages.
            if let Some(fewer) = decode_row(&row) {
                prop_assert_eq!(encode_row(&fewer), row);
                prop_assert_eq!(&fewer[..], &messages[..fewer.len()]);
            }
        }
    }
}
