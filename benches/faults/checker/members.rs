//! Who is in which conversation, and who moderates it, as the log says.

use std::collections::BTreeMap;

use teahouse::domain::{Action, ConversationId, Event, EventKind, Role, RoomChange, Scope, Seq, User, UserId};

use crate::history::{History, Log};

/// The members of all conversations.
pub(super) struct Members<'a> {
    users: BTreeMap<UserId, &'a User>,
    conversations: BTreeMap<ConversationId, Memberships>,
}

#[derive(Default)]
struct Memberships {
    stays: Vec<Stay>,
    /// Who had which role from which event on.
    roles: Vec<(Seq, UserId, Role)>,
}

/// The membership of a user.
struct Stay {
    user: UserId,
    /// The event that began it.
    first: Seq,
    /// The event that ended it, which the user still heard.
    last: Seq,
}

const NO_END: Seq = Seq(u64::MAX);

impl<'a> Members<'a> {
    pub(super) fn new(history: &'a History, log: &Log) -> Self {
        let users = history.users.iter().map(|user| (user.id, user)).collect();
        let mut conversations: BTreeMap<ConversationId, Memberships> =
            log.conversations.iter().map(|(conversation, events)| (*conversation, Memberships::fold(events))).collect();
        for (conversation, members) in &history.lasting_members {
            let stays = &mut conversations.entry(*conversation).or_default().stays;
            stays.extend(members.iter().map(|user| Stay { user: *user, first: Seq::ZERO, last: NO_END }));
        }
        Self { users, conversations }
    }

    /// Everybody, members or not.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &'a User> {
        self.users.values().copied()
    }

    /// The members when this event happened.
    pub(super) fn at(&self, conversation: ConversationId, seq: Seq) -> impl Iterator<Item = &'a User> {
        let stays = self.stays(conversation).filter(move |stay| stay.first < seq && seq <= stay.last);
        stays.filter_map(|stay| self.users.get(&stay.user).copied())
    }

    /// Whether a user was a member when this event happened.
    pub(super) fn is_member(&self, conversation: ConversationId, user: UserId, seq: Seq) -> bool {
        self.stays(conversation).any(|stay| stay.user == user && stay.first < seq && seq <= stay.last)
    }

    /// Whether a user may hear of this event: of that which began the membership, too.
    pub(super) fn may_hear(&self, conversation: ConversationId, user: UserId, seq: Seq) -> bool {
        self.stays(conversation).any(|stay| stay.user == user && stay.first <= seq && seq <= stay.last)
    }

    /// The conversations that a user is in at the end, each with the event that began the membership.
    pub(super) fn conversations_of(&self, user: UserId) -> impl Iterator<Item = (ConversationId, Seq)> {
        self.conversations.iter().filter_map(move |(conversation, memberships)| {
            let present = memberships.stays.iter().find(|stay| stay.user == user && stay.last == NO_END)?;
            Some((*conversation, present.first))
        })
    }

    /// Whether a user moderated the room, or owned it, when this event happened.
    pub(super) fn is_moderator(&self, conversation: ConversationId, user: UserId, seq: Seq) -> bool {
        let roles = self.conversations.get(&conversation).map_or(&[][..], |memberships| &memberships.roles);
        let last = roles.iter().rev().find(|(since, other, _)| *since < seq && *other == user);
        last.is_some_and(|(_, _, role)| *role >= Role::Moderator)
    }

    fn stays(&self, conversation: ConversationId) -> impl Iterator<Item = &Stay> {
        self.conversations.get(&conversation).into_iter().flat_map(|memberships| &memberships.stays)
    }
}

impl Memberships {
    fn fold(events: &[Event]) -> Self {
        let mut memberships = Self::default();
        for event in events {
            memberships.apply(event);
        }
        memberships
    }

    fn apply(&mut self, Event { seq, author, kind, .. }: &Event) {
        match kind {
            EventKind::Room(RoomChange::Created { .. }) => {
                self.begin(author.id, *seq);
                self.roles.push((*seq, author.id, Role::Owner));
            }
            EventKind::Room(RoomChange::Joined) => self.begin(author.id, *seq),
            EventKind::Room(RoomChange::Added { user }) => self.begin(user.id, *seq),
            EventKind::Room(RoomChange::Left) => self.end(author.id, *seq),
            EventKind::Notice(notice) if notice.scope == Scope::Room => match notice.action {
                Action::Remove | Action::Ban => self.end(notice.user.id, *seq),
                Action::Appoint => self.roles.extend(notice.role.map(|role| (*seq, notice.user.id, role))),
                _ => {}
            },
            _ => {}
        }
    }

    fn begin(&mut self, user: UserId, first: Seq) {
        self.stays.push(Stay { user, first, last: NO_END });
    }

    fn end(&mut self, user: UserId, last: Seq) {
        if let Some(stay) = self.stays.iter_mut().rev().find(|stay| stay.user == user && stay.last == NO_END) {
            stay.last = last;
        }
        self.roles.push((last, user, Role::Member));
    }
}
