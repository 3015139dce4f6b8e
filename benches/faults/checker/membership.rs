//! Checks that a visitor of a private room heard of it only while being a member, to the event, whatever kind it is.

use crate::{
    checker::{findings::Findings, members::Members},
    history::{Observation, Visit},
};

pub(super) fn check(visit: &Visit, members: &Members, findings: &mut Findings) {
    for observation in visit.record.connections.iter().flatten() {
        let Observation::Event(event) = observation else { continue };
        if event.conversation == visit.room && !members.may_hear(visit.room, visit.visitor, event.seq) {
            findings.wrong.add(|| format!("{} heard {event:?} without being a member", visit.record.name));
        }
    }
}
