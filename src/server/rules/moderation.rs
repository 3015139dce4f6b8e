//! Moderation: muting, removing and banning users, and appointing roles.

use crate::{
    domain::{
        Action, ClientAddr, CommandId, ConversationId, EndReason, EventKind, ModerationNotice, Role, Scope, Timestamp,
        User, UserId,
    },
    server::rules::{
        command::Command,
        context::{Context, Now},
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{Facts, Known, server_user},
        mutation::{AuditRow, Mutation},
        permissions::Permission,
        refusal::Refusal,
        undecided::Undecided,
        values::{EventPosition, GuestMark, SanctionKind, SanctionScope},
        write_access::{WriteKind, check_write_access},
    },
};

/// After a moderator has removed a guest from the server, nobody new gets that nickname for this long, in milliseconds.
const REMOVED_NICKNAME_BAN_MS: u64 = 10 * 60 * 1_000;

/// A moderation action against a user. It becomes an event of its room, or of the Lobby.
#[derive(Clone, Debug)]
pub(crate) struct Moderate {
    /// `None` for the operator, who may do everything.
    pub actor: Option<User>,
    pub id: CommandId,
    /// `None` for the whole server.
    pub room: Option<ConversationId>,
    /// The user who is acted upon.
    pub subject: UserId,
    pub action: ModerationAction,
    /// The addresses of the subject's connections.
    pub addresses: Vec<ClientAddr>,
    /// Whether a ban also ends the sessions of all guests from the subject's addresses.
    pub whole_address: bool,
}

/// A moderation action with its parameters. A mute or ban lasts until the given time of the server's clock, or until it is
/// lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModerationAction {
    Mute(Option<Timestamp>),
    Unmute,
    Remove,
    Ban(Option<Timestamp>),
    Unban,
    Appoint(Role),
}

impl ModerationAction {
    pub(crate) const fn kind(self) -> Action {
        match self {
            Self::Mute(_) => Action::Mute,
            Self::Unmute => Action::Unmute,
            Self::Remove => Action::Remove,
            Self::Ban(_) => Action::Ban,
            Self::Unban => Action::Unban,
            Self::Appoint(_) => Action::Appoint,
        }
    }

    /// When the sanction ends by itself.
    pub(crate) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Mute(until) | Self::Ban(until) => until,
            Self::Unmute | Self::Remove | Self::Unban | Self::Appoint(_) => None,
        }
    }
}

impl Command for Moderate {
    type Output = EventPosition;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<EventPosition>, Undecided> {
        let Self { id, room, action, .. } = *self;
        let (now, actor) = (context.now, self.actor.as_ref().map(|actor| actor.id));
        let author = match &self.actor {
            Some(actor) => actor.clone(),
            None => server_user(facts)?,
        };
        if let Some(first) = facts.command(author.id, id)? {
            return Ok(Decision::unchanged(first));
        }
        let user = facts.user(self.subject)?.map(|subject| subject.user).filter(|user| user.id != UserId::SYSTEM);
        let user = user.ok_or(Refusal::UnknownUser)?;
        // First of all: others must not learn that a private room exists.
        if let (Some(room), Some(actor)) = (room, actor)
            && facts.membership(room, actor)?.is_none()
        {
            return Err(Refusal::NotMember.into());
        }
        Permission::to(action.kind()).check_over(facts, room, actor, user.id)?;
        let is_member = self.check_scope(facts, context.lobby, &user)?;
        let conversation = room.unwrap_or(context.lobby);
        check_write_access(facts, now, author.id, conversation, WriteKind::Other)?;

        let mut draft = DecisionDraft::default();
        let role = if let ModerationAction::Appoint(role) = action { Some(role) } else { None };
        let until = action.until().map(|until| now.shown(until));
        let notice = ModerationNotice {
            action: action.kind(),
            user: User { role: role.filter(|_| room.is_none()).unwrap_or(user.role), ..user.clone() },
            scope: if room.is_some() { Scope::Room } else { Scope::Server },
            until,
            role,
            not_member: room.is_some() && !is_member,
        };
        let position = draft.append(facts, now, conversation, author, id, EventKind::Notice(notice))?;
        draft.push(Mutation::Audit(AuditRow {
            at: now.machine,
            actor,
            action: action.kind().name(),
            subject: Some(user.id),
            conversation: room,
            until,
            detail: role.map(|role| role.name().to_owned()),
        }));
        self.carry_out(&mut draft, facts, context, &user)?;
        if let Some(room) = room
            && is_member
            && matches!(action, ModerationAction::Remove | ModerationAction::Ban(_))
        {
            draft.push(Mutation::RemoveMember { conversation: room, user: user.id });
            draft.log(Entry::Left { user: user.id, room });
        }
        Ok(draft.finish(position))
    }
}

