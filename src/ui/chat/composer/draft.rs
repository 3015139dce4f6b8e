//! The text in the composer: a new message, or an edit of a message that was sent before.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use web_sys::Event;

use crate::{
    client::{ClientStore, DraftState, Edit, RequestError, TimelineId},
    domain::{CommandId, MAX_BODY_CHARACTERS, Message, Seq, is_longer_than_any, trimmed},
    protocol::ErrorCode,
    state::{OutboxCommand, Outgoing, Timeline},
    ui::{
        chat::{
            composer::completion::LazyCompletion,
            message_view::{last_own_message, message_view},
        },
        context::{
            message_preferences::MessagePreferences,
            router::{Navigator, PendingRecipient},
        },
        kit::{dom::insert_text, reactive::effect},
        markdown::{Editing, mark_of_key},
    },
};

/// The draft of one conversation or thread. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    /// What the draft works with. Together, so that the handle stays small.
    surroundings: StoredValue<Surroundings>,
    /// The conversation or the thread that the message goes to.
    pub(crate) id: TimelineId,
    /// The messages of the conversation or the thread.
    pub(crate) timeline: Signal<Timeline>,
    /// The text field.
    pub(crate) field: NodeRef<html::Textarea>,
    /// The text in the field.
    pub(crate) text: RwSignal<String>,
    /// The message that the text edits; `None` for a new message.
    pub(crate) edit: RwSignal<Option<Edit>>,
    /// The message that a new message replies to. In a thread it is the last message, unless the user chooses another.
    pub(crate) reply_to: RwSignal<Option<Seq>>,
    /// Why the last message or another command was refused.
    pub(crate) problem: RwSignal<Option<ErrorCode>>,
    /// The text of a recipient picker, if it made [`send`](Self::send) ask for confirmation instead of sending.
    pub(crate) unresolved_recipient: RwSignal<Option<String>>,
}

/// What a draft works with.
#[derive(Clone, Copy)]
struct Surroundings {
    store: ClientStore,
    /// The formatting of the text.
    editing: Editing,
    completion: LazyCompletion,
    /// How the user wants to send.
    preferences: RwSignal<MessagePreferences>,
    pending_recipient: PendingRecipient,
}

impl Draft {
    /// Restores what was in the composer when the conversation was last open.
    pub(crate) fn new(store: ClientStore, id: TimelineId) -> Self {
        let saved = store.draft(id);
        let problem = saved.problem.or_else(|| length_error(&saved.text));
        let field = NodeRef::new();
        let surroundings = Surroundings {
            store,
            editing: Editing::new(),
            completion: LazyCompletion::new(store, id.conversation, field, field_id(id)),
            preferences: expect_context(),
            pending_recipient: expect_context::<Navigator>().pending_recipient,
        };
        let draft = Self {
            surroundings: StoredValue::new(surroundings),
            id,
            timeline: store.timeline(id).into(),
            field,
            text: RwSignal::new(saved.text),
            edit: RwSignal::new(saved.edit),
            reply_to: RwSignal::new(saved.reply_to),
            problem: RwSignal::new(problem),
            unresolved_recipient: RwSignal::new(None),
        };
        effect(move || {
            let (text, edit) = (draft.text.get(), draft.edit.get());
            let state = DraftState { text, edit, reply_to: draft.reply_to.get(), problem: draft.problem.get() };
            let text = untrack(|| draft.without_edit(&state));
            store.set_draft(id, state, &text);
        });
        effect(move || draft.restore_refused());
        effect(move || draft.leave_edit_of_deleted());
        draft
    }

    /// Shows why a request to the server failed.
    pub(crate) fn show_refusal(self, refusal: &RequestError) {
        self.problem.try_set(Some(refusal.code().unwrap_or(ErrorCode::Internal)));
    }

    /// The store, which keeps the draft and sends the messages.
    pub(crate) fn store(self) -> ClientStore {
        self.surroundings.with_value(|it| it.store)
    }

    /// The formatting of the text.
    pub(crate) fn editing(self) -> Editing {
        self.surroundings.with_value(|it| it.editing)
    }

    /// The completion of what is being typed.
    pub(crate) fn completion(self) -> LazyCompletion {
        self.surroundings.with_value(|it| it.completion)
    }

