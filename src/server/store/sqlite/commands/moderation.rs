//! Moderation: muting, removing and banning users, and appointing roles.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, EndReason, EventKind, ModerationNotice, Role, Scope, Timestamp, User, UserId},
    server::{
        clock,
        store::{
            commits::Committed,
            error::StoreError,
            events::{EventPosition, NewEvent},
            moderation::{ConnectionEffect, Moderation, ModerationAction},
            sqlite::{
                commands::departures::{Departure, release_nickname},
                queries,
                tables::{
                    audit::AuditRow,
                    events::{append_to_log, find_command},
                    guest_marks::{InheritableSanction, addresses_of, delete_marks},
                    sanctions::{SanctionScope, delete_sanction, insert_sanction},
                    sessions::end_all_sessions,
                    users::{role_of, set_role},
                },
                write_access::{WriteKind, check_write_access},
                writer::job::{Applied, Write},
            },
        },
    },
};

/// After a moderator has removed a guest from the server, nobody new gets that nickname for this long, in milliseconds.
const REMOVED_NICKNAME_BAN_MS: u64 = 10 * 60 * 1_000;

/// Carries out a moderation and announces it as an event.
pub(crate) struct Moderate {
    pub(crate) moderation: Moderation,
    /// The room of the event if the moderation concerns the whole server.
    pub(crate) lobby: ConversationId,
}

impl Write for Moderate {
    type Output = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        let Moderation { actor, id, room, subject, action, role_check, .. } = &self.moderation;
        let author = match actor {
            Some(actor) => actor.clone(),
            None => queries::accounts::user_of(db, UserId::SYSTEM)?.ok_or(StoreError::Unavailable)?,
        };
        let conversation = room.unwrap_or(self.lobby);
        let mut event = NewEvent::new(author, *id, conversation, EventKind::Other);
        if let Some(first) = find_command(db, event.author.id, *id)? {
            return Ok(Applied { output: first, change: None });
        }
        let user = queries::accounts::user_of(db, *subject)?.filter(|user| user.id != UserId::SYSTEM);
        let user = user.ok_or(StoreError::UnknownUser)?;
        if actor.is_some() && !role_check(role_of(db, event.author.id)?, user.role) {
            return Err(StoreError::NotAllowed);
        }
        if let Some(room) = room
            && !db.prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?.exists([room])?
        {
            return Err(StoreError::NotMember);
        }
        let mut departure = Departure::default();
        let effect = self.carry_out(db, &user, &mut departure)?;
        event.kind = EventKind::Notice(ModerationNotice {
            action: action.kind(),
            user: queries::accounts::user_of(db, *subject)?.unwrap_or(user),
            scope: if room.is_some() { Scope::Room } else { Scope::Server },
            until: action.until().map(clock::shown),
            role: if let ModerationAction::Appoint(role) = action { Some(*role) } else { None },
        });
        AuditRow {
            actor: actor.as_ref().map(|actor| actor.id),
            action: action.kind().name(),
            subject: Some(*subject),
            conversation: *room,
            until: action.until().map(clock::shown),
            detail: if let ModerationAction::Appoint(role) = action { Some(role.name().to_owned()) } else { None },
        }
        .insert(db)?;
        check_write_access(db, event.author.id, conversation, WriteKind::of(&event.kind))?;
        let event = append_to_log(db, &event)?;
        let done = EventPosition { conversation, seq: event.seq, at: event.at };
        Ok(Applied { output: done, change: Some(departure.after(Committed::Moderated { event, effect })) })
    }

    /// The sessions of users who are removed or banned are deleted.
    fn erases(&self) -> bool {
        matches!(self.moderation.action, ModerationAction::Remove | ModerationAction::Ban(_))
    }
}

