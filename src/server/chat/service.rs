//! The application service itself, and the charges that endpoints make before they ask it for anything.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    domain::{AdmissionPolicy, ClientAddr, ConversationId, Epoch, Nickname, NicknameKey, RoomCreation, UserId},
    server::{
        chat::{
            claim_token::ClaimToken,
            passwords::Passwords,
            rate_limits::RateLimits,
            security_log::{SecurityEvent, SecurityLog},
            times::days,
        },
        config::{Config, RetentionDays},
        error::ChatError,
        hub::PresenceLookup,
        store::{Store, StoreError},
    },
};

/// The application service. Its operations are in the other files of this folder.
pub(in crate::server) struct ChatService {
    pub(super) store: Arc<dyn Store>,
    /// Who is online. `chat` writes to no connection.
    pub(super) presence: Arc<dyn PresenceLookup>,
    pub(super) rate_limits: RateLimits,
    pub(super) passwords: Passwords,
    pub(super) security_log: Arc<SecurityLog>,
    /// Notified when a deleted account has left data to erase.
    pub(super) erasure_requested: Notify,
    /// How long a guest may stay away before the nickname becomes free.
    pub(super) guest_days: NonZeroU32,
    /// How long a new guest may take to use the session token for the first time before the nickname becomes free.
    pub(super) unused_guest_timeout: Duration,
    /// How many nicknames the guests of one address may have at the same time. `None`: any number.
    pub(super) max_guests_per_address: Option<u32>,
    /// How long a session of a registered user lasts.
    pub(super) session_days: NonZeroU32,
    /// How long a session of a registered user lasts without being used.
    pub(super) idle_days: NonZeroU32,
    /// How long guests' messages, addresses and audit entries are kept.
    pub(super) retention: RetentionDays,
    /// Who may sign up.
    pub(super) admission_policy: AdmissionPolicy,
    pub(super) room_creation: RoomCreation,
    /// The nickname that the configuration names as owner's. Without one, the claim token makes an owner.
    pub(super) owner: Option<NicknameKey>,
    pub(super) claim_token: ClaimToken,
}

impl ChatService {
    pub(in crate::server) fn new(store: Arc<dyn Store>, presence: Arc<dyn PresenceLookup>, config: &Config) -> Self {
        Self {
            store,
            presence,
            rate_limits: RateLimits::new(&config.limits, config.unlimited),
            passwords: Passwords::new(),
            security_log: Arc::new(SecurityLog::new()),
            erasure_requested: Notify::new(),
            guest_days: config.guest_days,
            unused_guest_timeout: config.timing.unused_guest_timeout,
            max_guests_per_address: (!config.unlimited).then_some(config.limits.guests_per_address.get()),
            session_days: config.session_days,
            idle_days: config.idle_days,
            retention: config.retention.clone(),
            admission_policy: config.admission_policy,
            room_creation: config.room_creation,
            owner: config.owner.as_ref().map(Nickname::key),
            claim_token: ClaimToken::default(),
        }
    }

    /// The epoch of the store: clients' cursors belong to it.
    pub(in crate::server) fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    /// Who may sign up.
    pub(in crate::server) fn admission_policy(&self) -> AdmissionPolicy {
        self.admission_policy
    }

    /// The room that everybody is in.
    pub(in crate::server) fn lobby(&self) -> ConversationId {
        self.store.lobby()
    }

    /// How many seconds a browser may keep the cookie with a session token.
    pub(in crate::server) fn session_cookie_max_age(&self) -> u64 {
        days(self.guest_days.max(self.session_days)).as_secs()
    }

    /// Writes an event to the security log.
    pub(in crate::server) fn log_security_event(&self, client_addr: Option<ClientAddr>, event: SecurityEvent) {
        self.security_log.record(client_addr, event);
    }

    /// Charges an address for an HTTP request with a body of `bytes` bytes, before the body is read.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`], also if the address has overdrawn its budget for answers.
    pub(in crate::server) fn charge_request(&self, client_addr: ClientAddr, bytes: usize) -> Result<(), ChatError> {
        self.rate_limits.charge_request(client_addr, bytes)?;
        self.rate_limits.check_answer_budget(client_addr, None)
    }

    /// Charges an address for the upgrade to a WebSocket, whether it succeeds or not.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`], also if the address has overdrawn its budget for answers.
    pub(in crate::server) fn charge_upgrade(&self, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.rate_limits.charge_upgrade(client_addr)?;
        self.rate_limits.check_answer_budget(client_addr, None)
    }

    /// Charges a user for a hello, or for signing in to the simple protocol with a session.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(in crate::server) fn charge_hello(&self, user: UserId, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.security_log.log_refusal(client_addr, self.rate_limits.charge_hello(user))
    }

    /// Checks whether a user may be sent another long answer, before it is looked up.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] if the user or the address has overdrawn its budget.
    pub(in crate::server) fn check_answer_budget(
        &self,
        user: UserId,
        client_addr: ClientAddr,
    ) -> Result<(), ChatError> {
        self.rate_limits.check_answer_budget(client_addr, Some(user))
    }

    /// Charges a user for the bytes of an answer.
    pub(in crate::server) fn charge_user_answer(&self, user: UserId, bytes: usize) {
        self.rate_limits.charge_user_answer(user, bytes);
    }

    /// Charges an address for the bytes of an answer.
    pub(in crate::server) fn charge_answer(&self, client_addr: ClientAddr, bytes: usize) {
        self.rate_limits.charge_answer(client_addr, bytes);
    }

    /// Checks whether an address may be sent another file.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] if the address has overdrawn its budget for files.
    pub(in crate::server) fn check_file_budget(&self, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.rate_limits.check_file_budget(client_addr)
    }

    /// Charges an address for the bytes of a file.
    pub(in crate::server) fn charge_file(&self, client_addr: ClientAddr, bytes: usize) {
        self.rate_limits.charge_file(client_addr, bytes);
    }

    /// Charges a user and the address for a WebSocket frame, before it is decoded. The limit is far above what any client
    /// needs.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`].
    pub(in crate::server) fn charge_frame(&self, user: UserId, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.security_log.log_refusal(client_addr, self.rate_limits.charge_frame(user, client_addr))
    }

    /// Forgets rate limits that are full again. Called at intervals.
    pub(in crate::server) fn forget_idle(&self) {
        self.rate_limits.forget_idle();
    }

    /// Checks that the store answers.
    pub(in crate::server) async fn check_health(&self) -> Result<(), StoreError> {
        self.store.check_health().await
    }
}
