//! Checks the log alone: no holes, no duplicates, times that never go back, no event without a command.

use teahouse::domain::{ConversationId, Event, Seq, Timestamp};

use crate::{
    checker::{command_index::CommandIndex, findings::Findings},
    history::Log,
};

pub(super) fn check(log: &Log, commands: &CommandIndex, findings: &mut Findings) {
    for (conversation, events) in &log.conversations {
        check_order(*conversation, events, findings);
        for event in events {
            if commands.get(event.author.id, event.id).is_none() {
                findings.wrong.add(|| format!("no command matches event {} of {conversation}", event.seq));
            }
        }
    }
}

fn check_order(conversation: ConversationId, events: &[Event], findings: &mut Findings) {
    let mut expected = Seq::ZERO.next();
    let mut latest_time = Timestamp(0);
    for event in events {
        if event.seq > expected {
            findings.lost.add(|| format!("{conversation} has a hole from {expected} to before {}", event.seq));
        } else if event.seq < expected {
            findings.duplicated.add(|| format!("{conversation} has seq {} again", event.seq));
        }
        if event.at < latest_time {
            findings.out_of_order.add(|| format!("the time goes back at event {} of {conversation}", event.seq));
        }
        expected = event.seq.next();
        latest_time = latest_time.max(event.at);
    }
}
