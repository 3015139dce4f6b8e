//! Why the server refused something, where rooms have words of their own for it.

use crate::{
    domain::{MAX_NICKNAME_CHARACTERS, MAX_TOPIC_CHARACTERS},
    protocol::ErrorCode,
    ui::i18n::translations::Translations,
};

pub(crate) struct RoomErrorsTexts {
    /// Why the server refused something, if the reason is about rooms.
    pub(crate) error: fn(ErrorCode) -> Option<String>,
}

pub(crate) static ROOM_ERRORS: Translations<RoomErrorsTexts> = Translations {
    english: RoomErrorsTexts {
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
    },
    chinese: RoomErrorsTexts {
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
    },
};
