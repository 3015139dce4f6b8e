//! The contract of a store: one suite of tests for all of them. It says in code what the traits say in words.
//!
//! The tests of `differential` give random commands to a store and to the reference store, and compare everything that can be
//! seen of the two. Those of `nodes_at_once` give them to several nodes at the same time.

mod accounts;
mod backend;
mod clock;
mod commit_log;
mod conversation_settings;
mod differential;
mod dump;
mod expiry;
mod history;
mod lists;
mod message_changes;
mod nodes_at_once;
mod promises;
mod sanctions;
mod store_test;
mod unread_counts;
mod verified_postgres;

/// Runs the tests of the suite on a kind of store.
macro_rules! on {
    ($module:ident: $backend:ident, $($group:ident { $($test:ident)+ })+) => {
        mod $module {$(
            mod $group {
                use crate::server::store::contract::{$group, backend::$backend, store_test::StoreTest};

                $(#[tokio::test]
                async fn $test() {
                    $group::$test(StoreTest::new($backend::default()).await).await;
                })+
            }
        )+}
    };
}

/// Runs the tests of the suite on every kind of store.
macro_rules! suite {
    ($($tests:tt)+) => {
        on! { memory: InMemory, $($tests)+ }
        on! { sqlite: OnSqlite, $($tests)+ }
        on! { postgres: OnPostgres, $($tests)+ }
    };
}

suite! {
    promises {
        a_repeated_command_gets_the_first_reply_again
        seqs_and_positions_have_no_holes_and_the_feed_has_the_order_of_the_log
        a_reply_comes_behind_its_event
        a_conversation_is_told_of_before_its_first_message
        a_refused_command_leaves_nothing
        what_was_committed_is_there_after_a_restart
        a_guest_without_a_session_is_gone_after_a_restart
        times_in_a_conversation_never_go_back
        the_head_of_the_log_wakes_those_who_wait
        a_closed_store_takes_no_commands
    }
    sanctions {
        a_muted_user_writes_nothing_until_the_mute_ends
        a_banned_user_stays_out
        new_guests_inherit_a_sanction_by_nickname_and_by_address
        a_ban_of_the_whole_address_ends_its_guests
        a_banned_network_lets_nobody_new_in
        roles_decide_at_the_moment_of_the_decision
        the_last_owner_stays
        a_block_keeps_a_direct_out_of_the_list
        an_invite_lets_in_as_many_as_it_says
        an_address_has_so_many_guests
    }
    lists {
        rooms_come_first_and_then_the_newest_directs
        a_list_is_read_in_pages
        unread_messages_are_those_of_others_after_the_read_mark
        unread_messages_are_counted_up_to_a_limit_whatever_lies_between
        a_read_mark_moves_forward_only_and_not_beyond_the_end
        a_moved_read_mark_is_announced_and_not_logged
        a_hidden_direct_comes_back_with_the_next_message
        an_unused_direct_goes_with_one_of_its_users
        those_whose_list_a_leaving_user_is_high_up_in_are_told_first
        a_user_who_was_removed_from_a_room_can_join_again
        reactions_do_not_move_a_direct
        a_new_connection_learns_all_from_one_snapshot
    }
    conversation_settings {
        a_muted_and_pinned_conversation_stays_so_until_it_is_taken_back
        a_pinned_direct_comes_first_and_stays_there
        a_read_mark_that_is_set_back_counts_from_there
        read_marks_that_wait_do_not_undo_what_was_set_back
        who_comes_back_has_set_nothing
    }
    history {
        a_page_has_at_most_as_many_messages_and_bytes_as_asked_for
        events_are_resumed_within_limits
        a_message_is_read_as_it_is_now
        a_message_has_so_many_different_reactions
        the_operator_finds_messages
        only_the_operator_and_moderators_delete_what_others_said
    }
    message_changes {
        pinned_messages_are_read_with_the_newest_pin_first
        the_texts_of_a_message_are_read_until_it_is_deleted
        changes_of_earlier_messages_are_read
    }
    commit_log {
        the_log_is_read_in_pages_by_rows_and_by_bytes
        what_was_deleted_is_gone_from_the_log_with_all_its_earlier_texts
        a_deleted_account_leaves_no_name_in_the_log
        an_event_of_a_direct_is_marked_as_one
        a_consumer_s_position_is_kept_by_name_and_never_goes_back
        a_slow_receiver_finds_in_the_log_what_the_feed_left_out
    }
    expiry {
        a_guest_who_stays_away_loses_the_nickname
        a_guest_who_never_comes_back_loses_the_nickname_sooner
        a_registered_user_is_signed_out_and_keeps_the_nickname
        guests_messages_are_deleted_after_their_time
        a_report_lasts_until_it_is_closed_or_expires
        a_wrong_machine_clock_ends_nothing_early
    }
    accounts {
        a_nickname_has_one_holder
        users_are_found_by_a_part_of_the_nickname
        a_new_password_ends_all_other_sessions
        a_guest_signs_out_for_good
        a_deleted_account_becomes_a_former_user
        a_deleted_account_may_leave_its_messages
    }
}
