//! Users who are online.

use crate::{
    domain::{Role, User, UserId, lowercase},
    protocol::Welcome,
    state::avatar_hues::AvatarHues,
};

/// The users who are online, sorted by nickname; only their number while too many are online to list them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    online: Vec<User>,
    count: u64,
    /// Users who are known to be registered, online or not: the author in a message may be older than that.
    registered: Vec<UserId>,
    /// The colours of their avatars.
    hues: AvatarHues,
}

impl Presence {
    /// Replaces everything by the state of a `welcome`.
    pub fn reset(&mut self, welcome: &Welcome) {
        if self.count == 0 {
            // Users of the sign-in page get new hues, together with all others.
            self.hues = AvatarHues::default();
        }
        self.hues.assign(welcome.online.iter().map(|user| user.id).chain([welcome.me.id]));
        self.online.clear();
        self.apply(&welcome.online, &[], welcome.online_count);
        self.remember_registered(&[welcome.me.user()]);
    }

    /// Remembers which of these users are registered. Returns whether any was not known to be.
    pub fn remember_registered(&mut self, users: &[User]) -> bool {
        let known = self.registered.len();
        for user in users {
            if user.registered && !self.registered.contains(&user.id) {
                self.registered.push(user.id);
            }
        }
        self.registered.len() > known
    }

    /// Forgets that a user was registered: they have deleted their account.
    pub fn forget_registered(&mut self, user: UserId) {
        self.registered.retain(|id| *id != user);
    }

    /// Whether a user is known to be registered.
    pub fn is_registered(&self, user: UserId) -> bool {
        self.registered.contains(&user)
    }

    /// The role of a user who is known to be online.
    pub fn role(&self, user: UserId) -> Option<Role> {
        self.online.iter().find(|online| online.id == user).map(|online| online.role)
    }

    /// Applies a `presence` frame.
    pub fn apply(&mut self, joined: &[User], left: &[UserId], online_count: u64) {
        self.online.retain(|user| !left.contains(&user.id) && !joined.iter().any(|new| new.id == user.id));
        let key = |user: &User| lowercase(user.nickname.as_str());
        for user in joined {
            // Not `sort`: its code is made for long lists, and every browser would have to load it.
            let own = key(user);
            let index = self.online.partition_point(|other| key(other) <= own);
            self.online.insert(index, user.clone());
        }
        self.count = online_count;
        self.hues.assign(joined.iter().map(|user| user.id));
        self.remember_registered(joined);
    }

    /// Assigns hues to these users, online or not, that differ from those of earlier users as far as possible.
    pub fn assign_hues(&mut self, users: impl IntoIterator<Item = UserId>) {
        self.hues.assign(users);
    }

    /// The hue of a user, from 0 to 11. Users get different hues as long as there are enough.
    pub fn hue(&mut self, user: UserId) -> u8 {
        self.hues.hue_of(user)
    }

    /// The listed online users, sorted by nickname.
    pub fn online(&self) -> &[User] {
        &self.online
    }

    /// How many users are online, listed or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a user is online; `None` if that is unknown, because not all online users are listed.
    pub fn is_online_if_known(&self, user: UserId) -> Option<bool> {
        let is_listed = self.is_online(user);
        (is_listed || self.online.len() as u64 >= self.count).then_some(is_listed)
    }

    /// Whether a user is known to be online.
    pub fn is_online(&self, user: UserId) -> bool {
        self.online.iter().any(|online| online.id == user)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{CurrentUser, Epoch, Nickname, UserKind};

    fn user(name: &str) -> User {
        let id = name.bytes().fold(0, |id, byte| id * 256 + u128::from(byte));
        User::guest(UserId::from_uuid(Uuid::from_u128(id)), Nickname::parse(name).expect("a nickname"))
    }

    fn welcome(online: &[User]) -> Welcome {
        Welcome {
            protocol: 1,
            epoch: Epoch::generate(),
            token: None,
            me: CurrentUser {
                id: online[0].id,
                nickname: online[0].nickname.clone(),
                kind: UserKind::Guest,
                role: Role::Member,
            },
            conversations: Vec::new(),
            older: None,
            blocks: Vec::new(),
            online: online.to_vec(),
            online_count: 1,
            at: None,
        }
    }

    #[test]
    fn all_pages_give_the_same_users_the_same_hues_whoever_comes_first() {
        let users: Vec<User> = "abcdefghijkl".chars().map(|name| user(&name.to_string())).collect();
        // One page sees each of them come; another sees some on its sign-in page, and then all.
        let mut early = Presence::default();
        early.reset(&welcome(&users[..1]));
        for (number, newcomer) in (2..).zip(&users[1..]) {
            early.apply(std::slice::from_ref(newcomer), &[], number);
        }
        let mut late = Presence::default();
        for index in [7, 3, 11] {
            late.hue(users[index].id);
        }
        late.reset(&welcome(&users.iter().rev().cloned().collect::<Vec<_>>()));
        let hues = |presence: &mut Presence| users.iter().map(|user| presence.hue(user.id)).collect::<Vec<_>>();
        let shown = hues(&mut early);
        assert_eq!(hues(&mut late), shown);
        let distinct: std::collections::HashSet<_> = shown.iter().collect();
        assert_eq!(distinct.len(), 12);
        early.reset(&welcome(&users[5..]));
        assert_eq!(hues(&mut early), shown, "users keep their hues when the page reconnects");
    }

    #[test]
    fn online_users_are_sorted_by_nickname() {
        let mut presence = Presence::default();
        presence.apply(&[user("Zoë"), user("ada")], &[], 2);
        presence.apply(&[user("Bob"), user("ada")], &[user("Zoë").id], 2);
        assert_eq!(presence.online(), [user("ada"), user("Bob")]);
        assert!(presence.is_online(user("Bob").id) && !presence.is_online(user("Zoë").id));
        assert_eq!(presence.count(), 2);
    }

    #[test]
    fn while_not_all_online_users_are_listed_no_user_counts_as_offline() {
        let mut presence = Presence::default();
        let (ada, bob) = (user("ada"), user("Bob"));
        presence.apply(&[ada.clone(), bob.clone()], &[], 2);
        presence.apply(&[], &[bob.id], 1);
        assert_eq!(
            (presence.is_online_if_known(ada.id), presence.is_online_if_known(bob.id)),
            (Some(true), Some(false))
        );
        presence.apply(&[], &[ada.id], 201);
        assert_eq!((presence.is_online_if_known(ada.id), presence.is_online_if_known(bob.id)), (None, None));
    }

    #[test]
    fn registered_users_are_known_even_after_they_go_offline() {
        let mut presence = Presence::default();
        let registered = User { registered: true, ..user("ada") };
        presence.apply(&[user("ada"), user("Bob")], &[], 2);
        assert!(!presence.is_registered(registered.id));
        presence.apply(std::slice::from_ref(&registered), &[], 2);
        presence.apply(&[], &[registered.id], 1);
        assert!(presence.is_registered(registered.id) && !presence.is_registered(user("Bob").id));
        assert!(!presence.remember_registered(&[registered]), "known already");
    }
}
