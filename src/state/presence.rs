//! Who is here.

use crate::{
    domain::{Role, User, UserId, lowercase},
    protocol::Welcome,
};

/// Who is here now, by nickname; only their number while too many are here to be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    online: Vec<User>,
    count: u64,
    /// Users who are known to be registered, here or not: what a message says of its author may be older than that.
    registered: Vec<UserId>,
}

impl Presence {
    /// Starts anew from a welcome.
    pub fn welcome(&mut self, welcome: &Welcome) {
        self.online.clear();
        self.apply(&welcome.online, &[], welcome.online_count);
        self.meet(&[welcome.me.user()]);
    }

    /// Takes note of those who are registered. Whether there is a new one among them.
    pub fn meet(&mut self, users: &[User]) -> bool {
        let known = self.registered.len();
        for user in users {
            if user.registered && !self.registered.contains(&user.id) {
                self.registered.push(user.id);
            }
        }
        self.registered.len() > known
    }

    /// This user has deleted the account.
    pub fn forget(&mut self, user: UserId) {
        self.registered.retain(|id| *id != user);
    }

    /// Whether this user is known to be registered.
    pub fn is_registered(&self, user: UserId) -> bool {
        self.registered.contains(&user)
    }

    /// The role of a user who is known to be here.
    pub fn role(&self, user: UserId) -> Option<Role> {
        self.online.iter().find(|online| online.id == user).map(|online| online.role)
    }

    /// Applies a `presence` frame.
    pub fn apply(&mut self, joined: &[User], left: &[UserId], online_count: u64) {
        self.online.retain(|user| !left.contains(&user.id) && !joined.iter().any(|new| new.id == user.id));
        let key = |user: &User| lowercase(user.nickname.as_str());
        for user in joined {
            // Rust's sort is made for long lists, and its code would be loaded by every visitor.
            let own = key(user);
            let place = self.online.partition_point(|other| key(other) <= own);
            self.online.insert(place, user.clone());
        }
        self.count = online_count;
        self.meet(joined);
    }

    /// Who is here, by nickname.
    pub fn online(&self) -> &[User] {
        &self.online
    }

    /// How many are here, listed or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether this user is here; unknown while only the number of those who are is told.
    pub fn is_here(&self, user: UserId) -> Option<bool> {
        let is_listed = self.is_online(user);
        (is_listed || self.online.len() as u64 >= self.count).then_some(is_listed)
    }

    /// Whether this user is known to be here.
    pub fn is_online(&self, user: UserId) -> bool {
        self.online.iter().any(|online| online.id == user)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Nickname;

    fn user(name: &str) -> User {
        let id = name.bytes().fold(0, |id, byte| id * 256 + u128::from(byte));
        User::guest(UserId::from_uuid(Uuid::from_u128(id)), Nickname::parse(name).expect("a nickname"))
    }

    #[test]
    fn people_come_and_go_and_stand_by_name() {
        let mut presence = Presence::default();
        presence.apply(&[user("Zoë"), user("ada")], &[], 2);
        presence.apply(&[user("Bob"), user("ada")], &[user("Zoë").id], 2);
        assert_eq!(presence.online(), [user("ada"), user("Bob")]);
        assert!(presence.is_online(user("Bob").id) && !presence.is_online(user("Zoë").id));
        assert_eq!(presence.count(), 2);
    }

    #[test]
    fn of_a_crowd_nobody_is_said_to_be_away() {
        let mut presence = Presence::default();
        let (ada, bob) = (user("ada"), user("Bob"));
        presence.apply(&[ada.clone(), bob.clone()], &[], 2);
        presence.apply(&[], &[bob.id], 1);
        assert_eq!((presence.is_here(ada.id), presence.is_here(bob.id)), (Some(true), Some(false)));
        presence.apply(&[], &[ada.id], 201);
        assert_eq!((presence.is_here(ada.id), presence.is_here(bob.id)), (None, None));
    }

    #[test]
    fn who_is_registered_is_known_even_after_going() {
        let mut presence = Presence::default();
        let registered = User { registered: true, ..user("ada") };
        presence.apply(&[user("ada"), user("Bob")], &[], 2);
        assert!(!presence.is_registered(registered.id));
        presence.apply(std::slice::from_ref(&registered), &[], 2);
        presence.apply(&[], &[registered.id], 1);
        assert!(presence.is_registered(registered.id) && !presence.is_registered(user("Bob").id));
        assert!(!presence.meet(&[registered]), "known already");
    }
}
