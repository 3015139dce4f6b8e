//! Folding the commit log, with code of its own: what somebody knows who has read nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        Action, CommandId, ConversationId, Emoji, Event, EventKind, InviteId, Mention, ModerationNotice, Posting, Role,
        RoomChange, RoomName, RoomTopic, Scope, Seq, Timestamp, UserId, Visibility,
    },
    server::{
        rules::{
            entry::Entry,
            tests::logged_sanctions::LoggedSanctions,
            values::{MemberSetting, MessageListener},
        },
        store::{Change, CommitEntry},
    },
};

/// A message or notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoldedMessage {
    pub(super) author: UserId,
    pub(super) id: CommandId,
    pub(super) at: Timestamp,
    /// `None` for a notice.
    pub(super) text: Option<String>,
    /// Where each mention begins, and whom it names.
    pub(super) mentions: Vec<(u32, MessageListener)>,
    pub(super) replies: u32,
    pub(super) revision: Seq,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) is_deleted: bool,
    /// In the order in which they were added.
    pub(super) reactions: Vec<(Emoji, UserId)>,
    /// The event that pinned it.
    pub(super) pinned_by: Option<Seq>,
}

/// What is set of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FoldedRoom {
    /// `None` for the first name of the Lobby.
    pub(super) name: Option<RoomName>,
    pub(super) topic: RoomTopic,
    pub(super) visibility: Visibility,
    pub(super) posting: Posting,
    pub(super) is_archived: bool,
}

/// Everything that the log tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FoldedLog {
    /// The last seq of each conversation.
    pub(super) last: BTreeMap<ConversationId, Seq>,
    pub(super) messages: BTreeMap<(ConversationId, Seq), FoldedMessage>,
    pub(super) directs: BTreeMap<ConversationId, BTreeSet<UserId>>,
    /// Of rooms.
    pub(super) members: BTreeSet<(ConversationId, UserId)>,
    /// What is set of rooms, where it is not as in the first Lobby.
    pub(super) rooms: BTreeMap<ConversationId, FoldedRoom>,
    /// Of the members of rooms, without plain members.
    pub(super) room_roles: BTreeMap<(ConversationId, UserId), Role>,
    /// What is in whose list.
    pub(super) lists: BTreeSet<(UserId, ConversationId)>,
    /// Who is told of which message.
    pub(super) listeners: BTreeSet<(ConversationId, Seq, MessageListener)>,
    /// Who heard of each message because of its thread; unknown to the state, so it is not compared.
    pub(super) participants: BTreeMap<(ConversationId, Seq), Vec<UserId>>,
    /// Who has deleted the account; unknown to the state, so it is not compared.
    pub(super) deleted: BTreeSet<UserId>,
    /// Who has muted which thread.
    pub(super) muted_threads: BTreeSet<(ConversationId, Seq, UserId)>,
    /// What members have muted and pinned.
    pub(super) muted: BTreeSet<(UserId, ConversationId)>,
    pub(super) pinned: BTreeSet<(UserId, ConversationId)>,
    pub(super) blocks: BTreeSet<(UserId, UserId)>,
    /// Whether each user has gone.
    pub(super) users: BTreeMap<UserId, bool>,
    pub(super) roles: BTreeMap<UserId, Role>,
    pub(super) sanctions: LoggedSanctions,
    /// How often each invite was used, and whether it was revoked.
    pub(super) invites: BTreeMap<InviteId, (u32, bool)>,
}

impl FoldedLog {
    pub(super) fn of(log: &[CommitEntry]) -> Self {
        let mut folded = Self::default();
        for (entry, position) in log.iter().zip(1..) {
            assert_eq!(entry.position.0, position, "positions have no holes");
            match &entry.change {
                Change::Event { event, direct } => {
                    assert_eq!(folded.directs.contains_key(&event.conversation), *direct);
                    folded.event(event);
                }
                Change::Entry(entry) => folded.entry(entry),
            }
        }
        folded.participants.clear();
        folded.deleted.clear();
        folded.rooms.retain(|_, room| *room != FoldedRoom::default());
        folded
    }

