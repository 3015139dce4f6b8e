//! A short notation for formatted texts, for tests.

use crate::markdown::nodes::{Alignment, Block, Inline};

/// A text with its formatting: `<b>` and so on, one block after the other.
pub(super) fn notation(text: &str) -> String {
    blocks(&crate::markdown::blocks::parse(text))
}

fn blocks(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>", inlines(text)),
        Block::Heading(text) => format!("<h>{}</h>", inlines(text)),
        Block::Quote(inner) => format!("<q>{}</q>", blocks(inner)),
        Block::List { first, items } => {
            let items = items.iter().map(|item| format!("<li>{}</li>", blocks(item))).collect::<Vec<_>>().concat();
            first.map_or_else(|| format!("<ul>{items}</ul>"), |first| format!("<ol {first}>{items}</ol>"))
        }
        Block::Code { language, text } => {
            format!("<pre{}>{text}</pre>", language.as_ref().map(|name| format!(" {name}")).unwrap_or_default())
        }
        Block::Table(table) => {
            let alignments: String = table
                .alignments
                .iter()
                .map(|alignment| match alignment {
                    Alignment::Start => 'l',
                    Alignment::Centre => 'c',
                    Alignment::End => 'r',
                })
                .collect();
            let row = |cells: &Vec<Vec<Inline>>| cells.iter().map(|cell| inlines(cell)).collect::<Vec<_>>().join("|");
            let rows: Vec<_> = [&table.header].into_iter().chain(&table.rows).map(row).collect();
            format!("<table {alignments}>{}</table>", rows.join("/"))
        }
    }
}

fn inlines(parts: &[Inline]) -> String {
    parts.iter().map(inline).collect()
}

fn inline(part: &Inline) -> String {
    match part {
        Inline::Text(text) => text.clone(),
        Inline::Code(code) => format!("<c>{code}</c>"),
        Inline::Strong(parts) => format!("<b>{}</b>", inlines(parts)),
        Inline::Emphasis(parts) => format!("<i>{}</i>", inlines(parts)),
        Inline::Strike(parts) => format!("<s>{}</s>", inlines(parts)),
        Inline::Address(address) => format!("<a>{address}</a>"),
        Inline::Mention { text, .. } => format!("<m>{text}</m>"),
        Inline::Link(link) => {
            let leads_to = link.leads_to.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
            format!("<a {}>{}</a>{leads_to}", link.target, inlines(&link.text))
        }
    }
}
