//! Who is here.

use crate::{
    domain::{Role, User, UserId, lowercase},
    protocol::Welcome,
    state::avatar_hues::AvatarHues,
};

/// Who is here now, by nickname; only their number while too many are here to be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    online: Vec<User>,
    count: u64,
    /// Users who are known to be registered, here or not: what a message says of its author may be older than that.
    registered: Vec<UserId>,
    /// What they are told apart by.
    hues: AvatarHues,
}

impl Presence {
    /// Starts anew from a welcome.
    pub fn welcome(&mut self, welcome: &Welcome) {
        if self.count == 0 {
            // Whoever was seen at the door is met once more, with all the others.
            self.hues = AvatarHues::default();
        }
        self.hues.meet(welcome.online.iter().map(|user| user.id).chain([welcome.me.id]));
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
        self.hues.meet(joined.iter().map(|user| user.id));
        self.meet(joined);
    }

    /// Tells these apart from those who were seen before: authors, here or not.
    pub fn tell_apart(&mut self, users: impl IntoIterator<Item = UserId>) {
        self.hues.meet(users);
    }

    /// The hue of this user, of twelve: another one than those of others who were seen, as far as there are hues.
    pub fn hue(&mut self, user: UserId) -> u8 {
        self.hues.of(user)
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
    fn whoever_comes_first_all_pages_show_the_same_people_in_the_same_hues() {
        let people: Vec<User> = "abcdefghijkl".chars().map(|name| user(&name.to_string())).collect();
        // One page saw each of them come; another saw some at the door, and then all.
        let mut early = Presence::default();
        early.welcome(&welcome(&people[..1]));
        for (number, newcomer) in (2..).zip(&people[1..]) {
            early.apply(std::slice::from_ref(newcomer), &[], number);
        }
        let mut late = Presence::default();
        for seen in [7, 3, 11] {
            late.hue(people[seen].id);
        }
        late.welcome(&welcome(&people.iter().rev().cloned().collect::<Vec<_>>()));
        let hues = |presence: &mut Presence| people.iter().map(|user| presence.hue(user.id)).collect::<Vec<_>>();
        let shown = hues(&mut early);
        assert_eq!(hues(&mut late), shown);
        let distinct: std::collections::HashSet<_> = shown.iter().collect();
        assert_eq!(distinct.len(), 12);
        early.welcome(&welcome(&people[5..]));
        assert_eq!(hues(&mut early), shown, "who comes back by another connection keeps theirs");
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