impl Moderate {
    /// Checks that the action is possible for this user and where it is to hold. Returns whether the user is a member there;
    /// `false` for the whole server.
    ///
    /// # Errors
    /// - [`Refusal::NotMember`] if there is no such room;
    /// - [`Refusal::UnknownUser`] if a user who is not in the room is to be removed from it, or to have a role there;
    /// - [`Refusal::NotAllowed`] if a role is to hold in the Lobby only;
    /// - [`Refusal::NotRegistered`] if a guest is to have a role.
    fn check_scope(&self, facts: &mut dyn Facts, lobby: ConversationId, user: &User) -> Result<bool, Undecided> {
        let is_member = match self.room {
            Some(room) => {
                if facts.conversation(room)?.and_then(|conversation| conversation.room()).is_none() {
                    return Err(Refusal::NotMember.into());
                }
                facts.membership(room, user.id)?.is_some()
            }
            None => false,
        };
        match self.action {
            ModerationAction::Remove | ModerationAction::Appoint(_) if self.room.is_some() && !is_member => {
                Err(Refusal::UnknownUser.into())
            }
            ModerationAction::Appoint(_) if self.room == Some(lobby) => Err(Refusal::NotAllowed.into()),
            ModerationAction::Appoint(role) if role != Role::Member && !user.registered => {
                Err(Refusal::NotRegistered.into())
            }
            _ => Ok(is_member),
        }
    }

    /// Does what the notice says, except that the user leaves a room.
    fn carry_out(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        user: &User,
    ) -> Result<(), Undecided> {
        let now = context.now;
        match self.action {
            ModerationAction::Mute(until) => self.begin_sanction(draft, facts, now, user, SanctionKind::Mute, until)?,
            ModerationAction::Unmute => self.lift_sanction(draft, user, SanctionKind::Mute),
            ModerationAction::Unban => self.lift_sanction(draft, user, SanctionKind::Ban),
            ModerationAction::Remove if self.room.is_some() => {}
            ModerationAction::Remove => {
                if !user.registered {
                    draft.push(Mutation::AddMark {
                        mark: nickname_mark(user),
                        user: user.id,
                        scope: SanctionScope::SERVER,
                        kind: SanctionKind::Ban,
                        until: Some(Timestamp(now.server.0.saturating_add(REMOVED_NICKNAME_BAN_MS))),
                        since: now.server,
                    });
                }
                expel(draft, facts, context, user, &[])?;
            }
            ModerationAction::Ban(until) => {
                self.begin_sanction(draft, facts, now, user, SanctionKind::Ban, until)?;
                if self.room.is_none() {
                    let mut others = Vec::new();
                    if self.whole_address {
                        for address in self.addresses_of(facts, user.id)? {
                            others.extend(facts.guests_from(address)?);
                        }
                    }
                    expel(draft, facts, context, user, &others)?;
                }
            }
            ModerationAction::Appoint(role) => {
                if let Some(room) = self.room {
                    draft.push(Mutation::SetRoomRole { room, user: user.id, role });
                } else {
                    draft.push(Mutation::SetRole { user: user.id, role });
                    draft.log(Entry::RoleChanged { user: user.id, role });
                }
            }
        }
        Ok(())
    }

    /// Begins a sanction. New guests inherit a guest's sanction by nickname and by address, and a registered user's ban from
    /// the server by address only.
    fn begin_sanction(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        user: &User,
        kind: SanctionKind,
        until: Option<Timestamp>,
    ) -> Result<(), Undecided> {
        let scope = SanctionScope(self.room);
        draft.push(Mutation::SetSanction { user: user.id, scope, kind, until, origin: None });
        draft.log(Entry::SanctionBegan { user: user.id, room: self.room, sanction: kind, until, origin: None });
        let mut marks = Vec::new();
        if !user.registered {
            marks.push(nickname_mark(user));
        }
        if !user.registered || (kind == SanctionKind::Ban && scope == SanctionScope::SERVER) {
            marks.extend(self.addresses_of(facts, user.id)?.into_iter().map(GuestMark::Address));
        }
        for mark in marks {
            draft.push(Mutation::AddMark { mark, user: user.id, scope, kind, until, since: now.server });
        }
        Ok(())
    }

    /// Lifts a user's sanction, and the copies that new guests have inherited.
    fn lift_sanction(&self, draft: &mut DecisionDraft, user: &User, kind: SanctionKind) {
        let (user, scope) = (user.id, SanctionScope(self.room));
        draft.push(Mutation::LiftSanction { user, scope, kind });
        draft.push(Mutation::RemoveMarks { user, scope, kind });
        draft.log(Entry::SanctionLifted { user, room: self.room, sanction: kind });
    }

    /// The user's known addresses, those of the connections included.
    fn addresses_of(&self, facts: &mut dyn Facts, user: UserId) -> Known<Vec<ClientAddr>> {
        let mut addresses = facts.addresses_of(user)?;
        addresses.extend(&self.addresses);
        addresses.sort_by_cached_key(ToString::to_string);
        addresses.dedup();
        Ok(addresses)
    }
}

fn nickname_mark(user: &User) -> GuestMark {
    GuestMark::Nickname(user.nickname.key().as_str().to_owned())
}

/// Ends all sessions of a user and of `others`, who are guests, and makes the nicknames of guests free.
fn expel(
    draft: &mut DecisionDraft,
    facts: &mut dyn Facts,
    context: &mut Context<'_>,
    user: &User,
    others: &[UserId],
) -> Result<(), Undecided> {
    let reason = EndReason::Removed;
    let mut guests: Vec<_> = others.iter().copied().filter(|other| *other != user.id).collect();
    if user.registered {
        draft.end_sessions(facts, context.now, user.id, None, reason)?;
        draft.log(Entry::SessionEnded { user: user.id, session: None, reason });
    } else {
        guests.insert(0, user.id);
    }
    draft.sign_out_guests(facts, context, &guests, reason)
}
