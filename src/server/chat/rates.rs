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

use crate::domain::{ConversationId, NicknameKey, UserId};

use super::{
    super::{config::Limits, peer::Peer},
    ChatError,
    budget::Budget,
    tries::{PARTS, Tries, Try},
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
struct Rate<K: Clone + Eq + Hash>(Option<Buckets<K>>);

struct Buckets<K: Clone + Eq + Hash> {
    limiter: DefaultKeyedRateLimiter<K>,
    /// How much is in a full one.
    size: NonZeroU32,
}

impl<K: Clone + Eq + Hash> Rate<K> {
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
pub(super) struct Rates {
    guests: Rate<Peer>,
    requests: Rate<Peer>,
    commands: Rate<UserId>,
    commands_from: Rate<Peer>,
    frames: Rate<UserId>,
    frames_from: Rate<Peer>,
    /// WebSockets that are begun, whatever becomes of them.
    upgrades: Rate<Peer>,
    hellos: Rate<UserId>,
    answers: Budget<UserId>,
    answers_from: Budget<Peer>,
    files_from: Budget<Peer>,
    typing: Rate<(UserId, ConversationId)>,
    directs_to: Rate<UserId>,
    directs_from: Rate<Peer>,
    reports: Rate<UserId>,
    reports_from: Rate<Peer>,
    passwords_from: Tries<Peer>,
    /// However many addresses try it.
    passwords_of: Tries<NicknameKey>,
}

/// A password that is being tried.
pub(super) struct PasswordTry<'a> {
    from: Try<'a, Peer>,
    of: Option<Try<'a, NicknameKey>>,
}

impl PasswordTry<'_> {
    /// It is the right one. The address gets everything back, the nickname most: with one account, nobody keeps the server
    /// busy with passwords, or fills it with sessions.
    pub(super) fn was_right(self) {
        self.from.was_right(0);
        if let Some(of) = self.of {
            of.was_right(PARTS / 10);
        }
    }
}

