//! Rooms, as far as the chunk `rooms` shows them: creating and finding them, their members and settings, and what happens in
//! them.

use crate::{
    domain::{
        Action, MAX_NICKNAME_CHARACTERS, MAX_TOPIC_CHARACTERS, ModerationNotice, Posting, Role, RoomChange, Visibility,
    },
    protocol::ErrorCode,
    ui::i18n::{
        in_sentence::{InSentence, join},
        translations::Translations,
    },
};

pub(crate) struct RoomScreensTexts {
    // Creating a room
    pub(crate) new_room: &'static str,
    pub(crate) name: &'static str,
    pub(crate) name_hint: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) topic_hint: &'static str,
    pub(crate) who_can_see: &'static str,
    pub(crate) visibility: fn(Visibility) -> &'static str,
    pub(crate) visibility_effect: fn(Visibility) -> &'static str,
    pub(crate) create: &'static str,
    pub(crate) creating: &'static str,
    pub(crate) not_allowed_to_create: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) close: &'static str,

    // The directory
    pub(crate) rooms: &'static str,
    pub(crate) archive: &'static str,
    pub(crate) search: &'static str,
    pub(crate) joined: &'static str,
    pub(crate) join: &'static str,
    pub(crate) join_room: fn(InSentence) -> String,
    pub(crate) member_count: fn(u64) -> String,
    pub(crate) loading: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) show_more: &'static str,
    pub(crate) no_rooms: &'static str,
    pub(crate) no_archived_rooms: &'static str,
    pub(crate) nothing_found: fn(InSentence) -> String,
    pub(crate) found: fn(usize, bool) -> String,
    pub(crate) accounts_only: &'static str,
    pub(crate) how_to_register: &'static str,

    // A room that the reader is not in
    pub(crate) not_a_member: &'static str,
    pub(crate) guests_cannot_join: &'static str,
    pub(crate) archived: &'static str,
    pub(crate) public_room: &'static str,
    pub(crate) private_room: &'static str,

    // The panel
    pub(crate) members: &'static str,
    pub(crate) about: &'static str,
    pub(crate) find_member: &'static str,
    pub(crate) nobody_found: &'static str,
    pub(crate) add_people: &'static str,
    pub(crate) nickname: &'static str,
    pub(crate) add: &'static str,
    pub(crate) added: fn(InSentence) -> String,
    pub(crate) online: &'static str,
    pub(crate) room_role: fn(Role) -> &'static str,
    pub(crate) actions_for: fn(InSentence) -> String,
    pub(crate) write_privately: &'static str,
    pub(crate) make: fn(Role) -> &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_question: fn(InSentence) -> String,
    pub(crate) no_topic: &'static str,
    pub(crate) copy_link: &'static str,
    pub(crate) link_copied: &'static str,
    pub(crate) copy_failed: &'static str,
    pub(crate) save: &'static str,
    pub(crate) saving: &'static str,
    pub(crate) saved: &'static str,
    pub(crate) who_can_write: &'static str,
    pub(crate) posting: fn(Posting) -> &'static str,
    pub(crate) leave: &'static str,
    pub(crate) leave_question: fn(Visibility) -> &'static str,
    pub(crate) stay: &'static str,
    pub(crate) archive_room: &'static str,
    pub(crate) archive_question: &'static str,
    pub(crate) restore_room: &'static str,
    /// Why the server refused something, if the reason is about rooms.
    pub(crate) error: fn(ErrorCode) -> Option<String>,

    // What happens in a room
    /// What the author did, and for an added user the name.
    pub(crate) change: fn(InSentence, Option<InSentence>, &RoomChange) -> String,
    /// What the author did to another user.
    pub(crate) moderated: fn(InSentence, InSentence, &ModerationNotice) -> String,
    pub(crate) people_joined: fn(&[InSentence], usize) -> String,
    pub(crate) people_left: fn(&[InSentence], usize) -> String,
    pub(crate) both: fn(String, String) -> String,
    pub(crate) show_each: &'static str,
}

