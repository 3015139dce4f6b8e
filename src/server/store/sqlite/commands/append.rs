//! Commands that become events.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use crate::{
    domain::{Body, CommandId, ConversationId, Event, EventKind, Seq, Timestamp, User, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::{EventPosition, NewEvent},
        sqlite::{
            commands::{
                apply_event::{delete_message, fold},
                departures::take_out_if_empty,
            },
            lists::{self, ListPosition, Minute},
            tables::sanctions::check_write,
            writer::job::{Applied, FastPathContext, Write},
        },
    },
};

impl Write for NewEvent {
    type Done = EventPosition;

    fn apply(&self, db: &Connection) -> Result<Applied<EventPosition>, StoreError> {
        if let Some(first) = self.earlier(db)? {
            return Ok(Applied { done: first, news: None });
        }
        let standing = match self.kind {
            EventKind::Message { .. } => ListPosition::of(db, self.author.id, self.conversation)?,
            _ => None,
        };
        let listed = match &standing {
            Some(standing) => {
                standing.check()?;
                standing.settle(db, self.author.id, self.conversation)?
            }
            None => None,
        };
        let (done, event) = append(db, self)?;
        if let EventKind::Message { .. } = self.kind {
            lists::note(db, self.conversation, Minute::of(done.at))?;
        }
        let emptied = match self.kind {
            EventKind::Deletion { .. } => take_out_if_empty(db, self.conversation)?,
            _ => None,
        };
        let is_direct = standing.is_some_and(|standing| standing.is_direct());
        let event = if is_direct { Committed::DirectMessage(event) } else { Committed::Event(event) };
        let news = if listed.is_none() && emptied.is_none() {
            event
        } else {
            Committed::Several(listed.into_iter().chain([event]).chain(emptied).collect())
        };
        Ok(Applied { done, news: Some(news) })
    }

    fn erases(&self) -> bool {
        matches!(self.kind, EventKind::Edit { .. } | EventKind::Deletion { .. })
    }

    fn takes_room(&self) -> bool {
        match self.kind {
            EventKind::Message { .. } | EventKind::Edit { .. } | EventKind::Reaction { .. } => true,
            EventKind::Deletion { .. } | EventKind::Notice(_) | EventKind::AccountDeleted | EventKind::Other => false,
        }
    }
}

impl NewEvent {
    /// A message without a savepoint: nothing is written before all is known to be well, and what fails all the same
    /// fails the whole transaction. `None` for anything else, and for a message that changes lists.
    pub(crate) fn apply_quickly(
        &self,
        desk: &mut FastPathContext<'_>,
    ) -> Option<Result<Applied<EventPosition>, StoreError>> {
        let EventKind::Message { body } = &self.kind else { return None };
        self.write_message(desk, body).transpose()
    }

    fn write_message(
        &self,
        desk: &mut FastPathContext<'_>,
        body: &Body,
    ) -> Result<Option<Applied<EventPosition>>, StoreError> {
        let FastPathContext { db, recent, journal, is_busy } = desk;
        let (conversation, author) = (self.conversation, self.author.id);
        let as_before = |first| Ok(Some(Applied { done: first, news: None }));
        let is_new = recent.is_new(db, journal, self.id)?;
        if !is_new && let Some(first) = journal.find(author, self.id) {
            return as_before(first);
        }
        let (seq, at, is_direct) = match recent.next(db, journal, conversation, author) {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(None),
            // Who may not write any more is told what became of what they wrote before.
            Err(error) => return as_before(self.earlier(db)?.ok_or(error)?),
        };
        let place = EventPosition { conversation, seq, at };
        let post = PendingMessage { place, author, id: self.id, body: body.clone() };
        if *is_busy {
            if !is_new && let Some(first) = self.earlier(db)? {
                return as_before(first);
            }
            journal.add(post);
            recent.took(self.id, place);
        } else {
            journal.settle(db, conversation)?;
            if !post.enter(db)? {
                return as_before(self.earlier(db)?.ok_or(StoreError::Unavailable)?);
            }
            recent.took(self.id, place);
            recent.has_seen(author, place);
        }
        let event = self.event(place);
        let news = if is_direct { Committed::DirectMessage(event) } else { Committed::Event(event) };
        Ok(Some(Applied { done: place, news: Some(news) }))
    }

    fn event(&self, EventPosition { conversation, seq, at }: EventPosition) -> Event {
        Event { conversation, seq, at, author: self.author.clone(), id: self.id, kind: self.kind.clone() }
    }
}

/// A message that has its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PendingMessage {
    pub(crate) place: EventPosition,
    pub(crate) author: UserId,
    pub(crate) id: CommandId,
    pub(crate) body: Body,
}

