//! What has been fetched of the mentions.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{RequestError, mentions},
    domain::{MentionPage, ToldMessage},
};

/// The mentions that have been fetched. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(super) struct MentionListing {
    /// The messages, the newest first; `None` until the first answer.
    pub(super) told: RwSignal<Option<Vec<ToldMessage>>>,
    /// The cursor for older ones.
    pub(super) older: RwSignal<Option<String>>,
    pub(super) refusal: RwSignal<Option<RequestError>>,
    /// Counts the requests: answers to earlier ones are dropped.
    request: StoredValue<u32>,
}

impl MentionListing {
    pub(super) fn new() -> Self {
        Self {
            told: RwSignal::new(None),
            older: RwSignal::new(None),
            refusal: RwSignal::new(None),
            request: StoredValue::new(0),
        }
    }

    /// Fetches the newest mentions. Older ones that are known stay.
    pub(super) fn refresh(self) {
        self.fetch(None);
    }

    /// Fetches the part after the cursor, or the newest mentions.
    pub(super) fn fetch(self, before: Option<String>) {
        let Some(request) = self.request.try_update_value(|count| {
            *count += 1;
            *count
        }) else {
            return;
        };
        spawn_local(async move {
            let answer = mentions(before.as_deref()).await;
            if self.request.try_get_value() != Some(request) {
                return;
            }
            let MentionPage { mentions: page, older } = match answer {
                Ok(page) => page,
                Err(refusal) => return self.refusal.set(Some(refusal)),
            };
            self.refusal.set(None);
            let is_first = self.told.with_untracked(Option::is_none);
            if before.is_some() || is_first {
                self.older.set(older);
            }
            self.told.update(|told| {
                let mut known = told.take().unwrap_or_default();
                let place = |it: &ToldMessage| (it.conversation, it.message.seq);
                known.retain(|known| !page.iter().any(|new| place(new) == place(known)));
                *told = Some(if before.is_some() {
                    known.extend(page);
                    known
                } else {
                    page.into_iter().chain(known).collect()
                });
            });
        });
    }
}
