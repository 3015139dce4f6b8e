//! Reporting messages, and handling the reports.

use crate::{
    domain::{ConversationId, KeptMessages, Message, Reason, Role, Seq, User},
    server::rules::{
        DeleteAccount, DeletionAuthorization, HandleReport, Mutation, Refusal, ReportAction, ReportMessage,
        tests::scene::Scene,
    },
};

fn report(reporter: &User, conversation: ConversationId, seq: Seq) -> ReportMessage {
    ReportMessage { reporter: reporter.id, conversation, seq, reason: Reason::default(), max_open: 2 }
}

fn handle(actor: &User, action: ReportAction) -> HandleReport {
    HandleReport { actor: Some(actor.clone()), report: 1, action }
}

#[test]
fn a_report_keeps_the_message_whole_and_its_context_short_and_no_names() {
    let mut it = Scene::new();
    let (lobby, ann, ben) = (it.lobby, it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let long = "字".repeat(700);
    let seqs: Vec<Seq> = (0..20).map(|_| it.write(&ann, lobby, &long).seq).collect();
    it.run(report(&ben, lobby, seqs[10]));
    let [Mutation::AddReport { messages, .. }] = &it.mutations[..] else { panic!("{:?}", it.mutations) };
    let kept: Vec<Seq> = messages.iter().map(|message| message.seq).collect();
    assert_eq!(kept, seqs[5..=15]);
    for Message { seq, body, author, .. } in messages {
        let expected = if *seq == seqs[10] { long.clone() } else { format!("{}…", "字".repeat(600)) };
        assert_eq!((body.as_str(), author.nickname.as_str()), (expected.as_str(), ""));
    }
    it.run(report(&ben, lobby, seqs[10]));
    assert!(it.mutations.is_empty(), "it is open");
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let mut it = Scene::new();
    let (lobby, ann, ben) = (it.lobby, it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let seqs: Vec<Seq> = (0..3).map(|_| it.write(&ann, lobby, "hi").seq).collect();
    assert_eq!(it.try_run(report(&ann, lobby, seqs[0])), Err(Refusal::OwnMessage.into()));
    for unknown in [0, 9, u64::MAX] {
        assert_eq!(it.try_run(report(&ben, lobby, Seq(unknown))), Err(Refusal::UnknownMessage.into()));
    }
    assert_eq!(it.try_run(report(&ben, ConversationId::generate(), Seq(1))), Err(Refusal::NotMember.into()));
    it.run(report(&ben, lobby, seqs[0]));
    it.run(report(&ben, lobby, seqs[1]));
    assert_eq!(it.try_run(report(&ben, lobby, seqs[2])), Err(Refusal::TooManyReports.into()));
}

#[test]
fn nobody_handles_a_report_about_their_own_message_or_that_of_an_equal() {
    let mut it = Scene::new();
    let (ann, mo) = (it.guest("Ann", "192.0.2.1"), it.registered("Mo", Role::Moderator));
    let (lobby, owner) = (it.lobby, it.registered("Olga", Role::Owner));
    let seq = it.write(&mo, lobby, "hi").seq;
    it.run(report(&ann, lobby, seq));
    let close = ReportAction::Close { up_to: 1 };
    assert_eq!(it.try_run(handle(&ann, close)), Err(Refusal::NotAllowed.into()));
    assert_eq!(it.try_run(handle(&mo, close)), Err(Refusal::NotAllowed.into()));
    it.run(handle(&owner, ReportAction::DeleteMessage));
    assert_eq!(it.try_run(handle(&owner, ReportAction::DeleteMessage)), Err(Refusal::UnknownMessage.into()));
    it.run(handle(&owner, close));
    assert_eq!(it.try_run(handle(&owner, close)), Err(Refusal::UnknownReport.into()));

    let seq = it.write(&owner, lobby, "hi").seq;
    it.run(report(&ann, lobby, seq));
    let own = HandleReport { report: 2, ..handle(&owner, close) };
    assert_eq!(it.try_run(own.clone()), Err(Refusal::UnknownReport.into()));
    // The operator may.
    it.run(HandleReport { actor: None, ..own });
}

#[test]
fn a_moderator_may_handle_the_report_of_an_account_that_is_gone() {
    let mut it = Scene::new();
    let (lobby, ann, ben) = (it.lobby, it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let mo = it.registered("Mo", Role::Moderator);
    let seq = it.write(&ann, lobby, "hi").seq;
    it.run(report(&ben, lobby, seq));
    let authorization = DeletionAuthorization::Guest;
    it.run(DeleteAccount { user: ann.id, authorization, messages: KeptMessages::Keep });
    it.run(handle(&mo, ReportAction::DeleteMessage));
    assert!(it.state.conversations[&lobby].is_deleted(seq));
}
