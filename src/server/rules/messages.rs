//! Commands of members that become events: messages, edits, deletions, reactions.

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, EventKind, MAX_REACTIONS, Reply, Seq, User, UserId},
    server::rules::{
        command::Command,
        context::{Context, Now},
        decision::{Decision, DecisionDraft},
        facts::{Facts, Membership, MessageFacts, OtherMember},
        mentions::{Mentionable, listeners, present_listeners, resolve_mentions},
        mutation::{AuditRow, Mutation},
        permissions::{Permission, rank_in},
        refusal::Refusal,
        threads::{participants, reply_to},
        undecided::Undecided,
        values::{EventPosition, ListKey},
        write_access::{WriteKind, check_write_access},
    },
};

/// A command that becomes an event: a message, an edit, a deletion or a reaction. Whom a text mentions is found when it is
/// decided.
#[derive(Clone, Debug)]
pub(crate) struct SendEvent {
    pub author: User,
    pub id: CommandId,
    pub conversation: ConversationId,
    pub kind: EventKind,
    /// The message that a message answers.
    pub reply_to: Option<Seq>,
}

impl Command for SendEvent {
    type Output = EventPosition;

    /// A repeated command changes nothing and returns the first position, also if its author may no longer write.
    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<EventPosition>, Undecided> {
        if let Some(first) = facts.command(self.author.id, self.id)? {
            return Ok(Decision::unchanged(first));
        }
        let now = context.now;
        let member = check_write_access(facts, now, self.author.id, self.conversation, WriteKind::of(&self.kind))?;
        let mut draft = DecisionDraft::default();
        let position = match &self.kind {
            EventKind::Message { body, .. } => self.send(&mut draft, facts, now, member, body),
            EventKind::Edit { seq, body, .. } => self.edit(&mut draft, facts, now, *seq, body),
            EventKind::Deletion { seq } => self.delete(&mut draft, facts, now, *seq),
            EventKind::Reaction { seq, emoji, on } => self.react(&mut draft, facts, now, *seq, emoji, *on),
            EventKind::Pin { seq, on } => self.pin(&mut draft, facts, now, *seq, *on),
            // The server itself appends these, on account of other commands.
            EventKind::Notice(_) | EventKind::Room(_) | EventKind::AccountDeleted | EventKind::Other => {
                Err(Refusal::NotAllowed.into())
            }
        }?;
        Ok(draft.finish(position))
    }

    fn takes_room(&self) -> bool {
        match self.kind {
            EventKind::Message { .. } | EventKind::Edit { .. } | EventKind::Reaction { .. } => true,
            EventKind::Pin { on, .. } => on,
            _ => false,
        }
    }
}

impl SendEvent {
    pub(super) fn append(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
    ) -> Result<EventPosition, Undecided> {
        self.append_kind(draft, facts, now, self.kind.clone())
    }

    fn append_kind(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        kind: EventKind,
    ) -> Result<EventPosition, Undecided> {
        draft.append(facts, now, self.conversation, self.author.clone(), self.id, kind)
    }

    /// A message: its author has read everything before it, and a direct moves up in both users' lists.
    fn send(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        member: Option<Membership>,
        body: &Body,
    ) -> Result<EventPosition, Undecided> {
        let (conversation, author) = (self.conversation, self.author.id);
        let direct = member.and_then(|member| Some((member.listed, member.other?)));
        if let Some((listed, other)) = direct {
            self.list_everywhere(draft, facts, now, listed, &other)?;
        }
        let position = self.append_message(draft, facts, now, body)?;
        if member.is_some() {
            draft.push(Mutation::AdvanceReadMark { conversation, user: author, seq: position.seq });
        }
        if let Some((listed, other)) = direct {
            for (user, listed) in [(author, listed), (other.id, other.listed)] {
                if let Some(moved) = listed.and_then(|listed| listed.moved_up(position.at)) {
                    draft.push(Mutation::SetListed { conversation, user, listed: Some(moved) });
                }
            }
        }
        Ok(position)
    }

    /// Appends a message, tells those whom it mentions, and adds it to its thread.
    fn append_message(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        body: &Body,
    ) -> Result<EventPosition, Undecided> {
        let (conversation, author) = (self.conversation, self.author.id);
        let reply = self.reply_to.map(|to| reply_to(facts, conversation, to)).transpose()?;
        let mentions = resolve_mentions(facts, conversation, body, Mentionable::Members { author })?;
        let participants = match reply {
            Some(Reply { thread, .. }) => participants(facts, conversation, thread, author, &mentions)?,
            None => Vec::new(),
        };
        let listeners = listeners(author, &mentions, &participants);
        let kind = EventKind::Message { body: body.clone(), mentions, reply, participants };
        let position = self.append_kind(draft, facts, now, kind)?;
        let (seq, at) = (position.seq, position.at);
        if let Some(Reply { thread, .. }) = reply {
            draft.push(Mutation::AddReply { conversation, thread, seq, author });
        }
        if !listeners.is_empty() {
            draft.push(Mutation::SetListeners { conversation, seq, at, listeners });
        }
        Ok(position)
    }

