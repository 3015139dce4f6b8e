//! Threads and replies: muting a thread, and the messages that are replied to.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{
        api::{self, RequestError},
        clock::now,
        rooms::refused,
        store::{ClientStore, TimelineState},
        timeline_id::TimelineId,
    },
    domain::{CommandId, ConversationId, Seq},
    protocol::ClientFrame,
    state::Timeline,
};

impl ClientStore {
    /// Whether the user hears nothing of this thread.
    pub fn is_thread_muted(self, conversation: ConversationId, thread: Seq) -> ArcRwSignal<bool> {
        self.timeline_state(TimelineId::of_thread(conversation, thread)).is_muted
    }

    /// Hears nothing more of a thread without being mentioned, or hears of it again.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn mute_thread(self, conversation: ConversationId, thread: Seq, on: bool) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        self.request(id, ClientFrame::MuteThread { id, conversation, thread, on }).await.map_err(refused)?;
        self.is_thread_muted(conversation, thread).set(on);
        Ok(())
    }

    /// Whether a timeline is kept: that of a thread is only while it is shown.
    pub(super) fn keeps(self, id: TimelineId) -> bool {
        id.thread.is_none() || self.timeline_states.with_value(|states| states.get(&id).is_some())
    }

    /// Forgets the messages of a thread, which is no longer shown.
    pub fn close_thread(self, conversation: ConversationId, thread: Seq) {
        let id = TimelineId::of_thread(conversation, thread);
        self.timeline_states.update_value(|states| drop(states.remove(&id)));
    }

    /// The shown thread that this message is in.
    pub fn shown_thread_of(self, conversation: ConversationId, message: Seq) -> Option<Seq> {
        let contains = |state: &TimelineState| state.timeline.with_untracked(|it| Timeline::get(it, message).is_some());
        let of_it = self.timelines_of(conversation);
        of_it.into_iter().filter(|(_, state)| contains(state)).find_map(|(id, _)| id.thread)
    }

    /// Fetches messages that are replied to and that are neither known nor being fetched, all together.
    pub fn fetch_originals(self, conversation: ConversationId, seqs: &[Seq]) {
        let wanted = self.originals().try_update_untracked(|originals| originals.want(conversation, seqs));
        for wanted in wanted.unwrap_or_default() {
            spawn_local(async move {
                let found = api::messages_at(conversation, &wanted).await;
                self.originals().try_update(|originals| originals.put(conversation, &wanted, found));
            });
        }
    }
}
