//! Sessions and guests that nobody uses any more, and saving the clock.

use std::collections::HashSet;

use crate::{
    domain::{EndReason, Role, SessionId, Timestamp, User, UserId},
    server::rules::{
        BeginSession, EndSession, EndedSession, Entry, Expire, Expired, Facts as _, Mutation, NewPassword, OwnerGrant,
        PasswordHash, Refusal, ReleaseNickname, Retention, SaveClock, SetPassword,
        tests::scene::{Logged, Scene},
    },
};

const HOUR: u64 = 60 * 60_000;
const DAY: u64 = 24 * HOUR;

impl Scene {
    /// A pass of housekeeping: guests expire after a day, unused ones after an hour, sessions after ten days, idle ones
    /// after two.
    fn expire(&mut self, online: &[UserId], connected: &[SessionId]) -> Expired {
        let before = |ms| Timestamp(self.now.server.0 - ms);
        self.run(Expire {
            connected_sessions: connected.iter().copied().collect(),
            touch_cutoff: before(HOUR),
            online_users: online.iter().copied().collect(),
            guest_cutoff: before(DAY),
            unused_guest_cutoff: before(HOUR),
            session_cutoff: before(10 * DAY),
            idle_cutoff: before(2 * DAY),
            ended_session_cutoff: before(DAY),
            retention: Retention::default(),
        })
    }

    fn session_ids(&mut self, user: &User) -> Vec<SessionId> {
        let sessions = self.state.sessions_of(user.id).expect("facts");
        sessions.into_iter().map(|session| session.id).collect()
    }

    fn sign_in(&mut self, user: &User) -> SessionId {
        let (session, verified) = (self.session(), PasswordHash(user.nickname.as_str().into()));
        let id = session.id;
        self.run(BeginSession { user: user.id, verified, session });
        id
    }
}

#[test]
fn a_connected_session_is_in_use_but_grows_old() {
    let mut it = Scene::new();
    let ann = it.registered("Ann", Role::Member);
    let (first, second) = (it.session_ids(&ann)[0], it.sign_in(&ann));
    for _ in 0..10 {
        it.pass(DAY);
        let ended = it.expire(&[ann.id], &[first]).sessions;
        assert!(ended.iter().all(|ended| ended.session == second), "{ended:?}");
    }
    assert_eq!(it.session_ids(&ann), [first], "the other one was idle for two days");
    it.pass(1);
    assert_eq!(it.expire(&[ann.id], &[first]).sessions, [EndedSession { user: ann.id, session: first }]);
    let ended = Entry::SessionEnded { user: ann.id, session: Some(first), reason: EndReason::Expired };
    assert_eq!(it.logged(), [Logged::Entry(ended)]);
}

#[test]
fn guests_who_are_not_online_lose_their_nicknames() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let mut simple = it.stranger("Cy", "192.0.2.1");
    simple.session = None;
    let cy = simple.user.clone();
    it.run(simple);
    let mut unused = it.stranger("Di", "192.0.2.1");
    unused.session.as_mut().expect("a session").used = false;
    it.run(unused);
    assert_eq!(it.expire(&[], &[]).guests, 0, "they have just come");
    it.pass(2 * 60_000);
    assert_eq!(it.expire(&[cy.id], &[]).guests, 0);
    assert_eq!(it.expire(&[], &[]).guests, 1, "nobody is connected as Cy");
    it.pass(HOUR);
    assert_eq!(it.expire(&[], &[]).guests, 1, "Di never came back");
    let session = it.session_ids(&ben);
    it.pass(DAY);
    assert_eq!(it.expire(&[ben.id], &session).guests, 1);
    assert!(it.state.users[&ann.id].is_gone());
    assert!(it.state.users[&ann.id].address.is_none());
    assert!(!it.state.users[&ben.id].is_gone());
}

#[test]
fn a_guest_s_nickname_is_free_with_the_end_of_the_last_session() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    let (first, second) = (it.session_ids(&ann)[0], it.session());
    it.state
        .apply(&Mutation::BeginSession { user: ann.id, session: second.clone(), at: it.now.server }, it.now.machine);
    assert_eq!(it.run(EndSession::ById(ann.id, first)), Some(ann.id));
    assert!(!it.state.users[&ann.id].is_gone());
    assert_eq!(it.run(EndSession::ByKey(second.key)), Some(ann.id));
    let ended = Entry::SessionEnded { user: ann.id, session: Some(second.id), reason: EndReason::SignedOut };
    assert_eq!(it.logged(), [ended, Entry::NicknameReleased { user: ann.id }].map(Logged::Entry));
    assert_eq!(it.run(EndSession::ByKey(second.key)), None);
    it.run(ReleaseNickname(ann.id));
    assert!(it.mutations.is_empty(), "it is free already");
}

#[test]
fn a_password_ends_the_other_sessions_and_needs_the_one_in_which_it_is_set() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    let password = || NewPassword { hash: PasswordHash("Ann".into()), ownership: OwnerGrant::IfUnowned };
    let set = |keep| SetPassword { user: ann.id, password: password(), keep };
    let keep = it.session_ids(&ann)[0];
    assert_eq!(it.try_run(set(Some(SessionId::generate()))), Err(Refusal::UnknownUser.into()));
    assert_eq!(it.run(set(Some(keep))), 0);
    let became_owner = Entry::RoleChanged { user: ann.id, role: Role::Owner };
    assert_eq!(it.logged(), [Entry::Registered { user: ann.id }, became_owner].map(Logged::Entry));
    assert!(it.state.users[&ann.id].address.is_none());
    assert_eq!(it.try_run(set(None)), Err(Refusal::Owned.into()));
    let other = it.sign_in(&ann);
    let set = SetPassword { password: NewPassword { ownership: OwnerGrant::Never, ..password() }, ..set(Some(keep)) };
    assert_eq!(it.run(set), 1);
    let ended = Entry::SessionEnded { user: ann.id, session: Some(other), reason: EndReason::PasswordChanged };
    assert_eq!(it.logged(), [Logged::Entry(ended)]);
}

#[test]
fn the_clock_is_saved_now_and_then_and_when_it_changes() {
    let mut it = Scene::new();
    let saves = |it: &mut Scene| {
        it.run(SaveClock);
        let saved: HashSet<_> = it.mutations.iter().map(std::mem::discriminant).collect();
        assert_eq!(saved.len(), it.mutations.len());
        saved.len()
    };
    assert_eq!(saves(&mut it), 1, "the running time");
    it.pass(10 * 60_000);
    assert_eq!(saves(&mut it), 0);
    it.pass(1);
    assert_eq!(saves(&mut it), 1);
    (it.now.ahead, it.now.ahead_since) = (5_000, it.now.server);
    assert_eq!(saves(&mut it), 1, "the offset");
    it.now.server.0 -= 1;
    assert_eq!(saves(&mut it), 1, "the server's clock was set back");
}
