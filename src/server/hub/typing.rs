//! Who is typing: told to the members who are connected, here and on other nodes.

use crate::{
    protocol::ServerFrame,
    server::{
        bus::TypingSignal,
        hub::{connections::Dialect, encoded::EncodedFrame, registry::Hub},
    },
};

/// In conversations with more connections than this, typing is not announced: it would interest few and cost all. Each node
/// counts its own.
pub(crate) const MAX_TYPING_AUDIENCE: usize = 200;

impl Hub {
    /// Announces that a user is typing.
    pub(crate) fn announce_typing(&self, signal: TypingSignal) {
        if let Some(cluster) = self.cluster() {
            cluster.bus.tell_typing(&signal);
        }
        self.show_typing(signal);
    }

    /// Tells all subscribers of the conversation who speak the full protocol, except the user.
    pub(super) fn show_typing(&self, signal: TypingSignal) {
        let TypingSignal { conversation, user } = signal;
        let typing_user = user.id;
        let audience = match self.subscriber_count(conversation) {
            1..=MAX_TYPING_AUDIENCE => self.subscribers(conversation),
            _ => return,
        };
        let Some(frame) = EncodedFrame::encode(&ServerFrame::Typing { conversation, user }) else { return };
        for connection in audience {
            if connection.user.id != typing_user && connection.dialect == Dialect::Full {
                connection.queue.send(frame.clone());
            }
        }
    }
}
