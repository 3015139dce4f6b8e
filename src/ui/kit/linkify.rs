//! Addresses within a text. `linkify` finds them; here is what it does not know of Chinese texts, phones and deceit.

use linkify::{LinkFinder, LinkKind};

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// An address to follow: `http` or `https`, nothing else.
    Link(&'a str),
}

/// Cuts a text into words and addresses; together they are the text again.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut pieces = Vec::new();
    let (mut words, mut from) = (0, 0);
    while from < text.len() {
        // Chinese text follows an address without a space; what an address may hold is ASCII (RFC 3986).
        let run = text[from..].split(|c: char| !c.is_ascii_graphic()).next().unwrap_or_default();
        let behind = text[from + run.len()..].chars().next();
        let plain = if run.contains(':') { in_plain_form(run) } else { String::new() };
        for found in finder.links(&plain) {
            let Some(start) = start_of_scheme(found.as_str()) else { continue };
            let (start, end) = (found.start() + start, found.end());
            if leads_where_it_seems(&run[start..], behind) {
                if words < from + start {
                    pieces.push(Piece::Text(&text[words..from + start]));
                }
                pieces.push(Piece::Link(&run[start..end]));
                words = from + end;
            }
        }
        from += run.len() + behind.map_or(0, char::len_utf8);
    }
    if words < text.len() {
        pieces.push(Piece::Text(&text[words..]));
    }
    pieces
}

/// The same run with all in place that `linkify` does not know: schemes in capitals, as phones write them, a fragment right
/// behind the host, and an IPv6 address in place of it.
fn in_plain_form(run: &str) -> String {
    let mut is_in_brackets = false;
    let plain = |(place, c): (usize, char)| match c {
        '[' if run[..place].ends_with("://") => {
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
    run.char_indices().map(plain).collect()
}

/// Where `http://` or `https://` starts in what `linkify` found, which takes what is joined to it into the scheme.
fn start_of_scheme(found: &str) -> Option<usize> {
    let (before, _) = found.split_once("://")?;
    let scheme = before.rsplit(['+', '-', '.']).next()?;
    matches!(scheme, "http" | "https").then_some(before.len() - scheme.len())
}

/// Whether the address at the start of this run leads to the host that a reader sees in it. `behind` follows the run.
fn leads_where_it_seems(run: &str, behind: Option<char>) -> bool {
    let authority = run.split_once("://").map_or(run, |(_, authority)| authority);
    let ends = |c| matches!(c, '/' | '?' | '#' | '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}');
    let end = authority.find(ends);
    let next = end.map_or(behind, |end| authority[end..].chars().next());
    let authority = &authority[..end.unwrap_or(authority.len())];
    // What stands before an @ and looks like the host itself is a user's name, a backslash is a slash to browsers, part of
    // a name leads to another host, and what is written with % is not what it looks like.
    !authority.contains(['@', '%']) && next.is_none_or(|next| next != '\\' && !is_of_a_name(next))
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
            pieces("See https://example.org/a_(b)?c=d#e. (Or http://x.yz/)"),
            [Text("See "), Link("https://example.org/a_(b)?c=d#e"), Text(". (Or "), Link("http://x.yz/"), Text(")")]
        );
        assert_eq!(pieces("看https://example.org/茶，好"), [Text("看"), Link("https://example.org/"), Text("茶，好")]);
    }

    #[test]
    fn brackets_and_the_sentence_s_own_punctuation_stay_outside() {
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
            let found: Vec<_> = pieces(text).into_iter().filter(|piece| matches!(piece, Link(_))).collect();
            assert_eq!(found, [Link(link)], "{text}");
        }
    }

    #[test]
    fn schemes_are_written_as_phones_write_them() {
        assert_eq!(
            pieces("Https://example.org/a HTTPS://EXAMPLE.ORG/b"),
            [Link("Https://example.org/a"), Text(" "), Link("HTTPS://EXAMPLE.ORG/b")]
        );
        for text in ["HTTP://example.org", "hTTps://Example.Org/Path?Q=R#S", "Http://localhost", "HTTPS://[::1]/"] {
            assert_eq!(pieces(text), [Link(text)]);
        }
        for text in [
            "HTTPS://",
            "Https://bank.example@evil.example/",
            "HTTPS://bank.example\\@evil.example",
            "JavaScript:alert(1)",
        ] {
            assert_eq!(pieces(text), [Text(text)]);
        }
    }

    #[test]
    fn an_address_ends_where_chinese_goes_on() {
        for (before, link, behind) in [
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
            let text = format!("{before}{link}{behind}");
            let found: Vec<_> = pieces(&text).into_iter().filter(|piece| matches!(piece, Link(_))).collect();
            assert_eq!(found, [Link(link)], "{text}");
            assert!(text.ends_with(behind));
        }
        assert_eq!(
            pieces("https://example.org/a和https://example.org/b。"),
            [Link("https://example.org/a"), Text("和"), Link("https://example.org/b"), Text("。")]
        );
    }

    #[test]
    fn half_of_a_host_is_no_address() {
        for text in
            ["https://bankü.de", "http://a.b.xn--é/", "https://bаnk.de", "https://user@bank.ｄｅ", "https://bankе"]
        {
            assert_eq!(pieces(text), [Text(text)]);
        }
        assert_eq!(pieces("https://bankü.de http://x.yz"), [Text("https://bankü.de "), Link("http://x.yz")]);
        assert_eq!(pieces("http://x.yz/für"), [Link("http://x.yz/f"), Text("ür")]);
        for (behind, name) in
            [("が", "kana"), ("에서", "hangul"), ("，", "a comma"), ("…", "dots"), ("”", "a quote"), ("🍵", "tea")]
        {
            assert_eq!(pieces(&format!("http://x.yz{behind}")), [Link("http://x.yz"), Text(behind)], "{name}");
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
            "https://x.yz?to=a@b.c",
            "https://x.yz/a%40b",
            "https://x.yz#@b",
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
        fn the_pieces_are_the_text(text in "([Hh]ttps?://|HTTP://|[a-z.#@%/()\\[\\]:，茶 ]){0,14}") {
            let whole: String = pieces(&text).into_iter().map(|piece| match piece { Text(text) | Link(text) => text }).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
