//! Commands that become events: messages, edits, deletions, reactions.

use rusqlite::Connection;

use crate::{
    domain::{Body, EventKind},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::{EventPosition, NewEvent},
        sqlite::{
            commands::{apply_event::apply_event, departures::unlist_if_empty},
            lists::{self, Minute},
            tables::events::{PendingMessage, append_to_log, find_command},
            write_access::{WriteKind, check_write_access},
            writer::job::{Applied, FastPathContext, Write},
        },
    },
};

impl Write for NewEvent {
    type Output = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        let (conversation, author) = (self.conversation, self.author.id);
        if let Some(first) = find_command(db, author, self.id)? {
            return Ok(Applied { output: first, change: None });
        }
        let kind = WriteKind::of(&self.kind);
        // How the author stands in the conversation; only messages make a difference there.
        let member = check_write_access(db, author, conversation, kind)?.filter(|_| kind == WriteKind::Message);
        let listed = match &member {
            Some(member) => member.list_everywhere(db, author, conversation)?,
            None => None,
        };
        let event = append_to_log(db, self)?;
        let position = EventPosition { conversation, seq: event.seq, at: event.at };
        apply_event(db, self, position)?;
        if kind == WriteKind::Message {
            lists::move_up(db, conversation, Minute::of(position.at))?;
        }
        let unlisted = match self.kind {
            EventKind::Deletion { .. } => unlist_if_empty(db, conversation)?,
            _ => None,
        };
        let is_direct = member.is_some_and(|member| member.is_direct());
        let event = if is_direct { Committed::DirectMessage(event) } else { Committed::Event(event) };
        let news = if listed.is_none() && unlisted.is_none() {
            event
        } else {
            Committed::Batch(listed.into_iter().chain([event]).chain(unlisted).collect())
        };
        Ok(Applied { output: position, change: Some(news) })
    }

    /// Edits and deletions remove the text that was there before.
    fn erases(&self) -> bool {
        matches!(self.kind, EventKind::Edit { .. } | EventKind::Deletion { .. })
    }

    fn takes_room(&self) -> bool {
        matches!(self.kind, EventKind::Message { .. } | EventKind::Edit { .. } | EventKind::Reaction { .. })
    }
}

impl NewEvent {
    /// The fast path for a message: no savepoint. It checks everything before it writes anything, so a refusal leaves
    /// nothing to undo; any other failure fails the whole transaction.
    ///
    /// Returns `None` if the event needs the usual path: it is not a message, or it puts the direct into somebody's list.
    pub(crate) fn try_fast_path(
        &self,
        context: &mut FastPathContext<'_>,
    ) -> Option<Result<Applied<EventPosition>, StoreError>> {
        let EventKind::Message { body } = &self.kind else { return None };
        self.write_message(context, body).transpose()
    }

    fn write_message(
        &self,
        context: &mut FastPathContext<'_>,
        body: &Body,
    ) -> Result<Option<Applied<EventPosition>>, StoreError> {
        let FastPathContext { db, cache, staging, is_staged } = context;
        let (conversation, author) = (self.conversation, self.author.id);
        let repeated = |first| Ok(Some(Applied { output: first, change: None }));
        let is_new = cache.is_new_command(db, staging, self.id)?;
        if !is_new && let Some(first) = staging.find_command(author, self.id) {
            return repeated(first);
        }
        let (seq, at, is_direct) = match cache.next_event(db, staging, conversation, author) {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(None),
            // An author who may no longer write still gets the ack of a message that was sent before.
            Err(error) => return repeated(find_command(db, author, self.id)?.ok_or(error)?),
        };
        let position = EventPosition { conversation, seq, at };
        let message = PendingMessage { position, author, id: self.id, body: body.clone() };
        if *is_staged {
            if !is_new && let Some(first) = find_command(db, author, self.id)? {
                return repeated(first);
            }
            staging.add(message);
            cache.add_message(self.id, position);
        } else {
            staging.flush_conversation(db, conversation)?;
            if !message.insert(db)? {
                return repeated(find_command(db, author, self.id)?.ok_or(StoreError::Unavailable)?);
            }
            cache.add_message(self.id, position);
            cache.add_read_mark(author, position);
        }
        let event = self.at_position(position);
        let change = if is_direct { Committed::DirectMessage(event) } else { Committed::Event(event) };
        Ok(Some(Applied { output: position, change: Some(change) }))
    }
}
