//! Random histories: steps with small numbers, which stand for users, conversations and so on that exist when the step is
//! taken. proptest makes a history that fails shorter.

use proptest::prelude::*;

/// Stands for one of what exists.
pub(crate) type Pick = u8;

/// A step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    SignUp {
        name: Pick,
        address: Pick,
        registered: bool,
        session: bool,
        invite: Option<Pick>,
        owner: bool,
    },
    Say {
        user: Pick,
        place: Pick,
        text: Pick,
        reply_to: Option<Pick>,
    },
    MuteThread {
        user: Pick,
        place: Pick,
        seq: Pick,
        on: bool,
    },
    /// Sends the command of an event that exists once more.
    Repeat {
        place: Pick,
        seq: Pick,
    },
    Edit {
        user: Pick,
        place: Pick,
        seq: Pick,
        text: Pick,
        own: bool,
    },
    Delete {
        user: Pick,
        place: Pick,
        seq: Pick,
        own: bool,
    },
    React {
        user: Pick,
        place: Pick,
        seq: Pick,
        emoji: Pick,
        on: bool,
    },
    Pin {
        user: Pick,
        place: Pick,
        seq: Pick,
        on: bool,
    },
    DeleteAsOperator {
        place: Pick,
        seq: Pick,
    },
    MarkRead {
        user: Pick,
        place: Pick,
        seq: Pick,
    },
    SetConversation {
        user: Pick,
        place: Pick,
        setting: Pick,
        on: bool,
    },
    OpenDirect {
        user: Pick,
        other: Pick,
        by_name: bool,
    },
    Hide {
        user: Pick,
        place: Pick,
    },
    Block {
        user: Pick,
        other: Pick,
    },
    Unblock {
        user: Pick,
        other: Pick,
    },
    Join {
        user: Pick,
        place: Pick,
    },
    CreateRoom {
        user: Pick,
        name: Pick,
        private: bool,
        policy: bool,
    },
    ChangeRoom {
        user: Pick,
        place: Pick,
        setting: Pick,
        value: Pick,
    },
    Leave {
        user: Pick,
        place: Pick,
    },
    AddMember {
        user: Pick,
        place: Pick,
        other: Pick,
        by_name: bool,
    },
    Moderate {
        actor: Option<Pick>,
        subject: Pick,
        /// In a room, most often one of the actor's.
        place: Option<Pick>,
        action: Pick,
        until: Pick,
        whole_address: bool,
    },
    BeginSession {
        user: Pick,
    },
    EndSession {
        session: Pick,
        by_key: bool,
    },
    EndSessions {
        user: Pick,
    },
    TouchSession {
        session: Pick,
    },
    SetPassword {
        user: Pick,
        keep: bool,
        owner: bool,
    },
    ReplaceHash {
        user: Pick,
    },
    ReleaseNickname {
        user: Pick,
    },
    DeleteAccount {
        user: Pick,
        as_operator: bool,
        messages: bool,
    },
    EraseBatch,
    CreateInvite {
        actor: Option<Pick>,
        until: Pick,
        limited: bool,
    },
    RevokeInvite {
        actor: Option<Pick>,
        invite: Pick,
    },
    BanNetwork {
        network: Pick,
        until: Pick,
    },
    UnbanNetwork {
        network: Pick,
    },
    Report {
        user: Pick,
        place: Pick,
        seq: Pick,
    },
    HandleReport {
        actor: Option<Pick>,
        report: Pick,
        close: bool,
    },
    Expire {
        minutes: u16,
        online: Pick,
        retention: bool,
    },
    ExpireMessages {
        place: Pick,
        minutes: u16,
    },
    ExpireReports {
        minutes: u16,
    },
    EndGuests,
    SaveClock,
    /// Time passes.
    Wait {
        minutes: u16,
    },
    /// Somebody sets the machine's clock.
    SetMachineClock {
        hours: i8,
    },
    /// The server stops and starts.
    Restart,
}

/// How a property is tested: on so many histories, or as many as `PROPTEST_CASES` says.
pub(crate) fn on_histories(cases: u32) -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { default } else { ProptestConfig { cases, ..default } }
}

/// A history of up to `steps` steps, which begins with a registered owner and two guests.
pub(crate) fn history(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..steps).prop_map(|steps| {
        let sign_up = |name, registered| Step::SignUp {
            name,
            address: name,
            registered,
            session: true,
            invite: None,
            owner: registered,
        };
        [sign_up(0, true), sign_up(1, false), sign_up(2, false)].into_iter().chain(steps).collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => writing(),
        6 => lists(),
        6 => rooms(),
        6 => moderating(),
        4 => accounts(),
        2 => housekeeping(),
    ]
}

fn writing() -> impl Strategy<Value = Step> {
    let (p, b) = (any::<Pick>, any::<bool>);
    prop_oneof![
        8 => (p(), p(), p(), prop::option::weighted(0.3, p()))
            .prop_map(|(user, place, text, reply_to)| Step::Say { user, place, text, reply_to }),
        1 => (p(), p(), p(), prop::bool::weighted(0.7))
            .prop_map(|(user, place, seq, on)| Step::MuteThread { user, place, seq, on }),
        1 => (p(), p()).prop_map(|(place, seq)| Step::Repeat { place, seq }),
        3 => (p(), p(), p(), p(), prop::bool::weighted(0.8))
            .prop_map(|(user, place, seq, text, own)| Step::Edit { user, place, seq, text, own }),
        2 => (p(), p(), p(), b()).prop_map(|(user, place, seq, own)| Step::Delete { user, place, seq, own }),
        3 => (p(), p(), p(), p(), prop::bool::weighted(0.7))
            .prop_map(|(user, place, seq, emoji, on)| Step::React { user, place, seq, emoji, on }),
        2 => (p(), p(), p(), prop::bool::weighted(0.7))
            .prop_map(|(user, place, seq, on)| Step::Pin { user, place, seq, on }),
        1 => (p(), p()).prop_map(|(place, seq)| Step::DeleteAsOperator { place, seq }),
        1 => (p(), p(), p()).prop_map(|(user, place, seq)| Step::MarkRead { user, place, seq }),
    ]
}

