//! Colours code as soon as the code for it has loaded.

use leptos::prelude::*;

use crate::{
    markdown::highlight::{Token, highlight},
    ui::kit::{
        boxed::{Boxed, Boxing as _},
        lazy::{Lazy, lazy},
        reactive::reactive_view,
    },
};

type Highlight = for<'a> fn(&str, &'a str) -> Option<Vec<(Token, &'a str)>>;

lazy!(highlight: HIGHLIGHT, load_highlight, fill_highlight, Highlight = highlight);

/// The colours of code. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct Highlighter(Lazy<Highlight>);

impl Highlighter {
    pub(super) fn new() -> Self {
        Self(Lazy::new(&HIGHLIGHT, load_highlight))
    }

    /// Fetches the code without waiting for the page to be idle.
    pub(super) fn load(self) {
        self.0.load();
    }

    /// The view of code in a language. Until the code for it has loaded, it has no colours.
    pub(super) fn view(self, language: Option<String>, code: String) -> Boxed {
        let Some(language) = language else { return code.boxed() };
        reactive_view(move || {
            let highlight = self.0.get().or_else(|| self.0.get_tracked());
            match highlight.and_then(|highlight| highlight(&language, &code)) {
                Some(pieces) => pieces.into_iter().map(piece).collect::<Vec<Boxed>>().boxed(),
                None => code.clone().boxed(),
            }
        })
        .boxed()
    }
}

fn piece((token, text): (Token, &str)) -> Boxed {
    let class = match token {
        Token::Plain => return text.to_owned().boxed(),
        Token::Comment => "token-comment",
        Token::String => "token-string",
        Token::Number => "token-number",
        Token::Keyword => "token-keyword",
        Token::Name => "token-name",
        Token::Added => "token-added",
        Token::Removed => "token-removed",
    };
    view! { <span class=class>{text.to_owned()}</span> }.boxed()
}
