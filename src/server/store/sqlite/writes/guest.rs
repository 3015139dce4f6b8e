//! Guests come and go.

use rusqlite::{Connection, params};

use crate::domain::{ConversationId, Millis, Nickname, NicknameKey, UserId};

use super::{
    super::{
        super::{NewGuest, StoreError},
        writer::{Applied, Write},
    },
    account::insert_session,
};

/// How many numbers to try behind a taken nickname.
const SUGGESTIONS: std::ops::Range<u32> = 2..100;

/// A guest comes in, into the Lobby.
pub(in super::super) struct CreateGuest {
    pub(in super::super) guest: NewGuest,
    pub(in super::super) lobby: ConversationId,
}

impl Write for CreateGuest {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let NewGuest { user, key, session } = &self.guest;
        if is_taken(db, key)? {
            return Err(StoreError::NicknameTaken { suggestion: suggest(db, &user.nickname)? });
        }
        let now = Millis::now();
        db.prepare_cached("INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![user.id, user.nickname, key, now])?;
        if let Some(session) = session {
            insert_session(db, user.id, session)?;
        }
        // A newcomer starts at the end: what was said before is there to be read, but not as unread.
        db.prepare_cached(
            "INSERT INTO members (conversation, user, read_seq, joined_at)
             SELECT id, ?2, last_seq, ?3 FROM conversations WHERE id = ?1",
        )?
        .execute(params![self.lobby, user.id, now])?;
        Ok(Applied { done: (), news: None })
    }
}

fn is_taken(db: &Connection, key: &NicknameKey) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE nickname_key = ?1")?.exists([key])?)
}

fn suggest(db: &Connection, taken: &Nickname) -> Result<Option<Nickname>, StoreError> {
    for number in SUGGESTIONS {
        let candidate = taken.numbered(number);
        if !is_taken(db, &candidate.key())? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// A plain client has left.
pub(in super::super) struct Release(pub(in super::super) UserId);

impl Write for Release {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        release(db, self.0)?;
        Ok(Applied { done: (), news: None })
    }
}

/// The name is free again. Directs stay, for the other user's sake.
pub(super) fn release(db: &Connection, user: UserId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE users SET nickname_key = NULL WHERE id = ?1")?.execute([user])?;
    db.prepare_cached(
        "DELETE FROM members
          WHERE user = ?1 AND conversation IN (SELECT id FROM conversations WHERE kind = 'room')",
    )?
    .execute([user])?;
    Ok(())
}
