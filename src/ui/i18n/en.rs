//! English.

use crate::{
    domain::{Action, EndReason, MAX_BODY_CHARACTERS, MAX_NICKNAME_CHARACTERS, MAX_REACTIONS, ModerationNotice, Role},
    protocol::ErrorCode,
    ui::i18n::{in_sentence::join, texts::Texts},
};

pub(crate) static TEXTS: Texts = Texts {
    tagline: "Come in, pick a name, and talk.",
    accounts_only: "This place is for people with an account. Sign in to talk.",
    nickname: "Nickname",
    join: "Enter",
    joining: "Entering …",
    users_online: |count| if count == 1 { "1 person is here".into() } else { format!("{count} people are here") },
    nobody_online: "Nobody is here yet. Be the first.",
    try_name: |name| format!("Take “{name}” instead"),
    have_password: "I have a password",
    this_is_me: "This is me: sign in",
    password: "Password",
    show_password: "Show the password",
    sign_in: "Sign in",
    removed: "A moderator has removed you from here.",
    ended: |reason| match reason {
        EndReason::SignedOut => "This session was ended elsewhere.",
        EndReason::PasswordChanged => "The password was changed, and this session has ended.",
        EndReason::Removed => "A moderator has removed you from here.",
        EndReason::Expired => "You were signed in for long, or away for long. Sign in again.",
        EndReason::GuestsEnded => {
            "The sessions of all guests were ended by whoever runs this server. If you have an account, sign in."
        }
    },
    claim: "This link makes you the owner of this server: choose a nickname and a password.",
    rejoin: "Come back",
    notice,
    retry_in: |seconds| format!("Try again in {seconds} s"),
    language: "Language",

    main_navigation: "Conversations",
    rooms: "Rooms",
    private: "Private",
    online_now: |count| format!("Here now · {count}"),
    online_count: |count| format!("{count} here"),
    only_you_online: "Just you. Send a friend the address of this page.",
    too_many_to_list: "Too many to list. Find people by name above.",
    lobby: "Lobby",
    lobby_topic: "Everyone who comes in is here",
    private_topic: |name| format!("Only {name} and you can read this"),
    namesake_topic: |name| format!("This is another person than the {name} whom you wrote with before"),
    namesake: "another person than before",
    online: "here now",
    offline: "away",
    has_left: "left for good",
    former_users: "Gone",
    user_left_note: |name| format!("{name} has left for good. Nobody would read what you write here."),
    hide: "Hide from the list",
    block: "Block this person",
    unblock: "Unblock",
    blocked: "People you have blocked",
    show_more: "Show more",
    unread: |count| format!("{count} unread"),
    back: "Back to the list",
    you: "you",
    former_user: "Former user",

    settings: "Settings",
    admin: "To the office",
    theme: "Appearance",
    theme_auto: "Auto",
    theme_light: "Light",
    theme_dark: "Dark",

    your_nickname: "Your nickname",
    guest_note: "Your nickname is yours as long as this browser remembers you. Set a password to keep it for good and to sign in elsewhere.",
    registered_note: "A password protects your nickname. Sign in with it anywhere.",
    set_password: "Set a password",
    change_password: "Change the password",
    saving: "Saving …",
    current_password: "Current password",
    new_password: "New password",
    password_hint: "At least 8 characters",
    other_sessions_end: "You stay signed in here. All your other sessions end.",
    wrong_current_password: "That is not the current password.",
    password_set: "Done: the nickname is yours for good.",
    password_changed: "Done: the password is changed, and your other sessions have ended.",
    owner: "owner",
    moderator: "moderator",
    registered: "registered",
    sessions: "Where you are signed in",
    this_session: "this one, in use now",
    recently: "a short while ago",
    unknown_program: "Unknown program",
    end_session: "End",
    sign_out: "Sign out",
    leave: "Leave",
    stay: "Stay",
    release_nickname: "Give it up",
    leave_question: |name| {
        format!("If you leave, you give “{name}” up, and anybody may take it. Your messages stay. Leave?")
    },
    delete_account: "Delete my account …",
    delete_account_effect: "Your nickname is free for others, you are signed out everywhere, and you cannot come back as yourself. Nobody can undo it.",
    your_messages: "Your messages",
    messages_kept: "stay, as those of a former user",
    messages_deleted: "are deleted, all of them",
    delete_account_now: "Delete my account",
    deleting: "Deleting …",
    account_deleted: "Your account is deleted.",
    last_used: |when| format!("last used {when}"),
    program_on: |program, system| format!("{program} on {system}"),

    recipient_label: "Talk to",
    recipient_placeholder: "Talk to …",
    recipient_hint: "Everyone, or somebody’s nickname",
    everyone: "Everyone",
    to: "to",
    change_recipient: |name| format!("Writing to {name}. Choose somebody else"),
    suggestions: "Suggestions",
    open: "Open",

    message: "Message",
    write_to_everyone: "Write to everyone in the Lobby",
    write_to: |name| format!("Write to {name} alone"),
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
    menu: "What to do with this message",
    menu_hint: "The arrow keys choose a message, Enter what to do with it",
    more_emoji: "More emoji",
    edit: "Edit",
    delete: "Delete",
    delete_question: "Delete this message?",
    keep: "Keep it",
    moderate: "Moderate …",
    report: "Report",
    report_question: "Moderators will see this message and those around it.",
    report_reason: "Why? (optional)",
    reported: "Reported. Moderators will look at it.",
    editing: "Editing your message",
    empty_edit: "Nothing is left of your message. Write something, or cancel and delete it.",
    cancel: "Cancel",
    save: "Save",

    messages: "Messages",
    today: "Today",
    yesterday: "Yesterday",
    new_messages: "New",
    to_latest: "To the newest message",
    loading: "Loading messages …",
    load_failed: "The messages could not be loaded.",
    start_of_history: "This is where it began",
    empty_lobby: "Nobody has said a word yet. Say hello!",
    empty_direct: |name| {
        format!("Nothing here yet. What you write is for {name} alone; they find it even if they are away now.")
    },
    typing: |names| match names {
        [one] => format!("{one} is typing …"),
        [one, two] => format!("{one} and {two} are typing …"),
        _ => "Several people are typing …".into(),
    },
    unknown_conversation: "There is no such conversation, or it is not yours.",

    connecting: "Connecting …",
    #[cfg(feature = "ssr")]
    needs_javascript: "Without JavaScript this page does not show by itself what is new.",
    #[cfg(feature = "ssr")]
    app_failed: "A part of this page did not come, so it does not show what is new.",
    #[cfg(feature = "ssr")]
    reload: "Load it anew",
    connection_lost: "Connection lost. What you write is kept and sent as soon as it is back.",
    restarting: "The server is restarting. What you write is kept and sent as soon as it is back.",
    storage_unavailable: "This browser keeps nothing for this page. What is not sent when you close or reload it is lost.",
    got_it: "Got it",
    unreachable: "The server can’t be reached. Check your connection and try again.",
    not_found: "There is nothing here.",
    back_to_chat: "To the tea house",

    error: |code| {
        match code {
        ErrorCode::NicknameTaken => "Somebody here has this name, or one that looks like it.".into(),
        ErrorCode::InvalidNickname => {
            format!(
                "A nickname has 1 to {} characters that can be seen, one alphabet a word, no check marks, and is no word for everyone, the server or a role.",
                MAX_NICKNAME_CHARACTERS
            )
        }
        ErrorCode::WrongPassword => "The nickname or the password is wrong.".into(),
        ErrorCode::InvalidPassword => {
            "A password has 8 to 256 characters and is not one that everybody tries first, your nickname, a repetition or a plain sequence.".into()
        }
        ErrorCode::UnknownUser => "Nobody here has that name.".into(),
        ErrorCode::SelfDirect => "That is you. Choose somebody else.".into(),
        ErrorCode::UserGone => "They have left for good: nobody would read this.".into(),
        ErrorCode::Blocked => "You have blocked this person. You can unblock them in the settings.".into(),
        ErrorCode::TooManyBlocks => "You have blocked as many people as you can. Unblock somebody first.".into(),
        ErrorCode::EmptyMessage => "There is nothing to send.".into(),
        ErrorCode::MessageTooLong => {
            format!("That is too long: a message has at most {} characters. Nothing was sent.", MAX_BODY_CHARACTERS)
        }
        ErrorCode::InvalidMessage => "One of its characters carries too many marks. Nothing was sent.".into(),
        ErrorCode::RateLimited => "That was a bit fast. Wait a moment and try again.".into(),
        ErrorCode::StorageUnavailable => "The server can’t save anything at the moment. Try again soon.".into(),
        ErrorCode::UnknownConversation => "There is no such conversation, or it is not yours.".into(),
        ErrorCode::UnknownMessage => "The message was deleted meanwhile.".into(),
        ErrorCode::Forbidden => "That is somebody else’s message: only they can change it.".into(),
        ErrorCode::Muted => "A moderator has muted you: you can read, but not write.".into(),
        ErrorCode::Banned => "A moderator keeps you out.".into(),
        ErrorCode::InviteRequired => "You need an invite to come in here. Ask somebody for a link.".into(),
        ErrorCode::InvalidInvite => "This invite is used up, has ended, or never was. Ask for another one.".into(),
        ErrorCode::AccountRequired => "Only people with an account may come in here.".into(),
        ErrorCode::LastOwner => "You are the only owner. Appoint another one first.".into(),
        ErrorCode::InvalidEmoji => "A reaction is one emoji.".into(),
        ErrorCode::TooManyReactions => format!("A message carries at most {} different emoji.", MAX_REACTIONS),
        ErrorCode::Unauthenticated => "Your session has ended. Come in again.".into(),
        _ => "That did not work. Try again.".into(),
    }
    },
    unknown_user: |name| format!("Nobody here is called “{name}”."),
    recipient_mismatch: |to, wanted| match to {
        None => format!("This goes to everyone in the Lobby, not to “{wanted}”. Send it again if that is right."),
        Some(to) => format!("This goes to {to} alone, not to “{wanted}”. Send it again if that is right."),
    },
};

fn notice(notice: &ModerationNotice) -> String {
    let done = match notice.action {
        Action::Mute => "muted",
        Action::Unmute => "let speak again",
        Action::Remove => "removed",
        Action::Ban => "banned",
        Action::Unban => "let in again",
        Action::Appoint => match notice.role {
            Some(Role::Owner) => "made an owner",
            Some(Role::Moderator) => "made a moderator",
            _ => "made a member like all others",
        },
    };
    format!("{} was {done}", TEXTS.name_in(&notice.user.nickname))
}
