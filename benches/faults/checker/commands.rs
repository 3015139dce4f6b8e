//! Checks every command against the log: acknowledged ones are there once and at the place in the ack; refused ones are
//! not.

use std::collections::HashMap;

use teahouse::domain::{Body, CommandId, ConversationId, Event, EventKind, Reply, Seq, UserId};

use crate::{
    checker::findings::Findings,
    history::{Ack, Command, CommandKind, Log, Outcome},
};

pub(super) fn check(commands: &[Command], log: &Log, findings: &mut Findings) {
    let mut events_by_command: HashMap<(UserId, CommandId), Vec<&Event>> = HashMap::new();
    for event in log.conversations.values().flatten() {
        events_by_command.entry((event.author.id, event.id)).or_default().push(event);
    }
    for command in commands {
        let CommandKind::Event(requested) = &command.kind else { continue };
        let events = events_by_command.get(&(command.author, command.id)).map_or(&[][..], Vec::as_slice);
        if events.len() > 1 {
            findings.duplicated.add(|| format!("{} took effect {} times", command.id, events.len()));
        }
        check_outcome(command, events, findings);
        for event in events {
            if event.conversation != command.conversation || !is_effect_of(&event.kind, requested) {
                findings.wrong.add(|| format!("{command:?} took effect as {event:?}"));
            }
        }
    }
    check_order(commands, findings);
}

fn check_outcome(command: &Command, events: &[&Event], findings: &mut Findings) {
    match command.outcome {
        Outcome::Acked => {
            if events.is_empty() {
                findings.lost.add(|| format!("{} was acked ({:?}) but is not in the log", command.id, command.acks));
            }
            let logged_positions: Vec<Ack> = events
                .iter()
                .map(|event| Ack { conversation: event.conversation, seq: Some(event.seq), at: event.at })
                .collect();
            for ack in &command.acks {
                if !logged_positions.is_empty() && !logged_positions.contains(ack) {
                    findings
                        .wrong
                        .add(|| format!("{} was acked as {ack:?} and is at {logged_positions:?}", command.id));
                }
            }
            if command.acks.iter().any(|ack| *ack != command.acks[0]) {
                findings.wrong.add(|| format!("{} was acked differently: {:?}", command.id, command.acks));
            }
        }
        Outcome::Refused(code) => {
            if !events.is_empty() {
                findings.wrong.add(|| format!("{} was refused ({code:?}) but is in the log", command.id));
            }
        }
        Outcome::Unanswered => findings.wrong.add(|| format!("{} was never answered", command.id)),
        // It may have taken effect once or not at all.
        Outcome::Abandoned => {}
    }
}

/// Whether the log holds what the command asked for. Texts of messages that were deleted later are empty in the log.
pub(super) fn is_effect_of(logged: &EventKind, requested: &EventKind) -> bool {
    let logged = as_requested(logged);
    logged == as_requested(requested) || logged == without_text(requested)
}

/// The event without what the server finds out by itself: mentions, the thread, and who hears of a reply.
pub(super) fn as_requested(kind: &EventKind) -> EventKind {
    match kind {
        EventKind::Message { body, reply, .. } => EventKind::Message {
            body: body.clone(),
            mentions: Vec::new(),
            reply: reply.map(|reply| Reply { thread: reply.to, ..reply }),
            participants: Vec::new(),
        },
        EventKind::Edit { seq, body, .. } => EventKind::edit(*seq, body.clone()),
        other => other.clone(),
    }
}

/// The same event without its text, as it was requested.
pub(super) fn without_text(kind: &EventKind) -> EventKind {
    let mut kind = as_requested(kind);
    if let EventKind::Message { body, .. } | EventKind::Edit { body, .. } = &mut kind {
        *body = Body::deleted();
    }
    kind
}

/// The commands of one author to one conversation must be in the log in the order in which they were first sent.
fn check_order(commands: &[Command], findings: &mut Findings) {
    let mut last_seq: HashMap<(UserId, ConversationId), Seq> = HashMap::new();
    for command in commands.iter().filter(|command| command.outcome == Outcome::Acked && !command.may_be_late) {
        let Some(seq) = command.acks.first().and_then(|ack| ack.seq) else { continue };
        let last_seq = last_seq.entry((command.author, command.conversation)).or_default();
        if seq <= *last_seq {
            findings
                .out_of_order
                .add(|| format!("{} is at {seq}, but a command sent before it is at {last_seq}", command.id));
        }
        *last_seq = seq.max(*last_seq);
    }
}
