//! The checker of the fault harness sees what it is there to see: each flaw, put into a sound history, is found.

#[path = "../../benches/faults/checker/mod.rs"]
mod checker;
#[path = "../../benches/faults/history.rs"]
mod history;
mod talk;

use std::sync::Arc;

use teahouse::{
    domain::{CommandId, Event, Seq, Timestamp},
    protocol::ErrorCode,
};

use history::{Ack, Command, Fate, Sight};
use talk::{Talk, body, message};

#[test]
fn a_correct_history_passes() {
    assert_eq!(Talk::sound().found(), [0; 4]);
}

#[test]
fn a_reader_may_first_see_a_message_after_its_deletion() {
    let mut talk = Talk::sound();
    let blank = talk.events()[1].clone();
    talk.sights()[2] = Sight::Event(Arc::new(blank));
    assert_eq!(talk.found(), [0; 4]);
}

#[test]
fn a_reader_may_first_see_a_message_after_an_edit() {
    let mut talk = Talk::sound();
    let Sight::Event(event) = &talk.sights()[1] else { unreachable!("an event") };
    let since = Event { kind: message("one, edited"), ..Event::clone(event) };
    talk.sights()[1] = Sight::Event(Arc::new(since));
    assert_eq!(talk.found(), [0; 4]);
}

#[test]
fn an_acked_command_missing_from_the_log_is_lost() {
    let mut talk = Talk::sound();
    let mut last = talk.events().pop().expect("an event");
    let losses = |sound: &Talk| sound.found()[0];
    assert!(losses(&talk) >= 2, "to its author, and to the reader who was told of it");
    // Nobody else has heard of it: it is lost all the same.
    talk.sights().truncate(7);
    talk.view().pop();
    talk.served().pop();
    talk.history.readers[0].views[0].cursor = Seq(6);
    assert_eq!(talk.found(), [1, 0, 0, 0]);
    // Even when another command has taken its place.
    last.id = CommandId::random();
    talk.acked(&last);
    talk.events().push(last);
    assert!(losses(&talk) >= 1);
}

#[test]
fn a_hole_in_the_log_is_a_loss() {
    let mut talk = Talk::sound();
    for event in &mut talk.events()[6..] {
        event.seq = Seq(8);
    }
    assert!(talk.found()[0] >= 1);
}

#[test]
fn a_command_executed_twice_is_found() {
    let mut talk = Talk::sound();
    let again = Event { seq: Seq(8), at: Timestamp(2_000), ..talk.events()[6].clone() };
    talk.events().push(again);
    assert_eq!(talk.found()[1], 1);
}

#[test]
fn an_abandoned_command_may_take_effect_at_most_once() {
    let mut talk = Talk::sound();
    talk.history.commands[6].fate = Fate::Abandoned;
    talk.history.commands[6].acks.clear();
    assert_eq!(talk.found(), [0; 4]);
    let again = Event { seq: Seq(8), at: Timestamp(2_000), ..talk.events()[6].clone() };
    talk.events().push(again);
    assert_eq!(talk.found()[1], 1);

    let mut talk = Talk::sound();
    let given_up = Command { id: CommandId::random(), fate: Fate::Abandoned, ..talk.history.commands[6].clone() };
    talk.history.commands.push(Command { acks: vec![], ..given_up });
    assert_eq!(talk.found(), [0; 4]);
}

#[test]
fn an_event_delivered_twice_is_found() {
    let mut talk = Talk::sound();
    let again = talk.sights()[3].clone();
    talk.sights().insert(4, again);
    assert_eq!(talk.found(), [0, 1, 0, 0]);
}

#[test]
fn commands_of_an_author_out_of_order_are_found() {
    let mut talk = Talk::sound();
    talk.history.commands.swap(0, 2);
    assert_eq!(talk.found(), [0, 0, 1, 0]);
    // It had been refused for a while: then it may come later.
    talk.history.commands[2].may_be_late = true;
    assert_eq!(talk.found(), [0; 4]);
}

#[test]
fn events_delivered_out_of_order_are_found() {
    let mut talk = Talk::sound();
    talk.sights().swap(3, 4);
    assert_eq!(talk.found()[2], 1);
}

#[test]
fn an_event_that_was_not_delivered_is_lost() {
    let mut talk = Talk::sound();
    talk.sights().remove(4);
    assert_eq!(talk.found(), [1, 0, 0, 0]);
    // The last one, too: nothing after it shows that it is missing but the promise that it came.
    let mut talk = Talk::sound();
    talk.sights().remove(7);
    assert_eq!(talk.found(), [1, 0, 0, 0]);
}

