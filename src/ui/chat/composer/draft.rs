//! What is being written: a new message, or another text for one that was sent.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlDocument;

use crate::{
    client::{DraftState, Edit, Refusal, Store},
    domain::{CommandId, ConversationId, MAX_BODY_CHARACTERS, Message, Seq, is_longer_than_any, trimmed},
    protocol::ErrorCode,
    state::{OutboxCommand, Outgoing, Timeline},
    ui::{
        chat::message_view,
        context::router::{Navigator, Wanted},
        kit::reactive::effect,
    },
};

/// What is being written in one conversation. A handle: copies are the same draft.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    store: StoredValue<Store>,
    /// Where it goes.
    pub(crate) conversation: ConversationId,
    /// What is there already.
    pub(crate) timeline: Signal<Timeline>,
    /// Where it is written.
    pub(crate) field: NodeRef<html::Textarea>,
    /// The text.
    pub(crate) text: RwSignal<String>,
    /// The message that the text is for; none for a new one.
    pub(crate) edit: RwSignal<Option<Edit>>,
    /// Why the last one was refused.
    pub(crate) problem: RwSignal<Option<ErrorCode>>,
    wanted: Wanted,
    /// For whom the text may be meant that was not sent here at once.
    pub(crate) meant_for: RwSignal<Option<String>>,
}

impl Draft {
    /// What was left here when the conversation was last open.
    pub(crate) fn new(store: Store, conversation: ConversationId) -> Self {
        let left = store.written(conversation);
        let problem = left.problem.or_else(|| too_long(&left.text));
        let draft = Self {
            store: StoredValue::new(store),
            conversation,
            timeline: store.timeline(conversation).into(),
            field: NodeRef::new(),
            text: RwSignal::new(left.text),
            edit: RwSignal::new(left.edit),
            problem: RwSignal::new(problem),
            wanted: expect_context::<Navigator>().wanted,
            meant_for: RwSignal::new(None),
        };
        effect(move || {
            let written = DraftState { text: draft.text.get(), edit: draft.edit.get(), problem: draft.problem.get() };
            let text = untrack(|| draft.as_one_text(&written));
            store.write(conversation, written, &text);
        });
        effect(move || draft.take_back());
        effect(move || draft.outlive_message());
        draft
    }

    /// Tells why something else was not done here.
    pub(crate) fn refuse(self, refusal: &Refusal) {
        self.problem.try_set(Some(refusal.code().unwrap_or(ErrorCode::Internal)));
    }

    /// Where it is kept, and sent from.
    pub(crate) fn store(self) -> Store {
        self.store.get_value()
    }

