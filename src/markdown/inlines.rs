//! Finds code, links and emphasis in a line, or in several lines that belong together.

use std::{collections::HashMap, ops::Range};

use super::{
    emphasis::{Part, resolve, run_at},
    links::{Piece, split_links},
    nodes::{Inline, Link, visible_text},
    target::{leads_to, target_at},
};

/// Parses text without blank lines.
pub(super) fn inlines(text: &str) -> Vec<Inline> {
    InlineScanner::new(text).scan()
}

/// Text as typed, but for its addresses.
pub(crate) fn plain(text: &str) -> Vec<Inline> {
    let inline = |piece| match piece {
        Piece::Text(text) => Inline::Text(text.to_owned()),
        Piece::Link(address) => Inline::Address(address.to_owned()),
    };
    split_links(text).into_iter().map(inline).collect()
}

struct InlineScanner<'a> {
    text: &'a str,
    addresses: std::iter::Peekable<std::vec::IntoIter<Range<usize>>>,
    /// The place of the last run of backticks of each length.
    last_backticks: HashMap<usize, usize>,
    parts: Vec<Part>,
    /// The opening brackets that nothing has closed: where they are in the text, and which part begins with them.
    brackets: Vec<(usize, usize)>,
    /// Where the text begins that is not among the parts yet.
    text_start: usize,
    place: usize,
}

impl<'a> InlineScanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            addresses: addresses(text).into_iter().peekable(),
            last_backticks: last_backticks(text),
            parts: Vec::new(),
            brackets: Vec::new(),
            text_start: 0,
            place: 0,
        }
    }

    fn scan(mut self) -> Vec<Inline> {
        while let Some(&byte) = self.text.as_bytes().get(self.place) {
            // Addresses that are inside something else, such as code, have been passed.
            while self.addresses.next_if(|address| address.start < self.place).is_some() {}
            if let Some(address) = self.addresses.next_if(|address| address.start == self.place) {
                let inline = Inline::Address(self.text[address.clone()].to_owned());
                self.push(address.end, inline);
                continue;
            }
            match byte {
                // A character after a backslash is no mark. The backslash stays: it may be part of a path.
                b'\\' => {
                    let is_mark = self.text[self.place + 1..].starts_with(|c: char| c.is_ascii_punctuation());
                    self.place += if is_mark { 2 } else { 1 };
                }
                b'`' => self.code(),
                b'*' | b'_' | b'~' => self.run(),
                b'[' => self.open_bracket(),
                b']' => self.close_bracket(),
                _ => self.place += 1,
            }
        }
        self.flush();
        resolve(self.text, self.parts)
    }

    /// Adds the text before the current place to the parts.
    fn flush(&mut self) {
        if self.text_start < self.place {
            let text = self.text[self.text_start..self.place].to_owned();
            self.parts.push(Part::Inline(Inline::Text(text)));
        }
        self.text_start = self.place;
    }

    /// Adds the part that ends at `end`.
    fn push(&mut self, end: usize, inline: Inline) {
        self.flush();
        self.parts.push(Part::Inline(inline));
        (self.place, self.text_start) = (end, end);
    }

    /// The length of the run of this byte at the current place.
    fn run_length(&self, byte: u8) -> usize {
        self.text.as_bytes()[self.place..].iter().take_while(|other| **other == byte).count()
    }

    /// Code between two runs of as many backticks.
    fn code(&mut self) {
        let length = self.run_length(b'`');
        let start = self.place + length;
        let is_closed = self.last_backticks.get(&length).is_some_and(|last| *last >= start);
        let Some(end) = is_closed.then(|| closing_backticks(self.text, start, length)).flatten() else {
            self.place = start;
            return;
        };
        let code = &self.text[start..end];
        // One space at each end lets code begin or end with a backtick.
        let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        let code = inner.filter(|inner| !inner.trim().is_empty()).unwrap_or(code);
        self.push(end + length, Inline::Code(code.to_owned()));
    }

    fn run(&mut self) {
        let length = self.run_length(self.text.as_bytes()[self.place]);
        let is_last = self.text_start == self.place;
        let follows_address = is_last && matches!(self.parts.last(), Some(Part::Inline(Inline::Address(_))));
        match run_at(self.text, self.place, length, follows_address) {
            Some(run) => {
                self.flush();
                self.parts.push(Part::Run(run));
                self.place += length;
                self.text_start = self.place;
            }
            None => self.place += length,
        }
    }

    fn open_bracket(&mut self) {
        // `![` begins an image, which stays as typed.
        if !self.text[..self.place].ends_with('!') {
            self.flush();
            self.brackets.push((self.place, self.parts.len()));
        }
        self.place += 1;
    }

    /// A link, if a target in parentheses follows.
    fn close_bracket(&mut self) {
        let bracket = self.brackets.pop().filter(|(place, _)| !self.text[place + 1..self.place].trim().is_empty());
        let target = bracket.and_then(|bracket| Some((bracket, target_at(self.text, self.place + 1)?)));
        let Some(((_, first), (target, end))) = target else {
            self.place += 1;
            return;
        };
        self.flush();
        let mut parts = self.parts.split_off(first);
        if let Some(Part::Inline(Inline::Text(text))) = parts.first_mut() {
            // The bracket.
            text.remove(0);
        }
        let text = without_addresses(resolve(self.text, parts));
        let leads_to = leads_to(target, &visible_text(&text));
        self.push(end, Inline::Link(Link { text, target: target.to_owned(), leads_to }));
        // No link contains another.
        self.brackets.clear();
    }
}

