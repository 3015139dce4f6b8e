//! Divides code into tokens.

use super::languages::{CodeLanguage, LANGUAGES, LanguageKind, Quote, QuoteKind};

/// The most bytes between the marks of a character.
const MAX_CHARACTER_BYTES: usize = 12;

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Anything else.
    Plain,
    Comment,
    String,
    Number,
    Keyword,
    /// A key, a property or an attribute.
    Name,
    /// A line that was added.
    Added,
    /// A line that was removed.
    Removed,
}

/// Divides code in a language into pieces, which joined are the code. `None` if the language is not known.
pub(crate) fn highlight<'a>(language: &str, code: &'a str) -> Option<Vec<(Token, &'a str)>> {
    let name = language.split(',').next().unwrap_or_default().to_ascii_lowercase();
    let language = LANGUAGES.iter().find(|language| language.names.contains(&&*name))?;
    let mut scanner = CodeScanner { language, code, place: 0, plain_start: 0, is_in_tag: false, pieces: Vec::new() };
    match language.kind {
        LanguageKind::Diff => scanner.diff(),
        _ => scanner.scan(),
    }
    Some(scanner.pieces)
}

struct CodeScanner<'a> {
    language: &'static CodeLanguage,
    code: &'a str,
    place: usize,
    /// Where the text begins that is not among the pieces yet.
    plain_start: usize,
    /// Whether the place is between `<` and `>` of markup.
    is_in_tag: bool,
    pieces: Vec<(Token, &'a str)>,
}

impl<'a> CodeScanner<'a> {
    fn scan(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            if let Some(length) = self.comment() {
                self.push(Token::Comment, length);
            } else if let Some(length) = self.string() {
                let token = if self.is_before_name_mark(length) { Token::Name } else { Token::String };
                self.push(token, length);
            } else if c.is_ascii_digit() {
                self.number();
            } else if is_word(c) || "#@!".contains(c) {
                self.word();
            } else {
                match c {
                    '<' => self.is_in_tag = true,
                    '>' => self.is_in_tag = false,
                    _ => {}
                }
                self.place += c.len_utf8();
            }
        }
        self.flush();
    }

    fn diff(&mut self) {
        for line in self.code.split_inclusive('\n') {
            let token = match line.as_bytes().first() {
                Some(b'+') => Token::Added,
                Some(b'-') => Token::Removed,
                Some(b'@') => Token::Keyword,
                _ => Token::Plain,
            };
            self.pieces.push((token, line));
        }
    }

    fn rest(&self) -> &'a str {
        &self.code[self.place..]
    }

    /// Adds the text before the current place to the pieces.
    fn flush(&mut self) {
        if self.plain_start < self.place {
            self.pieces.push((Token::Plain, &self.code[self.plain_start..self.place]));
        }
        self.plain_start = self.place;
    }

    /// Adds a piece of this many bytes.
    fn push(&mut self, token: Token, length: usize) {
        self.flush();
        let end = self.place + length;
        self.pieces.push((token, &self.code[self.place..end]));
        (self.place, self.plain_start) = (end, end);
    }

    fn comment(&self) -> Option<usize> {
        let rest = self.rest();
        for (begin, end) in self.language.block_comments {
            if let Some(inside) = rest.strip_prefix(begin) {
                return Some(inside.find(end).map_or(rest.len(), |length| begin.len() + length + end.len()));
            }
        }
        let may_begin = self.language.kind != LanguageKind::Shell
            || self.code[..self.place].chars().next_back().is_none_or(char::is_whitespace);
        let begins = may_begin && self.language.line_comments.iter().any(|begin| rest.starts_with(begin));
        begins.then(|| rest.find('\n').unwrap_or(rest.len()))
    }

    fn string(&self) -> Option<usize> {
        let is_here = self.language.kind != LanguageKind::Markup || self.is_in_tag;
        let quote = self.language.strings.iter().find(|quote| is_here && self.rest().starts_with(quote.mark))?;
        string_length(self.rest(), quote)
    }

    fn number(&mut self) {
        let length = self.rest().find(|c: char| !is_word(c) && c != '.').unwrap_or(self.rest().len());
        self.push(Token::Number, length);
    }

    fn word(&mut self) {
        let rest = self.rest();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let is_part = |c: char| is_word(c) || (c == '-' && self.has_hyphens());
        let length = first + rest[first..].find(|c| !is_part(c)).unwrap_or(rest.len() - first);
        let token = match self.language.kind {
            LanguageKind::Markup if self.code[..self.place].ends_with(['<', '/']) && self.is_in_tag => Token::Keyword,
            LanguageKind::Markup if self.is_in_tag => Token::Name,
            _ if self.is_keyword(&rest[..length]) => Token::Keyword,
            _ if self.is_before_name_mark(length) => Token::Name,
            _ => Token::Plain,
        };
        if token == Token::Plain { self.place += length } else { self.push(token, length) }
    }

    fn has_hyphens(&self) -> bool {
        self.language.kind == LanguageKind::Markup || self.language.after_name.is_some()
    }

    fn is_keyword(&self, word: &str) -> bool {
        let is_same = |keyword: &str| match self.language.kind {
            LanguageKind::AnyCase => keyword.eq_ignore_ascii_case(word),
            _ => keyword == word,
        };
        self.language.keywords.split(' ').any(is_same)
    }

    /// Whether what has this many bytes stands before the mark that follows a name.
    fn is_before_name_mark(&self, length: usize) -> bool {
        let after = self.rest()[length..].trim_start_matches(' ');
        self.language.after_name.is_some_and(|mark| after.starts_with(mark))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The length of the string at the start of `rest`, with its marks.
fn string_length(rest: &str, quote: &Quote) -> Option<usize> {
    let mark = quote.mark.len();
    let inside = &rest[mark..];
    let mut is_escaped = false;
    for (place, c) in inside.char_indices() {
        match quote.kind {
            QuoteKind::Line if c == '\n' => return Some(mark + place),
            QuoteKind::Character if place > MAX_CHARACTER_BYTES || c == '\n' => return None,
            _ if is_escaped => is_escaped = false,
            QuoteKind::Raw | QuoteKind::Line | QuoteKind::Lines | QuoteKind::Character => {
                if inside[place..].starts_with(quote.mark) {
                    let is_character = !is_one_character(&inside[..place]);
                    return Some(mark + place + mark).filter(|_| quote.kind != QuoteKind::Character || !is_character);
                }
                is_escaped = c == '\\' && quote.kind != QuoteKind::Raw;
            }
        }
    }
    (quote.kind != QuoteKind::Character).then_some(rest.len())
}

/// Whether this is a character or an escape for one.
fn is_one_character(text: &str) -> bool {
    text.starts_with('\\') || text.chars().count() == 1
}
