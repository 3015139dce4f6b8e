//! Finds links in the text of a message.
//!
//! The `linkify` crate finds URLs. This module adds what it lacks: URLs that are followed by Chinese text without a space,
//! schemes in capitals, as phones write them, and protection against links that imitate another host.

use linkify::{LinkFinder, LinkKind};

/// A piece of a message's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text without links.
    Text(&'a str),
    /// An `http` or `https` URL.
    Link(&'a str),
}

/// Splits a text into links and the text between them. The pieces joined are the text again.
pub(crate) fn split_links(text: &str) -> Vec<Piece<'_>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut pieces = Vec::new();
    let (mut text_start, mut run_start) = (0, 0);
    while run_start < text.len() {
        // URLs are ASCII (RFC 3986), so a run of printable ASCII contains whole URLs, even if Chinese text follows.
        let run = text[run_start..].split(|c: char| !c.is_ascii_graphic()).next().unwrap_or_default();
        let after_run = text[run_start + run.len()..].chars().next();
        let normalized = if run.contains(':') { normalize(run) } else { String::new() };
        for found in finder.links(&normalized) {
            let Some(scheme_start) = find_scheme(found.as_str()) else { continue };
            let (start, end) = (found.start() + scheme_start, found.end());
            if shows_its_host(&run[start..], after_run) {
                if text_start < run_start + start {
                    pieces.push(Piece::Text(&text[text_start..run_start + start]));
                }
                pieces.push(Piece::Link(&run[start..end]));
                text_start = run_start + end;
            }
        }
        run_start += run.len() + after_run.map_or(0, char::len_utf8);
    }
    if text_start < text.len() {
        pieces.push(Piece::Text(&text[text_start..]));
    }
    pieces
}

/// Replaces what the `linkify` crate does not recognize by characters of the same length that it does: capitals, a fragment
/// right after the host, and an IPv6 address as the host.
fn normalize(run: &str) -> String {
    let mut is_in_brackets = false;
    let normalize = |(index, c): (usize, char)| match c {
        '[' if run[..index].ends_with("://") => {
            is_in_brackets = true;
            'h'
        }
        ']' if is_in_brackets => {
            is_in_brackets = false;
            'h'
        }
        _ if is_in_brackets => 'h',
        '#' => '/',
        c => c.to_ascii_lowercase(),
    };
    run.char_indices().map(normalize).collect()
}

/// Where `http://` or `https://` starts in a URL that the `linkify` crate found. For `git+https://…` the crate includes the
/// prefix in the scheme.
fn find_scheme(found: &str) -> Option<usize> {
    let (before, _) = found.split_once("://")?;
    let scheme = before.rsplit(['+', '-', '.']).next()?;
    matches!(scheme, "http" | "https").then_some(before.len() - scheme.len())
}

/// Whether the URL at the start of `run` leads to the host that a reader sees in it. `after_run` is the character that
/// follows the run.
fn shows_its_host(run: &str, after_run: Option<char>) -> bool {
    let authority = run.split_once("://").map_or(run, |(_, authority)| authority);
    let ends = |c| matches!(c, '/' | '?' | '#' | '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}');
    let end = authority.find(ends);
    let next = end.map_or(after_run, |end| authority[end..].chars().next());
    let authority = &authority[..end.unwrap_or(authority.len())];
    // In `https://bank.example@evil.example/`, what looks like the host is a user name. Browsers take a backslash for a slash.
    // If a letter outside ASCII follows, the URL would lead to the host in front of it. A percent-encoded host is not what it
    // looks like.
    !authority.contains(['@', '%']) && next.is_none_or(|next| next != '\\' && !continues_host(next))
}

