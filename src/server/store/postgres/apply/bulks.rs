//! Mutations that come in large numbers: one statement for all of a kind.
//!
//! The outer joins make a row of a user or conversation that doesn't exist fail, as it should: its number would be NULL.

use std::collections::HashMap;

use tokio_postgres::types::Json;

use crate::{
    domain::{CommandId, ConversationId, Event, EventKind, Seq, SessionId, Timestamp, UserId},
    server::{
        rules::{Entry, ListKey},
        store::{commit_log::Position, postgres::statement::Statement, stored_event::stored_event},
    },
};

pub(super) const INSERT_EVENTS: &str = "
    INSERT INTO events (position, conversation, seq, at, author, command_id, target, payload)
    SELECT new.position, c.number, new.seq, new.at, u.number, new.command_id, new.target, new.payload
      FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[], $7::bigint[], $8::jsonb[])
               AS new (position, conversation, seq, at, author, command_id, target, payload)
      LEFT JOIN conversations c ON c.id = new.conversation
      LEFT JOIN users u ON u.id = new.author";

pub(super) const INSERT_ENTRIES: &str = "
    INSERT INTO entries (position, at, entry) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[])";

// `OFFSET 0`: see `facts`.
pub(super) const ADVANCE_READ_MARKS: &str = "
    UPDATE members m SET read_seq = new.seq
      FROM (SELECT c.number AS conversation, u.number AS member, new.seq
              FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS new (conversation, member, seq)
              JOIN conversations c ON c.id = new.conversation
              JOIN users u ON u.id = new.member
            OFFSET 0) AS new
     WHERE m.conversation = new.conversation AND m.user_number = new.member AND m.read_seq < new.seq";

pub(super) const SET_LIST_KEYS: &str = "
    UPDATE members m SET listed = new.listed
      FROM (SELECT c.number AS conversation, u.number AS member, new.listed
              FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS new (conversation, member, listed)
              JOIN conversations c ON c.id = new.conversation
              JOIN users u ON u.id = new.member
            OFFSET 0) AS new
     WHERE m.conversation = new.conversation AND m.user_number = new.member";

pub(super) const TOUCH_SESSIONS: &str = "
    UPDATE sessions s SET seen_at = new.at, used = true
      FROM unnest($1::uuid[], $2::bigint[]) AS new (id, at)
     WHERE s.id = new.id";

/// Events to append.
#[derive(Debug, Default)]
pub(super) struct Events {
    positions: Vec<Position>,
    conversations: Vec<ConversationId>,
    seqs: Vec<Seq>,
    times: Vec<Timestamp>,
    authors: Vec<UserId>,
    commands: Vec<CommandId>,
    targets: Vec<Option<Seq>>,
    payloads: Vec<Json<EventKind>>,
}

impl Events {
    pub(super) fn add(&mut self, event: &Event, position: Position) {
        // The view `messages` takes every event without a target for a message. The end of an account is none and changes
        // none in particular, so it targets 0, the seq of no event.
        let target = if event.kind == EventKind::AccountDeleted { Some(Seq::ZERO) } else { event.kind.target() };
        self.positions.push(position);
        self.conversations.push(event.conversation);
        self.seqs.push(event.seq);
        self.times.push(event.at);
        self.authors.push(event.author.id);
        self.commands.push(event.id);
        self.targets.push(target);
        self.payloads.push(Json(stored_event(&event.kind).into_owned()));
    }

    /// Whether there is a text of this message before `before`: the original, or an edit.
    pub(super) fn has_text(&self, conversation: ConversationId, message: Seq, before: Seq) -> bool {
        let mut events = self.conversations.iter().zip(&self.seqs).zip(&self.targets);
        events.any(|((of, seq), target)| {
            *of == conversation && *seq < before && (*seq == message || *target == Some(message))
        })
    }

    pub(super) fn statement(self) -> Option<Statement> {
        if self.positions.is_empty() {
            return None;
        }
        let insert = Statement::new(INSERT_EVENTS)
            .bind(self.positions)
            .bind(self.conversations)
            .bind(self.seqs)
            .bind(self.times)
            .bind(self.authors)
            .bind(self.commands)
            .bind(self.targets)
            .bind(self.payloads);
        Some(insert)
    }
}

/// Entries of the commit log that are no events.
#[derive(Debug, Default)]
pub(super) struct Entries {
    positions: Vec<Position>,
    times: Vec<Timestamp>,
    changes: Vec<Json<Entry>>,
}

impl Entries {
    pub(super) fn add(&mut self, entry: &Entry, position: Position, at: Timestamp) {
        self.positions.push(position);
        self.times.push(at);
        self.changes.push(Json(entry.clone()));
    }

    pub(super) fn statement(self) -> Option<Statement> {
        if self.positions.is_empty() {
            return None;
        }
        Some(Statement::new(INSERT_ENTRIES).bind(self.positions).bind(self.times).bind(self.changes))
    }
}

/// The furthest read mark of each member. An update takes only one of several rows that match, and not the last one, so each
/// member must be there once; that goes for the list keys and sessions, too.
#[derive(Debug, Default)]
pub(super) struct ReadMarkRows(HashMap<(ConversationId, UserId), Seq>);

impl ReadMarkRows {
    pub(super) fn add(&mut self, conversation: ConversationId, user: UserId, seq: Seq) {
        let furthest = self.0.entry((conversation, user)).or_default();
        *furthest = seq.max(*furthest);
    }

    pub(super) fn has(&self, conversation: ConversationId, user: UserId) -> bool {
        self.0.contains_key(&(conversation, user))
    }

    pub(super) fn statement(self) -> Option<Statement> {
        member_rows(ADVANCE_READ_MARKS, self.0).map(|(update, seqs)| update.bind(seqs))
    }
}

/// The newest sort key of each conversation in a member's list.
#[derive(Debug, Default)]
pub(super) struct ListKeys(HashMap<(ConversationId, UserId), Option<ListKey>>);

impl ListKeys {
    pub(super) fn add(&mut self, conversation: ConversationId, user: UserId, listed: Option<ListKey>) {
        self.0.insert((conversation, user), listed);
    }

    pub(super) fn has(&self, conversation: ConversationId, user: UserId) -> bool {
        self.0.contains_key(&(conversation, user))
    }

    pub(super) fn statement(self) -> Option<Statement> {
        member_rows(SET_LIST_KEYS, self.0).map(|(update, keys)| update.bind(keys))
    }
}

/// The last use of each session.
#[derive(Debug, Default)]
pub(super) struct Touches(HashMap<SessionId, Timestamp>);

impl Touches {
    pub(super) fn add(&mut self, session: SessionId, at: Timestamp) {
        self.0.insert(session, at);
    }

    pub(super) fn statement(self) -> Option<Statement> {
        if self.0.is_empty() {
            return None;
        }
        let (sessions, times): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        Some(Statement::new(TOUCH_SESSIONS).bind(sessions).bind(times))
    }
}

/// A statement with the members as its first two parameters, and the values that are to be the third. `None` if there are no
/// rows.
fn member_rows<T>(update: &'static str, rows: HashMap<(ConversationId, UserId), T>) -> Option<(Statement, Vec<T>)> {
    if rows.is_empty() {
        return None;
    }
    let (members, values): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let (conversations, users): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    Some((Statement::new(update).bind(conversations).bind(users), values))
}
