//! Checks that a visitor of a private room heard of it only while being a member, to the event.

use teahouse::domain::{Action, Event, EventKind, RoomChange, Scope, Seq, UserId};

use crate::{
    checker::findings::Findings,
    history::{Log, Observation, Visit},
};

pub(super) fn check(visit: &Visit, log: &Log, findings: &mut Findings) {
    let events = log.conversations.get(&visit.room).map_or(&[][..], Vec::as_slice);
    let memberships = memberships(events, visit.visitor);
    for observation in visit.record.connections.iter().flatten() {
        let Observation::Event(event) = observation else { continue };
        let is_member = || memberships.iter().any(|(first, last)| *first <= event.seq && event.seq <= *last);
        if event.conversation == visit.room && !is_member() {
            findings.wrong.add(|| format!("{} heard {event:?} without being a member", visit.record.name));
        }
    }
}

/// From which event, which added the user, to which one, which ended the membership.
fn memberships(events: &[Event], user: UserId) -> Vec<(Seq, Seq)> {
    let mut memberships: Vec<(Seq, Seq)> = Vec::new();
    for event in events {
        let ends = match &event.kind {
            EventKind::Room(RoomChange::Added { user: added }) if added.id == user => {
                memberships.push((event.seq, Seq(u64::MAX)));
                false
            }
            EventKind::Room(RoomChange::Left) => event.author.id == user,
            EventKind::Notice(notice) => {
                let is_removal = matches!(notice.action, Action::Remove | Action::Ban);
                is_removal && notice.scope == Scope::Room && notice.user.id == user
            }
            _ => false,
        };
        if let Some((_, last)) = memberships.last_mut().filter(|(_, last)| ends && *last == Seq(u64::MAX)) {
            *last = event.seq;
        }
    }
    memberships
}
