//! The targets of links with a text of their own.

use super::links::{Piece, split_links};

/// The longest target, in bytes.
const MAX_BYTES: usize = 2_000;

/// The target in parentheses at `place`, and where it ends, after the closing parenthesis. `None` if it is none that a reader
/// could judge.
pub(super) fn target_at(text: &str, place: usize) -> Option<(&str, usize)> {
    let rest = text[place..].strip_prefix('(')?;
    let mut open = 0;
    for (index, c) in rest.char_indices().take_while(|(index, _)| *index <= MAX_BYTES) {
        match c {
            ')' if open == 0 => {
                let target = &rest[..index];
                return is_allowed(target).then_some((target, place + index + 2));
            }
            '(' => open += 1,
            ')' => open -= 1,
            '<' | '>' | '"' | '`' => return None,
            c if c.is_whitespace() || c.is_control() => return None,
            _ => {}
        }
    }
    None
}

fn is_allowed(target: &str) -> bool {
    match target.split_once(':') {
        Some((scheme, mailbox)) if scheme.eq_ignore_ascii_case("mailto") => is_mailbox(mailbox),
        _ => is_url(target),
    }
}

/// Whether a target is a URL whose host is what it looks like, as for an address without a text. The path may have characters
/// of any script.
fn is_url(target: &str) -> bool {
    let Some(Piece::Link(url)) = split_links(target).into_iter().next() else { return false };
    // Another character must not continue the host.
    url == target || url.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?', '#']))
}

/// Whether a text is a plain mailbox. Others can fill in a whole message.
fn is_mailbox(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && name.chars().all(is_word) && host.chars().all(is_word)
    })
}

/// The host or mailbox of a target, unless the text of the link is the same or a URL of that host.
pub(super) fn leads_to(target: &str, text: &str) -> Option<String> {
    let place = match target.split_once("://") {
        Some((_, rest)) => host(rest),
        None => target.split_once(':').map_or(target, |(_, mailbox)| mailbox),
    };
    let text = text.trim();
    let without_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let is_same = host(without_scheme).eq_ignore_ascii_case(place);
    (!is_same).then(|| place.to_owned())
}

/// The host at the start of a text, with its port.
fn host(text: &str) -> &str {
    text.split(['/', '?', '#']).next().unwrap_or_default()
}
