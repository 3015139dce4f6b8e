//! The view of the parts of a line.

use leptos::prelude::*;

use crate::{
    markdown::{Inline, Link},
    ui::kit::boxed::{Boxed, Boxing as _},
};

pub(super) fn inlines(parts: &[Inline]) -> Boxed {
    parts.iter().map(inline).collect::<Vec<Boxed>>().boxed()
}

fn inline(part: &Inline) -> Boxed {
    match part {
        Inline::Text(text) => text.clone().boxed(),
        Inline::Code(code) => view! { <code translate="no">{code.clone()}</code> }.boxed(),
        Inline::Strong(parts) => view! { <strong>{inlines(parts)}</strong> }.boxed(),
        Inline::Emphasis(parts) => view! { <em>{inlines(parts)}</em> }.boxed(),
        Inline::Strike(parts) => view! { <s>{inlines(parts)}</s> }.boxed(),
        Inline::Address(address) => link(address, "", address.clone().boxed()),
        Inline::Link(Link { text, target, leads_to }) => {
            // A text of its own may be in any script.
            let link = link(target, "named-link", inlines(text));
            let leads_to = leads_to.as_ref().map(|place| {
                view! { " " <span class="leads-to" dir="ltr">{format!("({place})")}</span> }
            });
            view! { {link} {leads_to} }.boxed()
        }
    }
}

fn link(target: &str, class: &'static str, content: Boxed) -> Boxed {
    view! {
        <a href=target.to_owned() class=class title=target.to_owned() target="_blank" rel="noopener noreferrer">{content}</a>
    }
    .boxed()
}
