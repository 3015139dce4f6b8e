//! The members of a room.

use crate::{
    domain::Role,
    ui::i18n::{in_sentence::InSentence, translations::Translations},
};

pub(crate) struct RoomMembersTexts {
    pub(crate) members: &'static str,
    pub(crate) loading_members: &'static str,
    pub(crate) close: &'static str,
    pub(crate) find_member: &'static str,
    pub(crate) nobody_found: &'static str,
    pub(crate) add_people: &'static str,
    pub(crate) nickname: &'static str,
    pub(crate) add: &'static str,
    pub(crate) adding: &'static str,
    pub(crate) added: fn(InSentence) -> String,
    pub(crate) online: &'static str,
    pub(crate) room_role: fn(Role) -> &'static str,
    pub(crate) actions_for: fn(InSentence) -> String,
    pub(crate) write_privately: &'static str,
    pub(crate) make: fn(Role) -> &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_question: fn(InSentence) -> String,
}

pub(crate) static ROOM_MEMBERS: Translations<RoomMembersTexts> = Translations {
    english: RoomMembersTexts {
        members: "Members",
        loading_members: "Loading members …",
        close: "Close",
        find_member: "Find a member",
        nobody_found: "No loaded member has such a name.",
        add_people: "Add people",
        nickname: "Nickname",
        add: "Add",
        adding: "Adding …",
        added: |name| format!("{name} is a member now."),
        online: "online",
        room_role: |role| match role {
            Role::Member => "",
            Role::Moderator => "room moderator",
            Role::Owner => "room owner",
        },
        actions_for: |name| format!("Actions for {name}"),
        write_privately: "Write privately",
        make: |role| match role {
            Role::Member => "Make plain member",
            Role::Moderator => "Make room moderator",
            Role::Owner => "Make room owner",
        },
        remove: "Remove from room",
        remove_question: |name| format!("Remove {name} from this room?"),
    },
    chinese: RoomMembersTexts {
        members: "成员",
        loading_members: "正在加载成员…",
        close: "关闭",
        find_member: "查找成员",
        nobody_found: "已加载的成员中没有此人。",
        add_people: "添加成员",
        nickname: "昵称",
        add: "添加",
        adding: "正在添加…",
        added: |name| format!("已添加{name}。"),
        online: "在线",
        room_role: |role| match role {
            Role::Member => "",
            Role::Moderator => "群管理员",
            Role::Owner => "群主",
        },
        actions_for: |name| format!("对{name}的操作"),
        write_privately: "发私信",
        make: |role| match role {
            Role::Member => "设为普通成员",
            Role::Moderator => "设为群管理员",
            Role::Owner => "设为群主",
        },
        remove: "移出此群",
        remove_question: |name| format!("将{name}移出此群？"),
    },
};
