//! Who is here, told to everybody at most once an interval.
//!
//! Every client knows exactly what was announced: `welcome` gives the announced state, and each presence frame the step
//! to the next one. So a reload, which leaves and comes back within the interval, is not told at all.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

use crate::{
    domain::{User, UserId},
    protocol::{MAX_LISTED_ONLINE, ServerFrame},
};

use super::{Hub, Item, delivery::Shards, shard::Step};

#[derive(Debug, Default)]
pub(super) struct Presence {
    /// A plain mutex, held for a look-up or, once an interval, a comparison.
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    present: HashMap<UserId, User>,
    /// What all clients know. Empty while too many were here to be listed.
    listed: HashMap<UserId, User>,
    /// How many are here, as all clients know it.
    count: usize,
}

impl Presence {
    pub(super) fn arrive(&self, user: &User) {
        self.state().present.insert(user.id, user.clone());
        self.changed.notify_one();
    }

    pub(super) fn depart(&self, user: &User) {
        self.state().present.remove(&user.id);
        self.changed.notify_one();
    }

    pub(super) fn announced(&self) -> (Vec<User>, u64) {
        let state = self.state();
        (state.listed.values().cloned().collect(), state.count as u64)
    }

    /// The step from what was announced to what is.
    fn step(&self) -> Option<ServerFrame> {
        let mut state = self.state();
        let now = if state.present.len() <= MAX_LISTED_ONLINE { state.present.clone() } else { HashMap::new() };
        let before = mem::replace(&mut state.listed, now);
        let joined: Vec<User> =
            state.listed.values().filter(|user| before.get(&user.id) != Some(user)).cloned().collect();
        let left: Vec<UserId> = before.into_keys().filter(|id| !state.listed.contains_key(id)).collect();
        let count = state.present.len();
        let unchanged = joined.is_empty() && left.is_empty() && count == state.count;
        state.count = count;
        (!unchanged).then_some(ServerFrame::Presence { joined, left, online_count: count as u64 })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Announces changes until it is dropped, each at most `interval` after it happened.
pub(crate) async fn announce_presence(hub: &Hub, shards: &Shards, interval: Duration) {
    loop {
        hub.presence.changed.notified().await;
        sleep(interval).await;
        let Some(item) = hub.presence.step().and_then(|frame| Item::encode(&frame)) else { continue };
        shards.take(vec![Step::ToAll(item)]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Nickname;

    fn user(number: usize) -> User {
        let nickname = Nickname::parse(&format!("user {number}")).expect("a nickname");
        User::guest(UserId::generate(), nickname)
    }

    #[test]
    fn who_comes_back_at_once_was_never_away() {
        let presence = Presence::default();
        let (ming, ling) = (user(1), user(2));
        presence.arrive(&ming);
        assert!(presence.step().is_some());
        presence.depart(&ming);
        presence.arrive(&ming);
        presence.arrive(&ling);
        presence.depart(&ling);
        assert_eq!(presence.step(), None);
        assert_eq!(presence.announced(), (vec![ming], 1));
    }

    #[test]
    fn a_crowd_is_counted_not_listed_and_listed_again_when_it_thins_out() {
        let presence = Presence::default();
        let crowd: Vec<_> = (0..=MAX_LISTED_ONLINE).map(user).collect();
        for user in &crowd {
            presence.arrive(user);
        }
        let count = crowd.len() as u64;
        assert_eq!(presence.step(), Some(ServerFrame::Presence { joined: vec![], left: vec![], online_count: count }));
        assert_eq!(presence.announced(), (vec![], count));

        presence.depart(&crowd[0]);
        let Some(ServerFrame::Presence { joined, left, online_count }) = presence.step() else {
            panic!("everybody is told");
        };
        assert_eq!((joined.len() as u64, left.len(), online_count), (count - 1, 0, count - 1));
    }
}
