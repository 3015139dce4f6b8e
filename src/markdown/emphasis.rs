//! Pairs the marks of emphasis: `*`, `**`, `***`, the same of `_`, and `~~`.
//!
//! The algorithm is that of `CommonMark` 0.31 ("process emphasis"), with other rules for what may open and close.

use std::mem;

use super::{
    characters::{may_close, may_open},
    nodes::Inline,
};

/// How many marks may be open at once, and so how deep emphasis may be nested. Of more, the first are text.
const MAX_OPEN: usize = 32;

/// The longest run of marks that means anything.
const MAX_RUN: usize = 3;

/// A part of a line before its emphasis is known.
pub(super) enum Part {
    /// Anything but a mark of emphasis.
    Inline(Inline),
    /// Marks of emphasis.
    Run(Run),
}

/// A run of the same mark.
pub(super) struct Run {
    mark: u8,
    /// Its length as typed.
    length: usize,
    /// Marks that are not paired yet.
    left: usize,
    may_open: bool,
    may_close: bool,
    /// Where it is in the text.
    place: usize,
    /// What it closes, the innermost first.
    closes: Vec<EmphasisKind>,
    /// What it opens, the innermost first.
    opens: Vec<EmphasisKind>,
}

#[derive(Clone, Copy)]
enum EmphasisKind {
    Strong,
    Emphasis,
    Strike,
}

impl EmphasisKind {
    fn inline(self, parts: Vec<Inline>) -> Inline {
        match self {
            Self::Strong => Inline::Strong(parts),
            Self::Emphasis => Inline::Emphasis(parts),
            Self::Strike => Inline::Strike(parts),
        }
    }
}

/// The run of marks at `place`, which is where a mark is. `None` if these marks are text. An address before it counts as a
/// word, whatever its last character is.
pub(super) fn run_at(text: &str, place: usize, length: usize, follows_address: bool) -> Option<Run> {
    let mark = text.as_bytes()[place];
    let is_known = if mark == b'~' { length == 2 } else { length <= MAX_RUN };
    let before = if follows_address { Some('a') } else { text[..place].chars().next_back() };
    let after = text[place + length..].chars().next();
    let (may_open, may_close) = (may_open(mark, before, after), may_close(mark, before, after));
    (is_known && (may_open || may_close)).then_some(Run {
        mark,
        length,
        left: length,
        may_open,
        may_close,
        place,
        closes: Vec::new(),
        opens: Vec::new(),
    })
}

/// Pairs the marks of `text`, of which `parts` are a section, and puts what is between them into one part.
pub(super) fn resolve(text: &str, mut parts: Vec<Part>) -> Vec<Inline> {
    pair(text, &mut parts);
    let mut open: Vec<Vec<Inline>> = vec![Vec::new()];
    for part in parts {
        match part {
            Part::Inline(inline) => push(&mut open, inline),
            Part::Run(Run { mark, left, closes, opens, .. }) => {
                for kind in closes {
                    let inner = open.pop().unwrap_or_default();
                    push(&mut open, kind.inline(inner));
                }
                push(&mut open, Inline::Text(char::from(mark).to_string().repeat(left)));
                open.extend(opens.iter().map(|_| Vec::new()));
            }
        }
    }
    open.pop().unwrap_or_default()
}

/// Adds a part to the innermost open emphasis, and a text to the text before it.
fn push(open: &mut Vec<Vec<Inline>>, inline: Inline) {
    if open.is_empty() {
        open.push(Vec::new());
    }
    let Some(parts) = open.last_mut() else { return };
    match (parts.last_mut(), inline) {
        (_, Inline::Text(text)) if text.is_empty() => {}
        (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
        (_, inline) => parts.push(inline),
    }
}

/// The kind of a run's failure to find its opener: another run of the same kind need not look again where it has looked.
fn failure(run: &Run) -> usize {
    let mark = match run.mark {
        b'*' => 0,
        b'_' => 1,
        _ => 2,
    };
    (mark * MAX_RUN + run.length - 1) * 2 + usize::from(run.may_open)
}

fn pair(text: &str, parts: &mut [Part]) {
    // The runs that may open, outermost first, as indices of `parts`.
    let mut openers: Vec<usize> = Vec::new();
    // For each kind of failure, the number of openers among which there is none.
    let mut searched = [0; 3 * MAX_RUN * 2];
    for index in 0..parts.len() {
        let Part::Run(run) = &mut parts[index] else { continue };
        let mut closer = mem::replace(run, Run { closes: Vec::new(), opens: Vec::new(), ..*run });
        while closer.may_close && closer.left > 0 {
            let bottom = &mut searched[failure(&closer)];
            let found = (*bottom..openers.len()).rev().find(|place| match &parts[openers[*place]] {
                Part::Run(opener) => is_pair(opener, &closer),
                Part::Inline(_) => false,
            });
            let Some(place) = found else {
                *bottom = openers.len();
                break;
            };
            // What was opened in between stays open: its marks are text.
            openers.truncate(place + 1);
            let Part::Run(opener) = &mut parts[openers[place]] else { break };
            let kind = match opener.left.min(closer.left) {
                _ if opener.mark == b'~' => EmphasisKind::Strike,
                1 => EmphasisKind::Emphasis,
                _ => EmphasisKind::Strong,
            };
            let length = if matches!(kind, EmphasisKind::Emphasis) { 1 } else { 2 };
            if opener.mark == b'_' && length == 2 && is_identifier(&text[opener.place + opener.length..closer.place]) {
                // `__init__`
                openers.pop();
                closer.may_open = false;
                for searched in &mut searched {
                    *searched = (*searched).min(openers.len());
                }
                break;
            }
            opener.left -= length;
            opener.opens.push(kind);
            closer.left -= length;
            closer.closes.push(kind);
            if opener.left == 0 {
                openers.pop();
            }
            for searched in &mut searched {
                *searched = (*searched).min(openers.len());
            }
        }
        if closer.may_open && closer.left > 0 {
            if openers.len() == MAX_OPEN {
                openers.remove(0);
                for searched in &mut searched {
                    *searched = searched.saturating_sub(1);
                }
            }
            openers.push(index);
        }
        parts[index] = Part::Run(closer);
    }
}

/// Whether two runs may be a pair. If one of them may both open and close, their lengths must not add up to a multiple of
/// three, unless both are: `*a**b*` is one emphasis, with asterisks in it.
fn is_pair(opener: &Run, closer: &Run) -> bool {
    let is_between = opener.may_close || closer.may_open;
    let is_whole = |length: usize| length.is_multiple_of(3);
    let is_uneven = is_whole(opener.length + closer.length) && !(is_whole(opener.length) && is_whole(closer.length));
    opener.mark == closer.mark && !(is_between && is_uneven)
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
