//! Names of either direction in sentences: isolated, so that neither turns the other around (UAX #9).

use std::fmt::{self, Write as _};

use leptos::prelude::*;

use crate::ui::kit::boxed::{Boxed, Boxing as _};

/// U+2068 and U+2069: what stands between them has a direction of its own, that of its first letter.
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// A name, or what was typed for one, as it stands in a sentence. Isolated if it needs to be: in most names nothing is
/// written from the right, and their sentences have no signs that nobody sees.
#[derive(Clone, Copy, Debug)]
pub struct InSentence<'a>(pub &'a str);

impl fmt::Display for InSentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(turns) {
            return f.write_str(self.0);
        }
        f.write_char(FIRST_STRONG_ISOLATE)?;
        for c in self.0.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')) {
            f.write_char(c)?;
        }
        f.write_char(POP_DIRECTIONAL_ISOLATE)
    }
}

/// Whether a character can turn others around: one of a script that is written from the right, or a sign that says so.
fn turns(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Names one after the other.
pub(crate) fn join(names: &[InSentence], between: &str) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// A piece of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SentencePart<'a> {
    Words(&'a str),
    Name(&'a str),
}

/// Cuts a sentence at its signs.
fn parts(sentence: &str) -> Vec<SentencePart<'_>> {
    let mut parts = Vec::new();
    for part in sentence.split(FIRST_STRONG_ISOLATE) {
        let (name, words) = part.split_once(POP_DIRECTIONAL_ISOLATE).unwrap_or(("", part));
        parts
            .extend([SentencePart::Name(name), SentencePart::Words(words)].into_iter().filter(|part| !part.is_empty()));
    }
    parts
}

impl SentencePart<'_> {
    fn is_empty(&self) -> bool {
        let (Self::Words(text) | Self::Name(text)) = self;
        text.is_empty()
    }
}

/// A sentence with names in it as it stands on the page: elements isolate them, and nobody copies signs along. Where the
/// direction of a paragraph follows its first letter, theirs does not count.
pub(crate) fn sentence(text: &str) -> Boxed {
    let part = |part: SentencePart| match part {
        SentencePart::Words(words) => words.to_owned().boxed(),
        SentencePart::Name(name) => view! { <bdi>{name.to_owned()}</bdi> }.boxed(),
    };
    parts(text).into_iter().map(part).collect::<Vec<Boxed>>().boxed_as(text)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{
        super::Language,
        InSentence,
        SentencePart::{Name, Words},
        join, parts,
    };

    #[test]
    fn a_name_that_is_written_from_the_right_is_isolated_and_no_other() {
        for name in ["מיכל", "محمد", "Dana דנה", "ܐܒܓ", "ހަސަން", "٣", "𐤀𐤁", "𞤀𞤁", "ﷲ", "\u{202e}abc"]
        {
            assert_eq!(InSentence(name).to_string(), format!("\u{2068}{name}\u{2069}"));
        }
        for name in ["小明", "Zoë", "O'Brien", "民준", "🦊", "नमस्ते", "x_1-2.3", ""] {
            assert_eq!(InSentence(name).to_string(), name);
        }
        assert_eq!(InSentence("א\u{2069}\u{202e}x\u{2067}").to_string(), "\u{2068}א\u{202e}x\u{2069}");
        assert_eq!(join(&[InSentence("דנה"), InSentence("Bo")], ", "), "\u{2068}דנה\u{2069}, Bo");
    }

    #[test]
    fn every_sentence_isolates_the_name_in_it() {
        let name = InSentence("מיכל");
        for t in Language::ALL.map(Language::texts) {
            let sentences = [
                t.try_name,
                t.private_topic,
                t.namesake_topic,
                t.left_note,
                t.leave_question,
                t.change_target,
                t.write_to,
                t.empty_direct,
                t.unknown_user,
            ]
            .map(|of| of(name));
            let of_several = [
                (t.typing)(&[name]),
                (t.typing)(&[InSentence("Bo"), name]),
                (t.who_reacted)(&[name, InSentence("Bo"), name], 0),
                (t.who_reacted)(&[name], 3),
            ];
            for text in sentences.iter().chain(&of_several) {
                assert_eq!(text.matches("מיכל").count(), text.matches("\u{2068}מיכל\u{2069}").count(), "{text}");
                assert!(text.contains("מיכל"));
            }
        }
    }

    #[test]
    fn a_sentence_is_cut_into_names_and_words() {
        for (text, cut) in [
            (
                "\u{2068}דנה\u{2069} and \u{2068}עדי\u{2069} are typing …",
                &[Name("דנה"), Words(" and "), Name("עדי"), Words(" are typing …")][..],
            ),
            ("Bo is typing …", &[Words("Bo is typing …")]),
            ("“\u{2068}<א>\u{2069}”", &[Words("“"), Name("<א>"), Words("”")]),
            ("\u{2068}א\u{2069}", &[Name("א")]),
            ("", &[]),
        ] {
            assert_eq!(parts(text), cut, "{text}");
        }
    }
}
