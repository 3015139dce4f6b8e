//! Who reads what is written in the composer, and what the composer says of that.

use crate::{
    client::ClientStore,
    domain::{Companion, Posting, Role, Room},
    ui::{
        i18n::{InSentence, texts},
        rooms::rank,
    },
};

/// Who reads what is written.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everyone.
    Lobby,
    /// The members of a room.
    Room(Room),
    /// One user.
    User(Companion),
}

impl Audience {
    /// The audience of a direct or of a room. A conversation that is not known yet is the Lobby.
    pub(super) fn new(companion: Option<Companion>, room: Option<Room>) -> Self {
        match (companion, room) {
            (Some(companion), _) => Self::User(companion),
            (None, Some(room)) if !room.lobby => Self::Room(room),
            _ => Self::Lobby,
        }
    }

    /// The text in the empty composer.
    pub(super) fn placeholder(&self) -> String {
        let t = texts();
        match self {
            Self::Lobby => t.composer.write_to_everyone.to_owned(),
            Self::Room(room) => (t.rooms.write_in)(InSentence(room.name.as_str())),
            Self::User(companion) => (t.composer.write_to)(t.name_in(&companion.user.nickname)),
        }
    }

    /// The label of the button that shows the recipient and opens the recipient picker.
    pub(super) fn change_label(&self) -> String {
        let t = texts();
        match self {
            Self::Lobby => (t.composer.change_recipient)(InSentence(t.users.everyone)),
            Self::Room(room) => (t.rooms.writing_in)(InSentence(room.name.as_str())),
            Self::User(companion) => (t.composer.change_recipient)(t.name_in(&companion.user.nickname)),
        }
    }

    /// The warning that a message goes here, not to the recipient that the user has begun to choose.
    pub(super) fn mismatch(&self, wanted: InSentence) -> String {
        let t = texts();
        match self {
            Self::Lobby => (t.composer.recipient_mismatch)(None, wanted),
            Self::Room(room) => (t.rooms.goes_to_room)(InSentence(room.name.as_str()), wanted),
            Self::User(companion) => (t.composer.recipient_mismatch)(Some(t.name_in(&companion.user.nickname)), wanted),
        }
    }

    /// Why the user can't write to this audience; `room` is the room, if it is one.
    pub(super) fn closed_note(&self, store: ClientStore, room: Option<&Room>) -> Option<String> {
        let t = texts();
        match (self, room) {
            (Self::User(companion), _) if companion.gone => {
                Some((t.composer.user_left_note)(t.name_in(&companion.user.nickname)))
            }
            (_, Some(room)) if room.archived => Some(t.rooms.archived_note.to_owned()),
            (_, Some(room)) if room.posting == Posting::Moderators && rank(store, room) < Role::Moderator => {
                Some(t.rooms.moderators_note.to_owned())
            }
            _ => None,
        }
    }
}
