//! How often anybody may do something.

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
    domain::{ConversationId, NicknameKey, UserId},
    server::{
        chat::{
            attempts::{PARTS, Tries, Try},
            budget::Budget,
        },
        config::Limits,
        error::ChatError,
        net::client_addr::ClientAddr,
    },
};

/// Nobody needs to be told of each keystroke.
const TYPING_INTERVAL: Duration = Duration::from_secs(2);

/// What a command of so many bytes costs counts as one; a longer one costs as many as it is long.
const BYTES_OF_ONE: usize = 1024;

/// How many messages a user, and an address, may report in a minute.
const REPORTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).expect("not zero");
const REPORTS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(12).expect("not zero");

/// An address may do as much as so many users. Guests come anew as easily as they go, each with a full measure; an
/// address does not.
const USERS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(4).expect("not zero");

/// So many directs can be opened at once to one user by those who have none with them, from wherever they come, and so many
/// an hour after that. Whoever is flooded is found by fewer, but never loses sight of the others.
const DIRECTS_TO_USER: (u32, u32) = (20, 30);

/// The same from one address, to whomever.
const DIRECTS_FROM_ADDRESS: (u32, u32) = (30, 120);

/// The same for frames: in a lively room each of a school's 300 people marks as read what each of them says.
const FRAME_USERS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// And for WebSockets: after a restart all who sit behind one address come back at once, some of them twice.
const HELLO_USERS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// And for what is sent: 300 who come for the first time take some 100 kB each, twice that with their history.
const ANSWER_USERS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(8).expect("not zero");

/// What a form of so many bytes costs counts as one request.
const FORM_BYTES_OF_ONE: usize = 8 * 1024;

/// A bucket for each key; `None` lets everything through.
struct KeyedLimiter<K: Clone + Eq + Hash>(Option<Buckets<K>>);

struct Buckets<K: Clone + Eq + Hash> {
    limiter: DefaultKeyedRateLimiter<K>,
    /// How much is in a full one.
    size: NonZeroU32,
}

impl<K: Clone + Eq + Hash> KeyedLimiter<K> {
    fn new(quota: Option<Quota>) -> Self {
        Self(quota.map(|quota| Buckets { limiter: RateLimiter::keyed(quota), size: quota.burst_size() }))
    }

