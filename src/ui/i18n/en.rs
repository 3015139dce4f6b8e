//! English.

use crate::{
    domain::{Action, EndReason, MAX_BODY_CHARACTERS, MAX_NICKNAME_CHARACTERS, MAX_REACTIONS, ModerationNotice, Role},
    protocol::ErrorCode,
    ui::i18n::{in_sentence::join, texts::Texts},
};

pub(crate) static TEXTS: Texts = Texts {
    tagline: "Pick a nickname and start chatting.",
    accounts_only: "This server is for registered users. Sign in to chat.",
    nickname: "Nickname",
    join: "Join",
    joining: "Joining …",
    users_online: |count| if count == 1 { "1 person online".into() } else { format!("{count} people online") },
    nobody_online: "Nobody is online yet. Be the first.",
    try_name: |name| format!("Use “{name}” instead"),
    have_password: "I have a password",
    this_is_me: "This is me: sign in",
    password: "Password",
    show_password: "Show password",
    sign_in: "Sign in",
    removed: "A moderator removed you.",
    ended: |reason| match reason {
        EndReason::SignedOut => "This session was ended on another device.",
        EndReason::PasswordChanged => "Your password was changed, so this session has ended.",
        EndReason::Removed => "A moderator removed you.",
        EndReason::Expired => "Your session has expired. Sign in again.",
        EndReason::GuestsEnded => {
            "The operator has ended all guest sessions. If you have an account, sign in."
        }
    },
    claim: "This link makes you the owner of this server. Choose a nickname and a password.",
    rejoin: "Rejoin",
    notice,
    retry_in: |seconds| format!("Try again in {seconds} s"),
    language: "Language",

    main_navigation: "Conversations",
    rooms: "Rooms",
    private: "Direct messages",
    online_now: |count| format!("Online · {count}"),
    online_count: |count| format!("{count} online"),
    only_you_online: "Just you. Send friends the address of this page.",
    too_many_to_list: "Too many to list. Search by name above.",
    lobby: "Lobby",
    lobby_topic: "Everyone on this server is here",
    private_topic: |name| format!("Only {name} and you can read this"),
    namesake_topic: |name| format!("This is not the {name} you wrote with before"),
    namesake: "not the same person as before",
    online: "online",
    offline: "offline",
    has_left: "left for good",
    former_users: "Left",
    user_left_note: |name| format!("{name} has left for good and won’t read new messages."),
    hide: "Hide from list",
    block: "Block user",
    unblock: "Unblock",
    blocked: "Blocked users",
    show_more: "Show more",
    unread: |count| format!("{count} unread"),
    back: "Back to the list",
    you: "you",
    former_user: "Former user",

    settings: "Settings",
    admin: "Admin",
    theme: "Appearance",
    theme_auto: "Auto",
    theme_light: "Light",
    theme_dark: "Dark",

    your_nickname: "Your nickname",
    guest_note: "Your nickname is yours while this browser stays signed in. Set a password to keep it and to sign in on other devices.",
    registered_note: "A password protects your nickname. Use it to sign in anywhere.",
    set_password: "Set a password",
    change_password: "Change password",
    saving: "Saving …",
    current_password: "Current password",
    new_password: "New password",
    password_hint: "At least 8 characters",
    other_sessions_end: "You stay signed in here. All other sessions end.",
    wrong_current_password: "That’s not your current password.",
    password_set: "Password set. The nickname is now yours.",
    password_changed: "Password changed. Your other sessions have ended.",
    owner: "owner",
    moderator: "moderator",
    registered: "registered",
    sessions: "Signed-in devices",
    this_session: "this device, active now",
    recently: "recently",
    unknown_program: "Unknown app",
    end_session: "End",
    sign_out: "Sign out",
    leave: "Leave",
    stay: "Stay",
    release_nickname: "Give up nickname",
    leave_question: |name| {
        format!("If you leave, anyone can take the nickname “{name}”. Your messages stay. Leave?")
    },
    delete_account: "Delete my account …",
    delete_account_effect: "Others can take your nickname, you are signed out everywhere, and you can’t get the account back. This can’t be undone.",
    your_messages: "Your messages",
    messages_kept: "stay, as from a former user",
    messages_deleted: "are all deleted",
    delete_account_now: "Delete my account",
    deleting: "Deleting …",
    account_deleted: "Your account is deleted.",
    last_used: |when| format!("last used {when}"),
    program_on: |program, system| format!("{program} on {system}"),

    recipient_label: "Talk to",
    recipient_placeholder: "Talk to …",
    recipient_hint: "Everyone, or a nickname",
    everyone: "Everyone",
    to: "to",
    change_recipient: |name| format!("Writing to {name}. Change recipient"),
    suggestions: "Suggestions",
    open: "Open",

    message: "Message",
    write_to_everyone: "Write to everyone in the Lobby",
    write_to: |name| format!("Write to {name} privately"),
    send: "Send",
    sending: "sending …",
    waiting_for_connection: "waiting for the connection",
    not_sent: "Not sent.",
    not_changed: "Not changed.",
    retry: "Try again",
    discard: "Discard",

    edited: "edited",
    deleted: "Message deleted",
    reactions: "Reactions",
    who_reacted: |names, more| match (names, more) {
        ([one], 0) => one.to_string(),
        ([others @ .., last], 0) => format!("{} and {last}", join(others, ", ")),
        _ => format!("{} and {more} more", join(names, ", ")),
    },
    menu: "Message actions",
    menu_hint: "Use the arrow keys to choose a message and Enter to open its actions",
    more_emoji: "More emoji",
    edit: "Edit",
    delete: "Delete",
    delete_question: "Delete this message?",
    keep: "Keep it",
    moderate: "Moderate …",
    report: "Report",
    report_question: "Moderators will see this message and those around it.",
    report_reason: "Reason (optional)",
    reported: "Reported. Moderators will look at it.",
    editing: "Editing your message",
    empty_edit: "Your message is empty. Write something, or cancel and delete it.",
    cancel: "Cancel",
    save: "Save",

    messages: "Messages",
    today: "Today",
    yesterday: "Yesterday",
    new_messages: "New",
    to_latest: "Jump to latest message",
    loading: "Loading messages …",
    load_failed: "The messages couldn’t be loaded.",
    start_of_history: "This is the beginning",
    empty_lobby: "No messages yet. Say hello!",
    empty_direct: |name| {
        format!("No messages yet. What you write is only for {name}, who will find it even if offline now.")
    },
    typing: |names| match names {
        [one] => format!("{one} is typing …"),
        [one, two] => format!("{one} and {two} are typing …"),
        _ => "Several people are typing …".into(),
    },
    unknown_conversation: "This conversation doesn’t exist, or you aren’t in it.",

    connecting: "Connecting …",
    #[cfg(feature = "ssr")]
    needs_javascript: "Without JavaScript, new messages don’t appear by themselves.",
    #[cfg(feature = "ssr")]
    app_failed: "Part of this page failed to load, so new messages don’t appear.",
    #[cfg(feature = "ssr")]
    reload: "Reload",
    connection_lost: "Connection lost. Your messages are kept and sent when it is back.",
    restarting: "The server is restarting. Your messages are kept and sent when it is back.",
    storage_unavailable: "This browser blocks storage for this page. Unsent messages are lost when you close or reload it.",
    got_it: "Got it",
    unreachable: "The server can’t be reached. Check your connection and try again.",
    not_found: "Page not found.",
    back_to_chat: "Back to chat",

    error: |code| {
        match code {
        ErrorCode::NicknameTaken => "This nickname, or one that looks like it, is taken.".into(),
        ErrorCode::InvalidNickname => {
            format!(
                "A nickname has 1 to {} visible characters, one alphabet per word and no check marks. Words for everyone, the server or a role are reserved.",
                MAX_NICKNAME_CHARACTERS
            )
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
            format!("That is too long: a message has at most {} characters. Nothing was sent.", MAX_BODY_CHARACTERS)
        }
        ErrorCode::InvalidMessage => "A character has too many marks. Nothing was sent.".into(),
        ErrorCode::RateLimited => "That was too fast. Wait a moment and try again.".into(),
        ErrorCode::StorageUnavailable => "The server can’t save anything at the moment. Try again soon.".into(),
        ErrorCode::UnknownConversation => "This conversation doesn’t exist, or you aren’t in it.".into(),
        ErrorCode::UnknownMessage => "The message has been deleted.".into(),
        ErrorCode::Forbidden => "You can only change your own messages.".into(),
        ErrorCode::Muted => "A moderator has muted you: you can read, but not write.".into(),
        ErrorCode::Banned => "A moderator has banned you.".into(),
        ErrorCode::InviteRequired => "You need an invite link to join. Ask someone for one.".into(),
        ErrorCode::InvalidInvite => "This invite link has expired, is used up or is not valid. Ask for a new one.".into(),
        ErrorCode::AccountRequired => "Only registered users can join.".into(),
        ErrorCode::LastOwner => "You are the only owner. Make someone else an owner first.".into(),
        ErrorCode::InvalidEmoji => "A reaction is one emoji.".into(),
        ErrorCode::TooManyReactions => format!("A message can have at most {} different emoji.", MAX_REACTIONS),
        ErrorCode::Unauthenticated => "Your session has ended. Sign in again.".into(),
        _ => "That didn’t work. Try again.".into(),
    }
    },
    unknown_user: |name| format!("No user is called “{name}”."),
    recipient_mismatch: |to, wanted| match to {
        None => format!("This goes to everyone in the Lobby, not to “{wanted}”. Send it again if that is right."),
        Some(to) => format!("This goes to {to} alone, not to “{wanted}”. Send it again if that is right."),
    },
};

fn notice(notice: &ModerationNotice) -> String {
    let done = match notice.action {
        Action::Mute => "muted",
        Action::Unmute => "unmuted",
        Action::Remove => "removed",
        Action::Ban => "banned",
        Action::Unban => "unbanned",
        Action::Appoint => match notice.role {
            Some(Role::Owner) => "made an owner",
            Some(Role::Moderator) => "made a moderator",
            _ => "made a member",
        },
    };
    format!("{} was {done}", TEXTS.name_in(&notice.user.nickname))
}
