//! The checker of the fault harness finds what it should: each flaw, put into a correct history, is found.

#[path = "../../benches/faults/checker/mod.rs"]
mod checker;
#[path = "../../benches/faults/history.rs"]
mod history;
mod room_history;
mod test_history;
mod told;

use std::sync::Arc;

use teahouse::{
    domain::{CommandId, Emoji, Event, EventKind, Seq, Timestamp},
    protocol::ErrorCode,
};

use history::{Ack, Command, CommandKind, Observation, Outcome};
use test_history::{TestHistory, body, message};

#[test]
fn a_correct_history_passes() {
    assert_eq!(TestHistory::correct().finding_counts(), [0; 4]);
}

#[test]
fn a_reader_may_first_see_a_message_after_its_deletion() {
    let mut test = TestHistory::correct();
    let blank = test.log_events()[1].clone();
    test.observations()[2] = Observation::Event(Arc::new(blank));
    assert_eq!(test.finding_counts(), [0; 4]);
}

#[test]
fn a_visitor_who_hears_of_a_private_room_without_being_a_member_is_found() {
    // Added with the second event, removed with the fourth.
    let of_a_visit = |heard| TestHistory::of_a_visit(heard, message("three"));
    assert_eq!(of_a_visit(2..=4).finding_counts(), [0; 4]);
    assert_eq!(of_a_visit(1..=3).finding_counts(), [0, 0, 0, 1], "before");
    assert_eq!(of_a_visit(3..=5).finding_counts(), [0, 0, 0, 1], "after");
}

#[test]
fn a_visitor_who_hears_of_a_change_after_the_removal_is_found() {
    let (seq, on, emoji) = (Seq(1), true, Emoji::parse("🍵").expect("an emoji"));
    let kinds = [
        EventKind::edit(seq, body("one, edited")),
        EventKind::Pin { seq, on },
        EventKind::Reaction { seq, emoji, on },
        EventKind::Deletion { seq },
    ];
    for kind in kinds {
        let heard = |heard| TestHistory::of_a_visit(heard, kind.clone()).finds("without being a member");
        assert!(heard(3..=5), "{kind:?}");
        assert!(!heard(3..=4), "{kind:?}");
    }
}

#[test]
fn a_pin_that_outlives_its_message_is_found() {
    let mut test = TestHistory::correct();
    test.served_messages()[1].pinned = true;
    test.view_messages()[1].pinned = true;
    assert_eq!(test.finding_counts(), [0, 0, 0, 2]);
}

