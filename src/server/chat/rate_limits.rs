//! All rate limits, by user, address, nickname and conversation.

use std::{
    hash::Hash,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use crate::{
    domain::{ClientAddr, ConversationId, NicknameKey, UserId},
    server::{
        chat::{
            attempts::{Attempt, AttemptLimiter, FAILURE_COST},
            budget::ByteBudget,
        },
        config::Limits,
        error::ChatError,
    },
};

/// How often a user's typing is announced in a conversation, at most.
const TYPING_INTERVAL: Duration = Duration::from_secs(2);

/// A command of at most this many bytes counts once; a longer one counts once per this many bytes.
const BYTES_PER_COMMAND: usize = 1024;

/// A request with a body of at most this many bytes counts once; a longer one counts once per this many bytes.
const BYTES_PER_REQUEST: usize = 8 * 1024;

/// How many messages a user may report per minute.
const REPORTS_PER_USER: NonZeroU32 = NonZeroU32::new(6).expect("not zero");

/// How many messages may be reported from one address per minute.
const REPORTS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(12).expect("not zero");

/// An address may send as many commands as this many users. A guest can always come back as a new user with a full rate;
/// the address stays the same.
const COMMAND_USERS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");

/// An address may send as many frames as this many users: in a busy room, each of a school's 300 users marks each message
/// as read.
const FRAME_USERS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// An address may open as many WebSockets as this many users: after a restart, everybody behind one address reconnects at
/// once, some of them twice.
const HELLO_USERS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// An address may be sent as many bytes as this many users: 300 users who come for the first time need some 100 kB each,
/// and twice that with their history.
const ANSWER_USERS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(8).expect("not zero");

/// How many new directs may be opened to one user by users from everywhere: the burst, and the number per hour. A flooded
/// user is found by fewer others, but keeps an overview of the directs.
const DIRECTS_TO_USER: (u32, u32) = (20, 30);

/// How many new directs may be opened from one address to anybody: the burst, and the number per hour.
const DIRECTS_FROM_ADDRESS: (u32, u32) = (30, 120);

/// How many rooms a user may create: the burst, and the number per hour.
const ROOMS_BY_USER: (u32, u32) = (10, 20);

/// How many rooms a user may join: the burst, and the number per hour. Each time, the members see it.
const JOINS_BY_USER: (u32, u32) = (30, 60);

/// To how many rooms a user may be added by others: the burst, and the number per hour.
const ADDITIONS_OF_USER: (u32, u32) = (30, 60);

/// A token bucket for each key. `None` has no limit.
struct KeyedLimiter<K: Clone + Eq + Hash>(Option<Buckets<K>>);

struct Buckets<K: Clone + Eq + Hash> {
    limiter: DefaultKeyedRateLimiter<K>,
    burst: NonZeroU32,
}

impl<K: Clone + Eq + Hash> KeyedLimiter<K> {
    fn new(quota: Option<Quota>) -> Self {
        Self(quota.map(|quota| Buckets { limiter: RateLimiter::keyed(quota), burst: quota.burst_size() }))
    }

    fn charge(&self, key: &K) -> Result<(), ChatError> {
        self.charge_units(key, NonZeroU32::MIN)
    }

    /// Takes several units at once, but never more than a full bucket holds.
    fn charge_units(&self, key: &K, units: NonZeroU32) -> Result<(), ChatError> {
        let Some(Buckets { limiter, burst }) = &self.0 else { return Ok(()) };
        let charged = limiter.check_key_n(key, units.min(*burst)).unwrap_or(Ok(()));
        charged.map_err(|until| ChatError::RateLimited {
            retry_after: until.wait_time_from(DefaultClock::default().now()),
        })
    }

    fn forget_idle(&self) {
        if let Some(Buckets { limiter, .. }) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// The rate limits of a server.
pub(super) struct RateLimits {
    guests_by_address: KeyedLimiter<ClientAddr>,
    requests_by_address: KeyedLimiter<ClientAddr>,
    commands_by_user: KeyedLimiter<UserId>,
    commands_by_address: KeyedLimiter<ClientAddr>,
    frames_by_user: KeyedLimiter<UserId>,
    frames_by_address: KeyedLimiter<ClientAddr>,
    upgrades_by_address: KeyedLimiter<ClientAddr>,
    hellos_by_user: KeyedLimiter<UserId>,
    answers_by_user: ByteBudget<UserId>,
    answers_by_address: ByteBudget<ClientAddr>,
    files_by_address: ByteBudget<ClientAddr>,
    typing: KeyedLimiter<(UserId, ConversationId)>,
    directs_to_user: KeyedLimiter<UserId>,
    directs_from_address: KeyedLimiter<ClientAddr>,
    rooms_by_user: KeyedLimiter<UserId>,
    joins_by_user: KeyedLimiter<UserId>,
    additions_of_user: KeyedLimiter<UserId>,
    reports_by_user: KeyedLimiter<UserId>,
    reports_by_address: KeyedLimiter<ClientAddr>,
    passwords_by_address: AttemptLimiter<ClientAddr>,
    /// Holds against guesses from many addresses.
    passwords_by_nickname: AttemptLimiter<NicknameKey>,
}

/// A password that is being verified or set.
pub(super) struct PasswordAttempt<'a> {
    by_address: Attempt<'a, ClientAddr>,
    by_nickname: Option<Attempt<'a, NicknameKey>>,
}

impl PasswordAttempt<'_> {
    /// Ends the attempt as a success. It costs the address nothing, and the nickname a tenth of a failure: so one account
    /// cannot keep the server busy with passwords, or fill it with sessions.
    pub(super) fn succeeded(self) {
        self.by_address.succeeded(0);
        if let Some(by_nickname) = self.by_nickname {
            by_nickname.succeeded(FAILURE_COST / 10);
        }
    }
}

impl RateLimits {
    pub(super) fn new(limits: &Limits, unlimited: bool) -> Self {
        let quota = |per_minute: NonZeroU32, burst: u32| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            (!unlimited).then(|| Quota::per_minute(per_minute).allow_burst(burst))
        };
        let hourly = |(burst, per_hour): (u32, u32)| {
            let [burst, per_hour] = [burst, per_hour].map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
            (!unlimited).then(|| Quota::per_hour(per_hour).allow_burst(burst))
        };
        let unless_unlimited = |per_minute: NonZeroU32| (!unlimited).then_some(per_minute);
        Self {
            guests_by_address: KeyedLimiter::new(quota(limits.guests_per_minute, limits.guests_per_minute.get())),
            requests_by_address: KeyedLimiter::new(quota(
                limits.requests_per_minute,
                limits.requests_per_minute.get() / 4,
            )),
            commands_by_user: KeyedLimiter::new(quota(
                limits.commands_per_minute,
                limits.commands_per_minute.get() / 20,
            )),
            commands_by_address: KeyedLimiter::new(quota(
                limits.commands_per_minute.saturating_mul(COMMAND_USERS_PER_ADDRESS),
                (limits.commands_per_minute.get() / 20).saturating_mul(COMMAND_USERS_PER_ADDRESS.get()),
            )),
            frames_by_user: KeyedLimiter::new(quota(limits.frames_per_minute, limits.frames_per_minute.get() / 4)),
            frames_by_address: KeyedLimiter::new(quota(
                limits.frames_per_minute.saturating_mul(FRAME_USERS_PER_ADDRESS),
                (limits.frames_per_minute.get() / 4).saturating_mul(FRAME_USERS_PER_ADDRESS.get()),
            )),
            upgrades_by_address: KeyedLimiter::new(quota(
                limits.hellos_per_minute.saturating_mul(HELLO_USERS_PER_ADDRESS),
                (limits.hellos_per_minute.get() / 2).saturating_mul(HELLO_USERS_PER_ADDRESS.get()),
            )),
            hellos_by_user: KeyedLimiter::new(quota(limits.hellos_per_minute, limits.hellos_per_minute.get() / 2)),
            answers_by_user: ByteBudget::new(unless_unlimited(limits.answer_bytes_per_minute)),
            answers_by_address: ByteBudget::new(unless_unlimited(
                limits.answer_bytes_per_minute.saturating_mul(ANSWER_USERS_PER_ADDRESS),
            )),
            files_by_address: ByteBudget::new(unless_unlimited(limits.file_bytes_per_minute)),
            typing: KeyedLimiter::new(Quota::with_period(TYPING_INTERVAL)),
            directs_to_user: KeyedLimiter::new(hourly(DIRECTS_TO_USER)),
            directs_from_address: KeyedLimiter::new(hourly(DIRECTS_FROM_ADDRESS)),
            rooms_by_user: KeyedLimiter::new(hourly(ROOMS_BY_USER)),
            joins_by_user: KeyedLimiter::new(hourly(JOINS_BY_USER)),
            additions_of_user: KeyedLimiter::new(hourly(ADDITIONS_OF_USER)),
            reports_by_user: KeyedLimiter::new(quota(REPORTS_PER_USER, REPORTS_PER_USER.get())),
            reports_by_address: KeyedLimiter::new(quota(REPORTS_PER_ADDRESS, REPORTS_PER_ADDRESS.get())),
            passwords_by_address: AttemptLimiter::new(unless_unlimited(limits.sign_ins_per_minute)),
            passwords_by_nickname: AttemptLimiter::new(unless_unlimited(limits.sign_ins_per_minute)),
        }
    }

    /// Charges an address for a new guest, or a new registered user.
    pub(super) fn charge_guest(&self, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.guests_by_address.charge(&client_addr)
    }

    /// Charges an address for a request with a body of `bytes` bytes.
    pub(super) fn charge_request(&self, client_addr: ClientAddr, bytes: usize) -> Result<(), ChatError> {
        self.requests_by_address.charge_units(&client_addr, units(bytes, BYTES_PER_REQUEST))
    }

    /// Charges an address for the upgrade to a WebSocket.
    pub(super) fn charge_upgrade(&self, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.upgrades_by_address.charge(&client_addr)
    }

    /// Charges a user for a hello.
    pub(super) fn charge_hello(&self, user: UserId) -> Result<(), ChatError> {
        self.hellos_by_user.charge(&user)
    }

    /// Checks the budgets for answers: of the address, and of the user if there is one.
    pub(super) fn check_answer_budget(&self, client_addr: ClientAddr, user: Option<UserId>) -> Result<(), ChatError> {
        let now = Instant::now();
        self.answers_by_address.check(&client_addr, now)?;
        user.map_or(Ok(()), |user| self.answers_by_user.check(&user, now))
    }

    /// Charges a user for the bytes of an answer.
    pub(super) fn charge_user_answer(&self, user: UserId, bytes: usize) {
        self.answers_by_user.charge(user, bytes, Instant::now());
    }

    /// Charges an address for the bytes of an answer.
    pub(super) fn charge_answer(&self, client_addr: ClientAddr, bytes: usize) {
        self.answers_by_address.charge(client_addr, bytes, Instant::now());
    }

    /// Checks an address's budget for files.
    pub(super) fn check_file_budget(&self, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.files_by_address.check(&client_addr, Instant::now())
    }

    /// Charges an address for the bytes of a file.
    pub(super) fn charge_file(&self, client_addr: ClientAddr, bytes: usize) {
        self.files_by_address.charge(client_addr, bytes, Instant::now());
    }

    /// Charges a user and an address for the report of a message.
    pub(super) fn charge_report(&self, user: UserId, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.reports_by_user.charge(&user)?;
        self.reports_by_address.charge(&client_addr)
    }

    /// Begins to verify or to set a password, of this nickname if there is one.
    pub(super) async fn begin_password_attempt(
        &self,
        client_addr: ClientAddr,
        nickname: Option<&NicknameKey>,
    ) -> Result<PasswordAttempt<'_>, ChatError> {
        let by_address = self.passwords_by_address.begin(client_addr).await?;
        let by_nickname = match nickname {
            Some(nickname) => Some(self.passwords_by_nickname.begin(nickname.clone()).await?),
            None => None,
        };
        Ok(PasswordAttempt { by_address, by_nickname })
    }

    /// Charges a user and an address for a command of `bytes` bytes.
    pub(super) fn charge_command(&self, user: UserId, client_addr: ClientAddr, bytes: usize) -> Result<(), ChatError> {
        let units = units(bytes, BYTES_PER_COMMAND);
        self.commands_by_user.charge_units(&user, units)?;
        self.commands_by_address.charge_units(&client_addr, units)
    }

    /// Charges an address, and the other user, for a new direct.
    pub(super) fn charge_direct(&self, to_user: UserId, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.directs_from_address.charge(&client_addr)?;
        self.directs_to_user.charge(&to_user)
    }

    /// Charges a user for a new room.
    pub(super) fn charge_room(&self, user: UserId) -> Result<(), ChatError> {
        self.rooms_by_user.charge(&user)
    }

    /// Charges a user for joining a room.
    pub(super) fn charge_join(&self, user: UserId) -> Result<(), ChatError> {
        self.joins_by_user.charge(&user)
    }

    /// Charges a user for being added to a room by somebody.
    pub(super) fn charge_addition(&self, user: UserId) -> Result<(), ChatError> {
        self.additions_of_user.charge(&user)
    }

    /// Charges a user and an address for a frame.
    pub(super) fn charge_frame(&self, user: UserId, client_addr: ClientAddr) -> Result<(), ChatError> {
        self.frames_by_user.charge(&user)?;
        self.frames_by_address.charge(&client_addr)
    }

    /// Charges a user for announcing that they are typing. Returns whether it may be announced.
    pub(super) fn charge_typing(&self, user: UserId, conversation: ConversationId) -> bool {
        self.typing.charge(&(user, conversation)).is_ok()
    }

    /// Forgets full buckets, so that memory depends on who is active and not on who ever was.
    pub(super) fn forget_idle(&self) {
        self.guests_by_address.forget_idle();
        self.requests_by_address.forget_idle();
        self.commands_by_user.forget_idle();
        self.commands_by_address.forget_idle();
        self.frames_by_user.forget_idle();
        self.frames_by_address.forget_idle();
        self.upgrades_by_address.forget_idle();
        self.hellos_by_user.forget_idle();
        let now = Instant::now();
        self.answers_by_user.forget_idle(now);
        self.answers_by_address.forget_idle(now);
        self.files_by_address.forget_idle(now);
        self.typing.forget_idle();
        self.directs_to_user.forget_idle();
        self.directs_from_address.forget_idle();
        self.rooms_by_user.forget_idle();
        self.joins_by_user.forget_idle();
        self.additions_of_user.forget_idle();
        self.reports_by_user.forget_idle();
        self.reports_by_address.forget_idle();
        self.passwords_by_address.forget_idle();
        self.passwords_by_nickname.forget_idle();
    }
}

/// How many units `bytes` bytes cost, at one unit per `bytes_per_unit` bytes; at least one.
fn units(bytes: usize, bytes_per_unit: usize) -> NonZeroU32 {
    let units = u32::try_from(bytes.div_ceil(bytes_per_unit)).unwrap_or(u32::MAX);
    NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN)
}
