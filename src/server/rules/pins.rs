//! Pinned messages of a conversation.

use crate::{
    domain::{MAX_PINS, Seq},
    server::rules::{
        context::Now,
        decision::DecisionDraft,
        facts::Facts,
        messages::{SendEvent, find_message},
        mutation::Mutation,
        permissions::{Permission, rank_in},
        refusal::Refusal,
        undecided::Undecided,
        values::EventPosition,
    },
};

impl SendEvent {
    /// Pins a message (`on`), or removes the pin: moderators may in rooms, both users in a direct. Pinned again, a message
    /// keeps its place.
    pub(super) fn pin(
        &self,
        draft: &mut DecisionDraft,
        facts: &mut dyn Facts,
        now: Now,
        seq: Seq,
        on: bool,
    ) -> Result<EventPosition, Undecided> {
        let conversation = self.conversation;
        let is_room = facts.conversation(conversation)?.is_some_and(|found| found.room().is_some());
        if is_room && !Permission::Pin.granted_to(rank_in(facts, Some(conversation), self.author.id)?) {
            return Err(Refusal::NotAllowed.into());
        }
        find_message(facts, conversation, seq)?;
        if on && facts.pins_of(conversation)?.iter().filter(|pinned| **pinned != seq).count() >= MAX_PINS {
            return Err(Refusal::TooManyPins.into());
        }
        let position = self.append(draft, facts, now)?;
        draft.push(Mutation::SetPin { conversation, seq, revision: position.seq, on });
        Ok(position)
    }
}