    fn check(&self, key: &K) -> Result<(), ChatError> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes so many at once; what is more than a full bucket takes a full one.
    fn check_many(&self, key: &K, many: NonZeroU32) -> Result<(), ChatError> {
        let Some(Buckets { limiter, size }) = &self.0 else { return Ok(()) };
        let checked = limiter.check_key_n(key, many.min(*size)).unwrap_or(Ok(()));
        checked.map_err(|until| ChatError::RateLimited {
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

/// All rates of the house.
pub(crate) struct RateLimits {
    guests: KeyedLimiter<ClientAddr>,
    requests: KeyedLimiter<ClientAddr>,
    commands: KeyedLimiter<UserId>,
    commands_from: KeyedLimiter<ClientAddr>,
    frames: KeyedLimiter<UserId>,
    frames_from: KeyedLimiter<ClientAddr>,
    /// WebSockets that are begun, whatever becomes of them.
    upgrades: KeyedLimiter<ClientAddr>,
    hellos: KeyedLimiter<UserId>,
    answers: Budget<UserId>,
    answers_from: Budget<ClientAddr>,
    files_from: Budget<ClientAddr>,
    typing: KeyedLimiter<(UserId, ConversationId)>,
    directs_to: KeyedLimiter<UserId>,
    directs_from: KeyedLimiter<ClientAddr>,
    reports: KeyedLimiter<UserId>,
    reports_from: KeyedLimiter<ClientAddr>,
    passwords_from: Tries<ClientAddr>,
    /// However many addresses try it.
    passwords_of: Tries<NicknameKey>,
}

/// A password that is being tried.
pub(crate) struct PasswordTry<'a> {
    from: Try<'a, ClientAddr>,
    of: Option<Try<'a, NicknameKey>>,
}

impl PasswordTry<'_> {
    /// It is the right one. The address gets everything back, the nickname most: with one account, nobody keeps the server
    /// busy with passwords, or fills it with sessions.
    pub(crate) fn was_right(self) {
        self.from.was_right(0);
        if let Some(of) = self.of {
            of.was_right(PARTS / 10);
        }
    }
}

impl RateLimits {
    pub(crate) fn new(limits: &Limits, unlimited: bool) -> Self {
        let quota = |per_minute: NonZeroU32, burst: u32| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            (!unlimited).then(|| Quota::per_minute(per_minute).allow_burst(burst))
        };
        let hourly = |(burst, per_hour): (u32, u32)| {
            let [burst, per_hour] = [burst, per_hour].map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
            (!unlimited).then(|| Quota::per_hour(per_hour).allow_burst(burst))
        };
        let bytes = |per_minute: NonZeroU32| (!unlimited).then_some(per_minute);
        Self {
            guests: KeyedLimiter::new(quota(limits.guests_per_minute, limits.guests_per_minute.get())),
            requests: KeyedLimiter::new(quota(limits.requests_per_minute, limits.requests_per_minute.get() / 4)),
            commands: KeyedLimiter::new(quota(limits.commands_per_minute, limits.commands_per_minute.get() / 20)),
            commands_from: KeyedLimiter::new(quota(
                limits.commands_per_minute.saturating_mul(USERS_OF_ADDRESS),
                (limits.commands_per_minute.get() / 20).saturating_mul(USERS_OF_ADDRESS.get()),
            )),
            frames: KeyedLimiter::new(quota(limits.frames_per_minute, limits.frames_per_minute.get() / 4)),
            frames_from: KeyedLimiter::new(quota(
                limits.frames_per_minute.saturating_mul(FRAME_USERS_OF_ADDRESS),
                (limits.frames_per_minute.get() / 4).saturating_mul(FRAME_USERS_OF_ADDRESS.get()),
            )),
            upgrades: KeyedLimiter::new(quota(
                limits.hellos_per_minute.saturating_mul(HELLO_USERS_OF_ADDRESS),
                (limits.hellos_per_minute.get() / 2).saturating_mul(HELLO_USERS_OF_ADDRESS.get()),
            )),
            hellos: KeyedLimiter::new(quota(limits.hellos_per_minute, limits.hellos_per_minute.get() / 2)),
            answers: Budget::new(bytes(limits.answer_bytes_per_minute)),
            answers_from: Budget::new(bytes(limits.answer_bytes_per_minute.saturating_mul(ANSWER_USERS_OF_ADDRESS))),
            files_from: Budget::new(bytes(limits.file_bytes_per_minute)),
            typing: KeyedLimiter::new(Quota::with_period(TYPING_INTERVAL)),
            directs_to: KeyedLimiter::new(hourly(DIRECTS_TO_USER)),
            directs_from: KeyedLimiter::new(hourly(DIRECTS_FROM_ADDRESS)),
            reports: KeyedLimiter::new(quota(REPORTS_PER_MINUTE, REPORTS_PER_MINUTE.get())),
            reports_from: KeyedLimiter::new(quota(REPORTS_OF_ADDRESS, REPORTS_OF_ADDRESS.get())),
            passwords_from: Tries::new((!unlimited).then_some(limits.sign_ins_per_minute)),
            passwords_of: Tries::new((!unlimited).then_some(limits.sign_ins_per_minute)),
        }
    }

    pub(crate) fn guest(&self, peer: ClientAddr) -> Result<(), ChatError> {
        self.guests.check(&peer)
    }

    /// A request whose body has so many bytes.
    pub(crate) fn request(&self, peer: ClientAddr, bytes: usize) -> Result<(), ChatError> {
        self.requests.check_many(&peer, units(bytes, FORM_BYTES_OF_ONE))
    }

    pub(crate) fn upgrade(&self, peer: ClientAddr) -> Result<(), ChatError> {
        self.upgrades.check(&peer)
    }

    pub(crate) fn hello(&self, user: UserId) -> Result<(), ChatError> {
        self.hellos.check(&user)
    }

    /// Whether anything further is to be made for them; `user` is whom it is for, if that is known.
    pub(crate) fn answer(&self, peer: ClientAddr, user: Option<UserId>) -> Result<(), ChatError> {
        let now = Instant::now();
        self.answers_from.check(&peer, now)?;
        user.map_or(Ok(()), |user| self.answers.check(&user, now))
    }

    /// It was made for this user, and is as long as that.
    pub(crate) fn answered(&self, user: UserId, bytes: usize) {
        self.answers.take(user, bytes, Instant::now());
    }

    /// It was made for somebody at this address.
    pub(crate) fn answered_to(&self, peer: ClientAddr, bytes: usize) {
        self.answers_from.take(peer, bytes, Instant::now());
    }

    pub(crate) fn file(&self, peer: ClientAddr) -> Result<(), ChatError> {
        self.files_from.check(&peer, Instant::now())
    }

    pub(crate) fn file_sent(&self, peer: ClientAddr, bytes: usize) {
        self.files_from.take(peer, bytes, Instant::now());
    }

    pub(crate) fn report(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.reports.check(&user)?;
        self.reports_from.check(&peer)
    }

    /// A password is to be tried from there, or set; perhaps that of this nickname.
    pub(crate) async fn password(
        &self,
        peer: ClientAddr,
        nickname: Option<&NicknameKey>,
    ) -> Result<PasswordTry<'_>, ChatError> {
        let from = self.passwords_from.begin(peer).await?;
        let of = match nickname {
            Some(nickname) => Some(self.passwords_of.begin(nickname.clone()).await?),
            None => None,
        };
        Ok(PasswordTry { from, of })
    }

