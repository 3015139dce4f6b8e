//! The messages that others reply to, as far as no timeline has them.

use super::fold::{fold, update_user};
use crate::domain::{ConversationId, Event, EventKind, Message, Seq};

/// How many messages are requested at once at most.
const MAX_REQUESTED: usize = 50;

/// How many messages are kept. They are small, and those that are shown are fetched again.
const MAX_KEPT: usize = 400;

/// The messages that others reply to, as they are after the events that have arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Originals {
    /// The newest last.
    known: Vec<(ConversationId, Seq, Original)>,
}

/// What is known of a message that others reply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Original {
    /// It is being fetched. What has happened meanwhile is folded in when it comes.
    Requested(Vec<Event>),
    /// Fetching it failed.
    Missing,
    /// The message.
    Known(Box<Message>),
}

impl Originals {
    /// What is known of a message; `None` if it was never asked for.
    pub fn get(&self, conversation: ConversationId, seq: Seq) -> Option<&Original> {
        self.known.iter().find(|known| (known.0, known.1) == (conversation, seq)).map(|(.., original)| original)
    }

    /// Notes that these messages are needed. Returns those that have to be requested, divided into requests.
    pub fn want(&mut self, conversation: ConversationId, seqs: &[Seq]) -> Vec<Vec<Seq>> {
        let mut wanted: Vec<Seq> = Vec::new();
        for seq in seqs {
            if self.get(conversation, *seq).is_none() && !wanted.contains(seq) {
                wanted.push(*seq);
            }
        }
        self.known.extend(wanted.iter().map(|seq| (conversation, *seq, Original::Requested(Vec::new()))));
        let surplus = self.known.len().saturating_sub(MAX_KEPT.max(wanted.len()));
        self.known.drain(..surplus);
        wanted.chunks(MAX_REQUESTED).map(<[Seq]>::to_vec).collect()
    }

    /// Adds the answer to a request for messages; `None` if it failed.
    pub fn put(&mut self, conversation: ConversationId, requested: &[Seq], answer: Option<Vec<Message>>) {
        let mut answer = answer.unwrap_or_default();
        let of_request = self.known.iter_mut().filter(|known| known.0 == conversation && requested.contains(&known.1));
        for (_, seq, original) in of_request {
            let Original::Requested(events) = original else { continue };
            let found = answer.iter().position(|message| message.seq == *seq).map(|index| answer.swap_remove(index));
            *original = match found {
                Some(mut message) => {
                    events.iter().for_each(|event| change(&mut message, event));
                    Original::Known(Box::new(message))
                }
                None => Original::Missing,
            };
        }
    }

    /// Applies events to the messages. Returns whether they change any.
    pub fn apply(&mut self, events: &[Event]) -> bool {
        let mut has_changed = false;
        for (conversation, seq, original) in &mut self.known {
            let of_it = events.iter().filter(|event| event.conversation == *conversation);
            for event in of_it
                .filter(|event| event.kind == EventKind::AccountDeleted || event.kind.changed_message() == Some(*seq))
            {
                has_changed = true;
                match original {
                    Original::Requested(events) => events.push(event.clone()),
                    Original::Known(message) => change(message, event),
                    Original::Missing => {}
                }
            }
        }
        has_changed
    }
}

fn change(message: &mut Message, event: &Event) {
    if event.kind == EventKind::AccountDeleted {
        update_user(message, &event.author);
    } else {
        fold(message, event);
    }
}
