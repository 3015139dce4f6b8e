//! The lines that `teahouse admin` prints about users, messages and moderation.

use std::fmt::Write as _;

use crate::{
    domain::{Action, AuditEntry, ConversationId, Message, Nickname, Report, Sanction, Timestamp, User, utc},
    server::{admin::wire::LOBBY, rules::BannedNetwork, store::FoundMessage},
};

/// How many characters (code points) of a message `messages` shows.
const MAX_PREVIEW_CHARACTERS: usize = 60;

pub(super) fn user_line(user: &User) -> String {
    let kind = if user.registered { user.role.name() } else { "guest" };
    format!("{kind:<10} {} {}\n", user.id, user.nickname.as_str())
}

/// Begins with the arguments that `delete-message` takes.
pub(super) fn message_line(FoundMessage { conversation, message }: &FoundMessage, lobby: ConversationId) -> String {
    let conversation = if *conversation == lobby { LOBBY.to_owned() } else { conversation.to_string() };
    let Message { seq, at, author, body, deleted, notice, .. } = message;
    let text = match notice {
        Some(notice) => format!("({} {})", notice.action.name(), notice.user.nickname.as_str()),
        None if *deleted => "(deleted)".to_owned(),
        None => preview(body.as_str()),
    };
    format!("{conversation} {seq} {} {}: {text}\n", utc::in_full(*at), author.nickname.as_str())
}

/// The beginning of a text, on one line.
fn preview(text: &str) -> String {
    let mut preview: String =
        text.chars().take(MAX_PREVIEW_CHARACTERS).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if preview.len() < text.len() {
        preview.push('…');
    }
    preview
}

pub(super) fn sanction_line(sanction: &Sanction) -> String {
    let Sanction { user, action, conversation, until } = sanction;
    format!("{:<5} {} {}{}\n", action.name(), nickname_of(&user.nickname), in_room(*conversation), until_text(*until))
}

pub(super) fn network_line(BannedNetwork { network, until }: &BannedNetwork) -> String {
    format!("{:<5} {network}{}\n", Action::Ban.name(), until_text(*until))
}

pub(super) fn audit_line(entry: &AuditEntry) -> String {
    let AuditEntry { id, at, actor, action, subject, conversation, until, detail } = entry;
    let name = |user: &Option<User>, default: &str| {
        user.as_ref().map_or_else(|| default.to_owned(), |user| nickname_of(&user.nickname).to_owned())
    };
    let mut line = format!("{id} {} {}: {action}", utc::in_full(*at), name(actor, "the operator"));
    // Writing to a string can't fail.
    let _ = write!(line, " {}{}{}", name(subject, ""), in_room(*conversation), until_text(*until));
    let _ = writeln!(line, " {}", detail.as_deref().unwrap_or_default());
    line
}

/// A report, followed by one line per message; `>` marks the reported one.
pub(super) fn report_lines(report: &Report) -> String {
    let Report { id, at, reporter, reason, direct, seq, deleted, messages, .. } = report;
    let conversation = if *direct { "a direct" } else { "a room" };
    let deleted = if *deleted { ", deleted since" } else { "" };
    let (reporter, reason, at) = (nickname_of(&reporter.nickname), reason.as_str(), utc::in_full(*at));
    let mut lines = format!("{id} {at} {reporter} reported a message in {conversation}{deleted}: {reason}\n");
    for message in messages {
        let mark = if message.seq == *seq { '>' } else { ' ' };
        // Each message stays on its line.
        let body: String = message.body.as_str().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let (at, author) = (utc::in_full(message.at), nickname_of(&message.author.nickname));
        // Writing to a string can't fail.
        let _ = writeln!(lines, "  {mark} {at} {author}: {body}");
    }
    lines
}

/// The nickname, or a description for a user whose account was deleted.
fn nickname_of(nickname: &Nickname) -> &str {
    if nickname.is_former() { "(former user)" } else { nickname.as_str() }
}

fn in_room(room: Option<ConversationId>) -> String {
    room.map(|room| format!(" in {room}")).unwrap_or_default()
}

fn until_text(until: Option<Timestamp>) -> String {
    until.map(|until| format!(" until {}", utc::in_full(until))).unwrap_or_default()
}
