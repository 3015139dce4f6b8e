//! The checker finds wrong mentions, threads, settings and counts.

use teahouse::domain::{EventKind, Mention, Reply, RoomChange, Seq, UserId};

use super::{
    history::{CommandKind, Outcome, UserSetting},
    room_history::{RoomHistory, mention},
};

const MENTIONS: &str = "should mention";
const THREAD: &str = "in another thread";
const PARTICIPANTS: &str = "the participants should be";

fn mentions_of(kind: &mut EventKind) -> &mut Vec<Mention> {
    match kind {
        EventKind::Message { mentions, .. } | EventKind::Edit { mentions, .. } => mentions,
        _ => unreachable!("a text"),
    }
}

fn set_reply(kind: &mut EventKind, to: u64, thread: u64) {
    let EventKind::Message { reply, .. } = kind else { unreachable!("a message") };
    *reply = Some(Reply { to: Seq(to), thread: Seq(thread) });
}

#[test]
fn a_correct_room_passes() {
    assert_eq!(RoomHistory::correct().test.finding_counts(), [0; 4]);
}

#[test]
fn a_mention_of_somebody_who_was_no_member_yet_is_found() {
    let mut room = RoomHistory::correct();
    let mei = room.mei.clone();
    room.change_event(3, |kind| mentions_of(kind).push(mention(8, 15, &mei)));
    assert!(room.test.finds(MENTIONS));
}

#[test]
fn a_missing_mention_and_one_of_another_user_are_found() {
    let mut room = RoomHistory::correct();
    room.change_event(3, |kind| mentions_of(kind).clear());
    assert!(room.test.finds(MENTIONS));
    let mut room = RoomHistory::correct();
    let ling = room.ling.clone();
    room.change_event(3, |kind| *mentions_of(kind) = vec![mention(0, 7, &ling)]);
    assert!(room.test.finds(MENTIONS));
}

#[test]
fn a_mention_of_everyone_by_somebody_who_may_not_is_found() {
    let mut room = RoomHistory::correct();
    room.change_event(1, |kind| *kind = EventKind::Room(RoomChange::Joined));
    assert!(room.test.finds(MENTIONS));
}

#[test]
fn an_edit_that_adds_a_mention_is_found() {
    let mut room = RoomHistory::correct();
    let mei = room.mei.clone();
    room.change_event(6, |kind| mentions_of(kind).insert(0, mention(0, 7, &mei)));
    assert!(room.test.finds(MENTIONS));
}

#[test]
fn a_wrong_mention_is_found_also_in_a_text_that_was_removed_later() {
    let mut room = RoomHistory::correct();
    let ling = room.ling.clone();
    room.change_received(7, |kind| mentions_of(kind).push(mention(0, 3, &ling)));
    assert!(room.test.finds(MENTIONS));
}

#[test]
fn a_message_that_the_server_returns_with_the_mentions_of_an_earlier_text_is_found() {
    let mut room = RoomHistory::correct();
    let ming = room.ming.clone();
    room.served_message(3).mentions = vec![mention(0, 7, &ming)];
    assert_eq!(room.test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn a_reply_to_something_that_is_no_message_is_found() {
    for to in [4, 9, 11] {
        let mut room = RoomHistory::correct();
        room.change_event(8, |kind| set_reply(kind, to, to));
        assert!(room.test.finds(THREAD), "{to}");
    }
}

#[test]
fn a_thread_that_does_not_begin_with_its_first_message_is_found() {
    let mut room = RoomHistory::correct();
    room.change_event(7, |kind| set_reply(kind, 5, 5));
    assert!(room.test.finds(THREAD));
}

#[test]
fn a_participant_who_is_not_told_and_one_who_muted_the_thread_are_found() {
    let set_participants = |kind: &mut EventKind, users: Vec<_>| {
        let EventKind::Message { participants, .. } = kind else { unreachable!("a message") };
        *participants = users;
    };
    let mut room = RoomHistory::correct();
    room.change_event(7, |kind| set_participants(kind, vec![]));
    assert!(room.test.finds(PARTICIPANTS));
    let told: [fn(&RoomHistory) -> UserId; 3] = [|room| room.ling.id, |room| room.ming.id, |room| room.mei.id];
    for user in told {
        let mut room = RoomHistory::correct();
        let user = user(&room);
        room.change_event(8, |kind| set_participants(kind, vec![user]));
        assert!(room.test.finds(PARTICIPANTS));
    }
}

#[test]
fn a_pin_that_outlives_its_message_is_found() {
    let mut room = RoomHistory::correct();
    room.served_message(7).pinned = true;
    assert_eq!(room.test.finding_counts(), [0, 0, 0, 1]);
}

#[test]
fn wrong_counts_read_marks_and_settings_in_a_list_are_found() {
    let flaws: [fn(&mut RoomHistory); 6] = [
        |room| room.list_of(room.mei.id)[0].mentions = 0,
        |room| room.list_of(room.mei.id)[0].unread = 3,
        |room| room.list_of(room.ming.id)[0].read_seq = Seq(7),
        |room| room.list_of(room.ling.id)[0].read_seq = Seq(8),
        |room| room.list_of(room.ling.id)[0].muted = false,
        |room| room.list_of(room.ming.id)[0].pinned = true,
    ];
    for (number, flaw) in flaws.into_iter().enumerate() {
        let mut room = RoomHistory::correct();
        flaw(&mut room);
        assert_eq!(room.test.finding_counts(), [0, 0, 0, 1], "{number}");
    }
}

#[test]
fn a_conversation_that_is_not_in_the_list_of_a_member_is_lost() {
    let mut room = RoomHistory::correct();
    room.list_of(room.ming.id).clear();
    assert_eq!(room.test.finding_counts(), [1, 0, 0, 0]);
}

#[test]
fn an_acked_setting_without_an_entry_is_lost() {
    let mut room = RoomHistory::correct();
    room.test.log.settings.retain(|_, logged| logged.setting != UserSetting::Muted(true));
    room.list_of(room.ling.id)[0].muted = false;
    assert_eq!(room.test.finding_counts(), [1, 0, 0, 0]);
}

#[test]
fn a_setting_that_took_effect_again_when_it_was_sent_again_is_none_too_many() {
    let mut room = RoomHistory::correct();
    let settings = &mut room.test.log.settings;
    let (last, muted) = (*settings.keys().next_back().expect("a setting"), UserSetting::Muted(true));
    let again = *settings.values().find(|logged| logged.setting == muted).expect("it was muted");
    settings.insert(last + 1, again);
    room.test.log.entries.insert(last + 1, None);
    let copied = room.test.history.copied.last().map(|entry| super::history::LogEntry { position: last + 1, ..*entry });
    room.test.history.copied.extend(copied);
    assert_eq!(room.test.finding_counts(), [0; 4]);
}

#[test]
fn a_setting_that_nobody_asked_for_or_that_was_not_answered_is_found() {
    let mut room = RoomHistory::correct();
    let commands = &mut room.test.history.commands;
    let muted = commands.iter_mut().find(|command| matches!(command.kind, CommandKind::Setting(UserSetting::Muted(_))));
    let muted = muted.expect("it was muted");
    (muted.outcome, muted.acks) = (Outcome::Unanswered, vec![]);
    assert_eq!(room.test.finding_counts(), [0, 0, 0, 1]);
    room.test.history.commands.retain(|command| !matches!(command.kind, CommandKind::Setting(UserSetting::Muted(_))));
    assert_eq!(room.test.finding_counts(), [0, 0, 0, 1]);
}
