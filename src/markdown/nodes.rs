//! The parts that a formatted text consists of.

/// A part of a text that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of text. They break where they were typed to.
    Text(Vec<Inline>),
    /// A line that announces what follows.
    Heading(Vec<Inline>),
    /// What somebody else has said.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// The number of its first item, if it is ordered.
        first: Option<u32>,
        /// The content of its items.
        items: Vec<Vec<Block>>,
    },
    /// Code.
    Code {
        /// The word after the fence, which names the language.
        language: Option<String>,
        /// The code, as typed.
        text: String,
    },
    /// A table.
    Table(Table),
}

/// A table. A row may have more or fewer cells than the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The alignment of each column.
    pub alignments: Vec<Alignment>,
    /// The cells of the first row.
    pub header: Vec<Vec<Inline>>,
    /// The cells of the other rows.
    pub rows: Vec<Vec<Vec<Inline>>>,
}

/// The alignment of a table's column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// That of the text.
    #[default]
    Start,
    /// In the middle.
    Centre,
    /// At the other side.
    End,
}

/// A part of a line, or of several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Text as typed, line breaks included.
    Text(String),
    /// Code.
    Code(String),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Struck out.
    Strike(Vec<Inline>),
    /// An address that was typed as such.
    Address(String),
    /// A text that leads to an address.
    Link(Link),
    /// A mention.
    Mention {
        /// Which one of the message's mentions.
        index: usize,
        /// Its text, as typed.
        text: String,
    },
}

/// A text that leads to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What the reader sees; contains no other link.
    pub text: Vec<Inline>,
    /// Where it leads: an `http`, `https` or `mailto` URL.
    pub target: String,
    /// The host or mailbox that it leads to, if the text is not the same.
    pub leads_to: Option<String>,
}

/// The text that a reader sees of these parts.
pub fn visible_text(inlines: &[Inline]) -> String {
    let mut text = String::new();
    push_visible(inlines, &mut text);
    text
}

fn push_visible(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Address(part) | Inline::Mention { text: part, .. } => {
                text.push_str(part);
            }
            Inline::Strong(parts) | Inline::Emphasis(parts) | Inline::Strike(parts) => push_visible(parts, text),
            Inline::Link(link) => push_visible(&link.text, text),
        }
    }
}
