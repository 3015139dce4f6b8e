//! Stores an event once that many readers receive.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use teahouse::domain::{ConversationId, Event, Seq};

#[derive(Debug, Default)]
pub(crate) struct SharedEvents(Mutex<HashMap<(ConversationId, Seq), Versions>>);

/// The versions of an event that readers received: several if its message was edited or deleted meanwhile.
type Versions = Vec<Arc<Event>>;

impl SharedEvents {
    pub(crate) fn share(&self, event: Event) -> Arc<Event> {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = events.entry((event.conversation, event.seq)).or_default();
        if let Some(same) = versions.iter().find(|version| ***version == event) {
            return Arc::clone(same);
        }
        let event = Arc::new(event);
        versions.push(Arc::clone(&event));
        event
    }
}
