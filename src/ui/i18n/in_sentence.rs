//! Names inside sentences. A right-to-left name is isolated from a left-to-right sentence, and the other way round, so that
//! neither changes the order of the other (UAX #9).

use std::fmt::{self, Write as _};

/// Text between U+2068 and U+2069 has its own direction: that of its first letter with a direction.
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Displays a name, or text typed as one, for use inside a sentence. Names without right-to-left characters are displayed as
/// they are, so that most sentences contain no invisible characters.
#[derive(Clone, Copy, Debug)]
pub struct InSentence<'a>(pub &'a str);

impl fmt::Display for InSentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(affects_direction) {
            return f.write_str(self.0);
        }
        f.write_char(FIRST_STRONG_ISOLATE)?;
        for c in self.0.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')) {
            f.write_char(c)?;
        }
        f.write_char(POP_DIRECTIONAL_ISOLATE)
    }
}

/// Whether a character can change the order of those around it: a right-to-left letter or a directional control character.
fn affects_direction(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// The names with `separator` between them.
pub(super) fn join(names: &[InSentence], separator: &str) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

/// A part of a sentence: an isolated name, or the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentencePart<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Splits a sentence at its isolated names.
pub(crate) fn sentence_parts(sentence: &str) -> Vec<SentencePart<'_>> {
    let mut parts = Vec::new();
    for part in sentence.split(FIRST_STRONG_ISOLATE) {
        let (name, text) = part.split_once(POP_DIRECTIONAL_ISOLATE).unwrap_or(("", part));
        parts.extend([SentencePart::Name(name), SentencePart::Text(text)].into_iter().filter(|part| !part.is_empty()));
    }
    parts
}

impl SentencePart<'_> {
    fn is_empty(&self) -> bool {
        let (Self::Text(text) | Self::Name(text)) = self;
        text.is_empty()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{
        InSentence,
        SentencePart::{Name, Text},
        join, sentence_parts,
    };

    #[test]
    fn only_names_with_right_to_left_characters_are_isolated() {
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
    fn a_sentence_is_split_into_names_and_text() {
        for (text, parts) in [
            (
                "\u{2068}דנה\u{2069} and \u{2068}עדי\u{2069} are typing …",
                &[Name("דנה"), Text(" and "), Name("עדי"), Text(" are typing …")][..],
            ),
            ("Bo is typing …", &[Text("Bo is typing …")]),
            ("“\u{2068}<א>\u{2069}”", &[Text("“"), Name("<א>"), Text("”")]),
            ("\u{2068}א\u{2069}", &[Name("א")]),
            ("", &[]),
        ] {
            assert_eq!(sentence_parts(text), parts, "{text}");
        }
    }
}
