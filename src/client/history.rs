//! Loading the messages of conversations.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{
        api,
        connection_status::ConnectionStatus,
        store::{ClientStore, LoadState, TimelineState},
        timeline_id::TimelineId,
    },
    domain::{
        Conversation, ConversationId, ConversationKind, MessagesPage, Room, RoomName, Seq, ThreadPage, Timestamp,
    },
    state::{PageRange, Timeline},
};

impl ClientStore {
    /// Fetches messages of a conversation or a thread. A range that replaces the timeline is fetched only while the user is a
    /// member and connected, because live events continue where the page ends.
    pub fn load(self, id: TimelineId, range: PageRange) {
        let TimelineState { timeline, load, is_muted, .. } = self.timeline_state(id);
        let replaces_timeline = matches!(range, PageRange::Newest | PageRange::From(_));
        let is_member = move || self.conversations.with_untracked(|all| all.get(id.conversation).is_some());
        let must_wait = move || {
            replaces_timeline && (self.connection_status.get_untracked() != ConnectionStatus::Online || !is_member())
        };
        if load.get_untracked() == LoadState::Loading || must_wait() {
            return;
        }
        let generation = timeline.with_untracked(Timeline::generation);
        load.set(LoadState::Loading);
        spawn_local(async move {
            let page = api::messages(id, range).await;
            if !self.keeps(id) || timeline.with_untracked(Timeline::generation) != generation {
                // The timeline was reset meanwhile; its own request follows.
                return;
            }
            if must_wait() {
                // The view of this conversation will request it again.
                load.set(LoadState::Idle);
            } else if let Some(ThreadPage { page, muted }) = page {
                is_muted.set(muted);
                self.apply_page(id, range, page);
                load.set(LoadState::Idle);
            } else {
                load.set(LoadState::Failed);
            }
        });
    }

    /// Adds a page of messages to a timeline.
    pub(super) fn apply_page(self, id: TimelineId, range: PageRange, mut page: MessagesPage) {
        for message in &mut page.messages {
            message.id = self.row_id(message.author.id, message.id, message.seq);
            self.command_confirmed(message.id);
        }
        let authors = page.messages.iter().map(|message| message.author.id);
        self.presence.update_untracked(|presence| presence.assign_hues(authors));
        self.timeline_state(id).timeline.update(|timeline| timeline.apply_page(range, page));
        self.remove_saved(id.conversation);
    }

    /// Adds the Lobby, empty, which the user will be in as soon as there is a connection.
    pub fn expect_lobby(self, id: ConversationId) {
        let room = Room { lobby: true, ..Room::named(RoomName::from_trusted(String::new())) };
        let kind = ConversationKind::Room(room);
        let (last_seq, last_message_at, read_seq) = (Seq::ZERO, Timestamp(0), Seq::ZERO);
        let lobby = Conversation {
            id,
            kind,
            last_seq,
            last_message_at,
            read_seq,
            unread: 0,
            mentions: 0,
            muted: false,
            pinned: false,
        };
        self.conversations.update(|conversations| conversations.put(lobby));
    }

    /// Drops messages far from the reader, who is at the message `reader`, or at the end for `None`.
    pub fn trim(self, id: TimelineId, reader: Option<Seq>) {
        self.timeline_state(id).timeline.maybe_update(|timeline| timeline.trim(reader));
    }

    /// Resets a timeline. Its messages stay visible until new ones are loaded.
    pub fn reset_timeline(self, id: TimelineId) {
        let TimelineState { timeline, load, .. } = self.timeline_state(id);
        timeline.update(Timeline::reset);
        load.set(LoadState::Idle);
    }
}
