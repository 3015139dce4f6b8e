//! What ends by itself, by a clock that the test turns.

use std::collections::HashSet;

use crate::{
    domain::{EndReason, EventKind, Reason, Role, Seq, Timestamp, User, UserId},
    server::{
        rules::{
            BeginSession, CreateUser, Expire, ExpireMessages, ExpireReports, Expired, NewSession, PasswordHash,
            Refusal, ReportMessage, Retention, SaveClock, TouchSession,
        },
        store::contract::store_test::StoreTest,
    },
};

impl StoreTest {
    /// A pass of housekeeping by which everything ends that is older than so many minutes.
    pub(super) fn expiry(&self, minutes: u64) -> Expire {
        let cutoff = Timestamp(self.now().0 - minutes * 60 * 1_000);
        Expire {
            connected_sessions: HashSet::new(),
            touch_cutoff: cutoff,
            online_users: HashSet::new(),
            guest_cutoff: cutoff,
            unused_guest_cutoff: cutoff,
            session_cutoff: cutoff,
            idle_cutoff: cutoff,
            ended_session_cutoff: cutoff,
            retention: Retention::default(),
        }
    }

    async fn is_here(&self, user: &User) -> bool {
        !self.store.is_gone(user.id).await.expect("an answer")
    }
}

pub(super) async fn a_guest_who_stays_away_loses_the_nickname(mut test: StoreTest) {
    let (away, back, online) = (test.sign_up("Ada"), test.sign_up("Bob"), test.sign_up("Carol"));
    for guest in [&away, &back, &online] {
        test.run(guest.clone()).await.expect("a free nickname");
    }
    test.clock.turn(50);
    let used = back.session.clone().expect("a session");
    test.run(TouchSession(used.id)).await.expect("a session");
    test.clock.turn(11);
    let expire = Expire { online_users: HashSet::from([online.user.id]), ..test.expiry(60) };
    assert_eq!(test.run(expire).await, Ok(Expired { guests: 1, sessions: Vec::new() }));
    assert!(!test.is_here(&away.user).await);
    assert!(test.is_here(&back.user).await && test.is_here(&online.user).await);
    let key = away.session.expect("a session").key;
    assert_eq!(test.store.session(key).await, Ok(None));
    let end = test.store.session_end(key).await.expect("an answer").expect("it ended lately");
    assert_eq!((end.user, end.reason), (away.user.id, EndReason::Expired));
    // The reason is forgotten after a while.
    test.clock.turn(61);
    let forget = Expire { online_users: HashSet::from([online.user.id, back.user.id]), ..test.expiry(60) };
    test.run(forget).await.expect("housekeeping");
    assert_eq!(test.store.session_end(key).await, Ok(None));
}

pub(super) async fn a_guest_who_never_comes_back_loses_the_nickname_sooner(mut test: StoreTest) {
    let mut unused = test.sign_up("Ada");
    unused.session = unused.session.map(|session| NewSession { used: false, ..session });
    let simple = CreateUser { session: None, ..test.sign_up("Bob") };
    let used = test.sign_up("Carol");
    for guest in [&unused, &simple, &used] {
        test.run(guest.clone()).await.expect("a free nickname");
    }
    test.clock.turn(5);
    let expire = Expire { unused_guest_cutoff: test.now(), ..test.expiry(60) };
    assert_eq!(test.run(expire).await.map(|expired| expired.guests), Ok(2));
    assert!(!test.is_here(&unused.user).await && !test.is_here(&simple.user).await);
    assert!(test.is_here(&used.user).await);
}

pub(super) async fn a_registered_user_is_signed_out_and_keeps_the_nickname(mut test: StoreTest) {
    let ada = test.registered("Ada", Role::Member).await;
    test.clock.turn(30);
    let (session, verified) = (test.new_session(), PasswordHash("Ada".into()));
    test.run(BeginSession { user: ada.id, verified, session: session.clone() }).await.expect("the right password");
    // The one that was used last comes first.
    let sessions = test.store.sessions(ada.id).await.expect("sessions");
    assert_eq!((sessions.len(), sessions[0].id), (2, session.id));
    test.clock.turn(45);
    // Age counts, whoever is connected.
    let connected_sessions = HashSet::from([sessions[1].id]);
    let expired = test.run(Expire { connected_sessions, ..test.expiry(60) }).await.expect("housekeeping");
    assert_eq!((expired.guests, expired.sessions.len()), (0, 1));
    assert_eq!(expired.sessions[0].session, sessions[1].id);
    assert!(test.is_here(&ada).await);
    assert_eq!(test.store.sessions(ada.id).await.map(|sessions| sessions.len()), Ok(1));
}

