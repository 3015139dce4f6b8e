//! Writes rows of the old staging table, as earlier programs did.

use crate::server::store::sqlite::upgrade::staging::StagedMessage;

pub(in crate::server::store::sqlite::upgrade) fn encode_row(messages: &[StagedMessage]) -> Vec<u8> {
    let mut row = Vec::new();
    for StagedMessage { conversation, seq, at, author, id, body } in messages {
        let text = body.as_str().as_bytes();
        row.extend_from_slice(conversation.as_uuid().as_bytes());
        row.extend_from_slice(&seq.0.to_be_bytes());
        row.extend_from_slice(&at.0.to_be_bytes());
        row.extend_from_slice(author.as_uuid().as_bytes());
        row.extend_from_slice(id.as_uuid().as_bytes());
        row.extend_from_slice(&(text.len() as u64).to_be_bytes());
        row.extend_from_slice(text);
    }
    row
}
