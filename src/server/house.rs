//! What rendering pages needs to know of the server.

use std::sync::Arc;

use crate::domain::{Entry, Me, User};

use super::{chat::Chat, hub::Hub};

/// A handle to the running house, for the pages. Cheap to clone.
#[derive(Clone)]
pub struct House {
    pub(super) chat: Arc<Chat>,
    pub(super) hub: Arc<Hub>,
}

impl House {
    pub(super) fn new(chat: Arc<Chat>, hub: Arc<Hub>) -> Self {
        Self { chat, hub }
    }

    /// Whose session token this is; `None` if it is nobody's, or if the store can't tell at the moment.
    pub async fn me(&self, token: &str) -> Option<Me> {
        self.chat.authenticate(token).await.ok().map(|session| session.me)
    }

    /// Who may come in.
    pub fn entry(&self) -> Entry {
        self.chat.entry()
    }

    /// Who is here: all, or none while they are too many to list; and how many.
    pub fn online(&self) -> (Vec<User>, u64) {
        self.hub.online()
    }
}