/// The names and the number of further people.
fn english_people(names: &[InSentence], more: usize) -> String {
    match (names, more) {
        ([one], 0) => one.to_string(),
        ([others @ .., last], 0) => format!("{} and {last}", join(others, ", ")),
        (_, 1) => format!("{} and 1 other", join(names, ", ")),
        _ => format!("{} and {more} others", join(names, ", ")),
    }
}

fn chinese_people(names: &[InSentence], more: usize) -> String {
    match more {
        0 => join(names, "、"),
        more => format!("{}等 {} 人", join(names, "、"), names.len() + more),
    }
}

pub(crate) static ROOM_SCREENS: Translations<RoomScreensTexts> = Translations {
    english: RoomScreensTexts {
        new_room: "New room",
        name: "Name",
        name_hint: "For example: Reading circle",
        topic: "Topic (optional)",
        topic_hint: "What it is about, in one line",
        who_can_see: "Who can see it",
        visibility: |visibility| match visibility {
            Visibility::Public => "Public",
            Visibility::Private => "Private",
        },
        visibility_effect: |visibility| match visibility {
            Visibility::Public => "Listed for all registered users, who can join by themselves.",
            Visibility::Private => "Only members know of it. A member has to add others.",
        },
        create: "Create room",
        creating: "Creating …",
        not_allowed_to_create: "On this server, only moderators create rooms. Ask one of them.",
        cancel: "Cancel",
        close: "Close",

        rooms: "Rooms",
        archive: "Archive",
        search: "Search rooms",
        joined: "Joined",
        join: "Join",
        join_room: |room| format!("Join {room}"),
        member_count: |count| if count == 1 { "1 member".into() } else { format!("{count} members") },
        loading: "Loading rooms …",
        retry: "Try again",
        show_more: "Show more",
        no_rooms: "There are no rooms yet. Create the first one.",
        no_archived_rooms: "No room is archived. Owners archive rooms that are no longer needed; they can still be read.",
        nothing_found: |text| format!("No room matches “{text}”. Private rooms appear here only for their members."),
        found: |count, more| match (count, more) {
            (1, false) => "1 room".into(),
            (count, false) => format!("{count} rooms"),
            (count, true) => format!("{count} rooms and more"),
        },
        accounts_only: "Guests can’t browse or join rooms.",
        how_to_register: "Set a password in the settings: that makes you a registered user, and your nickname stays yours.",

        not_a_member: "You are not a member of this room.",
        guests_cannot_join: "Guests can’t join rooms.",
        archived: "archived",
        public_room: "Public room: every registered user can find and join it",
        private_room: "Private room: only members know of it",

        members: "Members",
        about: "About this room",
        find_member: "Find a member",
        nobody_found: "No loaded member has such a name.",
        add_people: "Add people",
        nickname: "Nickname",
        add: "Add",
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
        no_topic: "No topic",
        copy_link: "Copy link",
        link_copied: "Link copied",
        copy_failed: "The browser didn’t allow copying.",
        save: "Save",
        saving: "Saving …",
        saved: "Saved",
        who_can_write: "Who can write",
        posting: |posting| match posting {
            Posting::Everyone => "All members",
            Posting::Moderators => "Only moderators and owners",
        },
        leave: "Leave room",
        leave_question: |visibility| match visibility {
            Visibility::Public => "Leave this room? You can join again at any time.",
            Visibility::Private => "Leave this room? It is private: only a member can add you again.",
        },
        stay: "Stay",
        archive_room: "Archive room",
        archive_question: "Archive this room? Nobody can write in it until an owner restores it.",
        restore_room: "Restore room",
        error: |code| {
            Some(match code {
                ErrorCode::InvalidRoomName => format!(
                    "A name has 1 to {MAX_NICKNAME_CHARACTERS} visible characters, one alphabet per word and no check marks."
                ),
                ErrorCode::RoomNameTaken => "Another public room has this name, or one that looks like it.".into(),
                ErrorCode::TopicTooLong => format!("A topic has at most {MAX_TOPIC_CHARACTERS} characters."),
                ErrorCode::TooManyRooms => "You are in as many rooms as possible. Leave one first.".into(),
                ErrorCode::Forbidden => "Your role in this room doesn’t allow that.".into(),
                ErrorCode::LastOwner => {
                    "You are the only owner of this room. Make someone else an owner first, or archive the room.".into()
                }
                ErrorCode::AccountRequired => "Only registered users can do that.".into(),
                _ => return None,
            })
        },

        change: |author, added, change| match change {
            RoomChange::Created { .. } => format!("{author} created this room"),
            RoomChange::Renamed { name } => format!("{author} renamed the room to “{}”", InSentence(name.as_str())),
            RoomChange::Topic { topic } if topic.is_empty() => format!("{author} removed the topic"),
            RoomChange::Topic { topic } => format!("{author} set the topic: {}", InSentence(topic.as_str())),
            RoomChange::Visibility { visibility: Visibility::Public } => format!("{author} made the room public"),
            RoomChange::Visibility { visibility: Visibility::Private } => format!("{author} made the room private"),
            RoomChange::Posting { posting: Posting::Everyone } => format!("{author} lets all members write"),
            RoomChange::Posting { posting: Posting::Moderators } => format!("{author} lets only moderators write"),
            RoomChange::Archived => format!("{author} archived the room"),
            RoomChange::Restored => format!("{author} restored the room"),
            RoomChange::Joined => format!("{author} joined"),
            RoomChange::Left => format!("{author} left"),
            RoomChange::Added { .. } => match added {
                Some(added) => format!("{author} added {added}"),
                None => format!("{author} added somebody"),
            },
        },
        moderated: |author, name, notice| {
            let done = match (notice.action, notice.role) {
                (Action::Mute, _) => "muted",
                (Action::Unmute, _) => "unmuted",
                (Action::Remove, _) => "removed",
                (Action::Ban, _) => "banned",
                (Action::Unban, _) => "unbanned",
                (Action::Appoint, Some(Role::Owner)) => return format!("{author} made {name} an owner"),
                (Action::Appoint, Some(Role::Moderator)) => return format!("{author} made {name} a moderator"),
                (Action::Appoint, _) => return format!("{author} made {name} a member"),
            };
            format!("{author} {done} {name}")
        },
        people_joined: |names, more| format!("{} joined", english_people(names, more)),
        people_left: |names, more| format!("{} left", english_people(names, more)),
        both: |joined, left| format!("{joined}, {left}"),
        show_each: "Show each",
    },
    chinese: RoomScreensTexts {
        new_room: "新建群聊",
        name: "名称",
        name_hint: "例如：读书会",
        topic: "主题（选填）",
        topic_hint: "用一句话说明聊什么",
        who_can_see: "谁可以看到",
        visibility: |visibility| match visibility {
            Visibility::Public => "公开",
            Visibility::Private => "私密",
        },
        visibility_effect: |visibility| match visibility {
            Visibility::Public => "所有注册用户都能看到并自行加入。",
            Visibility::Private => "只有成员知道，新成员需由成员添加。",
        },
        create: "创建",
        creating: "正在创建…",
        not_allowed_to_create: "本站只有管理员可以新建群聊，请联系管理员。",
        cancel: "取消",
        close: "关闭",

        rooms: "群聊",
        archive: "已归档",
        search: "搜索群聊",
        joined: "已加入",
        join: "加入",
        join_room: |room| format!("加入{room}"),
        member_count: |count| format!("{count} 位成员"),
        loading: "正在加载群聊…",
        retry: "重试",
        show_more: "显示更多",
        no_rooms: "还没有群聊，来新建第一个吧。",
        no_archived_rooms: "没有已归档的群聊。不再使用的群可由群主归档，之后仍可查看。",
        nothing_found: |text| format!("没有与“{text}”匹配的群聊。私密群只对成员可见。"),
        found: |count, more| if more { format!("{count} 个以上群聊") } else { format!("{count} 个群聊") },
        accounts_only: "访客不能浏览或加入群聊。",
        how_to_register: "在设置中设置密码即可成为注册用户，昵称也会一直归你所有。",

        not_a_member: "你还不是此群的成员。",
        guests_cannot_join: "访客不能加入群聊。",
        archived: "已归档",
        public_room: "公开群：所有注册用户都能找到并加入",
        private_room: "私密群：只有成员知道",

        members: "成员",
        about: "关于此群",
        find_member: "查找成员",
        nobody_found: "已加载的成员中没有此人。",
        add_people: "添加成员",
        nickname: "昵称",
        add: "添加",
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
        no_topic: "暂无主题",
        copy_link: "复制链接",
        link_copied: "链接已复制",
        copy_failed: "浏览器不允许复制。",
        save: "保存",
        saving: "正在保存…",
        saved: "已保存",
        who_can_write: "谁可以发言",
        posting: |posting| match posting {
            Posting::Everyone => "所有成员",
            Posting::Moderators => "仅管理员和群主",
        },
        leave: "退出此群",
        leave_question: |visibility| match visibility {
            Visibility::Public => "退出此群？之后可以随时重新加入。",
            Visibility::Private => "退出此群？这是私密群，只有成员能重新添加你。",
        },
        stay: "留下",
        archive_room: "归档此群",
        archive_question: "归档此群？归档后无人能发言，直到群主恢复。",
        restore_room: "恢复此群",
        error: |code| {
            Some(match code {
                ErrorCode::InvalidRoomName => {
                    format!("名称需要 1 到 {MAX_NICKNAME_CHARACTERS} 个可见字符，每个词只用一种文字，不含对勾符号。")
                }
                ErrorCode::RoomNameTaken => "已有公开群使用此名称或相似的名称。".into(),
                ErrorCode::TopicTooLong => format!("主题最多 {MAX_TOPIC_CHARACTERS} 个字符。"),
                ErrorCode::TooManyRooms => "你加入的群已达上限，请先退出一个。".into(),
                ErrorCode::Forbidden => "你在此群中没有此权限。".into(),
                ErrorCode::LastOwner => "你是此群唯一的群主，请先设置另一位群主，或将此群归档。".into(),
                ErrorCode::AccountRequired => "仅限注册用户操作。".into(),
                _ => return None,
            })
        },

        change: |author, added, change| match change {
            RoomChange::Created { .. } => format!("{author}创建了此群"),
            RoomChange::Renamed { name } => format!("{author}将群名改为“{}”", InSentence(name.as_str())),
            RoomChange::Topic { topic } if topic.is_empty() => format!("{author}移除了主题"),
            RoomChange::Topic { topic } => format!("{author}将主题设为：{}", InSentence(topic.as_str())),
            RoomChange::Visibility { visibility: Visibility::Public } => format!("{author}将此群设为公开"),
            RoomChange::Visibility { visibility: Visibility::Private } => format!("{author}将此群设为私密"),
            RoomChange::Posting { posting: Posting::Everyone } => format!("{author}允许所有成员发言"),
            RoomChange::Posting { posting: Posting::Moderators } => format!("{author}设为仅管理员可发言"),
            RoomChange::Archived => format!("{author}归档了此群"),
            RoomChange::Restored => format!("{author}恢复了此群"),
            RoomChange::Joined => format!("{author}加入了"),
            RoomChange::Left => format!("{author}退出了"),
            RoomChange::Added { .. } => match added {
                Some(added) => format!("{author}添加了{added}"),
                None => format!("{author}添加了成员"),
            },
        },
        moderated: |author, name, notice| match (notice.action, notice.role) {
            (Action::Mute, _) => format!("{author}禁言了{name}"),
            (Action::Unmute, _) => format!("{author}解除了{name}的禁言"),
            (Action::Remove, _) => format!("{author}移出了{name}"),
            (Action::Ban, _) => format!("{author}封禁了{name}"),
            (Action::Unban, _) => format!("{author}解除了{name}的封禁"),
            (Action::Appoint, Some(Role::Owner)) => format!("{author}将{name}设为所有者"),
            (Action::Appoint, Some(Role::Moderator)) => format!("{author}将{name}设为管理员"),
            (Action::Appoint, _) => format!("{author}将{name}设为普通成员"),
        },
        people_joined: |names, more| format!("{}加入了", chinese_people(names, more)),
        people_left: |names, more| format!("{}退出了", chinese_people(names, more)),
        both: |joined, left| format!("{joined}，{left}"),
        show_each: "逐条显示",
    },
};