#[test]
fn a_reader_that_received_a_message_with_the_text_of_a_later_edit_is_found() {
    let mut test = TestHistory::correct();
    let Observation::Event(event) = &test.observations()[1] else { unreachable!("an event") };
    let since = Event { kind: message("one, edited"), ..Event::clone(event) };
    test.observations()[1] = Observation::Event(Arc::new(since));
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn an_edit_that_removed_the_earlier_text_is_found() {
    let mut test = TestHistory::correct();
    test.log_events()[0].kind = message("one, edited");
    assert!(test.finding_counts()[3] >= 1);
}

#[test]
fn a_missing_pin_is_found() {
    let mut test = TestHistory::correct();
    test.served_messages()[2].pinned = true;
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn an_acked_command_missing_from_the_log_is_lost() {
    let mut test = TestHistory::correct();
    let mut last = test.log_events().pop().expect("an event");
    let losses = |correct: &TestHistory| correct.finding_counts()[0];
    assert!(losses(&test) >= 2, "for its author, and for the reader that received it");
    // No reader has received it, and it is lost all the same.
    test.observations().truncate(7);
    test.view_messages().pop();
    test.served_messages().pop();
    test.history.readers[0].views[0].cursor = Seq(6);
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
    // The same holds if another command has taken its place.
    last.id = CommandId::random();
    test.add_acked_command(&last);
    test.log_events().push(last);
    assert!(losses(&test) >= 1);
}

#[test]
fn a_hole_in_the_log_is_a_loss() {
    let mut test = TestHistory::correct();
    for event in &mut test.log_events()[6..] {
        event.seq = Seq(8);
    }
    assert!(test.finding_counts()[0] >= 1);
}

#[test]
fn a_command_executed_twice_is_found() {
    let mut test = TestHistory::correct();
    let again = Event { seq: Seq(8), at: Timestamp(2_000), ..test.log_events()[6].clone() };
    test.log_events().push(again);
    assert_eq!(test.finding_counts()[1], 1);
}

#[test]
fn an_abandoned_command_may_take_effect_at_most_once() {
    let mut test = TestHistory::correct();
    test.history.commands[6].outcome = Outcome::Abandoned;
    test.history.commands[6].acks.clear();
    assert_eq!(test.finding_counts(), [0; 4]);
    let again = Event { seq: Seq(8), at: Timestamp(2_000), ..test.log_events()[6].clone() };
    test.log_events().push(again);
    assert_eq!(test.finding_counts()[1], 1);

    let mut test = TestHistory::correct();
    let given_up = Command { id: CommandId::random(), outcome: Outcome::Abandoned, ..test.history.commands[6].clone() };
    test.history.commands.push(Command { acks: vec![], ..given_up });
    assert_eq!(test.finding_counts(), [0; 4]);
}

#[test]
fn an_event_delivered_twice_is_found() {
    let mut test = TestHistory::correct();
    let again = test.observations()[3].clone();
    test.observations().insert(4, again);
    assert_eq!(test.finding_counts(), [0, 1, 0, 0]);
}

#[test]
fn commands_of_an_author_out_of_order_are_found() {
    let mut test = TestHistory::correct();
    test.history.commands.swap(0, 2);
    assert_eq!(test.finding_counts(), [0, 0, 1, 0]);
    // After a temporary refusal it may come later.
    test.history.commands[2].may_be_late = true;
    assert_eq!(test.finding_counts(), [0; 4]);
}

#[test]
fn events_delivered_out_of_order_are_found() {
    let mut test = TestHistory::correct();
    test.observations().swap(3, 4);
    assert_eq!(test.finding_counts()[2], 1);
}

#[test]
fn an_event_that_was_not_delivered_is_lost() {
    let mut test = TestHistory::correct();
    test.observations().remove(4);
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
    // The last event as well: only `CaughtUp` shows that it is missing.
    let mut test = TestHistory::correct();
    test.observations().remove(7);
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
}

#[test]
fn a_reset_ends_and_a_new_connection_begins_what_is_due() {
    let mut test = TestHistory::correct();
    let conversation = test.conversation;
    test.observations().splice(2..5, [Observation::StartsAfter(conversation, Seq(4))]);
    assert_eq!(test.finding_counts(), [0; 4]);
    let rest = test.observations().split_off(2);
    test.history.readers[0].connections.push(rest);
    assert_eq!(test.finding_counts(), [0; 4]);
}

#[test]
fn a_conversation_that_was_just_listed_begins_at_an_event_up_to_the_next_and_goes_on_without_holes() {
    for (last_seq, findings) in [(0, [1, 0, 0, 0]), (1, [1, 0, 0, 0]), (2, [0; 4]), (3, [0; 4]), (7, [0; 4])] {
        let mut test = TestHistory::correct();
        let conversation = test.conversation;
        test.observations().splice(0..3, [Observation::Listed(conversation, Seq(last_seq))]);
        assert_eq!(test.finding_counts(), findings, "up to {last_seq}");
        // Announced again, it goes on where it was.
        test.observations().splice(3..4, [Observation::Listed(conversation, Seq(last_seq))]);
        assert_eq!(test.finding_counts(), [findings[0] + 1, 0, 0, 0], "without the third, up to {last_seq}");
    }
    let mut test = TestHistory::correct();
    let conversation = test.conversation;
    test.observations().insert(3, Observation::Unlisted(conversation));
    assert!(test.finding_counts()[3] > 0, "nothing follows an end");
    test.observations().splice(3..5, [Observation::Unlisted(conversation), Observation::Listed(conversation, Seq(7))]);
    assert_eq!(test.finding_counts(), [0; 4]);
}

#[test]
fn a_reader_that_received_another_event_is_found() {
    let mut test = TestHistory::correct();
    let Observation::Event(event) = &test.observations()[1] else { unreachable!("an event") };
    let other = Event { kind: message("another"), ..Event::clone(event) };
    test.observations()[1] = Observation::Event(Arc::new(other));
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_text_that_a_deleted_message_never_had_is_found() {
    let mut test = TestHistory::correct();
    let Observation::Event(event) = &test.observations()[2] else { unreachable!("an event") };
    let other = Event { kind: message("never sent"), ..Event::clone(event) };
    test.observations()[2] = Observation::Event(Arc::new(other));
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_stale_edit_is_found() {
    let mut test = TestHistory::correct();
    test.view_messages()[0].body = body("one");
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
    let mut test = TestHistory::correct();
    test.served_messages()[0].edited_at = None;
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_missed_deletion_is_found() {
    let mut test = TestHistory::correct();
    let message = &mut test.view_messages()[1];
    (message.body, message.deleted) = (body("two"), false);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_missing_reaction_is_found() {
    let mut test = TestHistory::correct();
    test.view_messages()[2].reactions.clear();
    test.served_messages()[2].reactions.clear();
    assert_eq!(test.finding_counts(), [0, 0, 0, 2]);
}

#[test]
fn a_missing_and_an_invented_message_are_found() {
    let mut test = TestHistory::correct();
    test.view_messages().remove(1);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
    let mut test = TestHistory::correct();
    let mut stray = test.served_messages()[0].clone();
    stray.seq = Seq(5);
    test.served_messages().push(stray);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_view_that_begins_later_is_checked_for_what_it_shows() {
    let mut test = TestHistory::correct();
    test.view_messages().drain(..2);
    test.history.readers[0].views[0].starts_at_first_message = false;
    assert_eq!(test.finding_counts(), [0; 4]);
    test.view_messages().pop();
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_view_that_stops_early_misses_something() {
    let mut test = TestHistory::correct();
    test.history.readers[0].views[0].cursor = Seq(6);
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
}

#[test]
fn an_ack_with_another_seq_is_found() {
    let mut test = TestHistory::correct();
    test.history.commands[6].acks[0].seq = Some(Seq(9));
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
    let mut test = TestHistory::correct();
    test.history.commands[6].acks[0].at = Timestamp(1);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_repeat_with_a_different_ack_is_found() {
    let mut test = TestHistory::correct();
    let first = test.history.commands[6].acks[0];
    test.history.commands[6].acks.push(first);
    assert_eq!(test.finding_counts(), [0; 4]);
    test.history.commands[6].acks.push(Ack { seq: Some(Seq(6)), ..first });
    assert!(test.finding_counts()[3] >= 1);
}

#[test]
fn a_command_with_another_effect_is_found() {
    let mut test = TestHistory::correct();
    test.history.commands[6].kind = CommandKind::Event(message("not four"));
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_refused_command_in_the_log_is_found() {
    let mut test = TestHistory::correct();
    let command = &mut test.history.commands[6];
    (command.outcome, command.acks) = (Outcome::Refused(ErrorCode::UnknownMessage), vec![]);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn an_unanswered_command_and_an_event_without_a_command_are_found() {
    let mut test = TestHistory::correct();
    let command = &mut test.history.commands[6];
    (command.outcome, command.acks) = (Outcome::Unanswered, vec![]);
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
    test.history.commands.pop();
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_time_that_goes_back_is_out_of_order() {
    let mut test = TestHistory::correct();
    test.log_events()[5].at = Timestamp(1);
    test.history.commands[5].acks[0].at = Timestamp(1);
    assert!(test.finding_counts()[2] >= 1);
}

#[test]
fn impossible_answers_are_found() {
    let mut test = TestHistory::correct();
    test.history.violations.push("a session was refused".to_owned());
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_consumer_that_skips_an_entry_has_lost_it() {
    let mut test = TestHistory::correct();
    test.history.copied.remove(3);
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
    let mut test = TestHistory::correct();
    test.history.copied.pop();
    assert_eq!(test.finding_counts(), [1, 0, 0, 0]);
}

#[test]
fn a_consumer_that_reads_an_entry_twice_or_late_is_found() {
    let mut test = TestHistory::correct();
    let again = test.history.copied[2];
    test.history.copied.insert(3, again);
    assert_eq!(test.finding_counts(), [0, 1, 0, 0]);
    let mut test = TestHistory::correct();
    test.history.copied.swap(2, 3);
    assert_eq!(test.finding_counts(), [1, 0, 1, 0]);
}

#[test]
fn a_consumer_that_reads_something_else_than_the_log_has_is_found() {
    let mut test = TestHistory::correct();
    test.history.copied[4].event = None;
    assert_eq!(test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_commit_log_with_a_hole_has_lost_an_entry() {
    let mut test = TestHistory::correct();
    test.log.entries.remove(&4);
    test.history.copied.remove(3);
    assert_eq!(test.finding_counts()[0], 2, "missed by the consumer, and missing");
}
