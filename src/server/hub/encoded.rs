//! Frames for clients, encoded once for all recipients.

use std::{mem, sync::Arc};

use axum::body::Bytes;
use serde::Serialize;

use crate::{
    domain::{ConversationId, Event, EventKind, Seq, UserId},
    protocol::{ServerFrame, SimpleReply},
    server::websocket,
};

/// The size in bytes from which an [`EventBatch`] accepts no further event, so that no connection gets more at once
/// than it may leave unread.
pub(super) const MAX_BATCH_BYTES: usize = 128 * 1024;

/// What a frame means for the live feed of a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) enum FeedEffect {
    None,
    /// The frame is a duplicate for a connection that the welcome and the replay brought to this position or beyond.
    SupersededAt(ConversationId, Seq),
    /// The frame is outdated for a connection that the welcome and the replay brought beyond this position.
    OutdatedAfter(ConversationId, Seq),
    /// The user is no longer in the conversation, and what the connection received of it before counts no more.
    Ends(ConversationId),
}

/// One WebSocket frame.
#[derive(Clone, Debug)]
pub(crate) struct EncodedFrame {
    /// The frame, with its header.
    pub(crate) bytes: Bytes,
    /// What the frame means for the live feed of a conversation.
    pub(super) effect: FeedEffect,
}

impl EncodedFrame {
    /// Encodes `frame` as JSON. Returns `None` and logs an error if that fails, which it does for none of our frames.
    pub(crate) fn encode(frame: &impl Serialize) -> Option<Self> {
        let bytes =
            websocket::encode_text_with(|out| serde_json::to_writer(out, frame)).inspect_err(log_json_error).ok()?;
        Some(Self::control(bytes))
    }

    pub(super) fn superseded_at(self, conversation: ConversationId, seq: Seq) -> Self {
        Self { effect: FeedEffect::SupersededAt(conversation, seq), ..self }
    }

    pub(super) fn outdated_after(self, conversation: ConversationId, seq: Seq) -> Self {
        Self { effect: FeedEffect::OutdatedAfter(conversation, seq), ..self }
    }

    pub(super) fn ending(self, conversation: ConversationId) -> Self {
        Self { effect: FeedEffect::Ends(conversation), ..self }
    }

    /// A frame that is encoded already, such as a ping.
    pub(crate) fn control(bytes: Bytes) -> Self {
        Self { bytes, effect: FeedEffect::None }
    }
}

fn log_json_error(error: &serde_json::Error) {
    tracing::error!(%error, "cannot encode a frame as JSON");
}

/// Events of one conversation that were committed together. They are written to a socket with one call, however many
/// they are.
#[derive(Debug)]
pub(crate) struct EventBatch {
    pub(super) conversation: ConversationId,
    /// For connections that speak the full protocol.
    pub(super) full: Frames,
    /// For connections that speak the simple protocol. Empty if there were none when the batch was built.
    pub(super) simple: Frames,
}

/// An entry of a send queue.
#[derive(Debug)]
pub(crate) enum QueueEntry {
    Events(Arc<EventBatch>),
    Frame(EncodedFrame),
}

impl QueueEntry {
    /// The size in the full protocol.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Events(events) => events.full.bytes.len(),
            Self::Frame(frame) => frame.bytes.len(),
        }
    }
}

#[cfg(test)]
impl EventBatch {
    /// A batch whose frames have no WebSocket header.
    pub(super) fn for_tests(conversation: ConversationId, frames: &[(u64, UserId, &str)]) -> Self {
        let mut full = FramesBuilder::default();
        for (seq, author, text) in frames {
            full.bytes.extend_from_slice(text.as_bytes());
            full.parts.push(FramePart { seq: Seq(*seq), author: *author, end: full.bytes.len() });
        }
        Self { conversation, full: full.finish(), simple: Frames::default() }
    }
}

/// Several frames in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(super) bytes: Bytes,
    parts: Vec<FramePart>,
}

/// One frame of [`Frames`].
#[derive(Debug)]
pub(super) struct FramePart {
    pub(super) seq: Seq,
    author: UserId,
    /// The offset of the frame's end in the buffer.
    end: usize,
}

impl Frames {
    /// Each frame with its bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&FramePart, Bytes)> {
        let starts = [0].into_iter().chain(self.parts.iter().map(|part| part.end));
        starts.zip(&self.parts).map(|(start, part)| (part, self.bytes.slice(start..part.end)))
    }

    /// All frames except those of `author`, in as few slices as possible.
    pub(super) fn without(&self, author: UserId) -> impl Iterator<Item = Bytes> {
        let mut start = 0;
        let runs = self.parts.chunk_by(move |one, next| (one.author == author) == (next.author == author));
        runs.filter_map(move |run| {
            let end = run.last()?.end;
            let range = mem::replace(&mut start, end)..end;
            (run[0].author != author).then(|| self.bytes.slice(range))
        })
    }
}

/// Who can read a conversation, as far as the simple protocol tells its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Privacy {
    /// A room: the message is shown as one to everyone.
    Public,
    /// A direct: the message is shown as one to this client alone.
    Private,
}

/// Builds an [`EventBatch`].
#[derive(Debug)]
pub(super) struct EventBatchBuilder {
    conversation: ConversationId,
    full: FramesBuilder,
    simple: Option<FramesBuilder>,
}

#[derive(Debug, Default)]
struct FramesBuilder {
    bytes: Vec<u8>,
    parts: Vec<FramePart>,
}

impl FramesBuilder {
    fn add(&mut self, text: &[u8], seq: Seq, author: UserId) {
        websocket::encode_text_into(&mut self.bytes, text);
        self.parts.push(FramePart { seq, author, end: self.bytes.len() });
    }

    fn finish(self) -> Frames {
        Frames { bytes: self.bytes.into(), parts: self.parts }
    }
}

impl EventBatchBuilder {
    /// `with_simple` says whether to encode the events for the simple protocol as well.
    pub(super) fn new(conversation: ConversationId, with_simple: bool) -> Self {
        let simple = with_simple.then(FramesBuilder::default);
        Self { conversation, full: FramesBuilder::default(), simple }
    }

    /// Whether the next event must go into another batch.
    pub(super) fn is_full(&self) -> bool {
        self.full.bytes.len() >= MAX_BATCH_BYTES
    }

    /// Adds an event. `json` is a buffer that is overwritten.
    pub(super) fn add(&mut self, event: Event, privacy: Privacy, json: &mut Vec<u8>) {
        let (seq, author) = (event.seq, event.author.id);
        // Clients of the simple protocol print messages and forget them, so no other event concerns them.
        if let (Some(simple), EventKind::Message { body, .. }) = (&mut self.simple, &event.kind) {
            let (name, msg) = (event.author.nickname.as_str().to_owned(), body.as_str().to_owned());
            let reply = match privacy {
                Privacy::Public => SimpleReply::ToEveryone { username: name, msg },
                Privacy::Private => SimpleReply::ToYou { msg, from_user: name },
            };
            if write_json(json, &reply) {
                simple.add(json, seq, author);
            }
        }
        if write_json(json, &ServerFrame::Event(event)) {
            self.full.add(json, seq, author);
        }
    }

    pub(super) fn finish(self) -> EventBatch {
        let simple = self.simple.map(FramesBuilder::finish).unwrap_or_default();
        EventBatch { conversation: self.conversation, full: self.full.finish(), simple }
    }
}

fn write_json(json: &mut Vec<u8>, frame: &impl Serialize) -> bool {
    json.clear();
    serde_json::to_writer(json, frame).inspect_err(log_json_error).is_ok()
}
