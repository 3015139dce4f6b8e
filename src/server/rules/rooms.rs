//! Creating rooms and changing what is set of them.

use crate::{
    domain::{
        CommandId, ConversationId, EventKind, Role, RoomChange, RoomCreation, RoomName, RoomTopic, User, Visibility,
    },
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        facts::{Facts, RoomFacts},
        mutation::Mutation,
        permissions::{Permission, rank_in, role_of},
        refusal::Refusal,
        room_members::{add_to_room, check_room_count},
        sanctions::check_not_muted,
        undecided::Undecided,
        values::{RoomAnswer, RoomSetting, SanctionScope},
    },
};

/// A registered user creates a room, and becomes its owner.
#[derive(Clone, Debug)]
pub(crate) struct CreateRoom {
    pub author: User,
    pub id: CommandId,
    pub name: RoomName,
    pub topic: RoomTopic,
    pub visibility: Visibility,
    /// The server's setting.
    pub policy: RoomCreation,
}

/// A member changes one setting of a room.
#[derive(Clone, Debug)]
pub(crate) struct ChangeRoom {
    pub author: User,
    pub id: CommandId,
    pub room: ConversationId,
    pub setting: RoomSetting,
}

impl Command for CreateRoom {
    type Output = RoomAnswer;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let (author, now) = (self.author.id, context.now);
        if let Some(first) = facts.command(author, self.id)? {
            return Ok(Decision::unchanged(first.into()));
        }
        let is_registered = facts.user(author)?.is_some_and(|user| user.password.is_some() && !user.is_gone());
        if !is_registered {
            return Err(Refusal::NotRegistered.into());
        }
        if self.policy == RoomCreation::Moderators && role_of(facts, author)? < Role::Moderator {
            return Err(Refusal::NotAllowed.into());
        }
        check_not_muted(&facts.sanctions_of(author)?, SanctionScope::SERVER, now.server)?;
        check_room_count(facts, author)?;
        if self.visibility == Visibility::Public {
            check_name_free(facts, &self.name, None)?;
        }

        let room = context.ids.conversation();
        let (name, topic, visibility) = (self.name.clone(), self.topic.clone(), self.visibility);
        let mut draft = DecisionDraft::default();
        draft.begin_log(room);
        draft.push(Mutation::CreateRoom {
            id: room,
            name: name.clone(),
            topic: topic.clone(),
            visibility,
            created_at: now.machine,
        });
        let created = EventKind::Room(RoomChange::Created { name, topic, visibility });
        let position = draft.append(facts, now, room, self.author.clone(), self.id, created)?;
        add_to_room(&mut draft, author, position, Role::Owner);
        Ok(draft.finish(position.into()))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

impl Command for ChangeRoom {
    type Output = RoomAnswer;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let (room, author) = (self.room, self.author.id);
        if let Some(first) = facts.command(author, self.id)? {
            return Ok(Decision::unchanged(first.into()));
        }
        if facts.membership(room, author)?.is_none() {
            return Err(Refusal::NotMember.into());
        }
        let conversation = facts.conversation(room)?.ok_or(Refusal::NotMember)?;
        let present = conversation.room().ok_or(Refusal::NotMember)?;
        let is_for_lobby = matches!(self.setting, RoomSetting::Topic(_) | RoomSetting::Posting(_));
        if room == context.lobby && !is_for_lobby {
            return Err(Refusal::NotAllowed.into());
        }
        let permission = match self.setting {
            RoomSetting::Name(_) | RoomSetting::Topic(_) => Permission::DescribeRoom,
            RoomSetting::Visibility(_) | RoomSetting::Posting(_) | RoomSetting::Archived(_) => Permission::GovernRoom,
        };
        if !permission.granted_to(rank_in(facts, Some(room), author)?) {
            return Err(Refusal::NotAllowed.into());
        }
        if present.is_archived && self.setting != RoomSetting::Archived(false) {
            return Err(Refusal::RoomArchived.into());
        }
        let Some(change) = self.change_from(present) else {
            return Ok(Decision::unchanged(RoomAnswer { room, seq: None, at: context.now.machine }));
        };
        self.check_name(facts, present)?;

        let mut draft = DecisionDraft::default();
        let kind = EventKind::Room(change);
        let position = draft.append(facts, context.now, room, self.author.clone(), self.id, kind)?;
        draft.push(Mutation::SetRoom { room, setting: self.setting.clone() });
        Ok(draft.finish(position.into()))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

impl ChangeRoom {
    /// What becomes of a room with these settings; `None` if nothing changes. Texts always count as changed.
    fn change_from(&self, present: RoomFacts) -> Option<RoomChange> {
        match &self.setting {
            RoomSetting::Name(name) => Some(RoomChange::Renamed { name: name.clone() }),
            RoomSetting::Topic(topic) => Some(RoomChange::Topic { topic: topic.clone() }),
            RoomSetting::Visibility(visibility) => {
                (*visibility != present.visibility).then_some(RoomChange::Visibility { visibility: *visibility })
            }
            RoomSetting::Posting(posting) => {
                (*posting != present.posting).then_some(RoomChange::Posting { posting: *posting })
            }
            RoomSetting::Archived(true) => (!present.is_archived).then_some(RoomChange::Archived),
            RoomSetting::Archived(false) => present.is_archived.then_some(RoomChange::Restored),
        }
    }

    /// Checks that the room's name is free if the change puts it into the directory, or gives it another name there.
    fn check_name(&self, facts: &mut dyn Facts, present: RoomFacts) -> Result<(), Undecided> {
        let is_public = present.visibility == Visibility::Public;
        let name = match &self.setting {
            RoomSetting::Name(name) if is_public => Some(name.clone()),
            RoomSetting::Visibility(Visibility::Public) => facts.room_name(self.room)?,
            RoomSetting::Archived(false) if is_public => facts.room_name(self.room)?,
            _ => None,
        };
        name.map_or(Ok(()), |name| check_name_free(facts, &name, Some(self.room)))
    }
}

/// Checks that no public room but `room` has this name, or one that looks like it.
fn check_name_free(facts: &mut dyn Facts, name: &RoomName, room: Option<ConversationId>) -> Result<(), Undecided> {
    match facts.public_room_with_name(&name.key())? {
        Some(other) if Some(other) != room => Err(Refusal::RoomNameTaken.into()),
        _ => Ok(()),
    }
}
