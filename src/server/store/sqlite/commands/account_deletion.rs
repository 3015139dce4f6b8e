//! Deleting accounts. [`DeleteAccount`] removes at once what others can see of the user; [`EraseBatch`] removes the rest from
//! the log, a batch at a time.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{CommandId, ConversationId, EndReason, EventKind, KeptMessages, Nickname, Role, Seq, User, UserId},
    server::store::{
        account_deletion::{DeleteAccount, DeletionAuthorization},
        accounts::SessionsEnded,
        commits::Committed,
        error::StoreError,
        events::NewEvent,
        sqlite::{
            commands::{
                departures::{release_nickname, unlist_if_empty},
                message_deletion::append_deletion,
            },
            queries,
            tables::{audit::AuditRow, events::append_to_log, sessions::end_all_sessions, users::role_of},
            writer::job::{Applied, Write},
        },
    },
};

/// The most events that one batch looks through, so that others can write in between.
const EVENTS_PER_BATCH: u64 = 5_000;

/// The most messages that one batch deletes.
const DELETIONS_PER_BATCH: u32 = 100;

/// Deletes an account and tells everybody. The log still holds the name in notices, and the messages; [`EraseBatch`] removes
/// them, the messages only if the user wants that.
impl Write for DeleteAccount {
    type Output = SessionsEnded<()>;

    fn apply(&self, db: &Connection) -> Result<Applied<SessionsEnded<()>>, StoreError> {
        let Self { user, authorization, messages } = self;
        self.check(db)?;
        end_all_sessions(db, *user, EndReason::SignedOut)?;
        for statement in [
            // The row stays, because events refer to it. Others see a former user without a name.
            "UPDATE users SET nickname = '', password = NULL, role = 'member', address = NULL WHERE id = ?1",
            "DELETE FROM blocks WHERE user = ?1",
        ] {
            db.prepare_cached(statement)?.execute([user])?;
        }
        let mut news: Vec<Committed> = release_nickname(db, *user)?.into_news().into_iter().collect();
        // The user stays a member of directs, for the sake of the other user.
        db.prepare_cached("UPDATE members SET read_seq = 0, listed = NULL WHERE user = ?1")?.execute([user])?;
        let conversations = conversations_of(db, *user)?;
        let former = User::guest(*user, Nickname::former());
        for (conversation, is_room) in conversations {
            let (author, id) = (former.clone(), CommandId::generate());
            let event = append_to_log(db, &NewEvent::new(author, id, conversation, EventKind::AccountDeleted))?;
            let deletes_messages = *messages == KeptMessages::Delete;
            // Moderation notices name the user, too; directs have none.
            if is_room || deletes_messages {
                db.prepare_cached(
                    "INSERT INTO erasures (user, conversation, done, last, messages) VALUES (?1, ?2, 0, ?3, ?4)",
                )?
                .execute(params![user, conversation, event.seq, deletes_messages])?;
            }
            news.push(Committed::Event(event));
        }
        if *authorization == DeletionAuthorization::Operator {
            AuditRow { action: "delete_account", subject: Some(*user), ..AuditRow::default() }.insert(db)?;
        }
        // Last: the user's own connections are told of the deletion before they are closed.
        news.push(Committed::SessionEnded { user: *user, session: None, reason: EndReason::SignedOut });
        let (news, closed) = Committed::with_delivery(news);
        Ok(Applied { output: SessionsEnded { result: (), closed }, change: Some(news) })
    }

    /// The password, the address, the sessions and the list of blocked users are deleted.
    fn erases(&self) -> bool {
        true
    }
}

impl DeleteAccount {
    /// Checks that the account may be deleted now.
    ///
    /// # Errors
    /// - [`StoreError::UnknownUser`] if the account is gone;
    /// - [`StoreError::WrongPassword`] if the password has changed since it was compared;
    /// - [`StoreError::LastOwner`] if the server would be left without an owner.
    fn check(&self, db: &Connection) -> Result<(), StoreError> {
        let password: Option<Option<String>> = db
            .prepare_cached("SELECT password FROM users WHERE id = ?1 AND nickname_key IS NOT NULL AND id <> ?2")?
            .query_row([self.user, UserId::SYSTEM], |row| row.get(0))
            .optional()?;
        let password = password.ok_or(StoreError::UnknownUser)?;
        let verified = match &self.authorization {
            DeletionAuthorization::Operator => return Ok(()),
            DeletionAuthorization::Guest => None,
            DeletionAuthorization::Password(hash) => Some(&hash.0),
        };
        if password.as_ref() != verified {
            return Err(StoreError::WrongPassword);
        }
        let is_last = role_of(db, self.user)? == Role::Owner
            && !db
                .prepare_cached("SELECT 1 FROM users WHERE role = 'owner' AND id NOT IN (?1, ?2)")?
                .exists([self.user, UserId::SYSTEM])?;
        if is_last { Err(StoreError::LastOwner) } else { Ok(()) }
    }
}