    /// Something was typed, or pasted.
    pub(crate) fn typed(self, text: String) {
        self.problem.set(too_long(&text));
        self.text.set(text);
        self.meant_for.set(None);
        self.store().type_in(self.conversation);
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(self) -> bool {
        self.text.with(|text| text.trim().is_empty())
    }

    /// Whether the text is surely higher than the field may grow: then the field has its greatest height and scrolls. To
    /// measure a text takes the longer, the longer it is.
    pub(crate) fn is_high(self) -> bool {
        self.text.with(String::len) > MAX_BODY_CHARACTERS
    }

    /// The text as what holds the field open has it.
    pub(crate) fn mirror(self) -> String {
        if self.is_high() { String::new() } else { self.text.get() }
    }

    /// The message that is being changed.
    pub(crate) fn edited(self) -> Option<CommandId> {
        self.edit.with(|edit| edit.as_ref().map(|edit| edit.message))
    }

    /// Puts what a message says into the composer, to be changed there. What stood there comes back afterwards.
    pub(crate) fn edit(self, message: &Message) {
        let body = message.body.as_str().to_owned();
        self.edit.update(|edit| {
            let draft = edit.take().map_or_else(|| self.text.get_untracked(), |edit| edit.draft);
            *edit = Some(Edit { message: message.id, seq: message.seq, draft });
        });
        self.text.set(body);
        self.problem.set(None);
    }

    /// Leaves the message as it is.
    pub(crate) fn cancel(self) {
        if let Some(edit) = self.edit.try_update(Option::take).flatten() {
            self.text.set(edit.draft);
            self.problem.set(None);
        }
    }

    /// Sends what was written, if anything.
    pub(crate) fn send(self) {
        let (is_empty, text) = untrack(|| (self.is_empty(), self.text.get()));
        match self.edit.get_untracked() {
            Some(_) if is_empty => self.problem.set(Some(ErrorCode::EmptyMessage)),
            _ if too_long(&text).is_some() => self.problem.set(too_long(&text)),
            Some(Edit { message, .. }) if untrack(|| self.says(message, trimmed(&text))) => self.cancel(),
            Some(Edit { seq, .. }) => {
                self.put(OutboxCommand::Edit { seq, body: text });
                self.cancel();
            }
            None if is_empty => {}
            None => {
                // Somebody else was about to be chosen: before anything goes, it is told to whom.
                self.meant_for.set(self.wanted.take());
                if self.meant_for.with_untracked(Option::is_some) {
                    return;
                }
                self.put(OutboxCommand::Send { body: text });
                self.text.set(String::new());
            }
        }
    }

    /// Enter sends, Shift+Enter and Alt+Enter break the line, and an input method's keys are its own.
    pub(crate) fn pressed(self, event: &KeyboardEvent) {
        // While a text is being composed, Enter takes a suggestion; Safari tells so by the key code alone.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let breaks_line = event.key() == "Enter" && (event.alt_key() || event.get_modifier_state("AltGraph"));
        if event.shift_key() && !breaks_line {
            return;
        }
        let is_editing = self.edit.with_untracked(Option::is_some);
        match event.key().as_str() {
            "Enter" if breaks_line => break_line(),
            "Enter" => self.send(),
            "Escape" if is_editing => self.cancel(),
            "ArrowUp" if !is_editing && self.text.with_untracked(String::is_empty) => {
                let Some(last) = untrack(|| message_view::last_of_mine(self.store(), self.conversation)) else {
                    return;
                };
                self.edit(&last);
            }
            _ => return,
        }
        event.prevent_default();
    }

    /// At once, so that a phone shows its keyboard for the touch that led here.
    pub(crate) fn focus(self) {
        if let Some(field) = self.field.get_untracked() {
            // Focus can only fail where the field is gone.
            drop(field.focus());
        }
    }

    /// Does something here.
    pub(crate) fn put(self, deed: OutboxCommand) {
        self.problem.set(None);
        self.store().put(self.conversation, deed);
    }

    fn says(self, message: CommandId, text: &str) -> bool {
        message_view::seen(self.store(), self.conversation, self.timeline, message)
            .is_some_and(|seen| seen.message.body.as_str() == text)
    }

    /// All that was typed. What was to be changed is not known after a reload, so a change becomes a text like any other.
    fn as_one_text(self, written: &DraftState) -> String {
        let mut text = written.text.clone();
        if let Some(Edit { message, draft, .. }) = &written.edit {
            if self.says(*message, trimmed(&text)) {
                text.clear();
            }
            put_above(&mut text, draft);
        }
        text
    }

    /// The message that is being changed was deleted: what was written stays, as a new one.
    fn outlive_message(self) {
        let Some(id) = self.edited() else { return };
        if self.timeline.with(|timeline| timeline.by_id(id).is_some_and(|message| message.deleted))
            && let Some(edit) = self.edit.try_update(Option::take).flatten()
        {
            self.text.update(|text| put_above(text, &edit.draft));
            self.problem.set(Some(ErrorCode::UnknownMessage));
        }
    }

    /// A text that was refused comes back, above what has been written since. Until then it stands in the outbox.
    fn take_back(self) {
        let store = self.store();
        while let Some((id, code)) = store.outbox.with(|outbox| outbox.refused_in(self.conversation)) {
            let Some(Outgoing { deed, .. }) = store.take_out(id) else { return };
            let place = match &deed {
                OutboxCommand::Edit { seq, .. } if code != ErrorCode::UnknownMessage => Some(*seq),
                _ => None,
            };
            if let OutboxCommand::Send { body } | OutboxCommand::Edit { body, .. } = deed {
                self.give_back(body, place);
            }
            self.problem.set(Some(code));
        }
    }

    /// Gives back what was written, for the message at `place` if that is there.
    fn give_back(self, mut body: String, place: Option<Seq>) {
        let is_editing = self.edit.with_untracked(Option::is_some);
        let message = self.timeline.with_untracked(|timeline| {
            let mut messages = timeline.messages().filter(|message| !message.deleted && !is_editing);
            messages.find(|message| Some(message.seq) == place).cloned()
        });
        if let Some(message) = message {
            self.edit(&message);
            self.text.set(body);
        } else if is_editing {
            // Another message is being changed: the text comes back when that is done.
            self.edit.update(|edit| {
                if let Some(Edit { draft, .. }) = edit {
                    put_above(&mut body, draft);
                    *draft = body;
                }
            });
        } else {
            self.text.update(|text| {
                put_above(&mut body, text);
                *text = body;
            });
        }
    }
}

/// Browsers break no line for Alt+Enter. This is as if it had been typed: it can be undone, and the field tells of it.
fn break_line() {
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        // A browser that does not know it breaks no line, which is seen.
        drop(document.exec_command_with_show_ui_and_value("insertText", false, "\n"));
    }
}

/// What the server would say of a text that is longer than any message, and it would have to come back.
fn too_long(text: &str) -> Option<ErrorCode> {
    is_longer_than_any(trimmed(text)).then_some(ErrorCode::MessageTooLong)
}

/// Puts `since` below `text`, if it says anything.
fn put_above(text: &mut String, since: &str) {
    if !since.trim().is_empty() {
        text.push_str(if text.is_empty() { "" } else { "\n\n" });
        text.push_str(since);
    }
}
