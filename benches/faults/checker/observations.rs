//! Checks what each connection of a reader received: every event once, in order, and equal to the log.

use std::collections::HashMap;

use teahouse::domain::{ConversationId, Event, Seq};

use crate::{
    checker::{
        command_index::CommandIndex,
        commands::{as_requested, is_effect_of, without_text},
        findings::Findings,
        mentions::MentionRules,
    },
    history::{Log, Observation, ReaderRecord},
};

pub(super) fn check(
    reader: &ReaderRecord,
    log: &Log,
    commands: &CommandIndex,
    mention_rules: &MentionRules,
    findings: &mut Findings,
) {
    for (number, connection) in reader.connections.iter().enumerate() {
        let source = || format!("connection {number} of {}", reader.name);
        let mut positions: HashMap<ConversationId, Progress> = HashMap::new();
        for observation in connection {
            match observation {
                Observation::StartsAfter(conversation, seq) => {
                    positions.insert(*conversation, Progress::At(*seq));
                }
                Observation::Listed(conversation, seq) => {
                    positions.entry(*conversation).or_insert(Progress::AtMost(*seq));
                }
                Observation::Unlisted(conversation) => {
                    positions.remove(conversation);
                }
                Observation::Event(event) => {
                    check_sequence(event, &mut positions, source, findings);
                    check_against_log(event, log, commands, source, findings);
                    mention_rules.check(event, source, findings);
                }
                Observation::CaughtUp(conversation, seq) => {
                    let position = match positions.get(conversation) {
                        Some(Progress::At(position) | Progress::AtMost(position)) => *position,
                        None => Seq::ZERO,
                    };
                    if position < *seq {
                        findings.lost.add(|| format!("{}: caught up to {seq}, but has {position}", source()));
                    }
                }
            }
        }
    }
}

/// How far a connection is in a conversation.
#[derive(Clone, Copy, Debug)]
enum Progress {
    /// It has received this event, or begins behind it.
    At(Seq),
    /// It has received nothing yet, and begins behind this event or an earlier one.
    AtMost(Seq),
}

fn check_sequence(
    event: &Event,
    positions: &mut HashMap<ConversationId, Progress>,
    source: impl Fn() -> String,
    findings: &mut Findings,
) {
    let Some(progress) = positions.get_mut(&event.conversation) else {
        return findings
            .wrong
            .add(|| format!("{}: an event of {}, which was not announced", source(), event.conversation));
    };
    let position = match *progress {
        Progress::At(position) => position,
        Progress::AtMost(position) => position.min(Seq(event.seq.0.saturating_sub(1))),
    };
    let expected = position.next();
    if event.seq == position {
        findings.duplicated.add(|| format!("{}: event {position} arrived again", source()));
    } else if event.seq < expected {
        findings.out_of_order.add(|| format!("{}: event {} arrived after {position}", source(), event.seq));
    } else if event.seq > expected {
        findings.lost.add(|| format!("{}: event {} arrived, expected {expected}", source(), event.seq));
    }
    *progress = Progress::At(event.seq.max(position));
}

fn check_against_log(
    event: &Event,
    log: &Log,
    commands: &CommandIndex,
    source: impl Fn() -> String,
    findings: &mut Findings,
) {
    let events = log.conversations.get(&event.conversation).map_or(&[][..], Vec::as_slice);
    let logged = events.binary_search_by_key(&event.seq, |logged| logged.seq).ok().map(|index| &events[index]);
    let Some(logged) = logged else {
        return findings.lost.add(|| format!("{}: received {event:?}, which is not in the log", source()));
    };
    let text_is_removed = as_requested(&logged.kind) == without_text(&logged.kind);
    let thread = |event: &Event| (event.kind.reply(), event.kind.participants().to_vec());
    let is_same_event = logged.kind == event.kind
        // A reader that saw a message before its deletion has the text that its author sent.
        || text_is_removed
            && commands
                .get(event.author.id, event.id)
                .and_then(|command| command.kind.event())
                .is_some_and(|requested| as_requested(requested) == as_requested(&event.kind))
            && is_effect_of(&logged.kind, &event.kind);
    if !is_same_event
        || thread(event) != thread(logged)
        || (logged.id, logged.at, &logged.author) != (event.id, event.at, &event.author)
    {
        findings.wrong.add(|| format!("{}: received {event:?}, but the log has {logged:?}", source()));
    }
}