impl Moderate {
    /// Begins a sanction. New guests inherit a guest's sanction by nickname and by address, and a registered user's ban from
    /// the server by address only. Returns the user's addresses.
    fn begin_sanction(
        &self,
        db: &Connection,
        user: &User,
        kind: &'static str,
        until: Option<Timestamp>,
    ) -> Result<Vec<String>, StoreError> {
        let Moderation { room, addresses, .. } = &self.moderation;
        let scope = SanctionScope(*room);
        insert_sanction(db, user.id, scope, kind, until)?;
        let inheritable = InheritableSanction { user, scope, kind, until };
        let addresses = addresses_of(db, user.id, addresses)?;
        let is_server_ban = kind == "ban" && room.is_none();
        if !user.registered {
            inheritable.mark_nickname(db)?;
        }
        if !user.registered || is_server_ban {
            inheritable.mark_addresses(db, &addresses)?;
        }
        Ok(addresses)
    }

    /// Lifts a user's sanction, and the copies that new guests have inherited.
    fn end_sanction(&self, db: &Connection, user: &User, kind: &str) -> Result<(), StoreError> {
        let scope = SanctionScope(self.moderation.room);
        delete_sanction(db, user.id, scope, kind)?;
        delete_marks(db, user.id, scope, kind)
    }

    /// Does everything except the announcement and the audit log. Users who leave are added to `departure`.
    fn carry_out(
        &self,
        db: &Connection,
        user: &User,
        departure: &mut Departure,
    ) -> Result<ConnectionEffect, StoreError> {
        let Moderation { room, action, whole_address, .. } = &self.moderation;
        match (*action, *room) {
            (ModerationAction::Mute(until), _) => {
                self.begin_sanction(db, user, "mute", until)?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Unmute, _) => {
                self.end_sanction(db, user, "mute")?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Remove, Some(room)) => {
                let removed = db
                    .prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                if removed == 0 { Err(StoreError::UnknownUser) } else { Ok(ConnectionEffect::LeftRoom(user.id, room)) }
            }
            (ModerationAction::Remove, None) => {
                if !user.registered {
                    let until = Some(Timestamp(clock::now().0 + REMOVED_NICKNAME_BAN_MS));
                    InheritableSanction { user, scope: SanctionScope::SERVER, kind: "ban", until }.mark_nickname(db)?;
                }
                departure.add(expel(db, user)?);
                Ok(ConnectionEffect::SignedOut(vec![user.id]))
            }
            (ModerationAction::Ban(until), Some(room)) => {
                self.begin_sanction(db, user, "ban", until)?;
                db.prepare_cached("DELETE FROM members WHERE conversation = ?1 AND user = ?2")?
                    .execute(params![room, user.id])?;
                Ok(ConnectionEffect::LeftRoom(user.id, room))
            }
            (ModerationAction::Ban(until), None) => {
                let addresses = self.begin_sanction(db, user, "ban", until)?;
                let others = if *whole_address { guests_from(db, &addresses)? } else { Vec::new() };
                let mut gone = vec![user.id];
                gone.extend(others.iter().map(|guest| guest.id).filter(|guest| *guest != user.id));
                for user in others.iter().chain([user]) {
                    departure.add(expel(db, user)?);
                }
                Ok(ConnectionEffect::SignedOut(gone))
            }
            (ModerationAction::Unban, _) => {
                self.end_sanction(db, user, "ban")?;
                Ok(ConnectionEffect::None)
            }
            (ModerationAction::Appoint(_), Some(_)) => Err(StoreError::NotAllowed),
            (ModerationAction::Appoint(role), None) => {
                if role != Role::Member && !user.registered {
                    return Err(StoreError::NotRegistered);
                }
                set_role(db, user.id, role)?;
                Ok(ConnectionEffect::MustReconnect(user.id))
            }
        }
    }
}

/// The guests who signed up from these addresses and still have their nicknames.
fn guests_from(db: &Connection, addresses: &[String]) -> Result<Vec<User>, StoreError> {
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

/// Ends all sessions of a user, and makes the nickname free if the user is a guest.
fn expel(db: &Connection, user: &User) -> Result<Departure, StoreError> {
    end_all_sessions(db, user.id, EndReason::Removed)?;
    if user.registered { Ok(Departure::default()) } else { release_nickname(db, user.id) }
}