    pub(crate) fn command(&self, user: UserId, peer: Option<ClientAddr>, bytes: usize) -> Result<(), ChatError> {
        let units = units(bytes, BYTES_OF_ONE);
        self.commands.check_many(&user, units)?;
        peer.map_or(Ok(()), |peer| self.commands_from.check_many(&peer, units))
    }

    /// A direct is to be begun with `user`.
    pub(crate) fn direct(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.directs_from.check(&peer)?;
        self.directs_to.check(&user)
    }

    pub(crate) fn frame(&self, user: UserId, peer: ClientAddr) -> Result<(), ChatError> {
        self.frames.check(&user)?;
        self.frames_from.check(&peer)
    }

    pub(crate) fn may_type(&self, user: UserId, conversation: ConversationId) -> bool {
        self.typing.check(&(user, conversation)).is_ok()
    }

    /// Drops the buckets that are full again, so that memory follows who is here and not who ever was.
    pub(crate) fn forget_idle(&self) {
        self.guests.forget_idle();
        self.requests.forget_idle();
        self.commands.forget_idle();
        self.commands_from.forget_idle();
        self.frames.forget_idle();
        self.frames_from.forget_idle();
        self.upgrades.forget_idle();
        self.hellos.forget_idle();
        let now = Instant::now();
        self.answers.forget_idle(now);
        self.answers_from.forget_idle(now);
        self.files_from.forget_idle(now);
        self.typing.forget_idle();
        self.directs_to.forget_idle();
        self.directs_from.forget_idle();
        self.reports.forget_idle();
        self.reports_from.forget_idle();
        self.passwords_from.forget_idle();
        self.passwords_of.forget_idle();
    }
}

/// How often something of so many bytes counts.
fn units(bytes: usize, of_one: usize) -> NonZeroU32 {
    let units = u32::try_from(bytes.div_ceil(of_one)).unwrap_or(u32::MAX);
    NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN)
}
