//! The texts by which writers tell other nodes of a commit.

use uuid::Uuid;

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::store::{commit_log::Position, read_marks::ReadMark},
};

/// The channel for new entries of the commit log. A lost notification is made up for by asking now and then.
pub(super) const LOG_CHANNEL: &str = "teahouse_log";

/// The channel for read marks. A lost notification leaves a badge on another device until the next.
pub(super) const READ_CHANNEL: &str = "teahouse_read";

/// How many read marks one notification has: PostgreSQL's limit is 8,000 bytes.
const MARKS_PER_NOTIFICATION: usize = 64;

/// A writer, and the position of the newest entry that it has committed.
pub(super) fn log_text(writer: Uuid, head: Position) -> String {
    format!("{writer} {head}")
}

/// Reads what [`log_text`] writes.
pub(super) fn log_from(text: &str) -> Option<(Uuid, Position)> {
    let (writer, head) = text.split_once(' ')?;
    Some((writer.parse().ok()?, Position(head.parse().ok()?)))
}

/// A writer, and then for each mark the user, the conversation and the seq.
pub(super) fn marks_texts(writer: Uuid, marks: &[ReadMark]) -> impl Iterator<Item = String> {
    marks.chunks(MARKS_PER_NOTIFICATION).map(move |marks| {
        let marks = marks.iter().map(|mark| format!(" {} {} {}", mark.user, mark.conversation, mark.seq));
        marks.fold(writer.to_string(), |text, mark| text + &mark)
    })
}

/// Reads what [`marks_texts`] writes.
pub(super) fn marks_from(text: &str) -> Option<(Uuid, Vec<ReadMark>)> {
    let mut words = text.split(' ');
    let writer = words.next()?.parse().ok()?;
    let mut marks = Vec::new();
    while let Some(user) = words.next() {
        let user: UserId = user.parse().ok()?;
        let conversation: ConversationId = words.next()?.parse().ok()?;
        let seq = Seq(words.next()?.parse().ok()?);
        // It is saved already.
        marks.push(ReadMark { user, conversation, seq, known: Position::START });
    }
    Some((writer, marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let writer = Uuid::now_v7();
        assert_eq!(log_from(&log_text(writer, Position(7))), Some((writer, Position(7))));
        let mark = || {
            let (user, conversation) = (UserId::generate(), ConversationId::generate());
            ReadMark { user, conversation, seq: Seq(u64::MAX), known: Position::START }
        };
        let marks: Vec<_> = (0..=MARKS_PER_NOTIFICATION).map(|_| mark()).collect();
        let texts: Vec<_> = marks_texts(writer, &marks).collect();
        assert!(texts.iter().all(|text| text.len() < 8_000), "PostgreSQL takes no more");
        let read = texts.iter().flat_map(|text| marks_from(text).expect("marks").1);
        let parts = |mark: ReadMark| (mark.user, mark.conversation, mark.seq);
        assert_eq!(read.map(parts).collect::<Vec<_>>(), marks.into_iter().map(parts).collect::<Vec<_>>());
    }

    #[test]
    fn what_makes_no_sense_is_left_alone() {
        for text in ["", " ", "x 1", "01927b6e-0000-7000-8000-000000000000", "01927b6e-0000-7000-8000-000000000000 x y"]
        {
            assert!(log_from(text).is_none(), "{text:?}");
        }
        assert!(marks_from("01927b6e-0000-7000-8000-000000000000 x y z").is_none());
    }
}
