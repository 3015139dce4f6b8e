//! Who hears which conversation.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::domain::ConversationId;

use super::Connection;

type Audience = RwLock<HashMap<u64, Arc<Connection>>>;

/// The connections that hear each conversation. The outer lock is held for a look-up; whoever goes through a
/// conversation's connections holds only that conversation's lock.
#[derive(Debug, Default)]
pub(super) struct Audiences(RwLock<HashMap<ConversationId, Arc<Audience>>>);

impl Audiences {
    pub(super) fn add(&self, conversation: ConversationId, connection: &Arc<Connection>) {
        let insert = |audience: &Audience| write(audience).insert(connection.number, Arc::clone(connection));
        // Under the outer lock, so that the audience isn't dropped as empty meanwhile.
        if let Some(audience) = read(&self.0).get(&conversation) {
            insert(audience);
            return;
        }
        insert(write(&self.0).entry(conversation).or_default());
    }

    pub(super) fn remove(&self, conversation: ConversationId, connection: &Connection) {
        let is_empty = self.audience(conversation).is_some_and(|audience| {
            let mut audience = write(&audience);
            audience.remove(&connection.number);
            audience.is_empty()
        });
        if is_empty {
            let mut audiences = write(&self.0);
            // Somebody may have come in between.
            if audiences.get(&conversation).is_some_and(|audience| read(audience).is_empty()) {
                audiences.remove(&conversation);
            }
        }
    }

    pub(super) fn for_each(&self, conversation: ConversationId, visit: impl FnMut(&Arc<Connection>)) {
        if let Some(audience) = self.audience(conversation) {
            read(&audience).values().for_each(visit);
        }
    }

    pub(super) fn size(&self, conversation: ConversationId) -> usize {
        self.audience(conversation).map_or(0, |audience| read(&audience).len())
    }

    fn audience(&self, conversation: ConversationId) -> Option<Arc<Audience>> {
        read(&self.0).get(&conversation).cloned()
    }
}

// Nothing under these locks panics half-way through a change, so a poisoned map is still a map.

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