/// Whether a character right after a host looks like a part of the host: a letter or mark of any script, except those that
/// follow a URL without a space, as in Chinese, Japanese and Korean. The ranges approximate this without a Unicode table.
fn continues_host(c: char) -> bool {
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
        split_links,
    };

    #[test]
    fn links_are_found_in_sentences() {
        assert_eq!(
            split_links("See https://example.org/a_(b)?c=d#e. (Or http://x.yz/)"),
            [Text("See "), Link("https://example.org/a_(b)?c=d#e"), Text(". (Or "), Link("http://x.yz/"), Text(")")]
        );
        assert_eq!(
            split_links("看https://example.org/茶，好"),
            [Text("看"), Link("https://example.org/"), Text("茶，好")]
        );
    }

    #[test]
    fn brackets_and_punctuation_of_the_sentence_are_not_part_of_the_link() {
        for (text, link) in [
            ("(see https://en.wikipedia.org/wiki/Mercury_(planet))", "https://en.wikipedia.org/wiki/Mercury_(planet)"),
            ("https://en.wikipedia.org/wiki/Mercury_(planet).", "https://en.wikipedia.org/wiki/Mercury_(planet)"),
            ("(https://example.org/a)", "https://example.org/a"),
            ("(https://example.org)", "https://example.org"),
            ("[https://example.org/a[1]]", "https://example.org/a[1]"),
            ("((https://example.org/a_(b_(c))))", "https://example.org/a_(b_(c))"),
            ("<https://example.org/a>", "https://example.org/a"),
            ("\"https://example.org/a\"", "https://example.org/a"),
            ("'https://example.org/a'", "https://example.org/a"),
            ("Is it https://example.org/a?", "https://example.org/a"),
            ("https://example.org/a, https:", "https://example.org/a"),
            ("https://example.org/a?b=c&d=e;", "https://example.org/a?b=c&d=e"),
            ("https://example.org...", "https://example.org"),
            ("https://example.org/#/a!", "https://example.org/#/a"),
            ("https://example.org#a,", "https://example.org#a"),
            ("http://localhost:3000/a", "http://localhost:3000/a"),
            ("http://192.0.2.1:8080.", "http://192.0.2.1:8080"),
            ("http://[2001:db8::1]/a)", "http://[2001:db8::1]/a"),
            ("see:https://example.org/", "https://example.org/"),
            ("git+https://example.org/a.git", "https://example.org/a.git"),
        ] {
            let found: Vec<_> = split_links(text).into_iter().filter(|piece| matches!(piece, Link(_))).collect();
            assert_eq!(found, [Link(link)], "{text}");
        }
    }

    #[test]
    fn schemes_may_be_in_capitals_as_phones_write_them() {
        assert_eq!(
            split_links("Https://example.org/a HTTPS://EXAMPLE.ORG/b"),
            [Link("Https://example.org/a"), Text(" "), Link("HTTPS://EXAMPLE.ORG/b")]
        );
        for text in ["HTTP://example.org", "hTTps://Example.Org/Path?Q=R#S", "Http://localhost", "HTTPS://[::1]/"] {
            assert_eq!(split_links(text), [Link(text)]);
        }
        for text in [
            "HTTPS://",
            "Https://bank.example@evil.example/",
            "HTTPS://bank.example\\@evil.example",
            "JavaScript:alert(1)",
        ] {
            assert_eq!(split_links(text), [Text(text)]);
        }
    }

    #[test]
    fn a_link_ends_where_chinese_text_continues() {
        for (before, link, after) in [
            ("看", "https://example.org/tea", "，好"),
            ("看", "https://example.org/tea", "。"),
            ("（见", "https://en.wikipedia.org/wiki/Mercury_(planet)", "）"),
            ("《", "https://example.org/a", "》"),
            ("【", "https://example.org/a", "】"),
            ("「", "https://example.org/a?b=c", "」很好"),
            ("“", "https://example.org/a", "”。"),
            ("网址：", "https://example.org/a", "、"),
            ("", "https://example.org/a", "这个"),
            ("", "https://example.org", "很好"),
            ("", "Https://example.org/a", "；b"),
            ("", "https://example.org/a", "茶good"),
            ("", "https://example.org/a", "…"),
            ("", "https://example.org/a", "！ok"),
            ("(", "https://example.org/a", ")，"),
        ] {
            let text = format!("{before}{link}{after}");
            let found: Vec<_> = split_links(&text).into_iter().filter(|piece| matches!(piece, Link(_))).collect();
            assert_eq!(found, [Link(link)], "{text}");
            assert!(text.ends_with(after));
        }
        assert_eq!(
            split_links("https://example.org/a和https://example.org/b。"),
            [Link("https://example.org/a"), Text("和"), Link("https://example.org/b"), Text("。")]
        );
    }

    #[test]
    fn half_of_a_host_is_no_link() {
        for text in
            ["https://bankü.de", "http://a.b.xn--é/", "https://bаnk.de", "https://user@bank.ｄｅ", "https://bankе"]
        {
            assert_eq!(split_links(text), [Text(text)]);
        }
        assert_eq!(split_links("https://bankü.de http://x.yz"), [Text("https://bankü.de "), Link("http://x.yz")]);
        assert_eq!(split_links("http://x.yz/für"), [Link("http://x.yz/f"), Text("ür")]);
        for (after, name) in
            [("が", "kana"), ("에서", "hangul"), ("，", "a comma"), ("…", "dots"), ("”", "a quote"), ("🍵", "tea")]
        {
            assert_eq!(split_links(&format!("http://x.yz{after}")), [Link("http://x.yz"), Text(after)], "{name}");
        }
    }

    #[test]
    fn a_link_that_imitates_another_host_is_text() {
        for text in [
            "https://bank.example@evil.example/",
            "https://bank.example:secret@evil.example/path",
            "http://bank.example%40evil.example",
            "https://bank.example%2F@evil.example/",
            "https://@evil.example",
            "https://bank.example\\@evil.example/",
            "https://evil.example\\.bank.example/",
        ] {
            assert_eq!(split_links(text), [Text(text)]);
        }
        for text in [
            "https://social.example/@ming",
            "https://x.yz?to=a@b.c",
            "https://x.yz/a%40b",
            "https://x.yz#@b",
            "http://[::1]:3000/@",
        ] {
            assert_eq!(split_links(text), [Link(text)]);
        }
    }

    #[test]
    fn other_schemes_are_text() {
        for text in ["javascript:alert(1)", "xhttp://a.b", "http://", "https", "data:text/html,http"] {
            assert_eq!(split_links(text), [Text(text)]);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_joined_are_the_text(text in "([Hh]ttps?://|HTTP://|[a-z.#@%/()\\[\\]:，茶 ]){0,14}") {
            let whole: String = split_links(&text).into_iter().map(|piece| match piece { Text(text) | Link(text) => text }).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