impl PendingMessage {
    /// Enters it into the log; `false` if a command of that author and id is there already.
    pub(crate) fn enter(&self, db: &Connection) -> Result<bool, StoreError> {
        let kind = EventKind::Message { body: self.body.clone() };
        insert(db, self.place, self.author, self.id, &kind)
    }
}

/// Gives a command's event its place, and folds it in.
pub(crate) fn append(db: &Connection, new: &NewEvent) -> Result<(EventPosition, Event), StoreError> {
    append_by(db, new, |place| fold(db, new, place))
}

/// The same, for one that is folded in another way.
pub(crate) fn append_by(
    db: &Connection,
    new: &NewEvent,
    fold: impl FnOnce(EventPosition) -> Result<(), StoreError>,
) -> Result<(EventPosition, Event), StoreError> {
    let place = new.place(db)?;
    new.log(db, place)?;
    fold(place)?;
    Ok((place, new.event(place)))
}

/// Gives the deletion of a message its place, whoever deletes it: whether they may is decided before.
pub(crate) fn delete(
    db: &Connection,
    author: User,
    conversation: ConversationId,
    seq: Seq,
) -> Result<Event, StoreError> {
    let event = NewEvent::of_author(author, CommandId::generate(), conversation, EventKind::Deletion { seq });
    let event = append_decided(db, &event)?;
    delete_message(db, conversation, seq, event.seq)?;
    Ok(event)
}

/// Gives an event its place, whoever its author is, and folds nothing in: what else there is to do is decided before.
pub(crate) fn append_decided(db: &Connection, event: &NewEvent) -> Result<Event, StoreError> {
    let appended = next(db, event.conversation)?;
    event.log(db, appended)?;
    Ok(event.event(appended))
}

/// The place of the next event.
fn next(db: &Connection, conversation: ConversationId) -> Result<EventPosition, StoreError> {
    let (last_seq, last_at) = end(db, conversation)?;
    // Times never go back within a conversation, even when the clock does.
    Ok(EventPosition { conversation, seq: last_seq.next(), at: Timestamp::now().max(last_at) })
}

impl NewEvent {
    /// The event that this command made when it came before.
    pub(crate) fn earlier(&self, db: &Connection) -> Result<Option<EventPosition>, StoreError> {
        let mut select =
            db.prepare_cached("SELECT conversation, seq, at FROM events WHERE command_id = ?2 AND author = ?1")?;
        let earlier = select
            .query_row(params![self.author.id, self.id], |row| {
                Ok(EventPosition { conversation: row.get(0)?, seq: row.get(1)?, at: row.get(2)? })
            })
            .optional()?;
        Ok(earlier)
    }

    /// The next position in the conversation, if the author may write there. The house may everywhere.
    fn place(&self, db: &Connection) -> Result<EventPosition, StoreError> {
        let is_member = db
            .prepare_cached("SELECT 1 FROM members WHERE conversation = ?1 AND user = ?2")?
            .exists(params![self.conversation, self.author.id])?;
        if !is_member && self.author.id != UserId::SYSTEM {
            return Err(StoreError::NotMember);
        }
        if matches!(self.kind, EventKind::Message { .. } | EventKind::Edit { .. } | EventKind::Reaction { .. }) {
            check_write(db, self.author.id, self.conversation)?;
        }
        next(db, self.conversation)
    }

    fn log(&self, db: &Connection, appended: EventPosition) -> Result<(), StoreError> {
        // Whether it came before was asked before.
        if insert(db, appended, self.author.id, self.id, &self.kind)? { Ok(()) } else { Err(StoreError::Unavailable) }
    }
}

/// Adds an event to the log; `false` if a command of that author and id is there already.
fn insert(
    db: &Connection,
    EventPosition { conversation, seq, at }: EventPosition,
    author: UserId,
    id: CommandId,
    kind: &EventKind,
) -> Result<bool, StoreError> {
    // No message itself, and no change to one alone: no message has that place.
    let target = if *kind == EventKind::AccountDeleted { Some(Seq::ZERO) } else { kind.target() };
    let inserted = db
        .prepare_cached(
            "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (command_id, author) DO NOTHING",
        )?
        .execute(params![conversation, seq, at, author, id, to_json(kind)?, target])?;
    Ok(inserted > 0)
}

/// The position and the time of a conversation's newest event.
pub(crate) fn end(db: &Connection, conversation: ConversationId) -> Result<(Seq, Timestamp), StoreError> {
    let end = db
        .prepare_cached("SELECT seq, at FROM events WHERE conversation = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(end.unwrap_or_default())
}

/// For a column that holds JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "what happened could not be written as JSON");
        StoreError::Unavailable
    })
}
