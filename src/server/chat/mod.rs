//! Commands: who may do what, and what follows from it. The only place that decides.
//!
//! What is to be kept goes to the store, and from there, once committed, to the hub. What is only to be told right now
//! is returned to the caller as a value.

mod directs;
mod error;
mod gestures;
mod messages;
mod rates;
mod sessions;
mod token;

use std::sync::Arc;

use crate::domain::{ConversationId, Epoch, UserId};

use self::rates::Rates;
use super::{
    config::Config,
    hub::Hub,
    store::{Store, StoreError},
};

pub(crate) use error::ChatError;
pub(crate) use gestures::Typing;
pub(crate) use sessions::Arrival;

/// The rules of the house, applied.
pub(crate) struct Chat {
    store: Arc<dyn Store>,
    /// Only asked who hears what; `chat` writes to no connection.
    hub: Arc<Hub>,
    rates: Rates,
}

impl Chat {
    pub(crate) fn new(store: Arc<dyn Store>, hub: Arc<Hub>, config: &Config) -> Self {
        Self { store, hub, rates: Rates::new(&config.limits, config.unlimited) }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    /// The room that everyone is in.
    pub(crate) fn lobby(&self) -> ConversationId {
        self.store.lobby()
    }

    /// Charges a user for a frame of any kind.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for somebody who sends more than any client would.
    pub(crate) fn charge_frame(&self, user: UserId) -> Result<(), ChatError> {
        self.rates.frame(user)
    }

    /// Charges a user for a command, or for a frame that is none.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(crate) fn charge_command(&self, user: UserId) -> Result<(), ChatError> {
        self.rates.command(user)
    }

    /// To be called now and then.
    pub(crate) fn forget_idle(&self) {
        self.rates.forget_idle();
    }

    /// Whether the store answers.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }
}