#[test]
fn a_reset_ends_and_a_new_connection_begins_what_is_due() {
    let mut talk = Talk::sound();
    let conversation = talk.conversation;
    talk.sights().splice(2..5, [Sight::From(conversation, Seq(4))]);
    assert_eq!(talk.found(), [0; 4]);
    let rest = talk.sights().split_off(2);
    talk.history.readers[0].connections.push(rest);
    assert_eq!(talk.found(), [0; 4]);
}

#[test]
fn a_reader_that_received_another_event_is_found() {
    let mut talk = Talk::sound();
    let Sight::Event(event) = &talk.sights()[1] else { unreachable!("an event") };
    let other = Event { kind: message("another"), ..Event::clone(event) };
    talk.sights()[1] = Sight::Event(Arc::new(other));
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_text_that_a_deleted_message_never_had_is_found() {
    let mut talk = Talk::sound();
    let Sight::Event(event) = &talk.sights()[2] else { unreachable!("an event") };
    let other = Event { kind: message("never said"), ..Event::clone(event) };
    talk.sights()[2] = Sight::Event(Arc::new(other));
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_stale_edit_is_found() {
    let mut talk = Talk::sound();
    talk.view()[0].body = body("one");
    assert_eq!(talk.found(), [0, 0, 0, 1]);
    let mut talk = Talk::sound();
    talk.served()[0].edited_at = None;
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_missed_deletion_is_found() {
    let mut talk = Talk::sound();
    let message = &mut talk.view()[1];
    (message.body, message.deleted) = (body("two"), false);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_missing_reaction_is_found() {
    let mut talk = Talk::sound();
    talk.view()[2].reactions.clear();
    talk.served()[2].reactions.clear();
    assert_eq!(talk.found(), [0, 0, 0, 2]);
}

#[test]
fn a_missing_and_an_invented_message_are_found() {
    let mut talk = Talk::sound();
    talk.view().remove(1);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
    let mut talk = Talk::sound();
    let mut stray = talk.served()[0].clone();
    stray.seq = Seq(5);
    talk.served().push(stray);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_view_that_begins_later_is_checked_for_what_it_shows() {
    let mut talk = Talk::sound();
    talk.view().drain(..2);
    talk.history.readers[0].views[0].is_whole = false;
    assert_eq!(talk.found(), [0; 4]);
    talk.view().pop();
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_view_that_stops_early_misses_something() {
    let mut talk = Talk::sound();
    talk.history.readers[0].views[0].cursor = Seq(6);
    assert_eq!(talk.found(), [1, 0, 0, 0]);
}

#[test]
fn an_ack_with_another_seq_is_found() {
    let mut talk = Talk::sound();
    talk.history.commands[6].acks[0].seq = Some(Seq(9));
    assert_eq!(talk.found(), [0, 0, 0, 1]);
    let mut talk = Talk::sound();
    talk.history.commands[6].acks[0].at = Timestamp(1);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_repeat_with_a_different_ack_is_found() {
    let mut talk = Talk::sound();
    let first = talk.history.commands[6].acks[0];
    talk.history.commands[6].acks.push(first);
    assert_eq!(talk.found(), [0; 4]);
    talk.history.commands[6].acks.push(Ack { seq: Some(Seq(6)), ..first });
    assert!(talk.found()[3] >= 1);
}

#[test]
fn a_command_with_another_effect_is_found() {
    let mut talk = Talk::sound();
    talk.history.commands[6].kind = message("not four");
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_refused_command_in_the_log_is_found() {
    let mut talk = Talk::sound();
    let command = &mut talk.history.commands[6];
    (command.fate, command.acks) = (Fate::Refused(ErrorCode::UnknownMessage), vec![]);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn an_unanswered_command_and_an_event_without_a_command_are_found() {
    let mut talk = Talk::sound();
    let command = &mut talk.history.commands[6];
    (command.fate, command.acks) = (Fate::Open, vec![]);
    assert_eq!(talk.found(), [0, 0, 0, 1]);
    talk.history.commands.pop();
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}

#[test]
fn a_time_that_goes_back_is_out_of_order() {
    let mut talk = Talk::sound();
    talk.events()[5].at = Timestamp(1);
    talk.history.commands[5].acks[0].at = Timestamp(1);
    assert!(talk.found()[2] >= 1);
}

#[test]
fn impossible_answers_are_found() {
    let mut talk = Talk::sound();
    talk.history.surprises.push("a session was refused".to_owned());
    assert_eq!(talk.found(), [0, 0, 0, 1]);
}
