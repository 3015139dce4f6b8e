//! Joining and leaving rooms, and adding others.

use crate::{
    domain::{CommandId, ConversationId, EventKind, Role, RoomChange, User, UserId, Visibility},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        directs::{UserRef, find_recipient},
        entry::Entry,
        facts::Facts,
        mutation::Mutation,
        refusal::Refusal,
        sanctions::{check_not_banned, check_not_muted},
        undecided::Undecided,
        values::{EventPosition, ListKey, MAX_ROOMS_PER_USER, RoomAnswer, SanctionScope},
    },
};

/// A user joins a public room, or the Lobby again after having been removed from it. Changes nothing for members.
#[derive(Clone, Debug)]
pub(crate) struct JoinRoom {
    pub user: User,
    pub id: CommandId,
    pub room: ConversationId,
}

/// A member leaves a room.
#[derive(Clone, Debug)]
pub(crate) struct LeaveRoom {
    pub user: User,
    pub id: CommandId,
    pub room: ConversationId,
}

/// A member adds another user to a room. Changes nothing if that user is a member.
#[derive(Clone, Debug)]
pub(crate) struct AddMember {
    pub author: User,
    pub id: CommandId,
    pub room: ConversationId,
    pub target: UserRef,
}

impl Command for JoinRoom {
    type Output = RoomAnswer;

    /// In the Lobby, which everybody is in, joining is no event.
    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let (user, room, now) = (self.user.id, self.room, context.now);
        let is_lobby = room == context.lobby;
        let member = facts.membership(room, user)?;
        let mut draft = DecisionDraft::default();
        if member.is_some() {
            // Told again: the client may have missed it.
            draft.log(Entry::Listed { user, conversation: room });
        }
        if let Some(first) = facts.command(user, self.id)? {
            return Ok(draft.finish(first.into()));
        }
        let settings =
            facts.conversation(room)?.and_then(|conversation| conversation.room()).ok_or(Refusal::NotMember)?;
        if member.is_none() && settings.visibility == Visibility::Private {
            return Err(Refusal::NotMember.into());
        }
        check_not_banned(&facts.sanctions_of(user)?, SanctionScope::room(room), now.server)?;
        if let Some(member) = member {
            return Ok(draft.finish(RoomAnswer { room, seq: None, at: member.joined_at }));
        }
        let known = facts.user(user)?.filter(|user| !user.is_gone()).ok_or(Refusal::NotMember)?;
        if is_lobby {
            let (seq, _) = draft.newest_event(facts, room)?;
            let joined = EventPosition { conversation: room, seq, at: now.machine };
            add_to_room(&mut draft, user, joined, Role::Member);
            return Ok(draft.finish(RoomAnswer { room, seq: None, at: now.machine }));
        }
        if known.password.is_none() {
            return Err(Refusal::NotRegistered.into());
        }
        check_room_count(facts, user)?;
        let kind = EventKind::Room(RoomChange::Joined);
        let position = draft.append(facts, now, room, self.user.clone(), self.id, kind)?;
        add_to_room(&mut draft, user, position, Role::Member);
        Ok(draft.finish(position.into()))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

impl Command for LeaveRoom {
    type Output = RoomAnswer;

    /// The last owner of a room stays, unless the room is archived.
    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let (user, room) = (self.user.id, self.room);
        if let Some(first) = facts.command(user, self.id)? {
            return Ok(Decision::unchanged(first.into()));
        }
        let member = facts.membership(room, user)?.ok_or(Refusal::NotMember)?;
        let settings =
            facts.conversation(room)?.and_then(|conversation| conversation.room()).ok_or(Refusal::NotMember)?;
        if room == context.lobby {
            return Err(Refusal::NotAllowed.into());
        }
        if member.role == Role::Owner && !settings.is_archived && !facts.has_room_owner_besides(room, user)? {
            return Err(Refusal::LastOwner.into());
        }
        let mut draft = DecisionDraft::default();
        let kind = EventKind::Room(RoomChange::Left);
        let position = draft.append(facts, context.now, room, self.user.clone(), self.id, kind)?;
        draft.push(Mutation::RemoveMember { conversation: room, user });
        draft.log(Entry::Left { user, room });
        Ok(draft.finish(position.into()))
    }
}

impl Command for AddMember {
    type Output = RoomAnswer;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let (author, room, now) = (self.author.id, self.room, context.now);
        if let Some(first) = facts.command(author, self.id)? {
            return Ok(Decision::unchanged(first.into()));
        }
        if facts.membership(room, author)?.is_none() {
            return Err(Refusal::NotMember.into());
        }
        let settings =
            facts.conversation(room)?.and_then(|conversation| conversation.room()).ok_or(Refusal::NotMember)?;
        if room == context.lobby {
            return Err(Refusal::NotAllowed.into());
        }
        if settings.is_archived {
            return Err(Refusal::RoomArchived.into());
        }
        check_not_muted(&facts.sanctions_of(author)?, SanctionScope::room(room), now.server)?;
        let Some((user, false)) = find_recipient(facts, &self.target)? else { return Err(Refusal::UnknownUser.into()) };
        if let Some(member) = facts.membership(room, user)? {
            return Ok(Decision::unchanged(RoomAnswer { room, seq: None, at: member.joined_at }));
        }
        let is_banned = check_not_banned(&facts.sanctions_of(user)?, SanctionScope::room(room), now.server).is_err();
        if is_banned || facts.has_blocked(user, author)? {
            return Err(Refusal::NotAllowed.into());
        }
        check_room_count(facts, user)?;
        let added = facts.user(user)?.ok_or(Refusal::UnknownUser)?.user;
        let mut draft = DecisionDraft::default();
        let kind = EventKind::Room(RoomChange::Added { user: added });
        let position = draft.append(facts, now, room, self.author.clone(), self.id, kind)?;
        add_to_room(&mut draft, user, position, Role::Member);
        Ok(draft.finish(position.into()))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

/// Makes a user a member of a room who can read everything that was written before, and has none of it unread. `joined` is
/// the newest event.
pub(super) fn add_to_room(draft: &mut DecisionDraft, user: UserId, joined: EventPosition, role: Role) {
    let EventPosition { conversation: room, seq: read_seq, at: joined_at } = joined;
    let listed = Some(ListKey::ROOM);
    draft.push(Mutation::AddMember { conversation: room, user, role, read_seq, joined_at, listed });
    draft.log(Entry::Joined { user, room });
    draft.log(Entry::Listed { user, conversation: room });
}

/// Checks that a user may be in another room.
pub(super) fn check_room_count(facts: &mut dyn Facts, user: UserId) -> Result<(), Undecided> {
    if facts.rooms_of(user)?.len() < MAX_ROOMS_PER_USER { Ok(()) } else { Err(Refusal::TooManyRooms.into()) }
}
