//! Addresses within a text.

use crate::domain::place_of;

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// An address to follow: `http` or `https`, nothing else.
    Link(&'a str),
}

/// Cuts a text into words and addresses; together they are the text again.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((start, length)) = next_link(rest) {
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(Piece::Link(&rest[start..start + length]));
        rest = &rest[start + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where the next address starts, and how many bytes it has.
fn next_link(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + place_of("http", &text[from..])?;
        let candidate = &text[start..];
        let scheme = ["https://", "http://"].into_iter().find(|scheme| candidate.starts_with(scheme));
        let inside_a_word = text[..start].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric());
        if let Some(scheme) = scheme.filter(|_| !inside_a_word) {
            // Chinese text follows an address without a space; what an address may hold is ASCII (RFC 3986).
            let end = candidate.find(|c: char| {
                !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
            });
            let (mut link, behind) = candidate.split_at(end.unwrap_or(candidate.len()));
            let authority = link.bytes().skip(scheme.len()).take_while(|byte| !matches!(byte, b'/' | b'?' | b'#'));
            let is_whole = scheme.len() + authority.clone().count() < link.len();
            // Part of a name leads to another host. So does what stands before an @ and looks like the host itself, or a
            // backslash, which browsers take for a slash; and what is written with % is not what it looks like.
            let seems_another = authority.clone().any(|byte| matches!(byte, b'@' | b'%'));
            if seems_another || !is_whole && behind.starts_with(|c| c == '\\' || is_of_a_name(c)) {
                from = start + scheme.len();
                continue;
            }
            // The sentence's own punctuation, and a bracket that was opened before the address.
            while let Some(last) = link.chars().next_back() {
                let closes = last == ')' && !link.bytes().any(|byte| byte == b'(');
                if !matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_') && !closes {
                    break;
                }
                link = &link[..link.len() - 1];
            }
            if link.len() > scheme.len() {
                return Some((start, link.len()));
            }
        }
        from = start + 4;
    }
}

/// Whether a character right behind a host belongs to that, and not to the sentence: a letter or a mark of any script, but
/// for those that follow an address without a space. (To look this up for each letter there is takes a table.)
fn is_of_a_name(c: char) -> bool {
    let is_punctuation = matches!(c, '\0'..='\u{bf}' | '\u{60c}' | '\u{61b}' | '\u{61f}' | '\u{6d4}' | '\u{964}'
        | '\u{2000}'..='\u{20cf}' | '\u{2190}'..='\u{245f}' | '\u{2500}'..='\u{2bff}' | '\u{2e00}'..='\u{2e7f}'
        | '\u{fe00}'..='\u{ff20}' | '\u{ff5b}'..='\u{ff65}' | '\u{ffe0}'..='\u{ffff}' | '\u{1f000}'..='\u{1faff}');
    let is_cjk = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{20000}'..='\u{3ffff}');
    !is_punctuation && !is_cjk
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::{
        Piece::{Link, Text},
        pieces,
    };

    #[test]
    fn addresses_are_found_in_sentences() {
        assert_eq!(
            pieces("See https://example.org/a_(b)?c=d#e. (Or http://x.y/)"),
            [Text("See "), Link("https://example.org/a_(b)?c=d#e"), Text(". (Or "), Link("http://x.y/"), Text(")")]
        );
        assert_eq!(pieces("看https://example.org/茶，好"), [Text("看"), Link("https://example.org/"), Text("茶，好")]);
    }

    #[test]
    fn half_of_a_host_is_no_address() {
        for text in
            ["https://bankü.de", "http://a.b.xn--é/", "https://bаnk.de", "https://user@bank.ｄｅ", "https://bankе"]
        {
            assert_eq!(pieces(text), [Text(text)]);
        }
        assert_eq!(pieces("https://bankü.de http://x.y"), [Text("https://bankü.de "), Link("http://x.y")]);
        assert_eq!(pieces("http://x.y/für"), [Link("http://x.y/f"), Text("ür")]);
        for (behind, name) in
            [("が", "kana"), ("에서", "hangul"), ("，", "a comma"), ("…", "dots"), ("”", "a quote"), ("🍵", "tea")]
        {
            assert_eq!(pieces(&format!("http://x.y{behind}")), [Link("http://x.y"), Text(behind)], "{name}");
        }
    }

    #[test]
    fn an_address_that_leads_elsewhere_than_it_seems_is_words() {
        for text in [
            "https://bank.example@evil.example/",
            "https://bank.example:secret@evil.example/path",
            "http://bank.example%40evil.example",
            "https://bank.example%2F@evil.example/",
            "https://@evil.example",
            "https://bank.example\\@evil.example/",
            "https://evil.example\\.bank.example/",
        ] {
            assert_eq!(pieces(text), [Text(text)]);
        }
        for text in [
            "https://social.example/@ming",
            "https://x.y?to=a@b.c",
            "https://x.y/a%40b",
            "https://x.y#@b",
            "http://[::1]:3000/@",
        ] {
            assert_eq!(pieces(text), [Link(text)]);
        }
    }

    #[test]
    fn other_schemes_are_words() {
        for text in ["javascript:alert(1)", "xhttp://a.b", "http://", "https", "data:text/html,http"] {
            assert_eq!(pieces(text), [Text(text)]);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "(https?://|[a-z.()，茶 ]){0,12}") {
            let whole: String = pieces(&text).into_iter().map(|piece| match piece { Text(text) | Link(text) => text }).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
