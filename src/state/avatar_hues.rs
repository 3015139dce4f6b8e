//! Colours by which users are told apart.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::domain::UserId;

/// How many hues there are.
const HUES: u8 = 12;

/// How far the next hue is that is tried: across the circle, so that it looks different, and through all of them in turn.
const STEP: u8 = 5;

/// Which hue each user has on this page. Once given, it stays: for a user the same everywhere on the page.
///
/// Each user has a favourite, the same on every page, and gets it while nobody else who was seen here has it; or else the
/// next one that the fewest have. So as many users as there are hues are all told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AvatarHues {
    given: Vec<(UserId, u8)>,
}

impl AvatarHues {
    /// These users are seen. Who is older chooses first, so that every page on which the same are seen shows them alike.
    pub(crate) fn meet(&mut self, users: impl IntoIterator<Item = UserId>) {
        // UUIDs of version 7 are in the order of their age.
        let mut users: BinaryHeap<_> = users.into_iter().map(Reverse).collect();
        while let Some(Reverse(user)) = users.pop() {
            self.of(user);
        }
    }

    /// The hue of this user, of twelve.
    pub(crate) fn of(&mut self, user: UserId) -> u8 {
        if let Some((_, hue)) = self.given.iter().find(|(id, _)| *id == user) {
            return *hue;
        }
        let favourite = user.as_uuid().as_bytes().iter().fold(0, |sum: u8, byte| (sum + byte % HUES) % HUES);
        let held = |hue: u8| self.given.iter().filter(|(_, given)| *given == hue).count();
        let hue = (0..HUES).map(|turn| (favourite + turn * STEP) % HUES).min_by_key(|hue| held(*hue));
        let hue = hue.unwrap_or(favourite);
        self.given.push((user, hue));
        hue
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn among(numbers: &[u128]) -> AvatarHues {
        let mut hues = AvatarHues::default();
        hues.meet(numbers.iter().map(|number| user(*number)));
        hues
    }

    proptest! {
        #[test]
        fn as_many_users_as_there_are_hues_are_told_apart(numbers in prop::collection::hash_set(any::<u128>(), 0..=12)) {
            let mut hues = AvatarHues::default();
            let given: HashSet<u8> = numbers.iter().map(|number| hues.of(user(*number))).collect();
            prop_assert_eq!(given.len(), numbers.len());
            prop_assert!(given.iter().all(|hue| *hue < HUES));
        }

        #[test]
        fn a_hue_stays_whoever_comes(numbers in prop::collection::vec(any::<u128>(), 1..60)) {
            let mut hues = AvatarHues::default();
            let first: Vec<u8> = numbers.iter().map(|number| hues.of(user(*number))).collect();
            let again: Vec<u8> = numbers.iter().map(|number| hues.of(user(*number))).collect();
            prop_assert_eq!(first, again);
        }

        #[test]
        fn of_a_crowd_no_hue_has_more_than_its_share(numbers in prop::collection::hash_set(any::<u128>(), 1..60)) {
            let mut hues = AvatarHues::default();
            let mut held = [0; HUES as usize];
            for number in &numbers {
                held[usize::from(hues.of(user(*number)))] += 1;
            }
            let most = held.into_iter().max();
            prop_assert!(most <= Some(numbers.len().div_ceil(HUES.into())));
        }

        #[test]
        fn who_is_seen_first_does_not_matter_where_all_are_seen_at_once(mut numbers in prop::collection::vec(any::<u128>(), 0..30)) {
            let hues = among(&numbers);
            numbers.reverse();
            prop_assert_eq!(among(&numbers), hues);
        }
    }

    #[test]
    fn a_user_alone_has_the_same_hue_on_every_page() {
        let ming = user(7);
        assert_eq!(among(&[7]).of(ming), AvatarHues::default().of(ming));
        assert_eq!(among(&[20, 21, 22, 23]).of(ming), AvatarHues::default().of(ming), "nobody else has it");
    }

    #[test]
    fn newcomers_leave_those_who_are_here_as_they_are() {
        let mut live = among(&[1, 2]);
        live.of(user(13));
        live.of(user(25));
        assert_eq!(live, among(&[25, 13, 2, 1]), "a page that is loaded then shows the same");
    }
}