impl Rates {
    pub(super) fn new(limits: &Limits, unlimited: bool) -> Self {
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
            guests: Rate::new(quota(limits.guests_per_minute, limits.guests_per_minute.get())),
            requests: Rate::new(quota(limits.requests_per_minute, limits.requests_per_minute.get() / 4)),
            commands: Rate::new(quota(limits.commands_per_minute, limits.commands_per_minute.get() / 20)),
            commands_from: Rate::new(quota(
                limits.commands_per_minute.saturating_mul(USERS_OF_ADDRESS),
                (limits.commands_per_minute.get() / 20).saturating_mul(USERS_OF_ADDRESS.get()),
            )),
            frames: Rate::new(quota(limits.frames_per_minute, limits.frames_per_minute.get() / 4)),
            frames_from: Rate::new(quota(
                limits.frames_per_minute.saturating_mul(FRAME_USERS_OF_ADDRESS),
                (limits.frames_per_minute.get() / 4).saturating_mul(FRAME_USERS_OF_ADDRESS.get()),
            )),
            upgrades: Rate::new(quota(
                limits.hellos_per_minute.saturating_mul(HELLO_USERS_OF_ADDRESS),
                (limits.hellos_per_minute.get() / 2).saturating_mul(HELLO_USERS_OF_ADDRESS.get()),
            )),
            hellos: Rate::new(quota(limits.hellos_per_minute, limits.hellos_per_minute.get() / 2)),
            answers: Budget::new(bytes(limits.answer_bytes_per_minute)),
            answers_from: Budget::new(bytes(limits.answer_bytes_per_minute.saturating_mul(ANSWER_USERS_OF_ADDRESS))),
            files_from: Budget::new(bytes(limits.file_bytes_per_minute)),
            typing: Rate::new(Quota::with_period(TYPING_INTERVAL)),
            directs_to: Rate::new(hourly(DIRECTS_TO_USER)),
            directs_from: Rate::new(hourly(DIRECTS_FROM_ADDRESS)),
            reports: Rate::new(quota(REPORTS_PER_MINUTE, REPORTS_PER_MINUTE.get())),
            reports_from: Rate::new(quota(REPORTS_OF_ADDRESS, REPORTS_OF_ADDRESS.get())),
            passwords_from: Tries::new((!unlimited).then_some(limits.sign_ins_per_minute)),
            passwords_of: Tries::new((!unlimited).then_some(limits.sign_ins_per_minute)),
        }
    }

    pub(super) fn guest(&self, peer: Peer) -> Result<(), ChatError> {
        self.guests.check(&peer)
    }

    /// A request whose body has so many bytes.
    pub(super) fn request(&self, peer: Peer, bytes: usize) -> Result<(), ChatError> {
        self.requests.check_many(&peer, units(bytes, FORM_BYTES_OF_ONE))
    }

    pub(super) fn upgrade(&self, peer: Peer) -> Result<(), ChatError> {
        self.upgrades.check(&peer)
    }

    pub(super) fn hello(&self, user: UserId) -> Result<(), ChatError> {
        self.hellos.check(&user)
    }

    /// Whether anything further is to be made for them; `user` is whom it is for, if that is known.
    pub(super) fn answer(&self, peer: Peer, user: Option<UserId>) -> Result<(), ChatError> {
        let now = Instant::now();
        self.answers_from.check(&peer, now)?;
        user.map_or(Ok(()), |user| self.answers.check(&user, now))
    }

    /// It was made for this user, and is as long as that.
    pub(super) fn answered(&self, user: UserId, bytes: usize) {
        self.answers.take(user, bytes, Instant::now());
    }

    /// It was made for somebody at this address.
    pub(super) fn answered_to(&self, peer: Peer, bytes: usize) {
        self.answers_from.take(peer, bytes, Instant::now());
    }

    pub(super) fn file(&self, peer: Peer) -> Result<(), ChatError> {
        self.files_from.check(&peer, Instant::now())
    }

    pub(super) fn file_sent(&self, peer: Peer, bytes: usize) {
        self.files_from.take(peer, bytes, Instant::now());
    }

    pub(super) fn report(&self, user: UserId, peer: Peer) -> Result<(), ChatError> {
        self.reports.check(&user)?;
        self.reports_from.check(&peer)
    }

    /// A password is to be tried from there, or set; perhaps that of this nickname.
    pub(super) async fn password(
        &self,
        peer: Peer,
        nickname: Option<&NicknameKey>,
    ) -> Result<PasswordTry<'_>, ChatError> {
        let from = self.passwords_from.begin(peer).await?;
        let of = match nickname {
            Some(nickname) => Some(self.passwords_of.begin(nickname.clone()).await?),
            None => None,
        };
        Ok(PasswordTry { from, of })
    }

    pub(super) fn command(&self, user: UserId, peer: Option<Peer>, bytes: usize) -> Result<(), ChatError> {
        let units = units(bytes, BYTES_OF_ONE);
        self.commands.check_many(&user, units)?;
        peer.map_or(Ok(()), |peer| self.commands_from.check_many(&peer, units))
    }

    /// A direct is to be begun with `user`.
    pub(super) fn direct(&self, user: UserId, peer: Peer) -> Result<(), ChatError> {
        self.directs_from.check(&peer)?;
        self.directs_to.check(&user)
    }

    pub(super) fn frame(&self, user: UserId, peer: Peer) -> Result<(), ChatError> {
        self.frames.check(&user)?;
        self.frames_from.check(&peer)
    }

    pub(super) fn may_type(&self, user: UserId, conversation: ConversationId) -> bool {
        self.typing.check(&(user, conversation)).is_ok()
    }

    /// Drops the buckets that are full again, so that memory follows who is here and not who ever was.
    pub(super) fn forget_idle(&self) {
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
