//! Events that many readers see are kept once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use teahouse::domain::{ConversationId, Event, Seq};

#[derive(Debug, Default)]
pub(crate) struct SharedEvents(Mutex<HashMap<(ConversationId, Seq), Versions>>);

/// What anybody was told of an event: there are several versions where its message was edited or deleted since.
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
