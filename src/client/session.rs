//! The beginning of a session.

use futures_channel::mpsc;
use leptos::prelude::*;

use crate::{
    client::{
        browser::{
            local_flag::LocalFlag,
            session_storage::{self, PreBootMessage},
        },
        connection_command::{COMMAND_QUEUE, ConnectionCommand},
        connection_status::ConnectionStatus,
        outbox_state::OutboxChange,
        socket,
        store::ClientStore,
    },
    state::OutboxCommand,
};

impl ClientStore {
    /// Connects to the server as the user whom the session cookie names.
    pub fn connect(self) {
        self.previous_user.set(None);
        self.end_reason.set(None);
        self.account_deleted.set(false);
        let (sender, receiver) = mpsc::channel(COMMAND_QUEUE);
        self.set_connection(Some(sender));
        self.connection_status.set(ConnectionStatus::Connecting);
        if let Some(me) = self.current_user_id() {
            LocalFlag::signed_out().clear();
            self.start_outbox_storage(me);
            for PreBootMessage { id, conversation, body, reply_to } in session_storage::pre_boot_messages(me) {
                self.submit_as(id, conversation, OutboxCommand::Send { body, reply_to });
            }
            self.change_stored_outbox(OutboxChange::PreBootMessagesAdded);
        }
        socket::start(self, receiver);
    }

    /// The network or the reader is back: a lost connection is opened again at once.
    pub fn wake(self) {
        // If the page gets hidden now, its timers may be late by a minute, or never fire.
        self.apply_queued_events();
        self.send_to_connection(ConnectionCommand::Wake);
        self.change_stored_outbox(OutboxChange::AdoptOrphans);
    }
}
