//! The view of a formatted text. It consists of elements and text nodes, never of HTML.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::Mention,
    markdown::{Alignment, Block, Inline, Table, is_long, parse_with_mentions, plain_with_mentions},
    ui::{
        i18n::markdown::MARKDOWN,
        kit::boxed::{Boxed, Boxing as _},
        markdown::{
            code_block::code_block,
            fold::fold,
            highlighter::Highlighter,
            inlines::{Mentions, inlines},
        },
    },
};

/// What the blocks of a message share.
#[derive(Clone, Copy)]
struct Shared<'a> {
    mentions: Mentions<'a>,
    highlighter: Highlighter,
}

/// The view of a text: formatted, or as typed but for its links and mentions.
pub(super) fn formatted(text: &str, mentions: &[Mention], is_plain: bool, highlighter: Highlighter) -> Boxed {
    let ranges: Vec<_> = mentions.iter().map(Mention::range).collect();
    let parsed = if is_plain {
        vec![Block::Text(plain_with_mentions(text, &ranges))]
    } else {
        parse_with_mentions(text, &ranges)
    };
    let me = expect_context::<ClientStore>().me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let shared = Shared { mentions: Mentions { all: mentions, me }, highlighter };
    let view = match &parsed[..] {
        // Like a text without any formatting.
        [Block::Text(parts)] => inlines(parts, shared.mentions),
        blocks => block_views(blocks, shared),
    };
    // The server's page could not unfold it.
    if is_long(text) && !cfg!(feature = "ssr") { fold(view) } else { view }
}

fn block_views(blocks: &[Block], shared: Shared) -> Boxed {
    blocks.iter().map(|block| block_view(block, shared)).collect::<Vec<Boxed>>().boxed()
}

fn block_view(block: &Block, shared: Shared) -> Boxed {
    let inlines = |parts: &[Inline]| inlines(parts, shared.mentions);
    match block {
        Block::Text(parts) => view! { <p dir="auto">{inlines(parts)}</p> }.boxed(),
        Block::Heading(parts) => view! { <p class="heading" dir="auto"><strong>{inlines(parts)}</strong></p> }.boxed(),
        Block::Quote(inner) => view! { <blockquote dir="auto">{block_views(inner, shared)}</blockquote> }.boxed(),
        Block::List { first, items } => {
            let item = |item: &Vec<Block>| {
                let content = match &item[..] {
                    [Block::Text(parts)] => inlines(parts),
                    blocks => block_views(blocks, shared),
                };
                view! { <li dir="auto">{content}</li> }.boxed()
            };
            let items: Vec<Boxed> = items.iter().map(item).collect();
            match first {
                Some(first) => view! { <ol start=first.to_string()>{items}</ol> }.boxed(),
                None => view! { <ul>{items}</ul> }.boxed(),
            }
        }
        Block::Code { language, text } => code_block(language.clone(), text.clone(), shared.highlighter),
        Block::Table(table) => table_view(table, shared.mentions),
    }
}

fn table_view(table: &Table, mentions: Mentions) -> Boxed {
    let inlines = |parts: &[Inline]| inlines(parts, mentions);
    let class = |column: usize| match table.alignments.get(column) {
        Some(Alignment::Centre) => "centre",
        Some(Alignment::End) => "end",
        _ => "",
    };
    let header = |(column, parts): (usize, &Vec<Inline>)| {
        view! { <th scope="col" class=class(column) dir="auto">{inlines(parts)}</th> }.boxed()
    };
    let cell = |(column, parts): (usize, &Vec<Inline>)| {
        view! { <td class=class(column) dir="auto">{inlines(parts)}</td> }.boxed()
    };
    let row = |cells: &Vec<Vec<Inline>>| {
        view! { <tr>{cells.iter().enumerate().map(cell).collect::<Vec<Boxed>>()}</tr> }.boxed()
    };
    let headers: Vec<Boxed> = table.header.iter().enumerate().map(header).collect();
    let rows: Vec<Boxed> = table.rows.iter().map(row).collect();
    view! {
        <div class="table" tabindex="0" role="group" aria-label=MARKDOWN.current().table>
            <table><thead><tr>{headers}</tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .boxed()
}
