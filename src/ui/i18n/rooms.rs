//! Rooms, as far as the main file shows them: in the sidebar, above the open conversation, and in the composer.

use crate::ui::i18n::{in_sentence::InSentence, translations::Translations};

pub(crate) struct RoomsTexts {
    pub(crate) new_room: &'static str,
    pub(crate) browse: &'static str,
    /// After the name of a room, for screen readers.
    pub(crate) private: &'static str,
    pub(crate) archived: &'static str,
    pub(crate) member_count: fn(u64) -> String,
    pub(crate) show_members: &'static str,
    pub(crate) about: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) write_in: fn(InSentence) -> String,
    pub(crate) writing_in: fn(InSentence) -> String,
    pub(crate) goes_to_room: fn(InSentence, InSentence) -> String,
    pub(crate) archived_note: &'static str,
    pub(crate) moderators_note: &'static str,
}

pub(crate) static ROOMS: Translations<RoomsTexts> = Translations {
    english: RoomsTexts {
        new_room: "New room",
        browse: "Browse",
        private: "private",
        archived: "archived",
        member_count: |count| if count == 1 { "1 member".into() } else { format!("{count} members") },
        show_members: "Show members",
        about: "About this room",
        empty: "No messages yet. Write the first one.",
        write_in: |room| format!("Write in {room}"),
        writing_in: |room| format!("Writing in {room}. Change recipient"),
        goes_to_room: |room, wanted| {
            format!("This goes to everyone in {room}, not to “{wanted}”. Send it again if that is right.")
        },
        archived_note: "This room is archived. You can read it, but not write in it.",
        moderators_note: "Only moderators and owners write here. You can read and react.",
    },
    chinese: RoomsTexts {
        new_room: "新建群聊",
        browse: "浏览",
        private: "私密",
        archived: "已归档",
        member_count: |count| format!("{count} 位成员"),
        show_members: "查看成员",
        about: "关于此群",
        empty: "还没有消息，来发第一条吧。",
        write_in: |room| format!("在{room}中发消息"),
        writing_in: |room| format!("正在发到{room}，点击更换"),
        goes_to_room: |room, wanted| format!("这条消息会发给{room}里的所有人，而不是“{wanted}”。确认无误请再次发送。"),
        archived_note: "此群已归档，只能查看，不能发消息。",
        moderators_note: "只有管理员和群主可以在此发言，你可以查看和回应。",
    },
};