fn lists() -> impl Strategy<Value = Step> {
    let (p, b) = (any::<Pick>, any::<bool>);
    prop_oneof![
        4 => (p(), p(), b()).prop_map(|(user, other, by_name)| Step::OpenDirect { user, other, by_name }),
        1 => (p(), p()).prop_map(|(user, place)| Step::Hide { user, place }),
        2 => (p(), p()).prop_map(|(user, other)| Step::Block { user, other }),
        1 => (p(), p()).prop_map(|(user, other)| Step::Unblock { user, other }),
        1 => (p(), p()).prop_map(|(user, place)| Step::Join { user, place }),
        3 => (p(), p(), p(), prop::bool::weighted(0.7))
            .prop_map(|(user, place, setting, on)| Step::SetConversation { user, place, setting, on }),
    ]
}

fn rooms() -> impl Strategy<Value = Step> {
    let (p, b) = (any::<Pick>, any::<bool>);
    prop_oneof![
        3 => (p(), p(), b(), prop::bool::weighted(0.2))
            .prop_map(|(user, name, private, policy)| Step::CreateRoom { user, name, private, policy }),
        3 => (p(), p(), p(), p())
            .prop_map(|(user, place, setting, value)| Step::ChangeRoom { user, place, setting, value }),
        3 => (p(), p()).prop_map(|(user, place)| Step::Join { user, place }),
        2 => (p(), p()).prop_map(|(user, place)| Step::Leave { user, place }),
        5 => (p(), p(), p(), b())
            .prop_map(|(user, place, other, by_name)| Step::AddMember { user, place, other, by_name }),
    ]
}

fn moderating() -> impl Strategy<Value = Step> {
    let (p, b, actor) = (any::<Pick>, any::<bool>, || prop::option::weighted(0.6, any::<Pick>()));
    prop_oneof![
        6 => (actor(), p(), prop::option::of(p()), p(), p(), b()).prop_map(
            |(actor, subject, place, action, until, whole_address)| {
                Step::Moderate { actor, subject, place, action, until, whole_address }
            }
        ),
        1 => (actor(), p(), b()).prop_map(|(actor, until, limited)| Step::CreateInvite { actor, until, limited }),
        1 => (actor(), p()).prop_map(|(actor, invite)| Step::RevokeInvite { actor, invite }),
        1 => (p(), p()).prop_map(|(network, until)| Step::BanNetwork { network, until }),
        1 => p().prop_map(|network| Step::UnbanNetwork { network }),
        2 => (p(), p(), p()).prop_map(|(user, place, seq)| Step::Report { user, place, seq }),
        1 => (actor(), p(), b()).prop_map(|(actor, report, close)| Step::HandleReport { actor, report, close }),
    ]
}

fn accounts() -> impl Strategy<Value = Step> {
    let (p, b) = (any::<Pick>, any::<bool>);
    let seldom = || prop::bool::weighted(0.2);
    prop_oneof![
        6 => (p(), p(), b(), prop::bool::weighted(0.8), prop::option::weighted(0.2, p()), seldom()).prop_map(
            |(name, address, registered, session, invite, owner)| {
                Step::SignUp { name, address, registered, session, invite, owner }
            }
        ),
        2 => p().prop_map(|user| Step::BeginSession { user }),
        1 => (p(), b()).prop_map(|(session, by_key)| Step::EndSession { session, by_key }),
        1 => p().prop_map(|user| Step::EndSessions { user }),
        1 => p().prop_map(|session| Step::TouchSession { session }),
        1 => (p(), b(), seldom()).prop_map(|(user, keep, owner)| Step::SetPassword { user, keep, owner }),
        1 => p().prop_map(|user| Step::ReplaceHash { user }),
        1 => p().prop_map(|user| Step::ReleaseNickname { user }),
        2 => (p(), b(), b())
            .prop_map(|(user, as_operator, messages)| Step::DeleteAccount { user, as_operator, messages }),
    ]
}

fn housekeeping() -> impl Strategy<Value = Step> {
    let (p, b, minutes) = (any::<Pick>, any::<bool>, || 0..5_000_u16);
    prop_oneof![
        6 => (0..600_u16).prop_map(|minutes| Step::Wait { minutes }),
        2 => Just(Step::EraseBatch),
        2 => (minutes(), p(), b()).prop_map(|(minutes, online, retention)| Step::Expire { minutes, online, retention }),
        2 => (p(), minutes()).prop_map(|(place, minutes)| Step::ExpireMessages { place, minutes }),
        1 => minutes().prop_map(|minutes| Step::ExpireReports { minutes }),
        1 => Just(Step::SaveClock),
        1 => any::<i8>().prop_map(|hours| Step::SetMachineClock { hours }),
        1 => prop::bool::weighted(0.3).prop_map(|all| if all { Step::EndGuests } else { Step::Restart }),
    ]
}
