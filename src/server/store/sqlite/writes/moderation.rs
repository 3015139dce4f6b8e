//! What moderators and owners do to users.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Notice, Role, Scope as Wide, User, UserId},
    protocol::Change,
};

use super::{
    super::{
        super::{Appended, Committed, Deed, Effect, Moderation, NewEvent, StoreError},
        queries,
        writer::{Applied, Write},
    },
    append::append,
    audit::Entry,
    guest::release,
    sanction::{self, Scope},
};

/// A moderation, and the room where what concerns the whole house is told.
pub(in super::super) struct Moderate {
    pub(in super::super) moderation: Moderation,
    pub(in super::super) lobby: crate::domain::ConversationId,
}

impl Write for Moderate {
    type Done = Appended;

    fn apply(&self, db: &Connection) -> Result<Applied<Appended>, StoreError> {
        let Moderation { actor, id, room, subject, deed, rule, .. } = &self.moderation;
        let author = match actor {
            Some(actor) => actor.clone(),
            None => queries::user_of(db, UserId::HOUSE)?.ok_or(StoreError::Unavailable)?,
        };
        let told_in = room.unwrap_or(self.lobby);
        let mut event = NewEvent::of_author(author, *id, told_in, Change::Other);
        if let Some(first) = event.earlier(db)? {
            return Ok(Applied { done: first, news: None });
        }
        let user = queries::user_of(db, *subject)?.filter(|user| user.id != UserId::HOUSE);
        let user = user.ok_or(StoreError::UnknownUser)?;
        if actor.is_some() && !rule(role_of(db, event.author.id)?, user.role) {
            return Err(StoreError::NotAllowed);
        }
        if let Some(room) = room
            && !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?.exists([room])?
        {
            return Err(StoreError::NotMember);
        }
        let effect = self.carry_out(db, &user)?;
        event.change = Change::Notice(Notice {
            action: deed.action(),
            user: queries::user_of(db, *subject)?.unwrap_or(user),
            scope: if room.is_some() { Wide::Room } else { Wide::House },
            until: deed.until(),
            role: if let Deed::Appoint(role) = deed { Some(*role) } else { None },
        });
        Entry {
            actor: actor.as_ref().map(|actor| actor.id),
            action: deed.action().name(),
            subject: Some(*subject),
            conversation: *room,
            until: deed.until(),
            detail: if let Deed::Appoint(role) = deed { Some(role.name().to_owned()) } else { None },
        }
        .write(db)?;
        let (done, event) = append(db, &event)?;
        Ok(Applied { done, news: Some(Committed::Moderated { event, effect }) })
    }
}

impl Moderate {
    fn carry_out(&self, db: &Connection, user: &User) -> Result<Effect, StoreError> {
        let Moderation { room, deed, .. } = &self.moderation;
        let scope = Scope(*room);
        match (*deed, *room) {
            (Deed::Mute(until), _) => {
                sanction::begin(db, user.id, scope, "mute", until)?;
                Ok(Effect::None)
            }
            (Deed::Unmute, _) => {
                sanction::end(db, user.id, scope, "mute")?;
                Ok(Effect::None)
            }
            (Deed::Remove, Some(room)) => {
                let removed = db
                    .prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                if removed == 0 { Err(StoreError::UnknownUser) } else { Ok(Effect::Left(user.id, room)) }
            }
            (Deed::Remove, None) => show_out(db, user),
            (Deed::Ban(until), Some(room)) => {
                sanction::begin(db, user.id, scope, "ban", until)?;
                db.prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                Ok(Effect::Left(user.id, room))
            }
            (Deed::Ban(until), None) => {
                sanction::begin(db, user.id, scope, "ban", until)?;
                if !user.registered {
                    let known: Option<String> = db
                        .prepare_cached("SELECT address FROM users WHERE id = ?1")?
                        .query_row([user.id], |row| row.get(0))?;
                    let connected = self.moderation.addresses.iter().map(ToString::to_string);
                    for address in known.into_iter().chain(connected) {
                        sanction::ban_address(db, &address, user.id, until)?;
                    }
                }
                show_out(db, user)
            }
            (Deed::Unban, room) => {
                sanction::end(db, user.id, scope, "ban")?;
                if room.is_none() {
                    sanction::unban_addresses(db, user.id)?;
                }
                Ok(Effect::None)
            }
            (Deed::Appoint(_), Some(_)) => Err(StoreError::NotAllowed),
            (Deed::Appoint(role), None) => {
                if role != Role::Member && !user.registered {
                    return Err(StoreError::NotRegistered);
                }
                db.prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?
                    .execute(params![user.id, role.name()])?;
                Ok(Effect::Changed(user.id))
            }
        }
    }
}

/// Ends all of the user's sessions; a guest gives the name back.
fn show_out(db: &Connection, user: &User) -> Result<Effect, StoreError> {
    db.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([user.id])?;
    if !user.registered {
        release(db, user.id)?;
    }
    Ok(Effect::Gone(user.id))
}

/// A user's role as it is now.
pub(super) fn role_of(db: &Connection, user: UserId) -> Result<Role, StoreError> {
    let role =
        db.prepare_cached("SELECT role FROM users WHERE id = ?1")?.query_row([user], |row| row.get(0)).optional()?;
    Ok(role.unwrap_or_default())
}
