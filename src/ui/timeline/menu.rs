//! What can be done with a message: a small bar on its row, or a sheet on a touch screen.
//!
//! There is one menu for all rows. It is open where the pointer is, where a finger has touched, or at the message that
//! the arrow keys have reached; its buttons and the reactions carry what they do as data, read here.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, FocusEvent, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::super::{
    composer::Draft,
    i18n::Texts,
    icons,
    live::{live, live_view},
    seen::seen,
};
use crate::{
    client::Store,
    domain::{CommandId, ConversationId, Emoji, Message, Reaction, UserId},
    state::{Deed, Timeline},
};

/// The reactions that are one step away.
const FEW: &str = "👍 ❤️ 😂 🎉 👀 🍵";
/// Those that are two.
const MANY: &str = "👎 👏 🙏 💪 🤝 👋 🔥 ⭐ ✅ ❌ ❓ 💡 😀 😄 😊 😉 😍 🥰 🤔 😮 😅 😭 😢 😡 😴 🤯 🥳 🚀 🌸 🌧️ ☕ 🍰";
/// The names that are told of those who reacted; of others, only how many they are.
const NAMED: usize = 12;

/// The menu of one timeline. A handle: copies are the same menu.
#[derive(Clone, Copy)]
pub(super) struct Menu {
    store: Store,
    conversation: ConversationId,
    timeline: Signal<Timeline>,
    pub(super) draft: Draft,
    /// The message at which it is open.
    at: RwSignal<Option<CommandId>>,
    step: RwSignal<Step>,
    /// Whether what is large opens upwards, because there is more space.
    is_low: RwSignal<bool>,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Choose,
    MoreEmoji,
    ConfirmDeletion,
}

impl Menu {
    pub(super) fn new(store: Store, conversation: ConversationId, timeline: Signal<Timeline>, draft: Draft) -> Self {
        let (at, step, is_low) = (RwSignal::new(None), RwSignal::new(Step::Choose), RwSignal::new(false));
        Self { store, conversation, timeline, draft, at, step, is_low }
    }

    /// Whether it is open at this message.
    pub(super) fn is_at(self, id: CommandId) -> bool {
        self.at.get() == Some(id)
    }

    /// Its buttons, for a message that is in the log.
    pub(super) fn view(self, message: &Message, me: UserId, t: &'static Texts) -> AnyView {
        let (is_mine, reactions) = (message.author.id == me, message.reactions.clone());
        let emoji = move |these: &'static str| {
            let button = |emoji: &'static str| {
                let is_put = reactions.iter().any(|reaction| reaction.emoji.as_str() == emoji && is_by(reaction, me));
                view! { <button type="button" class="tool" data-emoji=emoji aria-pressed=is_put.to_string()>{emoji}</button> }
                    .into_any()
            };
            these.split(' ').map(button).collect_view()
        };
        let who: Vec<String> = message.reactions.iter().map(|reaction| who(reaction, me, t)).collect();
        let step = move || match self.step.get() {
            Step::Choose => {
                let own =
                    is_mine.then(|| (tool("edit", icons::pencil(), t.edit), tool("delete", icons::bin(), t.delete)));
                let who = who.iter().map(|who| view! { <li>{who.clone()}</li> }).collect_view();
                view! {
                    <div class="emoji">{emoji(FEW)} {tool("more", icons::smile(), t.more_emoji)}</div>
                    {own}
                    <ul class="who small">{who}</ul>
                }
                .into_any()
            }
            Step::MoreEmoji => view! { <div class="emoji many">{emoji(MANY)}</div> }.into_any(),
            Step::ConfirmDeletion => view! {
                <p>{t.delete_question}</p>
                <button type="button" class="button gentle" data-deed="keep">{t.keep}</button>
                <button type="button" class="button grave" data-deed="really">{t.delete}</button>
            }
            .into_any(),
        };
        view! {
            <div
                class="deeds"
                aria-live="off"
                class:low=live(move || self.is_low.get())
                // Who was writing goes on writing: the pointer does not take the focus along.
                on:mousedown=|event| event.prevent_default()
            >
                <div class="bar" role="group" aria-label=t.menu>{live_view(step)}</div>
            </div>
        }
        .into_any()
    }

    /// Something in the timeline was clicked or touched.
    pub(super) fn clicked(self, event: &MouseEvent) {
        let Some((target, row, id)) = place(event) else { return };
        let Some(button) = closest(&target, "button") else {
            if is(&target, ".deeds") {
                self.close();
            } else if closest(&target, "a").is_none() {
                self.open(id);
            }
            return;
        };
        let has_focus = has_focus();
        let message = untrack(|| seen(self.store, self.conversation, self.timeline, id)).map(|seen| seen.message);
        let deed = button.get_attribute("data-deed");
        match (deed.as_deref(), button.get_attribute("data-emoji"), message) {
            (_, Some(emoji), Some(message)) => {
                self.react(&message, emoji);
                self.done(&row, has_focus);
            }
            (Some("edit"), _, Some(message)) => {
                self.draft.edit(&message);
                self.draft.focus();
                self.close();
            }
            (Some("really"), _, Some(message)) => {
                self.draft.put(Deed::Delete { seq: message.seq });
                self.done(&row, has_focus);
            }
            (Some("more"), ..) => self.go(Step::MoreEmoji, row, has_focus),
            (Some("delete"), ..) => self.go(Step::ConfirmDeletion, row, has_focus),
            (Some("keep"), ..) => self.go(Step::Choose, row, has_focus),
            _ => {}
        }
    }

    /// The mouse is over something.
    pub(super) fn pointed(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse"
            && !has_focus()
            && let Some((_, _, id)) = place(event)
        {
            self.open(id);
        }
    }

    /// The mouse has left.
    pub(super) fn left(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" && !has_focus() {
            self.close();
        }
    }

    /// The keyboard's focus has come to a message, or to something in it.
    pub(super) fn focused(self, event: &FocusEvent) {
        if let Some((target, _, id)) = place(event)
            && is(&target, ":focus-visible")
        {
            self.open(id);
        }
    }

    /// The focus has left for something else on the page.
    pub(super) fn blurred(self, event: &FocusEvent) {
        let next = event.related_target().and_then(|next| next.dyn_into::<Element>().ok());
        if next.is_some_and(|next| closest(&next, ".scroller").is_none()) {
            self.close();
        }
    }

    /// Arrows go from message to message, Enter to its menu, Escape back to the message and then to the composer.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        if event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let Some(target) = target(event) else { return };
        let row = closest(&target, "[data-id]");
        match (event.key().as_str(), row) {
            ("ArrowUp", Some(row)) => {
                let Some(next) = neighbour(row, Element::previous_element_sibling) else { return };
                focus(&next);
            }
            ("ArrowDown", Some(row)) => {
                let Some(next) = neighbour(row, Element::next_element_sibling) else { return };
                focus(&next);
            }
            ("ArrowUp" | "ArrowDown", None) => {
                let Some(last) = last_in_view(&target) else { return };
                focus(&last);
            }
            ("Enter", Some(row)) if row == target => focus_within(&row, ".bar button"),
            ("Escape", Some(row)) if self.at.with_untracked(Option::is_some) => self.done(&row, true),
            ("Escape", _) => self.draft.focus(),
            _ => return,
        }
        event.prevent_default();
    }

    fn open(self, id: CommandId) {
        if self.at.get_untracked() != Some(id) {
            self.step.set(Step::Choose);
            self.at.set(Some(id));
        }
    }

    fn close(self) {
        self.at.set(None);
    }

    /// Closes it, and gives the focus back to the message if it was in here.
    fn done(self, row: &Element, has_focus: bool) {
        if has_focus {
            // The focus opens it, so this comes first.
            focus(row);
        }
        self.close();
    }

    fn go(self, step: Step, row: Element, has_focus: bool) {
        let view = closest(&row, ".scroller").map(|view| view.get_bounding_client_rect());
        let place = row.get_bounding_client_rect();
        self.is_low.set(view.is_some_and(|view| place.top() - view.top() > view.bottom() - place.top()));
        self.step.set(step);
        if has_focus {
            // When its new buttons are there.
            request_animation_frame(move || focus_within(&row, ".bar button"));
        }
    }

    fn react(self, message: &Message, emoji: String) {
        let emoji = Emoji::from_trusted(emoji);
        let me = self.store.me.with_untracked(|me| me.as_ref().map(|me| me.id));
        let is_put = message.reactions.iter().any(|put| put.emoji == emoji && me.is_some_and(|me| is_by(put, me)));
        self.draft.put(Deed::React { seq: message.seq, emoji, on: !is_put });
    }
}

