//! What a step means, given what exists.

use crate::{
    domain::{
        Body, ClientAddr, ConversationId, Emoji, EventKind, Nickname, Posting, RoomCreation, RoomName, RoomTopic, Seq,
        User, UserId, Visibility,
    },
    server::{
        rules::{
            blocks::{BlockUser, UnblockUser},
            context::{Ids as _, Now},
            conversation_settings::SetConversation,
            directs::{HideDirect, OpenDirect, UserRef},
            message_deletion::DeleteMessage,
            messages::SendEvent,
            room_members::{AddMember, JoinRoom, LeaveRoom},
            rooms::{ChangeRoom, CreateRoom},
            tests::{
                any_command::AnyCommand,
                clock::CountedIds,
                step::{Pick, Step},
            },
            threads::MuteThread,
            values::{MemberSetting, RoomSetting},
        },
        store::memory::State,
    },
};

/// Some of them look alike.
const NAMES: [&str; 9] = ["Ada", "小明", "bob", "ada", "Carol", "BOB", "dave", "小红", "eve"];
const ADDRESSES: [&str; 4] = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8:1:2::1"];
const TEXTS: [&str; 8] = [
    "hello",
    "你好",
    "a much longer text, which fills a small page of the history by itself",
    "🍵",
    "\"{}\\",
    "@Ada 和@小明好, `@bob` @carol",
    "@bob",
    "@room, @dave",
];
const ROOMS: [&str; 6] = ["Tea", "茶", "tea", "News", "Lobby", "Cups"];
const EMOJI: [&str; 4] = ["👍", "❤️", "🍵", "🇨🇳"];

pub(super) const MINUTE: u64 = 60 * 1_000;

/// Resolves steps.
pub(crate) struct Resolver<'a> {
    pub(crate) state: &'a State,
    pub(crate) ids: &'a mut CountedIds,
    pub(crate) now: Now,
}

pub(super) fn pick<T>(pick: Pick, of: &[T]) -> Option<&T> {
    of.get(usize::from(pick).checked_rem(of.len())?)
}

pub(crate) fn address(pick_address: Pick) -> ClientAddr {
    pick(pick_address, &ADDRESSES).expect("some").parse().expect("an address")
}

pub(crate) fn nickname(name: Pick) -> Nickname {
    Nickname::parse(pick(name, &NAMES).expect("some")).expect("a nickname")
}

