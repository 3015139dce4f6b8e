//! The view of the parts of a line.

use leptos::prelude::*;

use crate::{
    domain::{Mention, UserId},
    markdown::{Inline, Link},
    ui::{
        i18n::{markdown::MARKDOWN, texts},
        kit::boxed::{Boxed, Boxing as _},
    },
};

/// The mentions of the message that is formatted, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Mentions<'a> {
    pub(super) all: &'a [Mention],
    pub(super) me: Option<UserId>,
}

pub(super) fn inlines(parts: &[Inline], mentions: Mentions) -> Boxed {
    parts.iter().map(|part| inline(part, mentions)).collect::<Vec<Boxed>>().boxed()
}

fn inline(part: &Inline, mentions: Mentions) -> Boxed {
    let inlines = |parts: &[Inline]| inlines(parts, mentions);
    match part {
        Inline::Text(text) => text.clone().boxed(),
        Inline::Code(code) => view! { <code translate="no">{code.clone()}</code> }.boxed(),
        Inline::Strong(parts) => view! { <strong>{inlines(parts)}</strong> }.boxed(),
        Inline::Emphasis(parts) => view! { <em>{inlines(parts)}</em> }.boxed(),
        Inline::Strike(parts) => view! { <s>{inlines(parts)}</s> }.boxed(),
        Inline::Address(address) => {
            view! { <a href=address.clone() target="_blank" rel="noopener noreferrer">{address.clone()}</a> }.boxed()
        }
        Inline::Link(Link { text, target, leads_to }) => {
            let leads_to = leads_to.as_ref().map(|place| {
                view! { " " <span class="leads-to" dir="ltr">{format!("({place})")}</span> }
            });
            view! {
                <a href=target.clone() class="named-link" title=target.clone() target="_blank" rel="noopener noreferrer">
                    {inlines(text)}
                </a>
                {leads_to}
            }
            .boxed()
        }
        Inline::Mention { index, text } => match mentions.all.get(*index) {
            Some(mention) => mention_view(mention, mentions.me),
            None => text.clone().boxed(),
        },
    }
}

/// A mention, with the name that the user has now.
fn mention_view(mention: &Mention, me: Option<UserId>) -> Boxed {
    let (name, is_me) = match mention.user() {
        Some(user) => (texts().name_of(&user.nickname).to_owned(), Some(user.id) == me),
        None => (MARKDOWN.current().everyone.to_owned(), true),
    };
    let class = if is_me { "mention me" } else { "mention" };
    view! { <span class=class translate="no"><bdi>"@" {name}</bdi></span> }.boxed()
}
