//! The view of a formatted text. It consists of elements and text nodes, never of HTML.

use leptos::prelude::*;

use crate::{
    markdown::{Alignment, Block, Inline, Table, is_long, parse, plain},
    ui::{
        i18n::markdown::MARKDOWN,
        kit::boxed::{Boxed, Boxing as _},
        markdown::{code_block::code_block, fold::fold, highlighter::Highlighter, inlines::inlines},
    },
};

/// The view of a text: formatted, or as typed but for its links.
pub(super) fn formatted(text: &str, is_plain: bool, highlighter: Highlighter) -> Boxed {
    let parsed = if is_plain { vec![Block::Text(plain(text))] } else { parse(text) };
    let view = match &parsed[..] {
        // Like a text without any formatting.
        [Block::Text(parts)] => inlines(parts),
        blocks => block_views(blocks, highlighter),
    };
    // The server's page could not unfold it.
    if is_long(text) && !cfg!(feature = "ssr") { fold(view) } else { view }
}

fn block_views(blocks: &[Block], highlighter: Highlighter) -> Boxed {
    blocks.iter().map(|block| block_view(block, highlighter)).collect::<Vec<Boxed>>().boxed()
}

fn block_view(block: &Block, highlighter: Highlighter) -> Boxed {
    match block {
        Block::Text(parts) => view! { <p dir="auto">{inlines(parts)}</p> }.boxed(),
        Block::Heading(parts) => view! { <p class="heading" dir="auto"><strong>{inlines(parts)}</strong></p> }.boxed(),
        Block::Quote(inner) => view! { <blockquote dir="auto">{block_views(inner, highlighter)}</blockquote> }.boxed(),
        Block::List { first, items } => {
            let item = |item: &Vec<Block>| {
                let content = match &item[..] {
                    [Block::Text(parts)] => inlines(parts),
                    blocks => block_views(blocks, highlighter),
                };
                view! { <li dir="auto">{content}</li> }.boxed()
            };
            let items: Vec<Boxed> = items.iter().map(item).collect();
            match first {
                Some(first) => view! { <ol start=first.to_string()>{items}</ol> }.boxed(),
                None => view! { <ul>{items}</ul> }.boxed(),
            }
        }
        Block::Code { language, text } => code_block(language.clone(), text.clone(), highlighter),
        Block::Table(table) => table_view(table),
    }
}

fn table_view(table: &Table) -> Boxed {
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