    /// Puts a direct into the lists that the message needs it in: the author's, and the other user's unless that user has
    /// blocked the author. Comes before the message, so that it reaches connections that know the direct.
    fn list_everywhere(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        listed: Option<ListKey>,
        other: &OtherMember,
    ) -> Result<(), Undecided> {
        let (lists_own, lists_other) = (listed.is_none(), other.listed.is_none() && !other.has_blocked_me);
        if !lists_own && !lists_other {
            return Ok(());
        }
        let (_, newest_at) = draft.newest_event(facts, self.conversation)?;
        let key = ListKey::of(now.machine.max(newest_at));
        if lists_own {
            draft.list(self.author.id, self.conversation, key);
        }
        if lists_other {
            // Commands of a user who has just left are still carried out.
            let is_gone = facts.user(self.author.id)?.is_none_or(|author| author.is_gone());
            draft.list(other.id, self.conversation, if is_gone { key.of_gone_companion() } else { key });
        }
        Ok(())
    }

    fn edit(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        seq: Seq,
        body: &Body,
    ) -> Result<EventPosition, Undecided> {
        let conversation = self.conversation;
        let message = find_message(facts, conversation, seq)?;
        if message.author != self.author.id {
            return Err(Refusal::NotAuthor.into());
        }
        let mentions = resolve_mentions(facts, conversation, body, Mentionable::Only(&message.mentioned))?;
        let kind = EventKind::Edit { seq, body: body.clone(), mentions: mentions.clone() };
        let position = self.append_kind(draft, facts, now, kind)?;
        let (revision, edited_at) = (position.seq, position.at);
        if !(message.mentioned.is_empty() && message.participants.is_empty()) {
            let listeners = listeners(message.author, &mentions, &message.participants);
            let listeners = present_listeners(facts, conversation, listeners)?;
            draft.push(Mutation::SetListeners { conversation, seq, at: message.at, listeners });
        }
        draft.push(Mutation::SetText { conversation, seq, revision, body: body.clone(), mentions, edited_at });
        Ok(position)
    }

    fn delete(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        seq: Seq,
    ) -> Result<EventPosition, Undecided> {
        let message = find_message(facts, self.conversation, seq)?;
        let audit = if message.author == self.author.id {
            None
        } else {
            Some(self.check_deletion_by_other(facts, now, seq, message.author)?)
        };
        let position = self.append(draft, facts, now)?;
        draft.delete_message(self.conversation, seq, position.seq);
        audit.into_iter().for_each(|row| draft.push(Mutation::Audit(row)));
        draft.unlist_if_empty(facts, self.conversation, &[seq])?;
        Ok(position)
    }

    /// Checks that the author of this command may delete this message of another user: moderators may in rooms, the operator
    /// may everywhere. Returns the entry for the audit log.
    fn check_deletion_by_other(
        &self,
        facts: &mut dyn Facts,
        now: Now,
        seq: Seq,
        subject: UserId,
    ) -> Result<AuditRow, Undecided> {
        let (actor, conversation) = (self.author.id, self.conversation);
        let is_operator = actor == UserId::SYSTEM;
        if !is_operator {
            let is_room = facts.conversation(conversation)?.is_some_and(|it| it.room().is_some());
            if !is_room || !Permission::DeleteMessages.granted_to(rank_in(facts, Some(conversation), actor)?) {
                return Err(Refusal::NotAuthor.into());
            }
        }
        Ok(AuditRow {
            at: now.machine,
            actor: (!is_operator).then_some(actor),
            action: "delete_message",
            subject: Some(subject),
            conversation: Some(conversation),
            until: None,
            detail: Some(seq.to_string()),
        })
    }

    fn react(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        seq: Seq,
        emoji: &Emoji,
        on: bool,
    ) -> Result<EventPosition, Undecided> {
        let (conversation, user) = (self.conversation, self.author.id);
        find_message(facts, conversation, seq)?;
        if on && facts.emoji_of(conversation, seq)?.iter().filter(|other| *other != emoji).count() >= MAX_REACTIONS {
            return Err(Refusal::TooManyReactions.into());
        }
        let position = self.append(draft, facts, now)?;
        let (revision, emoji) = (position.seq, emoji.clone());
        draft.push(if on {
            Mutation::AddReaction { conversation, seq, revision, emoji, user }
        } else {
            Mutation::RemoveReaction { conversation, seq, revision, emoji, user }
        });
        Ok(position)
    }
}

/// Finds a message that has not been deleted.
///
/// # Errors
/// [`Refusal::UnknownMessage`] if there is none at this seq, or a notice.
pub(super) fn find_message(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    seq: Seq,
) -> Result<MessageFacts, Undecided> {
    let found = facts.message(conversation, seq)?.filter(|message| !message.is_deleted && !message.is_notice);
    Ok(found.ok_or(Refusal::UnknownMessage)?)
}

impl DecisionDraft {
    /// Leaves a tombstone, as of the deletion `revision`: the message keeps its place, and its text and reactions are
    /// removed, from the log as well.
    pub(super) fn delete_message(&mut self, conversation: ConversationId, seq: Seq, revision: Seq) {
        self.push(Mutation::MarkDeleted { conversation, seq, revision });
        self.push(Mutation::EraseTexts { conversation, seq, before: revision });
    }
}