/// All rooms and the user's directs, each with whether it is a room.
fn conversations_of(db: &Connection, user: UserId) -> Result<Vec<(ConversationId, bool)>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, kind = 'room' FROM conversations WHERE kind = 'room' OR direct_low = ?1 OR direct_high = ?1",
    )?;
    let conversations = select.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(conversations)
}

/// Removes a batch of what deleted accounts have left in the log. Returns whether there may be more.
pub(crate) struct EraseBatch;

/// A row of the table `erasures`: a conversation in which traces of a deleted account remain.
struct Erasure {
    user: UserId,
    conversation: ConversationId,
    /// Events up to this one have been looked through.
    done: Seq,
    /// The last event to look through: the one that announced the end of the account.
    last: Seq,
    /// Whether the user's messages are deleted, too.
    messages: bool,
}

impl Write for EraseBatch {
    type Output = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let erasure = db
            .prepare_cached("SELECT user, conversation, done, last, messages FROM erasures LIMIT 1")?
            .query_row([], |row| {
                let (user, conversation, done) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Erasure { user, conversation, done, last: row.get(3)?, messages: row.get(4)? })
            })
            .optional()?;
        let Some(erasure) = erasure else { return Ok(Applied { output: false, change: None }) };
        let end = Seq(erasure.last.0.min(erasure.done.0.saturating_add(EVENTS_PER_BATCH)));
        erasure.erase_name_in_notices(db, end)?;
        let (end, mut news) = if erasure.messages { erasure.delete_messages(db, end)? } else { (end, Vec::new()) };
        if !news.is_empty() {
            news.extend(unlist_if_empty(db, erasure.conversation)?);
        }
        let (user, conversation) = (erasure.user, erasure.conversation);
        if end == erasure.last {
            db.prepare_cached("DELETE FROM erasures WHERE user = ?1 AND conversation = ?2")?
                .execute(params![user, conversation])?;
        } else {
            db.prepare_cached("UPDATE erasures SET done = ?3 WHERE user = ?1 AND conversation = ?2")?
                .execute(params![user, conversation, end])?;
        }
        Ok(Applied { output: true, change: Some(Committed::Batch(news)) })
    }

    fn erases(&self) -> bool {
        true
    }
}

impl Erasure {
    /// Moderation notices contain the nickname that the user had then.
    fn erase_name_in_notices(&self, db: &Connection, end: Seq) -> Result<(), StoreError> {
        db.prepare_cached(
            "UPDATE events SET payload = json_set(payload, '$.user.nickname', '')
              WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND target IS NULL
                AND instr(payload, ?4) > 0 AND payload ->> '$.kind' = 'notice' AND payload ->> '$.user.id' = ?4",
        )?
        .execute(params![self.conversation, self.done, end, self.user.to_string()])?;
        Ok(())
    }

    /// Deletes the user's messages up to `end`, or fewer if they are too many for one batch. Returns how far it got.
    fn delete_messages(&self, db: &Connection, end: Seq) -> Result<(Seq, Vec<Committed>), StoreError> {
        let seqs: Vec<Seq> = db
            .prepare_cached(
                "SELECT seq FROM messages WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND author = ?4
                    AND NOT deleted AND notice IS NULL ORDER BY seq LIMIT ?5",
            )?
            .query_map(params![self.conversation, self.done, end, self.user, DELETIONS_PER_BATCH], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let author = queries::accounts::user_of(db, self.user)?.ok_or(StoreError::Unavailable)?;
        let is_complete = seqs.len() < DELETIONS_PER_BATCH as usize;
        let reached = seqs.last().copied().filter(|_| !is_complete).unwrap_or(end);
        let events = seqs
            .into_iter()
            .map(|seq| append_deletion(db, author.clone(), self.conversation, seq).map(Committed::Event));
        Ok((reached, events.collect::<Result<_, _>>()?))
    }
}
