//! The end of a session: what stays in the browser, and what the page forgets.

use std::mem;

use leptos::prelude::*;

use crate::{
    client::{
        api::{self, RequestError},
        browser::{local_flag::LocalFlag, session_storage},
        connection_command::ConnectionCommand,
        connection_status::ConnectionStatus,
        outbox_state::{OutboxChange, OutboxState},
        outbox_storage::delete_stored_commands,
        small_map::SmallMap,
        store::ClientStore,
    },
    domain::{CurrentUser, EndReason, KeptMessages, SessionEnd, UserKind},
    state::{Blocks, Conversations, Originals, Outbox, Presence, Typing},
};

/// Follows the user's id in [`LocalFlag::signed_out`] if the user has deleted their account.
const DELETED: &str = " deleted";

impl ClientStore {
    /// Signs out. Returns whether the server could be reached.
    pub async fn sign_out(self) -> bool {
        self.end_session_by(api::sign_out(), "").await.is_ok()
    }

    /// Deletes the account; a registered user has to give the `password`.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn delete_account(self, password: Option<String>, messages: KeptMessages) -> Result<(), RequestError> {
        let outcome = self.end_session_by(api::delete_account(password, messages), DELETED).await;
        self.account_deleted.set(outcome.is_ok());
        outcome
    }

    /// Ends the session by a request. If it succeeds, nothing of the user stays in this browser; its other pages learn from
    /// `suffix` how the session ended.
    async fn end_session_by(
        self,
        request: impl Future<Output = Result<(), RequestError>>,
        suffix: &'static str,
    ) -> Result<(), RequestError> {
        self.page_state.update_value(|page| page.is_signing_out = true);
        if let Some(me) = self.current_user_id() {
            LocalFlag::signed_out().set(&format!("{me}{suffix}"));
        }
        let outcome = request.await;
        let is_still_signed_in = self.take_is_signing_out();
        if outcome.is_err() {
            LocalFlag::signed_out().clear();
        } else if is_still_signed_in {
            self.send_to_connection(ConnectionCommand::Stop);
            self.clear_browser_data();
            self.reset();
        }
        outcome
    }

    /// The session had ended before the page was opened. Deletes the user's data from this browser if it must not stay.
    pub fn apply_earlier_end(self, end: SessionEnd) {
        self.end_reason.set(Some(end.reason));
        if end.is_final() {
            session_storage::clear_if_of(end.user);
            LocalFlag::emoji(end.user).clear();
            delete_stored_commands(end.user);
        }
    }

    /// The server has ended the session.
    ///
    /// A guest cannot come back, so their unsent commands are deleted. A registered user whose session has expired can sign
    /// in again here and continue, unless they have signed out on some page of this browser. If somebody ended the session
    /// on purpose, perhaps because this browser is in the wrong hands, nothing stays.
    pub(super) fn session_ended(self, reason: EndReason) {
        let me = self.me.get_untracked();
        // While the user signs out, the socket may report the end before the request is answered. The answer then finds
        // nothing left to do, because another user may have signed in meanwhile.
        let is_signing_out = self.take_is_signing_out();
        let signed_out = LocalFlag::signed_out().get().unwrap_or_default();
        let has_signed_out = |me: &CurrentUser| signed_out.starts_with(&me.id.to_string());
        let stays = |me: &CurrentUser| !reason.is_intended() && me.kind != UserKind::Guest && !has_signed_out(me);
        let is_known = |me: &CurrentUser| !(is_signing_out || has_signed_out(me) && signed_out.ends_with(DELETED));
        if is_signing_out || !me.as_ref().is_some_and(stays) {
            self.clear_browser_data();
        }
        self.reset();
        self.end_reason.set((!is_signing_out).then_some(reason));
        self.previous_user.set(me.filter(is_known));
    }

    /// Returns whether the user was signing out, and ends that state.
    fn take_is_signing_out(self) -> bool {
        self.page_state.try_update_value(|page| mem::take(&mut page.is_signing_out)).unwrap_or_default()
    }

    /// Deletes what this browser stores of the user.
    pub(super) fn clear_browser_data(self) {
        self.change_stored_outbox(OutboxChange::Clear);
        session_storage::clear();
        if let Some(me) = self.current_user_id() {
            LocalFlag::emoji(me).clear();
        }
    }

    /// Forgets everything of the session on this page.
    pub(super) fn reset(self) {
        self.outbox_state.set_value(OutboxState::default());
        self.timeline_states.update_value(SmallMap::clear);
        self.originals().set(Originals::default());
        self.drafts.update_untracked(SmallMap::clear);
        self.page_state.update_value(|page| {
            page.queued_events.clear();
            page.epoch = None;
        });
        self.cancel_requests();
        self.set_connection(None);
        self.outbox.set(Outbox::default());
        self.conversations.set(Conversations::default());
        self.blocks.set(Blocks::default());
        self.presence.set(Presence::default());
        self.typing.set(Typing::default());
        self.connection_status.set(ConnectionStatus::Idle);
        self.me.set(None);
    }
}
