//! What is sent: WebSocket frames, encoded once for all who get them.

use std::{mem, sync::Arc};

use axum::body::Bytes;
use serde::Serialize;

use crate::{
    domain::{ConversationId, Event, EventKind, Seq, UserId},
    protocol::{ServerFrame, SimpleReply},
    server::websocket,
};

/// The bytes of a run beyond which another one is begun, so that no connection gets more at once than it may leave
/// unread.
pub(crate) const LARGEST_RUN: usize = 128 * 1024;

/// One frame.
#[derive(Clone, Debug)]
pub(crate) struct EncodedFrame {
    /// With its WebSocket header.
    pub(crate) bytes: Bytes,
    /// Tells nothing new to a connection that has been brought to this position, by welcome and replay, or beyond.
    pub(crate) superseded_at: Option<(ConversationId, Seq)>,
}

impl EncodedFrame {
    /// `None`, with a line in the log, for what can't be JSON; no frame of ours is so.
    pub(crate) fn encode(frame: &impl Serialize) -> Option<Self> {
        let frame =
            websocket::encode_text_with(|out| serde_json::to_writer(out, frame)).inspect_err(unwritable).ok()?;
        Some(Self { bytes: frame, superseded_at: None })
    }

    pub(crate) fn superseded_at(self, conversation: ConversationId, seq: Seq) -> Self {
        Self { superseded_at: Some((conversation, seq)), ..self }
    }

    /// A frame that is no JSON, such as a ping.
    pub(crate) fn control(frame: Bytes) -> Self {
        Self { bytes: frame, superseded_at: None }
    }
}

fn unwritable(error: &serde_json::Error) {
    tracing::error!(%error, "a frame could not be written as JSON");
}

/// Events of one conversation that were committed together, one frame behind the other: written with one call, however
/// many they are.
#[derive(Debug)]
pub(crate) struct EventBatch {
    pub(crate) conversation: ConversationId,
    /// For those who speak the whole protocol.
    pub(crate) full: Frames,
    /// For simple-protocol clients, if there are any.
    pub(crate) plain: Frames,
}

/// What can be put into a queue.
#[derive(Debug)]
pub(crate) enum QueueEntry {
    Events(Arc<EventBatch>),
    Frame(EncodedFrame),
}

impl QueueEntry {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Events(run) => run.full.bytes.len(),
            Self::Frame(item) => item.bytes.len(),
        }
    }
}

#[cfg(test)]
impl EventBatch {
    /// With frames that have no header.
    pub(crate) fn for_tests(conversation: ConversationId, frames: &[(u64, UserId, &str)]) -> Self {
        let mut full = FramesBuilder::default();
        for (seq, author, text) in frames {
            full.bytes.extend_from_slice(text.as_bytes());
            full.parts.push(FramePart { seq: Seq(*seq), author: *author, end: full.bytes.len() });
        }
        Self { conversation, full: full.finish(), plain: Frames::default() }
    }
}

/// Frames behind one another.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(crate) bytes: Bytes,
    pub(crate) parts: Vec<FramePart>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct FramePart {
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
    /// Where it ends.
    end: usize,
}

impl Frames {
    /// Each frame, with what it is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&FramePart, Bytes)> {
        let starts = [0].into_iter().chain(self.parts.iter().map(|part| part.end));
        starts.zip(&self.parts).map(|(start, part)| (part, self.bytes.slice(start..part.end)))
    }

    /// All but the author's, in as few pieces as there can be.
    pub(crate) fn without(&self, author: UserId) -> impl Iterator<Item = Bytes> {
        let mut start = 0;
        let stretches = self.parts.chunk_by(move |one, next| (one.author == author) == (next.author == author));
        stretches.filter_map(move |stretch| {
            let end = stretch.last()?.end;
            let bytes = mem::replace(&mut start, end)..end;
            (stretch[0].author != author).then(|| self.bytes.slice(bytes))
        })
    }
}

/// A run that grows.
#[derive(Debug)]
pub(crate) struct EventBatchBuilder {
    conversation: ConversationId,
    is_lobby: bool,
    full: FramesBuilder,
    plain: Option<FramesBuilder>,
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
    pub(crate) fn new(conversation: ConversationId, is_lobby: bool, is_for_plain: bool) -> Self {
        let plain = is_for_plain.then(FramesBuilder::default);
        Self { conversation, is_lobby, full: FramesBuilder::default(), plain }
    }

    /// Whether the next event belongs into another run.
    pub(crate) fn is_full(&self) -> bool {
        self.full.bytes.len() >= LARGEST_RUN
    }

    /// Adds an event. `text` is used for writing, and left with anything in it.
    pub(crate) fn add(&mut self, event: Event, text: &mut Vec<u8>) {
        let (seq, author) = (event.seq, event.author.id);
        // Simple-protocol clients show what comes and forget it: there is nothing of theirs to change.
        if let (Some(plain), EventKind::Message { body }) = (&mut self.plain, &event.kind) {
            let (name, msg) = (event.author.nickname.as_str().to_owned(), body.as_str().to_owned());
            let reply = if self.is_lobby {
                SimpleReply::ToEveryone { username: name, msg }
            } else {
                SimpleReply::ToYou { msg, from_user: name }
            };
            if write(text, &reply) {
                plain.add(text, seq, author);
            }
        }
        if write(text, &ServerFrame::Event(event)) {
            self.full.add(text, seq, author);
        }
    }

    pub(crate) fn finish(self) -> EventBatch {
        let plain = self.plain.map(FramesBuilder::finish).unwrap_or_default();
        EventBatch { conversation: self.conversation, full: self.full.finish(), plain }
    }
}

fn write(text: &mut Vec<u8>, frame: &impl Serialize) -> bool {
    text.clear();
    serde_json::to_writer(text, frame).inspect_err(unwritable).is_ok()
}
