//! Accounts are deleted: at once for everybody who looks, and bit by bit in the log.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{CommandId, ConversationId, EndReason, EventKind, KeptMessages, Nickname, Role, Seq, User, UserId},
    server::store::{
        account_deletion::{DeleteAccount, Verified},
        commits::Committed,
        error::StoreError,
        events::NewEvent,
        sqlite::{
            commands::{
                append::{append_decided, delete},
                create_user::release,
                departures::take_out_if_empty,
                end_sessions::end_sessions_of,
                moderation::role_of,
            },
            queries,
            tables::audit::AuditRow,
            writer::job::{Applied, Write},
        },
    },
};

/// How many events are looked through at once: others write in between.
const STRIDE: u64 = 5_000;

/// How many messages are deleted at once.
const MOST_DELETED: u32 = 100;

impl Write for DeleteAccount {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, verified, messages } = self;
        self.check(db)?;
        end_sessions_of(db, *user, EndReason::SignedOut)?;
        for statement in [
            // What others see of the user from now on: nobody of a name.
            "UPDATE users SET nickname = '', password = NULL, role = 'member', address = NULL WHERE id = ?1",
            "DELETE FROM blocks WHERE user = ?1",
        ] {
            db.prepare_cached(statement)?.execute([user])?;
        }
        let mut news: Vec<Committed> = release(db, *user)?.into_news().into_iter().collect();
        // The place in directs stays, for the other user's sake.
        db.prepare_cached("UPDATE members SET read_seq = 0, listed = NULL WHERE user = ?1")?.execute([user])?;
        let conversations = conversations_of(db, *user)?;
        let former = User::guest(*user, Nickname::former());
        for (conversation, is_room) in conversations {
            let (author, id) = (former.clone(), CommandId::generate());
            let event = append_decided(db, &NewEvent::of_author(author, id, conversation, EventKind::AccountDeleted))?;
            let messages = *messages == KeptMessages::Delete;
            // In a direct there are no notices, and so nothing to be looked for but messages.
            if is_room || messages {
                db.prepare_cached(
                    "INSERT INTO erasures (user, conversation, done, last, messages) VALUES (?1, ?2, 0, ?3, ?4)",
                )?
                .execute(params![user, conversation, event.seq, messages])?;
            }
            news.push(Committed::Event(event));
        }
        if *verified == Verified::ByHost {
            AuditRow { action: "delete_account", subject: Some(*user), ..AuditRow::default() }.write(db)?;
        }
        Ok(Applied { done: (), news: Some(Committed::Several(news)) })
    }

    fn erases(&self) -> bool {
        true
    }
}

impl DeleteAccount {
    /// Whether it is still the same user, with the same password, and not the last one who owns this place.
    fn check(&self, db: &Connection) -> Result<(), StoreError> {
        let password: Option<Option<String>> = db
            .prepare_cached("SELECT password FROM users WHERE id = ?1 AND nickname_key IS NOT NULL AND id <> ?2")?
            .query_row([self.user, UserId::SYSTEM], |row| row.get(0))
            .optional()?;
        let password = password.ok_or(StoreError::UnknownUser)?;
        let verified = match &self.verified {
            Verified::ByHost => return Ok(()),
            Verified::Guest => None,
            Verified::Password(hash) => Some(&hash.0),
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

/// Every conversation in which somebody may see the user, and whether it is a room.
fn conversations_of(db: &Connection, user: UserId) -> Result<Vec<(ConversationId, bool)>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, kind = 'room' FROM conversations WHERE kind = 'room' OR direct_low = ?1 OR direct_high = ?1",
    )?;
    let conversations = select.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(conversations)
}

/// Takes a bit more of deleted accounts out of the log. Gives whether there is more to do.
pub(crate) struct EraseSome;

/// A stretch of a log that is to be looked through.
struct Erasure {
    user: UserId,
    conversation: ConversationId,
    done: Seq,
    last: Seq,
    messages: bool,
}

impl Write for EraseSome {
    type Done = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let erasure = db
            .prepare_cached("SELECT user, conversation, done, last, messages FROM erasures LIMIT 1")?
            .query_row([], |row| {
                let (user, conversation, done) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Erasure { user, conversation, done, last: row.get(3)?, messages: row.get(4)? })
            })
            .optional()?;
        let Some(erasure) = erasure else { return Ok(Applied { done: false, news: None }) };
        let end = Seq(erasure.last.0.min(erasure.done.0.saturating_add(STRIDE)));
        erasure.unname_notices(db, end)?;
        let (end, mut news) = if erasure.messages { erasure.delete_messages(db, end)? } else { (end, Vec::new()) };
        if !news.is_empty() {
            news.extend(take_out_if_empty(db, erasure.conversation)?);
        }
        let (user, conversation) = (erasure.user, erasure.conversation);
        if end == erasure.last {
            db.prepare_cached("DELETE FROM erasures WHERE user = ?1 AND conversation = ?2")?
                .execute(params![user, conversation])?;
        } else {
            db.prepare_cached("UPDATE erasures SET done = ?3 WHERE user = ?1 AND conversation = ?2")?
                .execute(params![user, conversation, end])?;
        }
        Ok(Applied { done: true, news: Some(Committed::Several(news)) })
    }

    fn erases(&self) -> bool {
        true
    }
}

impl Erasure {
    /// Notices hold the name as it was.
    fn unname_notices(&self, db: &Connection, end: Seq) -> Result<(), StoreError> {
        db.prepare_cached(
            "UPDATE events SET payload = json_set(payload, '$.user.nickname', '')
              WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND target IS NULL
                AND instr(payload, ?4) > 0 AND payload ->> '$.kind' = 'notice' AND payload ->> '$.user.id' = ?4",
        )?
        .execute(params![self.conversation, self.done, end, self.user.to_string()])?;
        Ok(())
    }

    /// Deletes what the user wrote up to `end`, or up to where it becomes too much for now. Gives how far that was.
    fn delete_messages(&self, db: &Connection, end: Seq) -> Result<(Seq, Vec<Committed>), StoreError> {
        let seqs: Vec<Seq> = db
            .prepare_cached(
                "SELECT seq FROM messages WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND author = ?4
                    AND NOT deleted AND notice IS NULL ORDER BY seq LIMIT ?5",
            )?
            .query_map(params![self.conversation, self.done, end, self.user, MOST_DELETED], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let author = queries::accounts::user_of(db, self.user)?.ok_or(StoreError::Unavailable)?;
        let is_all = seqs.len() < MOST_DELETED as usize;
        let reached = seqs.last().copied().filter(|_| !is_all).unwrap_or(end);
        let events =
            seqs.into_iter().map(|seq| delete(db, author.clone(), self.conversation, seq).map(Committed::Event));
        Ok((reached, events.collect::<Result<_, _>>()?))
    }
}
