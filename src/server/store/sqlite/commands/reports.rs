//! Messages are reported, and reports are dealt with.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Body, ConversationId, Message, Nickname, Seq, Timestamp, User, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::Window,
        reports::{HandleReport, NewReport, ReportAction},
        sqlite::{
            commands::{
                append::{delete, to_json},
                clock::written_before,
                moderation::role_of,
            },
            queries,
            tables::audit::AuditRow,
            writer::job::{Applied, Write},
        },
    },
};

/// How many messages are kept on each side of one that is reported.
const CONTEXT: u32 = 5;

/// How much is kept of what each of those says, in characters.
const LONGEST_BESIDE: usize = 600;

/// How many bytes are read on each side at most: the message itself, and enough for the others.
const BYTES: usize = 256 * 1024;

impl Write for NewReport {
    type Done = ();

    /// A repeated report changes nothing.
    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { reporter, conversation, seq, reason, most_open } = self;
        let messages = self.as_they_are(db)?;
        let reported = messages.iter().find(|message| message.seq == *seq && message.is_said());
        let author = reported.ok_or(StoreError::UnknownMessage)?.author.id;
        if author == *reporter {
            return Err(StoreError::OwnMessage);
        }
        let done = Ok(Applied { done: (), news: None });
        let same = "SELECT 1 FROM reports WHERE reporter = ?1 AND conversation = ?2 AND seq = ?3";
        if db.prepare_cached(same)?.exists(params![reporter, conversation, seq])? {
            return done;
        }
        let open: u32 = db
            .prepare_cached("SELECT count(*) FROM reports WHERE reporter = ?1")?
            .query_row([reporter], |row| row.get(0))?;
        if open >= *most_open {
            return Err(StoreError::TooManyReports);
        }
        let messages: Vec<Message> = messages.into_iter().map(|message| kept(message, *seq)).collect();
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
    /// The message and those around it, as the reporter reads them now.
    fn as_they_are(&self, db: &Connection) -> Result<Vec<Message>, StoreError> {
        let Self { reporter, conversation, seq, .. } = *self;
        let page = |window, limit| queries::history::messages(db, reporter, conversation, window, limit, BYTES);
        let mut messages = page(Window::Before(Seq(seq.0.saturating_add(1))), CONTEXT + 1)?.messages;
        messages.extend(page(Window::After(seq), CONTEXT)?.messages);
        messages.retain(|message| message.notice.is_none());
        Ok(messages)
    }
}

/// What a report keeps of a message. Names are looked up when it is read: an account may be deleted meanwhile.
fn kept(message: Message, reported: Seq) -> Message {
    let body = message.body.as_str();
    let end = body.char_indices().nth(LONGEST_BESIDE).filter(|_| message.seq != reported);
    let body = end.map_or_else(|| message.body.clone(), |(end, _)| Body::from_trusted(format!("{}…", &body[..end])));
    let author = User::guest(message.author.id, Nickname::from_trusted(String::new()));
    Message { author, body, reactions: Vec::new(), ..message }
}

/// The message that a report is about.
struct Reported {
    conversation: ConversationId,
    seq: Seq,
    author: UserId,
}

impl Write for HandleReport {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Reported { conversation, seq, author } = self.find(db)?;
        let (action, news) = match self.action {
            ReportAction::Close { up_to } => {
                db.prepare_cached(
                    "DELETE FROM reports WHERE author = ?1 AND conversation = ?2 AND seq = ?3 AND id <= ?4",
                )?
                .execute(params![author, conversation, seq, number(up_to)])?;
                ("close_report", None)
            }
            ReportAction::DeleteMessage => {
                let actor = match &self.actor {
                    Some(actor) => actor.clone(),
                    None => queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?,
                };
                ("delete_message", Some(Committed::Event(delete(db, actor, conversation, seq)?)))
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
        .write(db)?;
        Ok(Applied { done: (), news })
    }

    /// What was kept of the messages, or the message itself.
    fn erases(&self) -> bool {
        true
    }
}

impl HandleReport {
    /// The message, if the report is open and theirs to deal with. Reports of one's own messages are not there.
    fn find(&self, db: &Connection) -> Result<Reported, StoreError> {
        let found = db
            .prepare_cached("SELECT conversation, seq, author FROM reports WHERE id = ?1")?
            .query_row([number(self.report)], |row| {
                Ok(Reported { conversation: row.get(0)?, seq: row.get(1)?, author: row.get(2)? })
            })
            .optional()?;
        let actor = self.actor.as_ref().map(|actor| actor.id);
        if let Some(actor) = actor {
            let role = role_of(db, actor)?;
            let subject = match &found {
                Some(reported) => role_of(db, reported.author)?,
                None => crate::domain::Role::Member,
            };
            if !(self.rule)(role, subject) {
                return Err(StoreError::NotAllowed);
            }
        }
        found.filter(|reported| Some(reported.author) != actor).ok_or(StoreError::UnknownReport)
    }
}

/// Reports that are older are forgotten, whether anybody has looked at them or not.
pub(crate) struct ExpireReports(pub(crate) Timestamp);

impl Write for ExpireReports {
    type Done = usize;

    fn apply(&self, db: &Connection) -> Result<Applied<usize>, StoreError> {
        let done = db.prepare_cached("DELETE FROM reports WHERE at < ?1")?.execute([written_before(db, self.0)?])?;
        Ok(Applied { done, news: None })
    }

    /// What was kept of the messages.
    fn erases(&self) -> bool {
        true
    }
}

/// SQLite's integers end at 2^63 - 1; no id is larger.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