/// Who put this reaction, the reader last.
pub(super) fn who(reaction: &Reaction, me: UserId, t: &Texts) -> String {
    let mut names: Vec<&str> = Vec::new();
    names.extend(reaction.users.iter().filter(|user| user.id != me).map(|user| user.nickname.as_str()));
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if is_by(reaction, me) {
        names.push(t.you);
    }
    format!("{} {}", reaction.emoji, (t.who_reacted)(&names, more))
}

/// Whether `user` is among those who put it.
pub(super) fn is_by(reaction: &Reaction, user: UserId) -> bool {
    reaction.users.iter().any(|other| other.id == user)
}

fn tool(deed: &'static str, icon: AnyView, name: &'static str) -> AnyView {
    view! { <button type="button" class="tool" data-deed=deed title=name>{icon} <span>{name}</span></button> }
        .into_any()
}

/// What an event is about, the row of the message that it is in, and the command that sent that.
fn place(event: &Event) -> Option<(Element, Element, CommandId)> {
    let target = target(event)?;
    let row = closest(&target, "[data-id]")?;
    let id = row.get_attribute("data-id")?.parse().ok()?;
    Some((target, row, id))
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

fn is(element: &Element, selector: &str) -> bool {
    element.matches(selector).unwrap_or(false)
}

/// Whether the focus is in the menu.
fn has_focus() -> bool {
    document().active_element().is_some_and(|element| closest(&element, ".deeds").is_some())
}

fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // Focus can only fail where the element is gone.
        drop(element.focus());
    }
}

fn focus_within(row: &Element, selector: &str) {
    if let Ok(Some(element)) = row.query_selector(selector) {
        focus(&element);
    }
}

/// The next row of a message in one direction.
fn neighbour(mut row: Element, next: fn(&Element) -> Option<Element>) -> Option<Element> {
    loop {
        row = next(&row)?;
        if row.has_attribute("data-id") {
            return Some(row);
        }
    }
}

/// The last message of which something is in view.
fn last_in_view(scroller: &Element) -> Option<Element> {
    let end = scroller.get_bounding_client_rect().bottom();
    let mut row = scroller.query_selector("ol").ok()??.last_element_child()?;
    while !row.has_attribute("data-id") || row.get_bounding_client_rect().top() >= end {
        row = row.previous_element_sibling()?;
    }
    Some(row)
}
