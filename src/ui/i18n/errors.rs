//! Why the server refused something, or could not be asked.

use crate::{
    domain::{MAX_BODY_CHARACTERS, MAX_NICKNAME_CHARACTERS, MAX_PINS, MAX_REACTIONS},
    protocol::ErrorCode,
    ui::i18n::translations::Translations,
};

pub(crate) struct ErrorTexts {
    pub(crate) error: fn(ErrorCode) -> String,
    pub(crate) unreachable: &'static str,
    pub(crate) retry_in: fn(u32) -> String,
}

impl ErrorTexts {
    /// What to tell a user whose request was refused for this reason, or, without one, did not reach the server.
    pub(crate) fn refusal(&self, code: Option<ErrorCode>) -> String {
        code.map_or_else(|| self.unreachable.to_owned(), self.error)
    }
}

pub(crate) static ERRORS: Translations<ErrorTexts> = Translations {
    english: ErrorTexts {
        error: |code| {
            match code {
            ErrorCode::NicknameTaken => "This nickname, or one that looks like it, is taken.".into(),
            ErrorCode::InvalidNickname => {
                format!("A nickname has 1 to {MAX_NICKNAME_CHARACTERS} visible characters, one alphabet per word and no check marks. Words for everyone, the server or a role are reserved.")
            }
            ErrorCode::WrongPassword => "Wrong nickname or password.".into(),
            ErrorCode::InvalidPassword => {
                "A password has 8 to 256 characters and is not a common password, your nickname, a repetition or a sequence.".into()
            }
            ErrorCode::UnknownUser => "No user has that nickname.".into(),
            ErrorCode::SelfDirect => "That’s you. Choose someone else.".into(),
            ErrorCode::UserGone => "This user has left for good and won’t read messages.".into(),
            ErrorCode::Blocked => "You have blocked this user. You can unblock them in the settings.".into(),
            ErrorCode::TooManyBlocks => "You can’t block more users. Unblock someone first.".into(),
            ErrorCode::EmptyMessage => "There is nothing to send.".into(),
            ErrorCode::MessageTooLong => {
                format!("That is too long: a message has at most {MAX_BODY_CHARACTERS} characters. Nothing was sent.")
            }
            ErrorCode::InvalidMessage => "A character has too many marks. Nothing was sent.".into(),
            ErrorCode::RateLimited => "That was too fast. Wait a moment and try again.".into(),
            ErrorCode::StorageUnavailable => "The server can’t save anything at the moment. Try again soon.".into(),
            ErrorCode::UnknownConversation => "This conversation doesn’t exist, or you aren’t in it.".into(),
            ErrorCode::UnknownMessage => "The message has been deleted.".into(),
            ErrorCode::RoomArchived => "This room is archived, so nothing can be changed in it.".into(),
            ErrorCode::Forbidden => "You aren’t allowed to do that here.".into(),
            ErrorCode::Muted => "A moderator has muted you: you can read, but not write.".into(),
            ErrorCode::Banned => "A moderator has banned you.".into(),
            ErrorCode::InviteRequired => "You need an invite link to join. Ask someone for one.".into(),
            ErrorCode::InvalidInvite => "This invite link has expired, is used up or is not valid. Ask for a new one.".into(),
            ErrorCode::AccountRequired => "Only registered users can join.".into(),
            ErrorCode::LastOwner => "You are the only owner. Make someone else an owner first.".into(),
            ErrorCode::InvalidEmoji => "A reaction is one emoji.".into(),
            ErrorCode::TooManyReactions => format!("A message can have at most {MAX_REACTIONS} different emoji."),
            ErrorCode::TooManyPins => format!("At most {MAX_PINS} messages can be pinned. Unpin one first."),
            ErrorCode::Unauthenticated => "Your session has ended. Sign in again.".into(),
            _ => "That didn’t work. Try again.".into(),
        }
        },
        unreachable: "The server can’t be reached. Check your connection and try again.",
        retry_in: |seconds| format!("Try again in {seconds} s"),
    },
    chinese: ErrorTexts {
        error: |code| match code {
            ErrorCode::NicknameTaken => "昵称已被使用，或与已有昵称太相似。".into(),
            ErrorCode::InvalidNickname => {
                format!(
                    "昵称需要 1 到 {MAX_NICKNAME_CHARACTERS} 个可见字符，每个词只用一种文字，不含对勾符号，也不能是“所有人”“系统”“管理员”等保留词。"
                )
            }
            ErrorCode::WrongPassword => "昵称或密码错误。".into(),
            ErrorCode::InvalidPassword => {
                "密码需要 8 到 256 个字符，不能是常见密码、昵称，也不能是重复或连续的字符。".into()
            }
            ErrorCode::UnknownUser => "没有这个昵称的用户。".into(),
            ErrorCode::SelfDirect => "这是你自己，换个人吧。".into(),
            ErrorCode::UserGone => "对方已离开，不会再看到消息。".into(),
            ErrorCode::Blocked => "你已屏蔽该用户，可在设置中取消屏蔽。".into(),
            ErrorCode::TooManyBlocks => "屏蔽人数已达上限，请先取消屏蔽其他用户。".into(),
            ErrorCode::EmptyMessage => "消息内容不能为空。".into(),
            ErrorCode::MessageTooLong => format!("消息太长，最多 {MAX_BODY_CHARACTERS} 个字符。未发送。"),
            ErrorCode::InvalidMessage => "有个字符叠加了太多符号。未发送。".into(),
            ErrorCode::RateLimited => "操作太快，请稍后再试。".into(),
            ErrorCode::StorageUnavailable => "服务器暂时无法保存，请稍后再试。".into(),
            ErrorCode::UnknownConversation => "会话不存在，或你不在其中。".into(),
            ErrorCode::UnknownMessage => "这条消息已被撤回。".into(),
            ErrorCode::RoomArchived => "此群已归档，不能再修改。".into(),
            ErrorCode::Forbidden => "你没有权限进行此操作。".into(),
            ErrorCode::Muted => "你已被禁言，只能查看消息。".into(),
            ErrorCode::Banned => "你已被封禁。".into(),
            ErrorCode::InviteRequired => "需要邀请链接才能加入，可以向他人索取。".into(),
            ErrorCode::InvalidInvite => "邀请链接已过期、已用完或无效，请重新索取。".into(),
            ErrorCode::AccountRequired => "仅限注册用户加入。".into(),
            ErrorCode::LastOwner => "你是唯一的所有者，请先设置另一位所有者。".into(),
            ErrorCode::InvalidEmoji => "只能用一个表情回应。".into(),
            ErrorCode::TooManyReactions => format!("一条消息最多 {MAX_REACTIONS} 种表情回应。"),
            ErrorCode::TooManyPins => format!("最多置顶 {MAX_PINS} 条消息，请先取消一条置顶。"),
            ErrorCode::Unauthenticated => "会话已失效，请重新登录。".into(),
            _ => "操作失败，请重试。".into(),
        },
        unreachable: "无法连接服务器，请检查网络后重试。",
        retry_in: |seconds| format!("{seconds} 秒后重试"),
    },
};