    fn event(&mut self, event: &Event) {
        let Event { conversation, seq, at, id, .. } = *event;
        let last = self.last.entry(conversation).or_default();
        assert_eq!(last.next(), seq, "seqs have no holes");
        *last = seq;
        let mut new_message = |text| {
            let (author, reactions) = (event.author.id, Vec::new());
            let (edited_at, is_deleted) = (None, false);
            let (mentions, replies, revision, pinned_by) = (places(event.kind.mentions()), 0, seq, None);
            let message = FoldedMessage {
                author,
                id,
                at,
                text,
                mentions,
                replies,
                revision,
                edited_at,
                is_deleted,
                reactions,
                pinned_by,
            };
            self.messages.insert((conversation, seq), message);
        };
        match &event.kind {
            EventKind::Message { body, mentions, reply, participants } => {
                new_message(Some(body.as_str().to_owned()));
                self.tell(event, seq, mentions, participants);
                self.participants.insert((conversation, seq), participants.clone());
                if let Some(reply) = reply {
                    let first = self.changed(event, reply.thread);
                    first.replies += 1;
                }
            }
            EventKind::Notice(notice) => {
                new_message(None);
                if let ModerationNotice {
                    action: Action::Appoint, user, scope: Scope::Room, role: Some(role), ..
                } = notice
                {
                    self.appoint(conversation, user.id, *role);
                }
            }
            EventKind::Room(change) => {
                new_message(None);
                self.change_room(event, change);
            }
            EventKind::AccountDeleted => {
                let user = event.author.id;
                for set in [&mut self.lists, &mut self.muted, &mut self.pinned] {
                    set.retain(|(owner, _)| *owner != user);
                }
                self.blocks.retain(|(blocker, _)| *blocker != user);
                self.roles.remove(&user);
                self.deleted.insert(user);
                self.listeners.retain(|(_, _, listener)| *listener != MessageListener::User(user));
                self.muted_threads.retain(|(_, _, other)| *other != user);
            }
            EventKind::Edit { seq: target, body, mentions } => {
                let participants = self.participants[&(conversation, *target)].clone();
                self.listeners.retain(|(of, seq, _)| (of, seq) != (&conversation, target));
                self.tell(event, *target, mentions, &participants);
                let message = self.changed(event, *target);
                message.mentions = places(mentions);
                (message.text, message.edited_at) = (Some(body.as_str().to_owned()), Some(at));
            }
            EventKind::Deletion { seq: target } => {
                let message = self.changed(event, *target);
                (message.text, message.edited_at, message.is_deleted) = (Some(String::new()), None, true);
                message.reactions.clear();
                message.mentions.clear();
                message.pinned_by = None;
                self.listeners.retain(|(of, seq, _)| (of, seq) != (&conversation, target));
            }
            EventKind::Reaction { seq: target, emoji, on } => {
                let reaction = (emoji.clone(), event.author.id);
                let message = self.changed(event, *target);
                match (message.reactions.contains(&reaction), *on) {
                    // What was said later of the message is gone with it.
                    _ if message.is_deleted => {}
                    (false, true) => message.reactions.push(reaction),
                    (true, false) => message.reactions.retain(|other| *other != reaction),
                    _ => {}
                }
            }
            EventKind::Pin { seq: target, on } => {
                let message = self.changed(event, *target);
                message.pinned_by = on.then_some(message.pinned_by.unwrap_or(seq));
            }
            EventKind::Other => panic!("no rule makes such an event"),
        }
    }

    /// Adds those who are told of a message. Its author is not.
    fn tell(&mut self, event: &Event, seq: Seq, mentions: &[Mention], participants: &[UserId]) {
        let listeners =
            mentions.iter().map(MessageListener::of).chain(participants.iter().copied().map(MessageListener::User));
        for listener in listeners.filter(|listener| *listener != MessageListener::User(event.author.id)) {
            if self.is_present(event.conversation, listener) {
                self.listeners.insert((event.conversation, seq, listener));
            }
        }
    }

    /// Whether somebody is in a conversation, and has not deleted the account.
    fn is_present(&self, conversation: ConversationId, listener: MessageListener) -> bool {
        let MessageListener::User(user) = listener else { return true };
        let is_member = self.members.contains(&(conversation, user))
            || self.directs.get(&conversation).is_some_and(|users| users.contains(&user));
        is_member && !self.deleted.contains(&user)
    }

    fn change_room(&mut self, event: &Event, change: &RoomChange) {
        if let RoomChange::Created { .. } = change {
            self.appoint(event.conversation, event.author.id, Role::Owner);
        }
        let room = self.rooms.entry(event.conversation).or_default();
        match change {
            RoomChange::Created { name, topic, visibility } => {
                (room.name, room.topic, room.visibility) = (Some(name.clone()), topic.clone(), *visibility);
            }
            RoomChange::Renamed { name } => room.name = Some(name.clone()),
            RoomChange::Topic { topic } => room.topic = topic.clone(),
            RoomChange::Visibility { visibility } => room.visibility = *visibility,
            RoomChange::Posting { posting } => room.posting = *posting,
            RoomChange::Archived => room.is_archived = true,
            RoomChange::Restored => room.is_archived = false,
            RoomChange::Joined | RoomChange::Left | RoomChange::Added { .. } => {}
        }
    }

