//! The log by itself: no holes, nothing twice, times that never go back, nothing that nobody asked for.

use teahouse::domain::{ConversationId, Event, Seq, Timestamp};

use crate::{
    checker::{asked::Asked, findings::Findings},
    history::Log,
};

pub(super) fn check(log: &Log, asked: &Asked, findings: &mut Findings) {
    for (conversation, events) in &log.conversations {
        order(*conversation, events, findings);
        for event in events {
            if asked.of(event.author.id, event.id).is_none() {
                findings.wrong.add(|| format!("nobody asked for event {} of {conversation}", event.seq));
            }
        }
    }
}

fn order(conversation: ConversationId, events: &[Event], findings: &mut Findings) {
    let mut due = Seq::ZERO.next();
    let mut latest = Timestamp(0);
    for event in events {
        if event.seq > due {
            findings.lost.add(|| format!("{conversation} has a hole from {due} to before {}", event.seq));
        } else if event.seq < due {
            findings.duplicated.add(|| format!("{conversation} has seq {} again", event.seq));
        }
        if event.at < latest {
            findings.out_of_order.add(|| format!("the time goes back at event {} of {conversation}", event.seq));
        }
        due = event.seq.next();
        latest = latest.max(event.at);
    }
}
