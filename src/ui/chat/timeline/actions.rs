//! What stands in the menu of a message, and what comes of it: its buttons and the reactions carry what they do as data,
//! read here.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, EventTarget, FocusEvent, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use crate::{
    client::{Refusal, report},
    domain::{CommandId, CurrentUser, Emoji, MAX_REASON_CHARACTERS, Message, Reaction, Role, Seq},
    state::OutboxCommand,
    ui::{
        chat::{
            message_view::seen,
            timeline::{
                buttons::{self, Button},
                menu::{Actions, Menu, MenuState, MenuView, row_of},
                model::RowSignals,
            },
        },
        i18n::{Texts, sentence, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            icons,
            password_field::typed,
            reactive::{live_in_place, on},
        },
    },
};

/// The reactions that are one step away.
const FEW: &str = "👍 ❤️ 😂 🎉 👀 🍵";
/// Those that are two.
const MANY: &str = "👎 👏 🙏 💪 🤝 👋 🔥 ⭐ ✅ ❌ ❓ 💡 😀 😄 😊 😉 😍 🥰 🤔 😮 😅 😭 😢 😡 😴 🤯 🥳 🚀 🌸 🌧️ ☕ 🍰";

/// What the field for a report's reason is called in the document.
const REASON: &str = "report-reason";

pub(crate) const ACTIONS: Actions = Actions { view: Menu::shown, hear: Menu::hear };

impl Menu {
    fn shown(self, RowSignals { seen, .. }: RowSignals) -> Boxed {
        let (store, t) = (self.draft.store(), texts());
        live_in_place(move || {
            let seen = seen.get().filter(|seen| seen.message.seq > Seq(0) && seen.message.is_said())?;
            let me = store.me.get().filter(|_| self.place.get().is_open())?;
            Some(self.buttons(&seen.message, &me, t))
        })
        .boxed()
    }