    fn appoint(&mut self, room: ConversationId, user: UserId, role: Role) {
        if role == Role::Member {
            self.room_roles.remove(&(room, user));
        } else {
            self.room_roles.insert((room, user), role);
        }
    }

    /// The message that an event changes.
    fn changed(&mut self, event: &Event, target: Seq) -> &mut FoldedMessage {
        let message = self.messages.get_mut(&(event.conversation, target)).expect("events change messages that exist");
        message.revision = event.seq;
        message
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::SignedUp { user, .. } => drop(self.users.insert(*user, false)),
            Entry::NicknameReleased { user } => {
                self.users.insert(*user, true);
                let rooms: Vec<_> = self.members.iter().filter(|(_, member)| member == user).copied().collect();
                rooms.into_iter().for_each(|(room, user)| self.leave(user, room));
            }
            Entry::RoleChanged { user, role: Role::Member } => drop(self.roles.remove(user)),
            Entry::RoleChanged { user, role } => drop(self.roles.insert(*user, *role)),
            Entry::Joined { user, room } => {
                self.members.insert((*room, *user));
                self.lists.insert((*user, *room));
            }
            Entry::Left { user, room } => self.leave(*user, *room),
            Entry::DirectCreated { direct, users } => {
                drop(self.directs.insert(*direct, users.iter().copied().collect()));
            }
            Entry::DirectDeleted { direct } => {
                self.directs.remove(direct);
                for set in [&mut self.lists, &mut self.muted, &mut self.pinned] {
                    set.retain(|(_, conversation)| conversation != direct);
                }
            }
            Entry::Listed { user, conversation } => drop(self.lists.insert((*user, *conversation))),
            Entry::Unlisted { user, conversation } => {
                self.lists.remove(&(*user, *conversation));
                self.pinned.remove(&(*user, *conversation));
            }
            Entry::ConversationSet { user, conversation, setting } => {
                let (set, on) = match setting {
                    MemberSetting::Muted(on) => (&mut self.muted, on),
                    MemberSetting::Pinned(on) => (&mut self.pinned, on),
                    MemberSetting::UnreadFrom(_) => return,
                };
                if *on {
                    set.insert((*user, *conversation))
                } else {
                    set.remove(&(*user, *conversation))
                };
            }
            Entry::Block { user, other, on: true } => drop(self.blocks.insert((*user, *other))),
            Entry::Block { user, other, on: false } => drop(self.blocks.remove(&(*user, *other))),
            Entry::SanctionBegan { .. } | Entry::SanctionLifted { .. } => self.sanctions.follow(entry),
            Entry::InviteCreated { invite } => drop(self.invites.insert(*invite, (0, false))),
            Entry::InviteUsed { invite, .. } => self.invites.get_mut(invite).expect("an invite").0 += 1,
            Entry::InviteRevoked { invite } => self.invites.get_mut(invite).expect("an invite").1 = true,
            Entry::Other => panic!("no rule writes this"),
            Entry::ThreadMuted { user, conversation, thread, on } => {
                let muted = (*conversation, *thread, *user);
                if *on {
                    self.muted_threads.insert(muted)
                } else {
                    self.muted_threads.remove(&muted)
                };
            }
            Entry::Registered { .. }
            | Entry::SessionEnded { .. }
            | Entry::NetworkBanned { .. }
            | Entry::NetworkUnbanned { .. } => {}
        }
    }

    fn leave(&mut self, user: UserId, room: ConversationId) {
        self.members.remove(&(room, user));
        self.room_roles.remove(&(room, user));
        for set in [&mut self.lists, &mut self.muted, &mut self.pinned] {
            set.remove(&(user, room));
        }
        self.listeners.retain(|(of, _, listener)| (*of, *listener) != (room, MessageListener::User(user)));
        self.muted_threads.retain(|(of, _, other)| (*of, *other) != (room, user));
    }
}

/// Where mentions begin, and whom they name.
pub(super) fn places(mentions: &[Mention]) -> Vec<(u32, MessageListener)> {
    mentions.iter().map(|mention| (mention.start, MessageListener::of(mention))).collect()
}
