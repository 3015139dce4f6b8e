//! What connections must be told of an entry of the commit log and what the entry does not contain.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    domain::{Conversation, ConversationId, SessionId, User, UserId},
    server::{
        hub::{log_follower::LogFollower, registry::Hub},
        rules::{Entry, MemberSetting},
        store::{Change, CommitEntry, Delivery, Store, StoreError},
    },
};

/// How long to wait before something is looked up again after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How many of the newest read marks that were set back are remembered.
const MAX_SET_BACK: usize = 256;

/// What was looked up.
#[derive(Debug)]
pub(super) enum LookedUp {
    /// A conversation as its user sees it now.
    View(Box<Conversation>),
    User(User),
    /// The present sessions of a user.
    Sessions(Vec<SessionId>),
}

/// What a delivery needs.
enum Wanted {
    View(UserId, ConversationId),
    User(UserId),
    Sessions(UserId),
}

/// Looks up what deliveries do not contain.
pub(super) struct Lookups {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    /// Whether other nodes write to the store.
    is_shared: bool,
    /// Whose read marks were set back lately, and where. News of a mark from before may come later than that: they are not in
    /// the commit log.
    set_back: VecDeque<(UserId, ConversationId)>,
}

impl Lookups {
    pub(super) fn new(store: Arc<dyn Store>, hub: Arc<Hub>) -> Self {
        let is_shared = store.foreign_head().is_some();
        Self { store, hub, is_shared, set_back: VecDeque::new() }
    }

    /// Looks up what a delivery does not contain. Returns `None` if nothing is needed, or if it does not exist any more.
    ///
    /// Nothing is needed if the user has no connection here: one that is opened later reads the store later.
    pub(super) async fn look_up(
        &mut self,
        // Not shared with other threads while this waits.
        log: &mut LogFollower,
        delivery: &Delivery,
    ) -> Option<LookedUp> {
        let lookup = self.lookup(delivery)?;
        loop {
            let found = match &lookup {
                Wanted::View(user, conversation) => {
                    self.store.conversation(*user, *conversation).await.map(|view| Some(LookedUp::View(Box::new(view))))
                }
                Wanted::User(user) => self.store.user(*user).await.map(|user| user.map(LookedUp::User)),
                Wanted::Sessions(user) => {
                    self.store.sessions(*user).await.map(|sessions| {
                        Some(LookedUp::Sessions(sessions.into_iter().map(|session| session.id).collect()))
                    })
                }
            };
            match found {
                Ok(found) => return found,
                // It has left the user's list again.
                Err(StoreError::Refused(_)) => return None,
                Err(error) => {
                    tracing::warn!(%error, "what connections are to be told could not be read; delivery waits");
                }
            }
            if log.has_closed() {
                return None;
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    fn lookup(&mut self, delivery: &Delivery) -> Option<Wanted> {
        let entry = match delivery {
            Delivery::Entry(CommitEntry { change: Change::Entry(entry), .. }) => entry,
            Delivery::MarkedRead { user, conversation, .. } if self.set_back.contains(&(*user, *conversation)) => {
                return self.hub.is_connected(*user).then_some(Wanted::View(*user, *conversation));
            }
            _ => return None,
        };
        match entry {
            Entry::Listed { user, .. }
            | Entry::ConversationSet { user, .. }
            | Entry::Block { user, .. }
            | Entry::SessionEnded { user, .. }
                if !self.hub.is_connected(*user) =>
            {
                None
            }
            // On another node, the user may have signed in again before this node learns that all sessions ended.
            Entry::SessionEnded { user, session: None, .. } if self.is_shared => Some(Wanted::Sessions(*user)),
            Entry::Listed { user, conversation } => Some(Wanted::View(*user, *conversation)),
            Entry::ConversationSet { user, conversation, setting } => {
                if let MemberSetting::UnreadFrom(_) = setting {
                    self.set_back.truncate(MAX_SET_BACK - 1);
                    self.set_back.push_front((*user, *conversation));
                }
                Some(Wanted::View(*user, *conversation))
            }
            Entry::Block { other, .. } => Some(Wanted::User(*other)),
            _ => None,
        }
    }
}
