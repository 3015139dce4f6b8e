//! Leaving and archiving a room.

use crate::{domain::Visibility, ui::i18n::translations::Translations};

pub(crate) struct RoomEndingTexts {
    pub(crate) leave: &'static str,
    pub(crate) leave_question: fn(Visibility) -> &'static str,
    pub(crate) stay: &'static str,
    pub(crate) archive_room: &'static str,
    pub(crate) archive_question: &'static str,
    pub(crate) restore_room: &'static str,
}

pub(crate) static ROOM_ENDING: Translations<RoomEndingTexts> = Translations {
    english: RoomEndingTexts {
        leave: "Leave room",
        leave_question: |visibility| match visibility {
            Visibility::Public => "Leave this room? You can join again at any time.",
            Visibility::Private => "Leave this room? It is private: only a member can add you again.",
        },
        stay: "Stay",
        archive_room: "Archive room",
        archive_question: "Archive this room? Nobody can write in it until an owner restores it.",
        restore_room: "Restore room",
    },
    chinese: RoomEndingTexts {
        leave: "退出此群",
        leave_question: |visibility| match visibility {
            Visibility::Public => "退出此群？之后可以随时重新加入。",
            Visibility::Private => "退出此群？这是私密群，只有成员能重新添加你。",
        },
        stay: "留下",
        archive_room: "归档此群",
        archive_question: "归档此群？归档后无人能发言，直到群主恢复。",
        restore_room: "恢复此群",
    },
};