    /// The user has changed the text.
    pub(crate) fn on_input(self, text: String) {
        self.problem.set(length_error(&text));
        self.text.set(text);
        self.editing().forget_paste();
        self.completion().on_change();
        self.unresolved_recipient.set(None);
        self.store().send_typing(self.id.conversation);
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(self) -> bool {
        self.text.with(|text| text.trim().is_empty())
    }

    /// Whether the text is certainly taller than the field may grow. Then the field gets its greatest height at once, because
    /// measuring a long text is slow.
    pub(crate) fn is_tall(self) -> bool {
        self.text.with(String::len) > MAX_BODY_CHARACTERS
    }

    /// The text for the invisible element whose height sets the height of the field.
    pub(crate) fn mirrored_text(self) -> String {
        if self.is_tall() { String::new() } else { self.text.get() }
    }

    /// The message that is being edited.
    pub(crate) fn edited_message(self) -> Option<CommandId> {
        self.edit.with(|edit| edit.as_ref().map(|edit| edit.message))
    }

    /// Starts to edit a message. The text that is in the composer comes back after the edit.
    pub(crate) fn start_edit(self, message: &Message) {
        let body = message.body.as_str().to_owned();
        self.edit.update(|edit| {
            let draft = edit.take().map_or_else(|| self.text.get_untracked(), |edit| edit.draft);
            *edit = Some(Edit { message: message.id, seq: message.seq, draft });
        });
        self.text.set(body);
        self.problem.set(None);
    }

    /// Ends the edit without sending it.
    pub(crate) fn cancel_edit(self) {
        if let Some(edit) = self.edit.try_update(Option::take).flatten() {
            self.text.set(edit.draft);
            self.problem.set(None);
        }
    }

    /// Begins a reply to a message.
    pub(crate) fn start_reply(self, message: Seq) {
        self.cancel_edit();
        self.reply_to.set(Some(message));
        self.focus();
    }

    /// What is written replies to nothing any more.
    pub(crate) fn cancel_reply(self) {
        self.reply_to.set(None);
    }

    /// The message that the text replies to: the one that the user has chosen, or the last one of the thread.
    fn original(self) -> Option<Seq> {
        let last = || self.timeline.with_untracked(|timeline| timeline.messages().last().map(|message| message.seq));
        self.reply_to.get_untracked().or_else(|| self.id.thread.map(|first| last().unwrap_or(first)))
    }

    /// The id of the text field.
    pub(crate) fn field_id(self) -> &'static str {
        field_id(self.id)
    }

    /// Sends the text, as a new message or as an edit.
    pub(crate) fn send(self) {
        let (is_empty, text) = untrack(|| (self.is_empty(), self.text.get()));
        match self.edit.get_untracked() {
            Some(_) if is_empty => self.problem.set(Some(ErrorCode::EmptyMessage)),
            _ if length_error(&text).is_some() => self.problem.set(length_error(&text)),
            Some(Edit { message, .. }) if untrack(|| self.has_body(message, trimmed(&text))) => self.cancel_edit(),
            Some(Edit { seq, .. }) => {
                self.submit_command(OutboxCommand::Edit { seq, body: text });
                self.cancel_edit();
            }
            None if is_empty => {}
            None => {
                // The user has begun to choose another recipient. The first attempt to send shows who would receive this.
                self.unresolved_recipient
                    .set(self.surroundings.with_value(|it| it.pending_recipient).take_unresolved());
                if self.unresolved_recipient.with_untracked(Option::is_some) {
                    return;
                }
                self.submit_command(OutboxCommand::Send { body: text, reply_to: self.original() });
                self.text.set(String::new());
                self.cancel_reply();
                self.editing().forget_paste();
                self.completion().close();
            }
        }
    }

    /// Something was pasted into the field.
    pub(crate) fn on_paste(self, event: &Event) {
        if let Some(field) = self.field.get_untracked() {
            self.editing().on_paste(&field, event);
        }
    }