impl Resolver<'_> {
    /// The command that a step means; `None` if there is nothing that it could be about, or it is no command.
    pub(crate) fn command(&mut self, step: &Step) -> Option<AnyCommand> {
        self.writing(step)
            .or_else(|| self.lists(step))
            .or_else(|| self.rooms(step))
            .or_else(|| self.moderating(step))
            .or_else(|| self.accounts(step))
    }

    /// A user, most often one who has not gone.
    pub(crate) fn user(&self, user: Pick) -> Option<User> {
        let is_here = |id: &UserId| user < 230 && !self.state.users[id].is_gone();
        let all: Vec<UserId> = self.state.users.keys().filter(|id| **id != UserId::SYSTEM).copied().collect();
        let here: Vec<UserId> = all.iter().filter(|id| is_here(id)).copied().collect();
        let id = pick(user, if here.is_empty() { &all } else { &here })?;
        self.state.shown_user(*id)
    }

    pub(super) fn user_id(&self, user: Pick) -> Option<UserId> {
        self.user(user).map(|user| user.id)
    }

    pub(crate) fn place(&self, place: Pick) -> Option<ConversationId> {
        pick(place, &self.state.conversations.keys().copied().collect::<Vec<_>>()).copied()
    }

    /// Where a user is most likely to write: in a conversation of theirs.
    pub(crate) fn place_of(&self, user: UserId, place: Pick) -> Option<ConversationId> {
        let own: Vec<_> = self.state.conversations_of(user).map(|(id, _)| id).collect();
        pick(place, &own).copied().filter(|_| place < 240).or_else(|| self.place(place))
    }

    /// Most often one of the newest messages; otherwise one of the newest events, or the place behind them.
    pub(crate) fn seq(&self, conversation: ConversationId, seq: Pick) -> Seq {
        let row = &self.state.conversations[&conversation];
        let messages: Vec<Seq> = row.messages().rev().map(|(seq, _)| seq).filter(|seq| !row.is_deleted(*seq)).collect();
        let message = pick(seq % 12, &messages).copied().filter(|_| seq < 200);
        message.unwrap_or_else(|| Seq((row.last_seq().0 + 1).saturating_sub(u64::from(seq) % 12)))
    }

    fn event(&mut self, author: User, conversation: ConversationId, kind: EventKind) -> AnyCommand {
        SendEvent { author, id: self.ids.command(), conversation, kind, reply_to: None }.into()
    }

    /// The user, or, with `own`, the author of the message.
    fn author(&self, user: Pick, conversation: ConversationId, seq: Seq, own: bool) -> Option<User> {
        let author = self.state.conversations[&conversation].event(seq).map(|event| event.author).filter(|_| own);
        author
            .filter(|author| *author != UserId::SYSTEM)
            .map_or_else(|| self.user(user), |id| self.state.shown_user(id))
    }

    fn writing(&mut self, step: &Step) -> Option<AnyCommand> {
        Some(match *step {
            Step::Say { user, place, text, reply_to } => {
                let author = self.user(user)?;
                let conversation = self.place_of(author.id, place)?;
                let reply_to = reply_to.map(|seq| self.seq(conversation, seq));
                let (id, kind) = (self.ids.command(), EventKind::message(body(text)));
                SendEvent { author, id, conversation, kind, reply_to }.into()
            }
            Step::Repeat { place, seq } => {
                let conversation = self.place(place)?;
                let event = self.state.conversations[&conversation].event(self.seq(conversation, seq))?;
                let (author, kind) = (self.state.shown_user(event.author)?, EventKind::message(body(0)));
                SendEvent { author, id: event.id, conversation, kind, reply_to: None }.into()
            }
            Step::Edit { user, place, seq, text, own } => {
                let conversation = self.place(place)?;
                let seq = self.seq(conversation, seq);
                let author = self.author(user, conversation, seq, own)?;
                self.event(author, conversation, EventKind::edit(seq, body(text)))
            }
            Step::MuteThread { user, place, seq, on } => {
                let user = self.user_id(user)?;
                let conversation = self.place_of(user, place)?;
                MuteThread { user, conversation, thread: self.seq(conversation, seq), on }.into()
            }
            Step::Delete { user, place, seq, own } => {
                let conversation = self.place(place)?;
                let seq = self.seq(conversation, seq);
                let author = self.author(user, conversation, seq, own)?;
                self.event(author, conversation, EventKind::Deletion { seq })
            }
            Step::React { user, place, seq, emoji, on } => {
                let author = self.user(user)?;
                let conversation = self.place_of(author.id, place)?;
                let emoji = Emoji::parse(pick(emoji, &EMOJI)?).expect("an emoji");
                let seq = self.seq(conversation, seq);
                self.event(author, conversation, EventKind::Reaction { seq, emoji, on })
            }
            Step::Pin { user, place, seq, on } => {
                let author = self.user(user)?;
                let conversation = self.place_of(author.id, place)?;
                let seq = self.seq(conversation, seq);
                self.event(author, conversation, EventKind::Pin { seq, on })
            }
            Step::DeleteAsOperator { place, seq } => {
                let conversation = self.place(place)?;
                DeleteMessage { id: self.ids.command(), conversation, seq: self.seq(conversation, seq) }.into()
            }
            _ => return None,
        })
    }

    fn lists(&mut self, step: &Step) -> Option<AnyCommand> {
        Some(match *step {
            Step::OpenDirect { user, other, by_name } => {
                let other = self.user(other)?;
                let target = if by_name { UserRef::Nickname(other.nickname.key()) } else { UserRef::Id(other.id) };
                OpenDirect { opener: self.user_id(user)?, target }.into()
            }
            Step::Hide { user, place } => {
                let user = self.user_id(user)?;
                HideDirect { user, direct: self.place_of(user, place)? }.into()
            }
            Step::Block { user, other } => BlockUser { user: self.user_id(user)?, other: self.user_id(other)? }.into(),
            Step::Unblock { user, other } => {
                let blocks: Vec<_> = self.state.blocks.keys().copied().collect();
                let any = (self.user_id(user)?, self.user_id(other)?);
                let (user, other) = pick(user, &blocks).copied().unwrap_or(any);
                UnblockUser { user, other }.into()
            }
            Step::SetConversation { user, place, setting, on } => {
                let user = self.user_id(user)?;
                let conversation = self.place_of(user, place)?;
                let setting = match setting % 3 {
                    0 => MemberSetting::Muted(on),
                    1 => MemberSetting::Pinned(on),
                    _ => MemberSetting::UnreadFrom(self.seq(conversation, setting)),
                };
                SetConversation { user, conversation, setting }.into()
            }
            Step::Join { user, place } => {
                JoinRoom { user: self.user(user)?, id: self.ids.command(), room: self.place(place)? }.into()
            }
            _ => return None,
        })
    }

    fn rooms(&mut self, step: &Step) -> Option<AnyCommand> {
        Some(match *step {
            Step::CreateRoom { user, name, private, policy } => CreateRoom {
                author: self.user(user)?,
                id: self.ids.command(),
                name: room_name(name),
                topic: topic(name),
                visibility: if private { Visibility::Private } else { Visibility::Public },
                policy: if policy { RoomCreation::Moderators } else { RoomCreation::Registered },
            }
            .into(),
            Step::ChangeRoom { user, place, setting, value } => {
                let author = self.user(user)?;
                let setting = match setting % 5 {
                    0 => RoomSetting::Name(room_name(value)),
                    1 => RoomSetting::Topic(topic(value)),
                    2 => RoomSetting::Visibility(*pick(value, &Visibility::ALL)?),
                    3 => RoomSetting::Posting(*pick(value, &Posting::ALL)?),
                    _ => RoomSetting::Archived(value % 3 == 0),
                };
                let room = self.place_of(author.id, place)?;
                ChangeRoom { author, id: self.ids.command(), room, setting }.into()
            }
            Step::Leave { user, place } => {
                let user = self.user(user)?;
                let room = self.place_of(user.id, place)?;
                LeaveRoom { user, id: self.ids.command(), room }.into()
            }
            Step::AddMember { user, place, other, by_name } => {
                let (author, other) = (self.user(user)?, self.user(other)?);
                let target = if by_name { UserRef::Nickname(other.nickname.key()) } else { UserRef::Id(other.id) };
                let room = self.place_of(author.id, place)?;
                AddMember { author, id: self.ids.command(), room, target }.into()
            }
            _ => return None,
        })
    }
}

fn room_name(name: Pick) -> RoomName {
    RoomName::parse(pick(name, &ROOMS).expect("some")).expect("a name")
}

fn topic(topic: Pick) -> RoomTopic {
    RoomTopic::parse(pick(topic, &["", "Cups and pots", "茶具"]).expect("some")).expect("a topic")
}

fn body(text: Pick) -> Body {
    Body::parse(pick(text, &TEXTS).expect("some")).expect("a text")
}
