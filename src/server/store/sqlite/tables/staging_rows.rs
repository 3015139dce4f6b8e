//! The format of a row of the table `journal`: the messages of one commit, one after the other.
//!
//! Each message is its conversation, `seq`, time, author and command id, the length of its text in bytes, and the text.
//! Numbers are 8 bytes, big-endian; ids are the 16 bytes of the UUID.

use uuid::Uuid;

use crate::{
    domain::{Body, CommandId, ConversationId, Seq, Timestamp, UserId},
    server::store::{events::EventPosition, sqlite::tables::events::PendingMessage},
};

/// Encodes a message at the end of `row`.
pub(crate) fn encode_message(row: &mut Vec<u8>, PendingMessage { position, author, id, body }: &PendingMessage) {
    let EventPosition { conversation, seq, at } = position;
    let text = body.as_str().as_bytes();
    row.extend_from_slice(conversation.as_uuid().as_bytes());
    row.extend_from_slice(&seq.0.to_be_bytes());
    row.extend_from_slice(&at.0.to_be_bytes());
    row.extend_from_slice(author.as_uuid().as_bytes());
    row.extend_from_slice(id.as_uuid().as_bytes());
    row.extend_from_slice(&(text.len() as u64).to_be_bytes());
    row.extend_from_slice(text);
}

/// Decodes all messages of a row. `None` if the row is not in this format.
pub(crate) fn decode_row(mut row: &[u8]) -> Option<Vec<PendingMessage>> {
    let mut messages = Vec::new();
    while !row.is_empty() {
        messages.push(take_message(&mut row)?);
    }
    Some(messages)
}

fn take_message(row: &mut &[u8]) -> Option<PendingMessage> {
    let position = EventPosition {
        conversation: ConversationId::from_uuid(take_uuid(row)?),
        seq: Seq(take_number(row)?),
        at: Timestamp(take_number(row)?),
    };
    let (author, id) = (UserId::from_uuid(take_uuid(row)?), CommandId::from_uuid(take_uuid(row)?));
    let length = usize::try_from(take_number(row)?).ok()?;
    let (text, rest) = row.split_at_checked(length)?;
    *row = rest;
    let body = Body::from_trusted(std::str::from_utf8(text).ok()?.to_owned());
    Some(PendingMessage { position, author, id, body })
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

    prop_compose! {
        fn messages()(parts in prop::collection::vec((any::<[u128; 3]>(), any::<[u64; 2]>(), ".{0,40}"), 0..5)) -> Vec<PendingMessage> {
            parts.into_iter().map(|([conversation, author, id], [seq, at], text)| PendingMessage {
                position: EventPosition {
                    conversation: ConversationId::from_uuid(Uuid::from_u128(conversation)),
                    seq: Seq(seq),
                    at: Timestamp(at),
                },
                author: UserId::from_uuid(Uuid::from_u128(author)),
                id: CommandId::from_uuid(Uuid::from_u128(id)),
                body: Body::from_trusted(text),
            }).collect()
        }
    }

    fn encode_row(messages: &[PendingMessage]) -> Vec<u8> {
        let mut row = Vec::new();
        messages.iter().for_each(|message| encode_message(&mut row, message));
        row
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