    /// The buttons of a message that is in the log.
    fn buttons(self, message: &Message, me: &CurrentUser, t: &'static Texts) -> AnyView {
        let MenuState { step, is_low, is_touched, .. } = self.place.get();
        let emoji = |emoji: &'static str| {
            let put = |reaction: &Reaction| reaction.emoji.as_str() == emoji && buttons::is_by(reaction, me.id);
            buttons::emoji(emoji, message.reactions.iter().any(put)).into_any()
        };
        let mut parts: Vec<AnyView> = Vec::new();
        match step {
            MenuView::Choose => {
                let mut few: Vec<AnyView> = FEW.split(' ').map(emoji).collect();
                few.push(buttons::tool(Button::More, icons::smile(), t.more_emoji).into_any());
                parts.push(view! { <div class="emoji">{few}</div> }.into_any());
                for reaction in &message.reactions {
                    parts.push(
                        view! { <p class="reacted-by small">{sentence(&buttons::who(reaction, me.id, t))}</p> }
                            .into_any(),
                    );
                }
                let is_mine = message.author.id == me.id;
                if is_mine {
                    parts.push(buttons::tool(Button::Edit, icons::pencil(), t.edit).into_any());
                }
                if is_mine || (me.role > Role::Member && self.is_room) {
                    parts.push(buttons::tool(Button::Delete, icons::bin(), t.delete).into_any());
                }
                if !is_mine {
                    parts.push(buttons::tool(Button::Report, icons::flag(), t.report).into_any());
                    parts.push(buttons::tool(Button::Block, icons::block(), t.block).into_any());
                }
                if me.role > message.author.role {
                    let address = format!("/admin/users/{}", message.author.id);
                    parts.push(
                        view! {
                            <a class="icon-button" href=address target="_self" aria-label=t.moderate title=t.moderate>
                                {icons::shield()} <span>{t.moderate}</span>
                            </a>
                        }
                        .into_any(),
                    );
                }
            }
            MenuView::MoreEmoji => {
                let many: Vec<AnyView> = MANY.split(' ').map(emoji).collect();
                parts.push(view! { <div class="emoji all-emoji">{many}</div> }.into_any());
            }
            MenuView::ConfirmDeletion => {
                parts.push(quote(message, t));
                parts.push(view! { <p class="question">{t.delete_question}</p> }.into_any());
                parts.push(buttons::words("button secondary", Button::Keep, None, t.keep).into_any());
                parts.push(buttons::words("button danger", Button::Really, None, t.delete).into_any());
            }
            MenuView::Report => parts.push(
                view! {
                    {quote(message, t)}
                    <p id="report-note" class="question">{t.report_question}</p>
                    <input
                        id=REASON
                        class="field"
                        type="text"
                        maxlength=MAX_REASON_CHARACTERS.to_string()
                        placeholder=t.report_reason
                        aria-label=t.report_reason
                        aria-describedby="report-note quote"
                    />
                    {buttons::words("button secondary", Button::Keep, None, t.cancel)}
                    {buttons::words("button", Button::SendReport, None, t.send)}
                }
                .into_any(),
            ),
            MenuView::Reported(outcome) => {
                let words = match outcome {
                    Ok(()) => t.reported.to_owned(),
                    Err(code) => code.map_or_else(|| t.unreachable.to_owned(), t.error),
                };
                // The focus goes to the answer, and a screen reader reads it. As high as the form was, so that the pointer
                // is not at another message now.
                parts.push(quote(message, t));
                parts.push(view! { <p class="question answer" tabindex="-1">{words}</p> }.into_any());
                parts.push(buttons::words("button secondary", Button::Keep, None, t.understood).into_any());
            }
            MenuView::Closed => {}
        }
        let class = match (is_touched, is_low) {
            (true, _) => "message-actions sheet",
            (_, true) => "message-actions low",
            _ => "message-actions",
        };
        view! {
            <div
                class=class
                aria-live="off"
                // Who was writing goes on writing: the pointer does not take the focus along.
                on:mousedown=on(|event: MouseEvent| {
                    if !is_field(event.target()) {
                        event.prevent_default();
                    }
                })
            >
                <div class="toolbar" role="group" aria-label=t.menu aria-describedby="quote">{parts}</div>
            </div>
        }
        .into_any()
    }

    fn hear(self, event: &Event) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
            return self.pressed(key, &target);
        }
        let is_mouse = event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "mouse");
        let (row, id) = row_of(event).unzip();
        match (event.type_().as_str(), row, id.flatten()) {
            ("click", Some(row), Some(id)) => self.clicked(&target, row, id, !is_mouse),
            ("pointerover", _, Some(id)) if is_mouse && !has_focus() => self.open(Some(id), false),
            ("pointerleave", ..) if is_mouse && !has_focus() => self.leave(),
            ("focusin", _, Some(id)) if is(&target, ":focus-visible") => self.open(Some(id), false),
            ("focusout", ..) => {
                let next = event.dyn_ref::<FocusEvent>().and_then(|event| event.related_target());
                let next = next.and_then(|next| next.dyn_into::<Element>().ok());
                if next.is_some_and(|next| closest(&next, ".scroller").is_none()) {
                    self.leave();
                }
            }
            _ => {}
        }
    }

    /// Something on a message was clicked or touched.
    fn clicked(self, target: &Element, row: Element, id: CommandId, is_touch: bool) {
        let Some(button) = closest(target, "button") else {
            // Beside the sheet, which covers the message.
            if is(target, ".message-actions") {
                self.leave();
            } else if closest(target, "a").is_none() {
                self.open(Some(id), is_touch);
            }
            return;
        };
        let has_focus = has_focus();
        let message = untrack(|| seen(self.draft.store(), self.draft.conversation, self.draft.timeline, id))
            .map(|seen| seen.message);
        let about = button.get_attribute("data-about").unwrap_or_default();
        let Some(deed) = Button::of(&button) else { return };
        match (deed, message) {
            (Button::React, Some(message)) => {
                self.react(&message, about);
                if closest(&button, ".message-actions").is_some() {
                    self.done(&row, has_focus);
                } else {
                    // It is gone if nobody else has put it, and the focus with it.
                    request_animation_frame(move || {
                        if document().active_element().is_none_or(|element| is(&element, "body")) {
                            focus(&row);
                        }
                    });
                }
            }
            (Button::Edit, Some(message)) => {
                self.draft.edit(&message);
                self.draft.focus();
                self.leave();
            }
            (Button::Really, Some(message)) => {
                self.draft.put(OutboxCommand::Delete { seq: message.seq });
                self.done(&row, has_focus);
            }
            (Button::Block, Some(message)) => {
                let (store, draft) = (self.draft.store(), self.draft);
                spawn_local(async move {
                    if let Err(refusal) = store.block(message.author.id, true).await {
                        draft.refuse(&refusal);
                    }
                });
                self.done(&row, has_focus);
            }
            (Button::Report, _) => self.go(MenuView::Report, row, true),
            (Button::SendReport, Some(message)) => self.report(message, row),
            (Button::More, _) => self.go(MenuView::MoreEmoji, row, has_focus),
            (Button::Delete, _) => self.go(MenuView::ConfirmDeletion, row, has_focus),
            (Button::Keep, _) => self.go(MenuView::Choose, row, has_focus),
            (Button::Retry, _) => {
                if let Ok(command) = about.parse() {
                    self.draft.store().retry(command);
                }
            }
            (Button::Discard, _) => {
                if let Ok(command) = about.parse() {
                    self.draft.store().take_out(command);
                }
            }
            (Button::React | Button::Edit | Button::Really | Button::Block | Button::SendReport, None) => {}
        }
    }

    /// Arrows go from message to message, Enter to its menu, Escape back to the message and then to the composer.
    fn pressed(self, event: &KeyboardEvent, target: &Element) {
        if event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let row = closest(target, "[data-id]");
        let (key, is_field) = (event.key(), is(target, "input"));
        match (key.as_str(), row) {
            ("Enter", Some(row)) if is_field => {
                if let Ok(Some(button)) = row.query_selector("[data-action=send-report]")
                    && let Some(button) = button.dyn_ref::<HtmlElement>()
                {
                    button.click();
                }
            }
            (key, _) if is_field && key != "Escape" => return,
            (key @ ("ArrowUp" | "ArrowDown"), row) => {
                let next = match row {
                    None => last_in_view(target),
                    Some(row) if key == "ArrowUp" => neighbour(row, Element::previous_element_sibling),
                    Some(row) => neighbour(row, Element::next_element_sibling),
                };
                let Some(next) = next else { return };
                focus(&next);
            }
            ("Enter", Some(row)) if row == *target => self.go(MenuView::Choose, row, true),
            ("Escape", Some(row)) if self.place.get_untracked().is_open() => self.done(&row, true),
            ("Escape", _) => self.draft.focus(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Tells the moderators of a message, and the reader what came of it.
    fn report(self, message: Message, row: Element) {
        let (conversation, reason) = (self.draft.conversation, typed(REASON));
        spawn_local(async move {
            let outcome = report(conversation, message.seq, reason).await.map_err(|refusal: Refusal| refusal.code());
            // The reader may have gone on to another message meanwhile.
            let is_here = self.place.try_get_untracked().is_some_and(|place| place.is_at(message.id));
            if is_here {
                self.go(MenuView::Reported(outcome), row, true);
            }
        });
    }

    /// Closes it, and gives the focus back to the message if it was in here.
    fn done(self, row: &Element, has_focus: bool) {
        if has_focus {
            focus(row);
            self.place.update(|place| place.step = MenuView::Closed);
        } else {
            self.leave();
        }
    }

    fn go(self, step: MenuView, row: Element, has_focus: bool) {
        let view = closest(&row, ".scroller").map(|view| view.get_bounding_client_rect());
        let top = row.get_bounding_client_rect().top();
        let is_low = view.is_some_and(|view| top - view.top() > view.bottom() - top);
        self.place.update(|place| {
            place.step = step;
            place.is_low = is_low;
        });
        if has_focus {
            let before = document().active_element();
            // When its new buttons are there; unless somebody was quicker, and has gone on to one of them.
            request_animation_frame(move || {
                let now = document().active_element();
                let has_stayed = now == before || now.is_none_or(|element| is(&element, "body"));
                if has_stayed
                    && let Ok(Some(first)) =
                        row.query_selector(".toolbar input, .toolbar [tabindex='-1'], .toolbar button")
                {
                    focus(&first);
                }
            });
        }
    }

    fn react(self, message: &Message, emoji: String) {
        let emoji = Emoji::from_trusted(emoji);
        let me = self.draft.store().me.with_untracked(|me| me.as_ref().map(|me| me.id));
        let by_me = |put: &Reaction| put.emoji == emoji && me.is_some_and(|me| buttons::is_by(put, me));
        let on = !message.reactions.iter().any(by_me);
        self.draft.put(OutboxCommand::React { seq: message.seq, emoji, on });
    }
}

/// Whose message it is and what it says, as far as there is room: rows may have moved since the pointer went to one of
/// them.
fn quote(message: &Message, t: &Texts) -> AnyView {
    let author = t.name_of(&message.author.nickname).to_owned();
    let body = message.body.as_str().to_owned();
    view! { <blockquote id="quote" class="quote"><b translate="no"><bdi>{author}</bdi></b> " " <q dir="auto">{body}</q></blockquote> }
        .into_any()
}

fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

fn is(element: &Element, selector: &str) -> bool {
    element.matches(selector).unwrap_or(false)
}

/// Whether one writes in it.
fn is_field(target: Option<EventTarget>) -> bool {
    target.and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|target| is(&target, "input"))
}

/// Whether the keyboard is at a message: then the pointer, which may only lie about, leads nowhere.
fn has_focus() -> bool {
    let active = document().active_element();
    active.is_some_and(|element| is(&element, "[data-id]:focus-visible, [data-id] :focus-visible"))
}

fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // Focus can only fail where the element is gone.
        drop(element.focus());
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

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_menu_spells_emoji_as_they_come_back() {
        for emoji in FEW.split(' ').chain(MANY.split(' ')) {
            assert_eq!(Emoji::parse(emoji).as_ref().map(Emoji::as_str), Ok(emoji));
        }
    }
}
