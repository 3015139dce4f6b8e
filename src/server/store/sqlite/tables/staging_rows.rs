//! What is in a row of the table `journal`: the messages of one commit, one behind the other.
//!
//! Each is its conversation, `seq`, time, author and command id, the length of its text in bytes, and the text. Numbers
//! are big-endian, and ids the 16 bytes that they are.

use uuid::Uuid;

use crate::{
    domain::{Body, CommandId, ConversationId, Seq, Timestamp, UserId},
    server::store::{events::EventPosition, sqlite::commands::PendingMessage},
};

pub(crate) fn put(row: &mut Vec<u8>, PendingMessage { place, author, id, body }: &PendingMessage) {
    let EventPosition { conversation, seq, at } = place;
    let text = body.as_str().as_bytes();
    row.extend_from_slice(conversation.as_uuid().as_bytes());
    row.extend_from_slice(&seq.0.to_be_bytes());
    row.extend_from_slice(&at.0.to_be_bytes());
    row.extend_from_slice(author.as_uuid().as_bytes());
    row.extend_from_slice(id.as_uuid().as_bytes());
    row.extend_from_slice(&(text.len() as u64).to_be_bytes());
    row.extend_from_slice(text);
}

/// All of them; `None` if this is no such row.
pub(crate) fn read(mut row: &[u8]) -> Option<Vec<PendingMessage>> {
    let mut posts = Vec::new();
    while !row.is_empty() {
        posts.push(take_post(&mut row)?);
    }
    Some(posts)
}

fn take_post(row: &mut &[u8]) -> Option<PendingMessage> {
    let place = EventPosition {
        conversation: ConversationId::from_uuid(take_uuid(row)?),
        seq: Seq(take_number(row)?),
        at: Timestamp(take_number(row)?),
    };
    let (author, id) = (UserId::from_uuid(take_uuid(row)?), CommandId::from_uuid(take_uuid(row)?));
    let length = usize::try_from(take_number(row)?).ok()?;
    let (text, rest) = row.split_at_checked(length)?;
    *row = rest;
    let body = Body::from_trusted(std::str::from_utf8(text).ok()?.to_owned());
    Some(PendingMessage { place, author, id, body })
}

fn take_uuid(row: &mut &[u8]) -> Option<Uuid> {
    take(row).map(Uuid::from_bytes)
}

fn take_number(row: &mut &[u8]) -> Option<u64> {
    take(row).map(u64::from_be_bytes)
}

fn take<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn posts()(parts in prop::collection::vec((any::<[u128; 3]>(), any::<[u64; 2]>(), ".{0,40}"), 0..5)) -> Vec<PendingMessage> {
            parts.into_iter().map(|([conversation, author, id], [seq, at], text)| PendingMessage {
                place: EventPosition {
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

    fn row_of(posts: &[PendingMessage]) -> Vec<u8> {
        let mut row = Vec::new();
        posts.iter().for_each(|post| put(&mut row, post));
        row
    }

    proptest! {
        #[test]
        fn what_was_put_is_read(posts in posts()) {
            prop_assert_eq!(read(&row_of(&posts)), Some(posts));
        }

        #[test]
        fn a_row_that_was_cut_off_is_none(posts in posts(), cut in any::<prop::sample::Index>()) {
            let mut row = row_of(&posts);
            prop_assume!(!row.is_empty());
            row.truncate(cut.index(row.len()));
            // Unless it was cut between two.
            if let Some(fewer) = read(&row) {
                prop_assert_eq!(row_of(&fewer), row);
                prop_assert_eq!(&fewer[..], &posts[..fewer.len()]);
            }
        }
    }
}
