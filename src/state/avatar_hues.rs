//! The colours of avatars.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::domain::UserId;

/// How many hues there are.
const HUES: u8 = 12;

/// The distance to the next hue that is tried. It is large, so that the hue looks different, and coprime to [`HUES`], so that
/// all of them are tried.
const STEP: u8 = 5;

/// The hue of each user on this page. It never changes once it is assigned.
///
/// Each user has a favourite hue, the same on every page, and gets it if no other user has it; otherwise the next of those
/// that the fewest users have. So up to [`HUES`] users all have different hues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AvatarHues {
    assigned: Vec<(UserId, u8)>,
}

impl AvatarHues {
    /// Assigns hues to these users, the oldest first, so that all pages with the same users give them the same hues.
    pub(crate) fn assign(&mut self, users: impl IntoIterator<Item = UserId>) {
        // UUIDs of version 7 sort by age. A heap, because `sort` is more code for the browser to load.
        let mut users: BinaryHeap<_> = users.into_iter().map(Reverse).collect();
        while let Some(Reverse(user)) = users.pop() {
            self.hue_of(user);
        }
    }

    /// The hue of a user, from 0 to 11; assigns one if the user has none.
    pub(crate) fn hue_of(&mut self, user: UserId) -> u8 {
        if let Some((_, hue)) = self.assigned.iter().find(|(id, _)| *id == user) {
            return *hue;
        }
        let favourite = user.as_uuid().as_bytes().iter().fold(0, |sum: u8, byte| (sum + byte % HUES) % HUES);
        let held = |hue: u8| self.assigned.iter().filter(|(_, assigned)| *assigned == hue).count();
        let hue = (0..HUES).map(|turn| (favourite + turn * STEP) % HUES).min_by_key(|hue| held(*hue));
        let hue = hue.unwrap_or(favourite);
        self.assigned.push((user, hue));
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
        hues.assign(numbers.iter().map(|number| user(*number)));
        hues
    }

    proptest! {
        #[test]
        fn as_many_users_as_there_are_hues_are_told_apart(numbers in prop::collection::hash_set(any::<u128>(), 0..=12)) {
            let mut hues = AvatarHues::default();
            let given: HashSet<u8> = numbers.iter().map(|number| hues.hue_of(user(*number))).collect();
            prop_assert_eq!(given.len(), numbers.len());
            prop_assert!(given.iter().all(|hue| *hue < HUES));
        }

        #[test]
        fn a_hue_stays_whoever_comes(numbers in prop::collection::vec(any::<u128>(), 1..60)) {
            let mut hues = AvatarHues::default();
            let first: Vec<u8> = numbers.iter().map(|number| hues.hue_of(user(*number))).collect();
            let again: Vec<u8> = numbers.iter().map(|number| hues.hue_of(user(*number))).collect();
            prop_assert_eq!(first, again);
        }

        #[test]
        fn of_a_crowd_no_hue_has_more_than_its_share(numbers in prop::collection::hash_set(any::<u128>(), 1..60)) {
            let mut hues = AvatarHues::default();
            let mut held = [0; HUES as usize];
            for number in &numbers {
                held[usize::from(hues.hue_of(user(*number)))] += 1;
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
        assert_eq!(among(&[7]).hue_of(ming), AvatarHues::default().hue_of(ming));
        assert_eq!(among(&[20, 21, 22, 23]).hue_of(ming), AvatarHues::default().hue_of(ming), "nobody else has it");
    }

    #[test]
    fn newcomers_leave_those_who_are_here_as_they_are() {
        let mut live = among(&[1, 2]);
        live.hue_of(user(13));
        live.hue_of(user(25));
        assert_eq!(live, among(&[25, 13, 2, 1]), "a page that is loaded then shows the same");
    }
}
