//! The outbox: commands are stored in the browser first, then sent, one at a time.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    client::{
        clock::now, connection_command::ConnectionCommand, connection_status::ConnectionStatus,
        outbox_state::OutboxChange, store::ClientStore,
    },
    domain::{CommandId, ConversationId, Seq, Timestamp},
    protocol::{ErrorCode, ErrorFrame},
    state::{OutboxCommand, Outgoing, OutgoingStatus},
};

/// How long to wait after [`ErrorCode::RateLimited`] if the server does not say it, in milliseconds.
const DEFAULT_RETRY_DELAY: u64 = 1_000;

impl ClientStore {
    /// Gives a command. Its effect shows at once; it stays in the outbox until it is in the log, or has been withdrawn.
    pub fn submit(self, conversation: ConversationId, command: OutboxCommand) {
        self.submit_as(CommandId::new_at(now()), conversation, command);
    }

    /// As [`Self::submit`], for a command that has an id because it may have been sent before.
    pub fn submit_as(self, id: CommandId, conversation: ConversationId, command: OutboxCommand) {
        let typed_at = Timestamp(now().0.max(self.outbox_state.with_value(|state| state.last_typed_at.0 + 1)));
        let outgoing = Outgoing::new(id, conversation, command, typed_at);
        self.outbox_state.update_value(|state| state.last_typed_at = typed_at);
        self.outbox.update(|outbox| outbox.put(outgoing.clone()));
        // The next letter is announced at once.
        self.page_state.update_value(|page| page.last_typing = None);
        self.change_stored_outbox(OutboxChange::Put(outgoing));
    }

    /// Sends a failed command again, under the same id.
    pub fn retry(self, id: CommandId) {
        self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Pending));
        self.send_next();
    }

    /// Removes a command from the outbox and returns it: its effect is visible, or the user discards or edits it.
    pub fn withdraw(self, id: CommandId) -> Option<Outgoing> {
        self.remove_stored(id);
        self.outbox.try_update(|outbox| outbox.remove(id)).flatten()
    }

    /// Sends the next command, if there is a connection and the previous one has been answered.
    pub(super) fn send_next(self) {
        let may_send = self.connection_status.get_untracked() == ConnectionStatus::Online
            && self.outbox_state.with_value(|state| state.has_adopted_orphans && state.in_flight.is_none());
        let next =
            self.outbox.with_untracked(|outbox| outbox.next().filter(|_| may_send).map(|next| (next.id, next.frame())));
        let Some((id, frame)) = next else { return };
        if self.send_to_connection(ConnectionCommand::Send(frame)) {
            self.outbox_state.update_value(|state| state.in_flight = Some(id));
            self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Unknown));
        }
    }

    /// A command is in the log.
    pub(super) fn command_saved(self, id: CommandId, conversation: ConversationId, seq: Seq) {
        self.remove_stored(id);
        self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Saved(seq)));
        // Its event shows the effect; the event may have come before the ack.
        self.remove_saved(conversation);
        self.command_answered(id);
    }

    /// The event of a command has arrived, or a page with its message.
    pub(super) fn command_confirmed(self, id: CommandId) {
        if self.outbox.with_untracked(|outbox| outbox.get(id).is_some()) {
            self.withdraw(id);
            self.command_answered(id);
        }
    }

    /// A command was refused and had no effect. It stays in the outbox, so that the user can retry or withdraw it.
    pub(super) fn command_refused(self, id: CommandId, error: &ErrorFrame) {
        let is_deletion = self.outbox.with_untracked(|outbox| {
            outbox.get(id).is_some_and(|outgoing| matches!(outgoing.command, OutboxCommand::Delete { .. }))
        });
        match error.code {
            // It is retried without asking the user. Later commands wait as well.
            ErrorCode::RateLimited => {
                let delay = Duration::from_millis(error.retry_after_ms.unwrap_or(DEFAULT_RETRY_DELAY));
                set_timeout(move || self.command_answered(id), delay);
                return;
            }
            // The message is deleted already.
            ErrorCode::UnknownMessage if is_deletion => drop(self.withdraw(id)),
            code => self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Failed(code))),
        }
        self.command_answered(id);
    }

    /// Removes the commands of a conversation that are saved and whose events have been applied.
    pub(super) fn remove_saved(self, conversation: ConversationId) {
        let timeline = self.timeline_state(conversation.into()).timeline;
        let cursor = timeline.with_untracked(|timeline| timeline.cursor());
        self.outbox.maybe_update(|outbox| outbox.remove_saved(conversation, cursor));
    }

    /// The server's history is another one: withdraws the commands that would change other messages than the user meant,
    /// and sends replies as plain messages.
    pub(super) fn withdraw_bound_to_history(self) {
        for id in self.outbox.with_untracked(|outbox| outbox.bound_to_history()) {
            self.withdraw(id);
        }
        let changed = self.outbox.try_update(|outbox| outbox.forget_originals()).unwrap_or_default();
        changed.into_iter().for_each(|outgoing| self.change_stored_outbox(OutboxChange::Put(outgoing)));
    }

    /// Changes the stored outbox. Without storage there is nothing to change.
    pub(super) fn change_stored_outbox(self, change: OutboxChange) {
        self.outbox_state
            .with_value(|state| state.storage.as_ref().is_some_and(|storage| storage.unbounded_send(change).is_ok()));
    }

    /// Whether the outbox has nothing to send.
    pub(super) fn has_nothing_to_send(self) -> bool {
        self.outbox.with_untracked(|outbox| outbox.next().is_none())
    }

    /// A command has been answered, or may be sent again: the next one can be sent.
    fn command_answered(self, id: CommandId) {
        self.outbox_state.update_value(|state| state.in_flight = state.in_flight.filter(|&waiting| waiting != id));
        self.send_next();
    }

    /// The connection is lost, so the command in flight will not be answered.
    pub(super) fn forget_command_in_flight(self) {
        self.outbox_state.update_value(|state| state.in_flight = None);
    }

    fn remove_stored(self, id: CommandId) {
        if let Some(outgoing) = self.outbox.with_untracked(|outbox| outbox.get(id).cloned()) {
            self.change_stored_outbox(OutboxChange::Remove(outgoing));
        }
    }
}
