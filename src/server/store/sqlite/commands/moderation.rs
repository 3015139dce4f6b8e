//! What moderators and owners do to users.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{EndReason, EventKind, ModerationNotice, Role, Scope as Wide, Timestamp, User, UserId},
    server::{
        clock,
        store::{
            commits::Committed,
            error::StoreError,
            events::{EventPosition, NewEvent},
            moderation::{ConnectionEffect, Moderation, ModerationAction},
            sqlite::{
                commands::{
                    append::append,
                    create_user::release,
                    departures::Departure,
                    end_sessions::end_sessions_of,
                    guest_sanctions::{REMOVAL_LASTS, Sanctioned, addresses_of},
                },
                queries,
                tables::{
                    audit::AuditRow,
                    sanctions::{self, SanctionScope},
                },
                writer::job::{Applied, Write},
            },
        },
    },
};

/// A moderation, and the room where what concerns the whole house is told.
pub(crate) struct Moderate {
    pub(crate) moderation: Moderation,
    pub(crate) lobby: crate::domain::ConversationId,
}

impl Write for Moderate {
    type Done = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        let Moderation { actor, id, room, subject, deed, rule, .. } = &self.moderation;
        let author = match actor {
            Some(actor) => actor.clone(),
            None => queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?,
        };
        let told_in = room.unwrap_or(self.lobby);
        let mut event = NewEvent::of_author(author, *id, told_in, EventKind::Other);
        if let Some(first) = event.earlier(db)? {
            return Ok(Applied { done: first, news: None });
        }
        let user = queries::accounts::user_of(db, *subject)?.filter(|user| user.id != UserId::SYSTEM);
        let user = user.ok_or(StoreError::UnknownUser)?;
        if actor.is_some() && !rule(role_of(db, event.author.id)?, user.role) {
            return Err(StoreError::NotAllowed);
        }
        if let Some(room) = room
            && !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?.exists([room])?
        {
            return Err(StoreError::NotMember);
        }
        let mut farewell = Departure::default();
        let effect = self.carry_out(db, &user, &mut farewell)?;
        event.kind = EventKind::Notice(ModerationNotice {
            action: deed.action(),
            user: queries::accounts::user_of(db, *subject)?.unwrap_or(user),
            scope: if room.is_some() { Wide::Room } else { Wide::House },
            until: deed.until().map(clock::shown),
            role: if let ModerationAction::Appoint(role) = deed { Some(*role) } else { None },
        });
        AuditRow {
            actor: actor.as_ref().map(|actor| actor.id),
            action: deed.action().name(),
            subject: Some(*subject),
            conversation: *room,
            until: deed.until().map(clock::shown),
            detail: if let ModerationAction::Appoint(role) = deed { Some(role.name().to_owned()) } else { None },
        }
        .write(db)?;
        let (done, event) = append(db, &event)?;
        Ok(Applied { done, news: Some(farewell.after(Committed::Moderated { event, effect })) })
    }

    /// The sessions of whoever has to leave.
    fn erases(&self) -> bool {
        matches!(self.moderation.deed, ModerationAction::Remove | ModerationAction::Ban(_))
    }
}

impl Moderate {
    /// Begins a sanction. That of a guest holds for the nickname, and for new guests of the same address, too; a registered
    /// user's ban from everywhere for new guests of the address alone. Gives the addresses.
    fn begin(
        &self,
        db: &Connection,
        user: &User,
        kind: &'static str,
        until: Option<Timestamp>,
    ) -> Result<Vec<String>, StoreError> {
        let Moderation { room, addresses, .. } = &self.moderation;
        let scope = SanctionScope(*room);
        sanctions::begin(db, user.id, scope, kind, until)?;
        let sanctioned = Sanctioned { user, scope, kind, until };
        let addresses = addresses_of(db, user.id, addresses)?;
        let shuts_out = kind == "ban" && room.is_none();
        if !user.registered {
            sanctioned.mark_name(db)?;
        }
        if !user.registered || shuts_out {
            sanctioned.mark_addresses(db, &addresses)?;
        }
        Ok(addresses)
    }

    fn carry_out(
        &self,
        db: &Connection,
        user: &User,
        farewell: &mut Departure,
    ) -> Result<ConnectionEffect, StoreError> {
        let Moderation { room, deed, all_of_address, .. } = &self.moderation;
        let scope = SanctionScope(*room);
        match (*deed, *room) {
            (ModerationAction::Mute(until), _) => {
                self.begin(db, user, "mute", until)?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Unmute, _) => {
                sanctions::end(db, user.id, scope, "mute")?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Remove, Some(room)) => {
                let removed = db
                    .prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                if removed == 0 { Err(StoreError::UnknownUser) } else { Ok(ConnectionEffect::Left(user.id, room)) }
            }
            (ModerationAction::Remove, None) => {
                if !user.registered {
                    let until = Some(Timestamp(clock::now().0 + REMOVAL_LASTS));
                    Sanctioned { user, scope, kind: "ban", until }.mark_name(db)?;
                }
                farewell.add(show_out(db, user)?);
                Ok(ConnectionEffect::Gone(vec![user.id]))
            }
            (ModerationAction::Ban(until), Some(room)) => {
                self.begin(db, user, "ban", until)?;
                db.prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                Ok(ConnectionEffect::Left(user.id, room))
            }
            (ModerationAction::Ban(until), None) => {
                let addresses = self.begin(db, user, "ban", until)?;
                let neighbours = if *all_of_address { guests_of(db, &addresses)? } else { Vec::new() };
                let mut gone = vec![user.id];
                gone.extend(neighbours.iter().map(|guest| guest.id).filter(|guest| *guest != user.id));
                for user in neighbours.iter().chain([user]) {
                    farewell.add(show_out(db, user)?);
                }
                Ok(ConnectionEffect::Gone(gone))
            }
            (ModerationAction::Unban, _) => {
                sanctions::end(db, user.id, scope, "ban")?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Appoint(_), Some(_)) => Err(StoreError::NotAllowed),
            (ModerationAction::Appoint(role), None) => {
                if role != Role::Member && !user.registered {
                    return Err(StoreError::NotRegistered);
                }
                db.prepare_cached("UPDATE users SET role = ?2 WHERE id = ?1")?
                    .execute(params![user.id, role.name()])?;
                Ok(ConnectionEffect::Changed(user.id))
            }
        }
    }
}

/// The guests who came from there and are in.
fn guests_of(db: &Connection, addresses: &[String]) -> Result<Vec<User>, StoreError> {
    let mut guests = Vec::new();
    for address in addresses {
        let ids: Vec<UserId> = db
            .prepare_cached(
                "SELECT id FROM users WHERE address = ?1 AND nickname_key IS NOT NULL AND password IS NULL",
            )?
            .query_map([address], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in ids {
            guests.extend(queries::accounts::user_of(db, id)?);
        }
    }
    Ok(guests)
}

/// Ends all of the user's sessions; a guest gives the name back.
fn show_out(db: &Connection, user: &User) -> Result<Departure, StoreError> {
    end_sessions_of(db, user.id, EndReason::Removed)?;
    if user.registered { Ok(Departure::default()) } else { release(db, user.id) }
}

/// A user's role as it is now.
pub(crate) fn role_of(db: &Connection, user: UserId) -> Result<Role, StoreError> {
    let role =
        db.prepare_cached("SELECT role FROM users WHERE id = ?1")?.query_row([user], |row| row.get(0)).optional()?;
    Ok(role.unwrap_or_default())
}
