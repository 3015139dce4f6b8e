//! The view of a formatted text. It consists of elements and text nodes, never of HTML.

use leptos::prelude::*;

use crate::{
    markdown::links::{Piece, split_links},
    ui::kit::boxed::{Boxed, Boxing as _},
};

/// The view of a text.
pub(super) fn formatted(text: &str) -> Boxed {
    let view = |piece| match piece {
        Piece::Text(text) => text.to_owned().boxed(),
        Piece::Link(url) => {
            view! { <a href=url.to_owned() target="_blank" rel="noopener noreferrer">{url.to_owned()}</a> }.boxed()
        }
    };
    split_links(text).into_iter().map(view).collect::<Vec<Boxed>>().boxed()
}
