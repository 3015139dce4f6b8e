//! Reporting messages, and handling the reports.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Body, ConversationId, Message, Nickname, Role, Seq, Timestamp, User, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::HistoryWindow,
        reports::{HandleReport, NewReport, ReportAction},
        sqlite::{
            commands::message_deletion::append_deletion,
            queries,
            tables::{audit::AuditRow, clock_offsets::expiry_cutoff, events::to_json, users::role_of},
            writer::job::{Applied, Write},
        },
    },
};

/// How many messages before and after the reported one the report keeps.
const CONTEXT_MESSAGES: u32 = 5;

/// How much of each of those messages the report keeps, in Unicode scalar values. The reported one is kept whole.
const MAX_CONTEXT_CHARS: usize = 600;

/// The most bytes of messages that are read on each side: enough for the reported one and its context.
const MAX_READ_BYTES: usize = 256 * 1024;

/// Reports a message. Reporting it again while the report is open changes nothing.
impl Write for NewReport {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { reporter, conversation, seq, reason, max_open } = self;
        let messages = self.read_context(db)?;
        let reported = messages.iter().find(|message| message.seq == *seq && message.has_text());
        let author = reported.ok_or(StoreError::UnknownMessage)?.author.id;
        if author == *reporter {
            return Err(StoreError::OwnMessage);
        }
        let done = Ok(Applied { output: (), change: None });
        let same = "SELECT 1 FROM reports WHERE reporter = ?1 AND conversation = ?2 AND seq = ?3";
        if db.prepare_cached(same)?.exists(params![reporter, conversation, seq])? {
            return done;
        }
        let open: u32 = db
            .prepare_cached("SELECT count(*) FROM reports WHERE reporter = ?1")?
            .query_row([reporter], |row| row.get(0))?;
        if open >= *max_open {
            return Err(StoreError::TooManyReports);
        }
        let messages: Vec<Message> = messages.into_iter().map(|message| snapshot_of(message, *seq)).collect();
        db.prepare_cached(
            "INSERT INTO reports (at, reporter, conversation, seq, author, reason, messages)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            Timestamp::now(),
            reporter,
            conversation,
            seq,
            author,
            reason.as_str(),
            to_json(&messages)?
        ])?;
        done
    }
}

impl NewReport {
    /// Reads the message and those around it, as the reporter sees them now.
    fn read_context(&self, db: &Connection) -> Result<Vec<Message>, StoreError> {
        let Self { reporter, conversation, seq, .. } = *self;
        let page =
            |window, limit| queries::history::messages(db, reporter, conversation, window, limit, MAX_READ_BYTES);
        let mut messages = page(HistoryWindow::Before(Seq(seq.0.saturating_add(1))), CONTEXT_MESSAGES + 1)?.messages;
        messages.extend(page(HistoryWindow::After(seq), CONTEXT_MESSAGES)?.messages);
        messages.retain(|message| message.notice.is_none());
        Ok(messages)
    }
}

/// The copy of a message that a report keeps. It has no nicknames: they are looked up when the report is read, because an
/// account may be deleted in the meantime.
fn snapshot_of(message: Message, reported: Seq) -> Message {
    let body = message.body.as_str();
    let end = body.char_indices().nth(MAX_CONTEXT_CHARS).filter(|_| message.seq != reported);
    let body = end.map_or_else(|| message.body.clone(), |(end, _)| Body::from_trusted(format!("{}…", &body[..end])));
    let author = User::guest(message.author.id, Nickname::from_trusted(String::new()));
    Message { author, body, reactions: Vec::new(), ..message }
}

/// The message that a report is about.
struct ReportedMessage {
    conversation: ConversationId,
    seq: Seq,
    author: UserId,
}

/// Closes a report, or deletes the message that it is about.
impl Write for HandleReport {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let ReportedMessage { conversation, seq, author } = self.find_message(db)?;
        let (action, news) = match self.action {
            ReportAction::Close { up_to } => {
                db.prepare_cached(
                    "DELETE FROM reports WHERE author = ?1 AND conversation = ?2 AND seq = ?3 AND id <= ?4",
                )?
                .execute(params![author, conversation, seq, sql_integer(up_to)])?;
                ("close_report", None)
            }
            ReportAction::DeleteMessage => {
                let actor = match &self.actor {
                    Some(actor) => actor.clone(),
                    None => queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?,
                };
                ("delete_message", Some(Committed::Event(append_deletion(db, actor, conversation, seq)?)))
            }
        };
        AuditRow {
            actor: self.actor.as_ref().map(|actor| actor.id),
            action,
            subject: Some(author),
            conversation: Some(conversation),
            detail: Some(seq.to_string()),
            ..AuditRow::default()
        }
        .insert(db)?;
        Ok(Applied { output: (), change: news })
    }

    /// The report with its copies of messages is deleted, or the message itself.
    fn erases(&self) -> bool {
        true
    }
}

impl HandleReport {
    /// The message, if the report is open and the actor may handle it.
    ///
    /// # Errors
    /// - [`StoreError::NotAllowed`] if the actor's role does not suffice against the author's;
    /// - [`StoreError::UnknownReport`] if there is no such report, or it is about a message of the actor's own.
    fn find_message(&self, db: &Connection) -> Result<ReportedMessage, StoreError> {
        let found = db
            .prepare_cached("SELECT conversation, seq, author FROM reports WHERE id = ?1")?
            .query_row([sql_integer(self.report)], |row| {
                Ok(ReportedMessage { conversation: row.get(0)?, seq: row.get(1)?, author: row.get(2)? })
            })
            .optional()?;
        let actor = self.actor.as_ref().map(|actor| actor.id);
        if let Some(actor) = actor {
            let role = role_of(db, actor)?;
            let subject = match &found {
                Some(reported) => role_of(db, reported.author)?,
                None => Role::Member,
            };
            if !(self.role_check)(role, subject) {
                return Err(StoreError::NotAllowed);
            }
        }
        found.filter(|reported| Some(reported.author) != actor).ok_or(StoreError::UnknownReport)
    }
}

/// Deletes reports that were made before this time, handled or not. Returns how many.
pub(crate) struct ExpireReports(pub(crate) Timestamp);

impl Write for ExpireReports {
    type Output = usize;

    fn apply(&self, db: &Connection) -> Result<Applied<usize>, StoreError> {
        let done = db.prepare_cached("DELETE FROM reports WHERE at < ?1")?.execute([expiry_cutoff(db, self.0)?])?;
        Ok(Applied { output: done, change: None })
    }

    /// The copies of messages are deleted.
    fn erases(&self) -> bool {
        true
    }
}

/// SQLite's integers end at 2^63 - 1. No row has a larger id, so the largest integer finds nothing.
fn sql_integer(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
