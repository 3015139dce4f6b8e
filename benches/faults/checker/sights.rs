//! What a reader was told, event by event: all of it, once, in order, and as it is in the log.

use std::collections::HashMap;

use teahouse::domain::{ConversationId, Event, EventKind, Seq};

use crate::{
    checker::{
        asked::{Asked, Edits},
        commands::{blank, says},
        findings::Findings,
    },
    history::{Log, Reader, Sight},
};

pub(super) fn check(reader: &Reader, log: &Log, asked: (&Asked, &Edits), findings: &mut Findings) {
    for (number, connection) in reader.connections.iter().enumerate() {
        let whose = || format!("connection {number} of {}", reader.name);
        let mut positions: HashMap<ConversationId, Seq> = HashMap::new();
        for sight in connection {
            match sight {
                Sight::From(conversation, seq) => {
                    positions.insert(*conversation, *seq);
                }
                Sight::Event(event) => {
                    contiguous(event, &mut positions, whose, findings);
                    as_logged(event, log, asked, whose, findings);
                }
                Sight::CaughtUp(conversation, seq) => {
                    let position = positions.get(conversation).copied().unwrap_or_default();
                    if position < *seq {
                        findings.lost.add(|| format!("{}: caught up to {seq}, but has {position}", whose()));
                    }
                }
            }
        }
    }
}

fn contiguous(
    event: &Event,
    positions: &mut HashMap<ConversationId, Seq>,
    whose: impl Fn() -> String,
    findings: &mut Findings,
) {
    let Some(position) = positions.get_mut(&event.conversation) else {
        return findings.wrong.add(|| format!("{}: an event of {}, unannounced", whose(), event.conversation));
    };
    let due = position.next();
    if event.seq == *position {
        findings.duplicated.add(|| format!("{}: event {position} came again", whose()));
    } else if event.seq < due {
        findings.out_of_order.add(|| format!("{}: event {} came after {position}", whose(), event.seq));
    } else if event.seq > due {
        findings.lost.add(|| format!("{}: event {} came where {due} was due", whose(), event.seq));
    }
    *position = event.seq.max(*position);
}

fn as_logged(
    event: &Event,
    log: &Log,
    (asked, edits): (&Asked, &Edits),
    whose: impl Fn() -> String,
    findings: &mut Findings,
) {
    let events = log.conversations.get(&event.conversation).map_or(&[][..], Vec::as_slice);
    let logged = events.binary_search_by_key(&event.seq, |logged| logged.seq).ok().map(|place| &events[place]);
    let Some(logged) = logged else {
        return findings.lost.add(|| format!("{}: was told of {event:?}, and it is not there", whose()));
    };
    let words_are_gone = logged.kind == blank(&logged.kind);
    let is_same_change = logged.kind == event.kind
        // Whoever saw it before it was edited or deleted has seen what its author asked for,
        || words_are_gone
            && asked.of(event.author.id, event.id).is_some_and(|command| command.kind == event.kind)
            && says(&logged.kind, &event.kind)
        // and who came after an edit, what the message says since.
        || words_are_gone && blank(&event.kind) == logged.kind && was_edited_so(event, edits);
    if !is_same_change || (logged.id, logged.at, &logged.author) != (event.id, event.at, &event.author) {
        findings.wrong.add(|| format!("{}: was told of {event:?}, and there is {logged:?}", whose()));
    }
}

fn was_edited_so(event: &Event, edits: &Edits) -> bool {
    match &event.kind {
        EventKind::Message { body } => edits.have_said(event.conversation, event.seq, body.as_str()),
        EventKind::Edit { seq, body } => edits.have_said(event.conversation, *seq, body.as_str()),
        EventKind::Deletion { .. }
        | EventKind::Reaction { .. }
        | EventKind::Notice(_)
        | EventKind::AccountDeleted
        | EventKind::Other => false,
    }
}
