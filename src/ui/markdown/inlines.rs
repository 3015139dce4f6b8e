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
    }
}