    /// The list of completions takes its keys first. Enter sends, or Ctrl+Enter or ⌘+Enter if the user prefers that. Shift+Enter and Alt+Enter insert a line break, Escape
    /// cancels an edit or a reply, and the up arrow in an empty field edits the user's last message. Some letters format the selection.
    pub(crate) fn on_key_down(self, event: &KeyboardEvent) {
        // These keys belong to the input method while it composes. Safari reports that by the key code only.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        if let Some((mark, field)) = mark_of_key(event).zip(self.field.get_untracked()) {
            event.prevent_default();
            return self.editing().toggle(field, mark);
        }
        if self.completion().on_key_down(event) {
            return;
        }
        let inserts_break = event.key() == "Enter" && (event.alt_key() || event.get_modifier_state("AltGraph"));
        if event.shift_key() && !inserts_break {
            return;
        }
        let is_editing = self.edit.with_untracked(Option::is_some);
        match event.key().as_str() {
            // Browsers do not do this for Alt+Enter.
            "Enter" if inserts_break => insert_text("\n"),
            "Enter" if !self.enter_sends() && !event.ctrl_key() && !event.meta_key() => return,
            "Enter" => self.send(),
            "Escape" if is_editing => self.cancel_edit(),
            "Escape" if self.reply_to.with_untracked(Option::is_some) => self.cancel_reply(),
            "ArrowUp" if !is_editing && self.text.with_untracked(String::is_empty) => {
                let Some(last) = untrack(|| last_own_message(self.store(), self.id.conversation, self.timeline)) else {
                    return;
                };
                self.start_edit(&last);
            }
            _ => return,
        }
        event.prevent_default();
    }

    /// Whether Enter alone sends.
    pub(crate) fn enter_sends(self) -> bool {
        self.surroundings.with_value(|it| it.preferences).get_untracked().enter_sends
    }

    /// Gives the focus to the field. Synchronously, because a phone shows its keyboard only during the touch event.
    pub(crate) fn focus(self) {
        if let Some(field) = self.field.get_untracked() {
            // Focusing fails only if the field is no longer in the document.
            drop(field.focus());
        }
    }

    /// Puts a command of this conversation into the outbox.
    pub(crate) fn submit_command(self, command: OutboxCommand) {
        self.problem.set(None);
        self.store().submit(self.id.conversation, command);
    }

    fn has_body(self, message: CommandId, text: &str) -> bool {
        message_view(self.store(), self.id.conversation, self.timeline, message)
            .is_some_and(|view| view.message.body.as_str() == text)
    }

    /// The text to keep for a reload of the page. A reload forgets which message is being edited, so an edited text becomes
    /// a new message, with the draft below it.
    fn without_edit(self, state: &DraftState) -> String {
        let mut text = state.text.clone();
        if let Some(Edit { message, draft, .. }) = &state.edit {
            if self.has_body(*message, trimmed(&text)) {
                text.clear();
            }
            append_below(&mut text, draft);
        }
        text
    }

    /// If the message that is being edited was deleted, the text stays as a new message.
    fn leave_edit_of_deleted(self) {
        let Some(id) = self.edited_message() else { return };
        if self.timeline.with(|timeline| timeline.by_id(id).is_some_and(|message| message.deleted))
            && let Some(edit) = self.edit.try_update(Option::take).flatten()
        {
            self.text.update(|text| append_below(text, &edit.draft));
            self.problem.set(Some(ErrorCode::UnknownMessage));
        }
    }

    /// Moves refused texts from the outbox back into the composer, above what has been written since. Replies in a thread that
    /// is shown go back into the composer there.
    fn restore_refused(self) {
        let store = self.store();
        let TimelineId { conversation, thread } = self.id;
        let is_of_this = |outgoing: &Outgoing| {
            outgoing.reply_to().and_then(|original| store.shown_thread_of(conversation, original)) == thread
        };
        while let Some((id, code)) = store.outbox.with(|outbox| outbox.refused_in(conversation, is_of_this)) {
            let Some(Outgoing { command, .. }) = store.withdraw(id) else { return };
            let edited = match &command {
                OutboxCommand::Edit { seq, .. } if code != ErrorCode::UnknownMessage => Some(*seq),
                _ => None,
            };
            if let OutboxCommand::Send { reply_to: reply_to @ Some(_), .. } = command
                && code != ErrorCode::UnknownMessage
                && thread.is_none()
            {
                self.reply_to.set(reply_to);
            }
            if let OutboxCommand::Send { body, .. } | OutboxCommand::Edit { body, .. } = command {
                self.restore_text(body, edited);
            }
            self.problem.set(Some(code));
        }
    }

    /// Puts a text back into the composer, as an edit of the message at `edited` if that is loaded.
    fn restore_text(self, mut body: String, edited: Option<Seq>) {
        let is_editing = self.edit.with_untracked(Option::is_some);
        let message = self.timeline.with_untracked(|timeline| {
            let mut messages = timeline.messages().filter(|message| !message.deleted && !is_editing);
            messages.find(|message| Some(message.seq) == edited).cloned()
        });
        if let Some(message) = message {
            self.start_edit(&message);
            self.text.set(body);
        } else if is_editing {
            // Another message is being edited. The text comes back with the draft after that edit.
            self.edit.update(|edit| {
                if let Some(Edit { draft, .. }) = edit {
                    append_below(&mut body, draft);
                    *draft = body;
                }
            });
        } else {
            self.text.update(|text| {
                append_below(&mut body, text);
                *text = body;
            });
        }
    }
}

/// The id of the text field of a conversation's composer, or of a thread's, which may be on the page at the same time.
fn field_id(id: TimelineId) -> &'static str {
    if id.thread.is_some() { "reply" } else { "message" }
}

/// The error for a text that is longer than any message. Checked here, so that it need not come back from the server.
fn length_error(text: &str) -> Option<ErrorCode> {
    is_longer_than_any(trimmed(text)).then_some(ErrorCode::MessageTooLong)
}

/// Appends `below` to `text` after an empty line, unless it is blank.
fn append_below(text: &mut String, below: &str) {
    if !below.trim().is_empty() {
        text.push_str(if text.is_empty() { "" } else { "\n\n" });
        text.push_str(below);
    }
}