/// Where the addresses of a text are. Marks of emphasis at the end of one do not belong to it.
fn addresses(text: &str) -> Vec<Range<usize>> {
    if !text.contains("://") {
        return Vec::new();
    }
    let (mut addresses, mut start) = (Vec::new(), 0);
    for piece in split_links(&without_closing_marks(text)) {
        match piece {
            Piece::Text(text) => start += text.len(),
            Piece::Link(address) => {
                addresses.push(start..start + address.len());
                start += address.len();
            }
        }
    }
    addresses
}

/// The text with spaces in place of the marks that stand before white space, punctuation or text of another script.
fn without_closing_marks(text: &str) -> String {
    let mut ends_word = true;
    let replace = |c: char| {
        let is_mark = matches!(c, '*' | '_' | '~');
        ends_word = if is_mark { ends_word } else { c.is_whitespace() || !c.is_ascii() || ".,;:!?)]}\"'".contains(c) };
        if is_mark && ends_word { ' ' } else { c }
    };
    let reversed: String = text.chars().rev().map(replace).collect();
    reversed.chars().rev().collect()
}

/// The place of the last run of backticks of each length.
fn last_backticks(text: &str) -> HashMap<usize, usize> {
    let mut last = HashMap::new();
    let mut place = 0;
    while let Some(offset) = text[place..].find('`') {
        let start = place + offset;
        let length = text[start..].bytes().take_while(|byte| *byte == b'`').count();
        last.insert(length, start);
        place = start + length;
    }
    last
}

/// Where the next run of exactly `length` backticks begins.
fn closing_backticks(text: &str, start: usize, length: usize) -> Option<usize> {
    let mut place = start;
    loop {
        place += text[place..].find('`')?;
        let run = text[place..].bytes().take_while(|byte| *byte == b'`').count();
        if run == length {
            return Some(place);
        }
        place += run;
    }
}

/// No link contains another, so an address in its text is text.
fn without_addresses(inlines: Vec<Inline>) -> Vec<Inline> {
    let without = |inline| match inline {
        Inline::Address(address) => Inline::Text(address),
        Inline::Strong(parts) => Inline::Strong(without_addresses(parts)),
        Inline::Emphasis(parts) => Inline::Emphasis(without_addresses(parts)),
        Inline::Strike(parts) => Inline::Strike(without_addresses(parts)),
        inline => inline,
    };
    inlines.into_iter().map(without).collect()
}
