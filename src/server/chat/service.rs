//! The application service itself: what its operations share.

use std::{num::NonZeroU32, sync::Arc};

use tokio::sync::Notify;

use crate::{
    domain::{AdmissionPolicy, ConversationId, Epoch, Nickname, NicknameKey, UserId},
    server::{
        chat::{
            claim::Claim,
            passwords::Passwords,
            rate_limits::RateLimits,
            security_log::{SecurityEvent, SecurityLog},
        },
        config::Config,
        error::ChatError,
        hub::PresenceLookup,
        net::client_addr::ClientAddr,
        store::{Store, StoreError},
    },
};

/// The rules of the house, applied.
pub(in crate::server) struct ChatService {
    pub(super) store: Arc<dyn Store>,
    /// Who is online. `chat` writes to no connection.
    pub(super) presence: Arc<dyn PresenceLookup>,
    pub(super) rates: RateLimits,
    pub(super) passwords: Passwords,
    pub(super) incidents: Arc<SecurityLog>,
    /// Told when there is something of a deleted account to be removed.
    pub(super) erasures: Notify,
    /// How long a guest who is away keeps the nickname, in milliseconds.
    pub(super) guests_last: u64,
    /// How long a guest keeps the nickname who never comes back with the token, in milliseconds.
    pub(super) unused_guests_last: u64,
    /// How many nicknames guests of one address may have at a time.
    pub(super) guests_per_address: Option<u32>,
    /// How long a registered user's session lives, in milliseconds.
    pub(super) sessions_last: u64,
    /// How long it lives without being used, in milliseconds.
    pub(super) sessions_idle: u64,
    /// How long guests' messages are kept, in milliseconds; `None`: for good. So for what follows.
    pub(super) guest_messages_last: Option<u64>,
    pub(super) addresses_last: Option<u64>,
    pub(super) audit_lasts: Option<u64>,
    /// Who may come in.
    pub(super) entry: AdmissionPolicy,
    /// Who shall own the server; nobody named, and it is whoever shows the claim token.
    pub(super) owner: Option<NicknameKey>,
    pub(super) claim: Claim,
}

impl ChatService {
    pub(crate) fn new(store: Arc<dyn Store>, presence: Arc<dyn PresenceLookup>, config: &Config) -> Self {
        Self {
            store,
            presence,
            rates: RateLimits::new(&config.limits, config.unlimited),
            passwords: Passwords::new(),
            incidents: Arc::new(SecurityLog::new()),
            erasures: Notify::new(),
            guests_last: millis(config.guest_days),
            unused_guests_last: u64::try_from(config.timing.unused_guest_timeout.as_millis()).unwrap_or(u64::MAX),
            guests_per_address: (!config.unlimited).then_some(config.limits.guests_per_address.get()),
            sessions_last: millis(config.session_days),
            sessions_idle: millis(config.idle_days),
            guest_messages_last: config.retention.guest_message_days.map(millis),
            addresses_last: config.retention.address_days.map(millis),
            audit_lasts: config.retention.audit_days.map(millis),
            entry: config.admission_policy,
            owner: config.owner.as_ref().map(Nickname::key),
            claim: Claim::default(),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    /// Who may come in.
    pub(crate) fn entry(&self) -> AdmissionPolicy {
        self.entry
    }

    /// The room that everyone is in.
    pub(crate) fn lobby(&self) -> ConversationId {
        self.store.lobby()
    }

    /// For how many seconds a browser may keep the token of a session.
    pub(crate) fn session_cookie_max_age(&self) -> u64 {
        self.guests_last.max(self.sessions_last) / 1_000
    }

    /// Writes down that somebody was kept out, or did something worth knowing.
    pub(crate) fn note(&self, peer: Option<ClientAddr>, incident: SecurityEvent) {
        self.incidents.note(peer, incident);
    }

    /// Charges an address for a request with a body of so many bytes, before anything of that is read.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`]; also for an address that was sent more than it may ask for.
    pub(crate) fn charge_request(&self, peer: ClientAddr, bytes: usize) -> Result<(), ChatError> {
        self.rates.request(peer, bytes)?;
        self.rates.answer(peer, None)
    }

    /// Charges an address for a WebSocket, whatever becomes of it.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`]; also for an address that was sent more than it may ask for.
    pub(crate) fn charge_upgrade(&self, peer: ClientAddr) -> Result<(), ChatError> {
        self.rates.upgrade(peer)?;
        self.rates.answer(peer, None)
    }

    /// Charges a user for coming back.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(crate) fn charge_hello(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.incidents.watch(peer, self.rates.hello(user))
    }

    /// Whether anything long is to be looked up for a user.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for whoever was sent more than they may ask for, or whose address was.
    pub(crate) fn check_answer_budget(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.rates.answer(peer, Some(user))
    }

    /// Notes how many bytes of an answer a user is sent.
    pub(crate) fn charge_user_answer(&self, user: UserId, bytes: usize) {
        self.rates.answered(user, bytes);
    }

    /// Notes how many bytes of an answer an address is sent.
    pub(crate) fn charge_answer(&self, peer: ClientAddr, bytes: usize) {
        self.rates.answered_to(peer, bytes);
    }

    /// Whether a file is to be sent.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for an address that was sent too much of them.
    pub(crate) fn check_file_budget(&self, peer: ClientAddr) -> Result<(), ChatError> {
        self.rates.file(peer)
    }

    /// Notes how many bytes of a file an address is sent.
    pub(crate) fn charge_file(&self, peer: ClientAddr, bytes: usize) {
        self.rates.file_sent(peer, bytes);
    }

    /// Charges a user, and the address, for a frame of any kind.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for somebody who sends more than any client would.
    pub(crate) fn charge_frame(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.rates
            .frame(user, peer)
            .inspect_err(|error| self.note(Some(peer), SecurityEvent::Refused(error.code().name())))
    }

    /// Charges a user, and the address, for a command of so many bytes, or for a frame that is none.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(crate) fn charge_command(&self, user: UserId, peer: Option<ClientAddr>, bytes: usize) -> Result<(), ChatError> {
        self.rates.command(user, peer, bytes)
    }

    /// To be called now and then.
    pub(crate) fn forget_idle(&self) {
        self.rates.forget_idle();
    }

    /// Whether the store answers.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.store.check_health().await
    }
}

/// So many days.
fn millis(days: NonZeroU32) -> u64 {
    u64::from(days.get()) * 24 * 60 * 60 * 1_000
}