pub(super) async fn guests_messages_are_deleted_after_their_time(mut test: StoreTest) {
    let (guest, registered) = (test.guest("Ada").await, test.registered("Bob", Role::Member).await);
    let lobby = test.lobby;
    for user in [&guest, &registered] {
        test.say(user, lobby, "old").await.expect("a member may write");
    }
    test.clock.turn(60);
    test.say(&guest, lobby, "new").await.expect("a member may write");
    let before = test.now();
    assert_eq!(test.store.due_for_retention(before, 9).await, Ok(vec![lobby]));
    while test.run(ExpireMessages { conversation: lobby, before }).await == Ok(true) {}
    assert_eq!(test.texts(&registered, lobby).await, ["", "old", "new"]);
    assert_eq!(test.store.due_for_retention(before, 9).await, Ok(Vec::new()));
    // The server itself has deleted it.
    let deletion = test.events(lobby).await.pop().expect("an event");
    assert_eq!(deletion.kind, EventKind::Deletion { seq: Seq(1) });
    assert_eq!(deletion.author.id, UserId::SYSTEM);
}

pub(super) async fn a_report_lasts_until_it_is_closed_or_expires(mut test: StoreTest) {
    let (author, reporter) = (test.guest("Ada").await, test.guest("Bob").await);
    let lobby = test.lobby;
    for text in ["one", "rude", "three"] {
        test.say(&author, lobby, text).await.expect("a member may write");
    }
    let reason = Reason::parse("rude").expect("a reason");
    let report = ReportMessage { reporter: reporter.id, conversation: lobby, seq: Seq(2), reason, max_open: 1 };
    assert_eq!(test.run(report.clone()).await, Ok(()));
    assert_eq!(test.run(report.clone()).await, Ok(()), "a second time changes nothing");
    let more = ReportMessage { seq: Seq(1), ..report.clone() };
    assert_eq!(test.run(more).await, Err(Refusal::TooManyReports));
    let own = ReportMessage { reporter: author.id, ..report };
    assert_eq!(test.run(own).await, Err(Refusal::OwnMessage));
    let reports = test.store.reports(None, 9).await.expect("reports");
    assert_eq!((reports.open, reports.reports.len()), (1, 1));
    let texts: Vec<_> = reports.reports[0].messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(texts, ["one", "rude", "three"]);
    assert_eq!(reports.reports[0].messages[0].author, author);
    assert_eq!(test.store.count_reports(author.id).await, Ok(0), "it is about a message of hers");
    test.clock.turn(60);
    assert_eq!(test.run(ExpireReports(test.now())).await, Ok(()));
    assert_eq!(test.store.reports(None, 9).await.map(|reports| reports.open), Ok(0));
}

pub(super) async fn a_wrong_machine_clock_ends_nothing_early(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    test.run(SaveClock).await.expect("a command of the server");
    // Somebody sets the clock back for a while.
    test.clock.turn(60);
    test.clock.set_machine_ahead(-100);
    test.run(SaveClock).await.expect("a command of the server");
    test.say(&ada, lobby, "written with a wrong clock").await.expect("a member may write");
    test.clock.turn(60);
    test.clock.set_machine_ahead(0);
    test.run(SaveClock).await.expect("a command of the server");
    // By the machine's clock, the message is a hundred hours old; by the server's, an hour.
    let before = Timestamp(test.now().0 - 90 * 60 * 1_000);
    assert_eq!(test.store.due_for_retention(before, 9).await, Ok(Vec::new()));
    assert_eq!(test.store.due_for_retention(test.in_minutes(1), 9).await, Ok(vec![lobby]));
}
