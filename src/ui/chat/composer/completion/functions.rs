//! What happens: looks for choices when the text changes, moves through them, and puts the chosen one into the text.

use gloo_timers::future::TimeoutFuture;
use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};
use web_sys::HtmlTextAreaElement;

use crate::ui::{
    chat::composer::completion::{
        choices::{Choice, ChoiceLabel, Completion, Offer},
        query::query_at,
        sources::SOURCES,
    },
    i18n::{InSentence, completion::COMPLETION, texts},
    kit::{
        avatar::Avatar,
        boxed::{Boxed, Boxing as _},
        caret::{caret, select},
        dom::insert_text,
        icons,
        reactive::{memo, on, reactive, reactive_view},
        user_name::UserName,
    },
};

/// The functions that load lazily.
#[derive(Clone, Copy)]
pub(super) struct CompletionFunctions {
    /// The text or the caret has changed.
    pub(super) on_change: fn(Completion),
    /// Handles a key. Returns whether it was for the list.
    pub(super) on_key_down: fn(Completion, &KeyboardEvent) -> bool,
    /// The view of the list.
    pub(super) view: fn(Completion) -> Boxed,
    /// What screen readers say of the list.
    pub(super) status: fn(Completion) -> String,
}

pub(super) const FUNCTIONS: CompletionFunctions = CompletionFunctions { on_change, on_key_down, view, status };

fn on_change(completion: Completion) {
    let Some(field) = completion.field.get_untracked() else { return };
    let text = field.value();
    let query = caret(&field, &text).and_then(|caret| query_at(&text, caret, &SOURCES));
    let Some(query) = query else {
        completion.settled.set_value(None);
        return completion.close();
    };
    let (start, sign, typed) = (query.start, query.source.sign, query.typed.to_owned());
    let is_settled = completion.settled.with_value(|settled| {
        settled.as_ref().is_some_and(|(place, text)| *place == start && typed.starts_with(text.as_str()))
    });
    if is_settled {
        return completion.close();
    }
    let Some(change) = completion.change.try_update_value(|change| {
        *change += 1;
        *change
    }) else {
        return;
    };
    let (delay, choices) = (query.source.delay, (query.source.find)(completion, typed.clone()));
    let is_current = move || completion.change.try_get_value() == Some(change);
    spawn_local(async move {
        TimeoutFuture::new(delay).await;
        if !is_current() {
            return;
        }
        let choices = choices.await;
        if !is_current() {
            return;
        }
        if choices.is_empty() {
            completion.settled.set_value(Some((start, typed)));
            return completion.close();
        }
        completion.offer.set(Some(Offer { start, sign, typed, choices, active: 0 }));
    });
}

/// The arrow keys move through the list, Enter and Tab choose, Escape closes it.
fn on_key_down(completion: Completion, event: &KeyboardEvent) -> bool {
    let key = event.key();
    if matches!(key.as_str(), "ArrowLeft" | "ArrowRight" | "Home" | "End") {
        completion.close();
        return false;
    }
    let Some(offer) = completion.offer.get_untracked() else { return false };
    if event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return false;
    }
    let count = offer.choices.len();
    let move_to = |active: usize| {
        completion.offer.update(|offer| {
            if let Some(offer) = offer {
                offer.active = active % count;
            }
        });
    };
    match key.as_str() {
        "ArrowDown" => move_to(offer.active + 1),
        "ArrowUp" => move_to(offer.active + count - 1),
        "Enter" | "Tab" => choose(completion, offer.active),
        "Escape" => {
            completion.settled.set_value(Some((offer.start, String::new())));
            completion.close();
        }
        _ => return false,
    }
    event.prevent_default();
    true
}

