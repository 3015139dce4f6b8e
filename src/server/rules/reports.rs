//! Reporting messages, and handling the reports.

use crate::{
    domain::{Body, ConversationId, Message, Nickname, Reason, Role, Seq, Timestamp, User, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        facts::{Facts, ReportFacts, server_user},
        mutation::{AuditRow, Mutation},
        permissions::{Permission, role_of},
        refusal::Refusal,
        undecided::Undecided,
    },
};

/// How many messages before and after the reported one the report keeps.
const CONTEXT_MESSAGES: u32 = 5;

/// How much of each of those messages the report keeps, in Unicode scalar values. The reported one is kept whole.
const MAX_CONTEXT_CHARS: usize = 600;

/// Reports a message that the reporter can read. While the user's report of a message is open, another one changes nothing.
#[derive(Clone, Debug)]
pub(crate) struct ReportMessage {
    pub reporter: UserId,
    pub conversation: ConversationId,
    pub seq: Seq,
    pub reason: Reason,
    /// How many open reports one user may have.
    pub max_open: u32,
}

/// What to do about an open report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportAction {
    /// Closes the report, and the other reports of the same message that the moderator has seen.
    Close {
        /// The greatest report id that the moderator has seen.
        up_to: u64,
    },
    /// Deletes the message, in a direct too. The report stays open.
    DeleteMessage,
}

/// An action upon a report.
#[derive(Clone, Debug)]
pub(crate) struct HandleReport {
    /// `None` for the operator, who may do everything.
    pub actor: Option<User>,
    pub report: u64,
    pub action: ReportAction,
}

/// Deletes reports that were made before this time of the server's clock, handled or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpireReports(pub Timestamp);

impl Command for ReportMessage {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let Self { reporter, conversation, seq, max_open, .. } = *self;
        if facts.membership(conversation, reporter)?.is_none_or(|member| member.listed.is_none()) {
            return Err(Refusal::NotMember.into());
        }
        if facts.conversation(conversation)?.is_none_or(|conversation| seq > conversation.newest.0) {
            return Err(Refusal::UnknownMessage.into());
        }
        let messages = facts.messages_around(reporter, conversation, seq, CONTEXT_MESSAGES)?;
        let reported = messages.iter().find(|message| message.seq == seq && message.has_text());
        let author = reported.ok_or(Refusal::UnknownMessage)?.author.id;
        if author == reporter {
            return Err(Refusal::OwnMessage.into());
        }
        if facts.has_reported(reporter, conversation, seq)? {
            return Ok(Decision::unchanged(()));
        }
        if facts.open_reports_of(reporter)? >= max_open {
            return Err(Refusal::TooManyReports.into());
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::AddReport {
            at: context.now.machine,
            reporter,
            conversation,
            seq,
            author,
            reason: self.reason.clone(),
            messages: messages.into_iter().map(|message| snapshot_of(message, seq)).collect(),
        });
        Ok(draft.finish(()))
    }
}

/// The copy of a message that a report keeps. It has no nicknames: they are looked up when the report is read, because an
/// account may be deleted in the meantime.
fn snapshot_of(message: Message, reported: Seq) -> Message {
    let body = message.body.as_str();
    let end = body.char_indices().nth(MAX_CONTEXT_CHARS).filter(|_| message.seq != reported);
    let body = end.map_or_else(|| message.body.clone(), |(end, _)| Body::from_trusted(format!("{}…", &body[..end])));
    let author = User::guest(message.author.id, Nickname::former());
    Message { author, body, mentions: Vec::new(), reactions: Vec::new(), ..message }
}

impl Command for HandleReport {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let ReportFacts { conversation, seq, author } = self.find_report(facts)?;
        let mut draft = DecisionDraft::default();
        let action = match self.action {
            ReportAction::Close { up_to } => {
                draft.push(Mutation::CloseReports { author, conversation, seq, up_to });
                "close_report"
            }
            ReportAction::DeleteMessage => {
                let actor = match &self.actor {
                    Some(actor) => actor.clone(),
                    None => server_user(facts)?,
                };
                draft.append_deletion(facts, context, actor, conversation, seq)?;
                "delete_message"
            }
        };
        draft.push(Mutation::Audit(AuditRow {
            at: context.now.machine,
            actor: self.actor.as_ref().map(|actor| actor.id),
            action,
            subject: Some(author),
            conversation: Some(conversation),
            detail: Some(seq.to_string()),
            ..AuditRow::default()
        }));
        Ok(draft.finish(()))
    }
}

impl HandleReport {
    /// The report, if it is open and the actor may handle it.
    ///
    /// # Errors
    /// - [`Refusal::NotAllowed`] if the actor's role does not suffice against the author's;
    /// - [`Refusal::UnknownReport`] if there is no such report, or it is about a message of the actor's own.
    fn find_report(&self, facts: &mut dyn Facts) -> Result<ReportFacts, Undecided> {
        let actor = self.actor.as_ref().map(|actor| actor.id);
        let found = facts.report(self.report)?;
        let subject = match &found {
            Some(report) => role_of(facts, report.author)?,
            None => Role::Member,
        };
        Permission::HandleReports.check(facts, actor, subject)?;
        Ok(found.filter(|report| Some(report.author) != actor).ok_or(Refusal::UnknownReport)?)
    }
}

impl Command for ExpireReports {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, _: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::ForgetReports { before: facts.machine_cutoff(self.0)? });
        Ok(draft.finish(()))
    }
}
