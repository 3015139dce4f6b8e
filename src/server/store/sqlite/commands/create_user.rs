//! Users come, and guests go.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Nickname, NicknameKey, Role, UserId},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{
            NewUser,
            error::StoreError,
            sqlite::{
                commands::{
                    accounts::{insert_session, set_password},
                    departures::{Departure, leave_directs},
                    guest_sanctions::Inherited,
                    invites::use_up,
                    networks::check_network,
                },
                tables::{
                    audit::AuditRow,
                    sanctions::{self, SanctionScope},
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// How many numbers to try behind a taken nickname.
const SUGGESTIONS: std::ops::Range<u32> = 2..100;

/// Somebody new comes in, into the Lobby.
pub(crate) struct CreateUser {
    pub(crate) user: NewUser,
    pub(crate) lobby: ConversationId,
}

impl Write for CreateUser {
    type Done = Role;

    fn apply(&self, db: &Connection) -> Result<Applied<Role>, StoreError> {
        let NewUser { user, key, session, address, invite, password, names_per_address } = &self.user;
        if let Some(address) = address {
            check_network(db, *address)?;
            check_names(db, *address, names_per_address.filter(|_| password.is_none()))?;
        }
        // First, so that nobody without one learns whose name is taken or banned. What is refused uses nothing up.
        if let Some(invite) = invite {
            use_up(db, *invite)?;
        }
        let inherited = address.map(|address| Inherited::find(db, key, address)).transpose()?;
        if is_taken(db, key)? {
            return Err(StoreError::NicknameTaken { suggestion: suggest(db, &user.nickname)? });
        }
        let now = clock::now();
        // Where somebody with a password came from is nobody's business.
        let kept = address.filter(|_| password.is_none()).map(|address| address.to_string());
        db.prepare_cached(
            "INSERT INTO users (id, nickname, nickname_key, created_at, address, invited) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![user.id, user.nickname, key, now, kept, invite.is_some()])?;
        let role = match password {
            Some(password) => set_password(db, user.id, password)?,
            None => Role::Member,
        };
        if let Some(session) = session {
            insert_session(db, user.id, session)?;
        } else if password.is_some() {
            let subject = Some(user.id);
            AuditRow { action: "create_user", subject, ..AuditRow::default() }.write(db)?;
        }
        if let Some(inherited) = inherited {
            inherited.give_to(db, user.id)?;
        }
        if sanctions::check_entry(db, user.id, SanctionScope(Some(self.lobby))).is_ok() {
            // A newcomer starts at the end: what was said before is there to be read, but not as unread.
            db.prepare_cached(
                "INSERT INTO members (conversation, user, read_seq, joined_at)
                 SELECT ?1, ?2, coalesce(max(seq), 0), ?3 FROM events WHERE conversation = ?1",
            )?
            .execute(params![self.lobby, user.id, now])?;
        }
        Ok(Applied { done: role, news: None })
    }

    fn takes_room(&self) -> bool {
        true
    }
}

/// Whether guests of one address may have another nickname.
fn check_names(db: &Connection, address: ClientAddr, most: Option<u32>) -> Result<(), StoreError> {
    let Some(most) = most else { return Ok(()) };
    let names: u32 = db
        .prepare_cached("SELECT count(*) FROM users WHERE address = ?1 AND nickname_key IS NOT NULL")?
        .query_row([address.to_string()], |row| row.get(0))?;
    if names < most { Ok(()) } else { Err(StoreError::TooManyGuests) }
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
pub(crate) struct Release(pub(crate) UserId);

impl Write for Release {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        Ok(Applied { done: (), news: release(db, self.0)?.into_news() })
    }
}

/// The name is free again. Directs stay, for the other user's sake, who is told.
pub(crate) fn release(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    let has_gone = db
        .prepare_cached("UPDATE users SET nickname_key = NULL WHERE id = ?1 AND nickname_key IS NOT NULL")?
        .execute([user])?;
    if has_gone == 0 {
        return Ok(Departure::default());
    }
    db.prepare_cached(
        "DELETE FROM members
          WHERE user = ?1 AND conversation IN (SELECT id FROM conversations WHERE kind = 'room')",
    )?
    .execute([user])?;
    leave_directs(db, user)
}