/// Puts a choice into the text in place of what was typed, as if it were typed, so that it can be undone.
fn choose(completion: Completion, index: usize) {
    let (Some(offer), Some(field)) = (completion.offer.get_untracked(), completion.field.get_untracked()) else {
        return;
    };
    let Some(choice) = offer.choices.get(index) else { return };
    let text = field.value();
    let sign = offer.sign.len_utf8();
    let end = offer.start + sign + offer.typed.len();
    completion.close();
    if text.get(offer.start + sign..end) != Some(offer.typed.as_str()) {
        return;
    }
    let after_sign = choice.text.get(sign..).unwrap_or_default().to_owned();
    completion.settled.set_value(Some((offer.start, after_sign)));
    // Without a space the name would grow with the next word, unless one is there already.
    let space = if text[end..].starts_with(' ') { "" } else { " " };
    // The field is in the document.
    drop(field.focus());
    select(&field, &text, &(offer.start..end));
    insert_text(&format!("{}{space}", choice.text));
}

impl ChoiceLabel {
    fn view(self, text: &str) -> Boxed {
        let t = COMPLETION.current();
        match self {
            Self::User { user, is_outside } => {
                let note = is_outside.then(|| view! { <span class="quiet small">{t.not_in_room}</span> });
                view! {
                    <Avatar id=user.id nickname=user.nickname.clone() small=true/>
                    <UserName user class="name"/>
                    {note}
                }
                .boxed()
            }
            Self::Everyone => view! {
                <span class="icon-box">{icons::people()}</span>
                <span class="name">{format!("@{}", t.everyone_sign)}</span>
                <span class="quiet small">{t.everyone_in_room}</span>
            }
            .boxed(),
            Self::Emoji { name } => view! {
                <span class="icon-box emoji-choice">{text.to_owned()}</span>
                <span class="name">{name}</span>
            }
            .boxed(),
        }
    }

    /// What screen readers say when the choice becomes active.
    fn spoken(&self) -> String {
        match self {
            Self::User { user, .. } => texts().name_in(&user.nickname).to_string(),
            Self::Everyone => InSentence(COMPLETION.current().everyone_in_room).to_string(),
            Self::Emoji { name } => InSentence(name).to_string(),
        }
    }
}

/// The list.
fn view(completion: Completion) -> Boxed {
    // A field that has the focus already was there before this code had loaded: somebody may have begun a name.
    let has_focus = |field: &HtmlTextAreaElement| document().active_element().as_ref() == Some(field);
    if completion.field.get_untracked().as_ref().is_some_and(has_focus) {
        on_change(completion);
    }
    let t = COMPLETION.current();
    let active = memo(move || completion.offer.with(|offer| offer.as_ref().map(|offer| offer.active)));
    let choices = memo(move || completion.offer.with(|offer| offer.as_ref().map(|offer| offer.choices.clone())));
    let option = move |(index, Choice { text, label }): (usize, Choice)| {
        view! {
            <li
                id=completion.choice_id(index)
                class="row"
                role="option"
                aria-selected=reactive(move || (active.get() == Some(index)).to_string())
                // By default the field would lose the focus.
                on:pointerdown=on(|event: web_sys::PointerEvent| event.prevent_default())
                on:click=on(move |_: web_sys::MouseEvent| choose(completion, index))
            >
                {label.view(&text)}
            </li>
        }
        .boxed()
    };
    let list = move || {
        choices.get().map(|choices| {
            let options: Vec<Boxed> = choices.into_iter().enumerate().map(option).collect();
            view! {
                <ul id=completion.list_id() class="choices" role="listbox" aria-label=t.choices>{options}</ul>
            }
        })
    };
    reactive_view(list).boxed()
}

/// How many choices there are, and which one is active.
fn status(completion: Completion) -> String {
    let text = |offer: &Offer| {
        let active = offer.choices.get(offer.active)?.label.spoken();
        Some((COMPLETION.current().choice_status)(offer.choices.len(), &active))
    };
    completion.offer.with(|offer| offer.as_ref().and_then(text)).unwrap_or_default()
}
