//! What is read, each from one snapshot.

use std::cmp::Reverse;

use ipnet::AddrParseError as IpNetError;
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    domain::{
        Action, Body, Companion, Conversation, ConversationId, ConversationKind, CurrentUser, Emoji, Message,
        ModerationNotice, Nickname, NicknameKey, Reaction, Reason, Seq, SessionEnd, SessionId, Timestamp, User, UserId,
        UserKind,
    },
    protocol::{
        AuditEntry, AuditPage, ConversationList, Event, EventKind, Invite, MessagesPage, Report, ReportList, Sanction,
        SessionInfo,
    },
    server::{
        clock,
        store::{
            Account, BannedNetwork, Beginning, ListPlace, Lookup, PasswordHash, Placed, Session, SessionKey,
            StoreError, Window, sqlite::commands::written_before,
        },
    },
};

/// Unread messages are counted up to this many; a badge shows no more anyway.
const MOST_UNREAD: u32 = 1_000;

pub(super) fn session(db: &Connection, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let session = db
        .prepare_cached(
            "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role, s.id, s.seen_at, s.created_at, s.used
               FROM users u JOIN sessions s ON s.user = u.id WHERE s.token_hash = ?1",
        )?
        .query_row([session], |row| {
            let (id, seen_at, begun_at, used) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            Ok(Session { me: me(row)?, id, seen_at, begun_at, used })
        })
        .optional()?;
    Ok(session)
}

/// Why a session is over.
pub(super) fn session_end(db: &Connection, session: SessionKey) -> Result<Option<SessionEnd>, StoreError> {
    let ended = db
        .prepare_cached(
            "SELECT u.id, u.password IS NOT NULL, e.reason FROM ended_sessions e JOIN users u ON u.id = e.user
              WHERE e.token_hash = ?1",
        )?
        .query_row([session], |row| Ok(SessionEnd { user: row.get(0)?, registered: row.get(1)?, reason: row.get(2)? }))
        .optional()?;
    Ok(ended)
}

/// The networks from which nobody new comes in.
pub(super) fn banned_networks(db: &Connection) -> Result<Vec<BannedNetwork>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT network, until FROM banned_networks WHERE until IS NULL OR until > ?1 ORDER BY network",
    )?;
    let networks = select
        .query_map([clock::now()], |row| {
            let network: String = row.get(0)?;
            let network = network.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::<IpNetError>::new(error))
            })?;
            Ok(BannedNetwork { network, until: row.get(1)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(networks)
}

/// How many guests have a nickname who did not come by an invite.
pub(super) fn uninvited_guests(db: &Connection) -> Result<u32, StoreError> {
    let count = "SELECT count(*) FROM users WHERE nickname_key IS NOT NULL AND password IS NULL AND NOT invited";
    Ok(db.prepare_cached(count)?.query_row([], |row| row.get(0))?)
}

/// From id, nickname, whether there is a password, and the role.
fn me(row: &Row<'_>) -> rusqlite::Result<CurrentUser> {
    let kind = if row.get(2)? { UserKind::Registered } else { UserKind::Guest };
    Ok(CurrentUser { id: row.get(0)?, nickname: row.get(1)?, kind, role: row.get(3)? })
}

pub(super) fn sessions(db: &Connection, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, created_at, seen_at, agent FROM sessions WHERE user = ?1 ORDER BY seen_at DESC, id",
    )?;
    let sessions = select.query_map([user], |row| {
        let (id, agent) = (row.get(0)?, row.get(3)?);
        let [created_at, seen_at] = [row.get(1)?, row.get(2)?].map(clock::shown);
        Ok(SessionInfo { id, created_at, seen_at, agent, current: false })
    })?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

pub(super) fn account(db: &Connection, nickname: &NicknameKey) -> Result<Option<Account>, StoreError> {
    let account = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role, password FROM users WHERE nickname_key = ?1")?
        .query_row([nickname], |row| {
            let password: Option<String> = row.get(4)?;
            Ok(Account { me: me(row)?, password: password.map(PasswordHash) })
        })
        .optional()?;
    Ok(account)
}

pub(super) fn memberships(db: &Connection, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT conversation FROM members WHERE user = ?1 AND listed IS NOT NULL ORDER BY conversation",
    )?;
    let ids = select.query_map([user], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// What a user sees of a conversation; a direct's other user is named even after giving the name back.
const CONVERSATION: &str = "
    SELECT c.id, c.name, (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = c.id), m.read_seq,
           (SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE conversation = c.id AND seq > m.read_seq AND author <> ?1 AND NOT deleted AND notice IS NULL
               AND author NOT IN (SELECT blocked FROM blocks WHERE user = ?1) LIMIT ?2)),
           CASE c.kind WHEN 'room' THEN (SELECT count(*) FROM members WHERE conversation = c.id) ELSE 2 END,
           other.id, other.nickname, other.password IS NOT NULL, other.role, other.nickname_key IS NULL,
           -- Where none of the last events is a message, the last event stands for it: others decide how many there are.
           coalesce((SELECT at FROM events WHERE conversation = c.id AND target IS NULL
                        AND seq > (SELECT max(seq) FROM events WHERE conversation = c.id) - 100
                      ORDER BY seq DESC LIMIT 1),
                    (SELECT at FROM events WHERE conversation = c.id ORDER BY seq DESC LIMIT 1), 0)
      FROM members m
      JOIN conversations c ON c.id = m.conversation
      LEFT JOIN users other ON other.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.user = ?1 AND m.conversation = ?3 AND m.listed IS NOT NULL";

/// Where rooms stand in a list: above all directs.
const ROOM: i64 = i64::MAX;

/// Where members stand in their lists, as far as they are asked for. What it costs does not depend on what comes after.
const LISTED: &str =
    "SELECT conversation, listed FROM members INDEXED BY members_in_list WHERE user = ?1 AND listed IS NOT NULL";

/// From id, nickname, whether there is a password, and the role, from column `first` on.
fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    let (id, nickname, registered) = (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?);
    Ok(User { id, nickname, registered, role: row.get(first + 3)? })
}

/// From a column that holds JSON or nothing.
fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// From a column that holds a time of the server's clock, or nothing: as people are told.
fn shown(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Timestamp>>(column)?.map(clock::shown))
}

/// A user, also one who gave the name back.
pub(super) fn user_of(db: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let user = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, role FROM users WHERE id = ?1")?
        .query_row([id], |row| user(row, 0))
        .optional()?;
    Ok(user)
}

/// Whether nobody is that user any more.
pub(super) fn is_gone(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(!db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL")?.exists([user])?)
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let name: Option<String> = row.get(1)?;
    let kind = match name {
        Some(name) => ConversationKind::Room { name, member_count: row.get::<_, u32>(5)?.into() },
        None => ConversationKind::Direct { with: Companion { user: user(row, 6)?, gone: row.get(10)? } },
    };
    Ok(Conversation {
        id: row.get(0)?,
        kind,
        last_seq: row.get(2)?,
        last_message_at: row.get(11)?,
        read_seq: row.get(3)?,
        unread: row.get(4)?,
        mentions: 0,
    })
}

/// How many directs are told where nobody asks for another number.
pub(super) const LISTED_AT_ONCE: u32 = 100;

/// Rooms first, then directs by their newest messages, and at last those with users who have gone for good.
pub(super) fn conversations(
    db: &Connection,
    user: UserId,
    before: Option<ListPlace>,
    limit: u32,
) -> Result<ConversationList, StoreError> {
    let place = |row: &Row<'_>| Ok(ListPlace { conversation: row.get(0)?, minute: row.get(1)? });
    let mut places: Vec<ListPlace> = Vec::new();
    if before.is_none() {
        let mut rooms = db.prepare_cached(&format!("{LISTED} AND listed = ?2 ORDER BY conversation"))?;
        places = rooms.query_map(params![user, ROOM], place)?.collect::<Result<_, _>>()?;
    }
    let rooms = places.len();
    let ListPlace { minute, conversation } =
        before.unwrap_or(ListPlace { minute: ROOM, conversation: ConversationId::from_uuid(Uuid::nil()) });
    let mut directs = db.prepare_cached(&format!(
        "{LISTED} AND (listed, conversation) < (?2, ?3) ORDER BY listed DESC, conversation DESC LIMIT ?4"
    ))?;
    // One more than asked for tells whether there is more.
    let directs = directs.query_map(params![user, minute, conversation, limit.saturating_add(1)], place)?;
    places.extend(directs.collect::<Result<Vec<_>, _>>()?);
    let end = rooms + limit as usize;
    let older = (places.len() > end).then(|| places[end - 1].to_string());
    places.truncate(end);
    let conversations = places.into_iter().map(|place| conversation_of(db, user, place.conversation));
    let mut conversations = conversations.collect::<Result<Vec<_>, _>>()?;
    // Places are known to the minute.
    conversations[rooms..].sort_by_key(|talk| {
        let is_gone = matches!(&talk.kind, ConversationKind::Direct { with } if with.gone);
        (is_gone, Reverse((talk.last_message_at, talk.id)))
    });
    Ok(ConversationList { conversations, older })
}

pub(super) fn conversation_of(db: &Connection, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    db.prepare_cached(CONVERSATION)?
        .query_row(params![user, MOST_UNREAD, id], conversation)
        .optional()?
        .ok_or(StoreError::NotMember)
}

/// What a connection begins with; `None` if the session has ended.
pub(super) fn beginning(
    db: &Connection,
    user: UserId,
    session: SessionId,
    asked_for: &[ConversationId],
) -> Result<Option<Beginning>, StoreError> {
    if !db.prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND user = ?2")?.exists(params![session, user])? {
        return Ok(None);
    }
    let list = conversations(db, user, None, LISTED_AT_ONCE)?;
    let memberships = memberships(db, user)?;
    let is_further = |id: &&ConversationId| {
        memberships.binary_search(id).is_ok() && list.conversations.iter().all(|listed| listed.id != **id)
    };
    let further = asked_for.iter().filter(is_further).map(|id| conversation_of(db, user, *id));
    let further = further.collect::<Result<_, _>>()?;
    Ok(Some(Beginning { list, further, memberships, blocks: blocks(db, user)? }))
}

/// Whom a user has blocked, in the order in which it was done.
pub(super) fn blocks(db: &Connection, blocker: UserId) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM blocks b JOIN users u ON u.id = b.blocked WHERE b.user = ?1 ORDER BY b.at, u.id",
    )?;
    let users = select.query_map([blocker], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// About what an event has beside its text, in what is sent.
const EVENT_BYTES: usize = 40;

/// Some bytes for who put an emoji to a message, in what is sent: an id, a name, and words around them.
const REACTION_BYTES: usize = 100;

pub(super) fn messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    window: Window,
    limit: u32,
    mut bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let as_of: Seq = db
        .prepare_cached(
            "SELECT (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = ?1)
               FROM members WHERE conversation = ?1 AND user = ?2 AND listed IS NOT NULL",
        )?
        .query_row(params![conversation, reader], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotMember)?;
    let (condition, order, bound) = match window {
        Window::Newest => ("<=", "DESC", as_of),
        Window::Before(seq) => ("<", "DESC", seq),
        Window::After(seq) => (">", "ASC", seq),
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
                u.id, u.nickname, u.password IS NOT NULL, u.role,
                (SELECT count(*) FROM reactions r WHERE r.conversation = ?1 AND r.message = m.seq)
           FROM messages m JOIN users u ON u.id = m.author
          WHERE m.conversation = ?1 AND m.seq {condition} ?2
          ORDER BY m.seq {order} LIMIT ?3"
    ))?;
    // One more than asked for tells whether there is more.
    let mut rows = select.query(params![conversation, bound, limit.saturating_add(1)])?;
    let (mut messages, mut more) = (Vec::new(), false);
    while let Some(row) = rows.next()? {
        let message = message(row)?;
        let size = message.body.as_str().len() + row.get::<_, u32>(12)? as usize * REACTION_BYTES;
        more = messages.len() == limit as usize || (size > bytes && !messages.is_empty());
        if more {
            break;
        }
        bytes = bytes.saturating_sub(size);
        messages.push(message);
    }
    if order == "DESC" {
        messages.reverse();
    }
    add_reactions(db, conversation, &mut messages)?;
    for notice in messages.iter_mut().filter_map(|message| message.notice.as_mut()) {
        unname(db, &mut notice.user)?;
    }
    Ok(MessagesPage { messages, as_of, more })
}

/// The newest first.
pub(super) fn look_up(db: &Connection, lookup: Lookup, limit: u32) -> Result<Vec<Placed>, StoreError> {
    let (condition, order, id) = match lookup {
        Lookup::In(conversation) => ("m.conversation = ?1", "m.seq", *conversation.as_uuid()),
        Lookup::Of(user) => (
            "m.author = ?1 AND m.conversation IN (SELECT conversation FROM members WHERE user = ?1)",
            "m.at",
            *user.as_uuid(),
        ),
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
                u.id, u.nickname, u.password IS NOT NULL, u.role, m.conversation
           FROM messages m JOIN users u ON u.id = m.author
          WHERE {condition} ORDER BY {order} DESC LIMIT ?2"
    ))?;
    let placed = select
        .query_map(params![id.as_bytes().as_slice(), limit], |row| {
            Ok(Placed { conversation: row.get(12)?, message: message(row)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(placed)
}

/// At most `limit` conversations with events from before a time that retention has not looked at.
pub(super) fn due_for_retention(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id FROM conversations c
          WHERE EXISTS (SELECT 1 FROM events WHERE conversation = c.id AND seq = c.retained + 1 AND at < ?1) LIMIT ?2",
    )?;
    let due =
        select.query_map(params![written_before(db, before)?, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(due)
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        author: user(row, 8)?,
        body: row.get(3)?,
        revision: row.get(4)?,
        edited_at: row.get(5)?,
        deleted: row.get(6)?,
        reactions: Vec::new(),
        notice: notice(json(row, 7)?),
    })
}

fn notice(change: Option<EventKind>) -> Option<ModerationNotice> {
    if let Some(EventKind::Notice(notice)) = change { Some(notice) } else { None }
}

/// A notice holds the name as it was, until that is taken out: whoever has deleted their account is not named any more.
fn unname(db: &Connection, user: &mut User) -> Result<(), StoreError> {
    if let Some(former) = user_of(db, user.id)?.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
    Ok(())
}

/// Puts to each message of an ascending stretch what its readers put to it.
fn add_reactions(db: &Connection, conversation: ConversationId, messages: &mut [Message]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let mut select = db.prepare_cached(
        "SELECT r.message, r.emoji, u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM reactions r JOIN users u ON u.id = r.user
          WHERE r.conversation = ?1 AND r.message BETWEEN ?2 AND ?3
          ORDER BY r.message, r.emoji, r.seq",
    )?;
    let mut rows = select.query(params![conversation, first.seq, last.seq])?;
    while let Some(row) = rows.next()? {
        let (seq, emoji, user): (Seq, Emoji, User) = (row.get(0)?, row.get(1)?, user(row, 2)?);
        let Ok(place) = messages.binary_search_by_key(&seq, |message| message.seq) else { continue };
        match messages[place].reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => messages[place].reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(())
}

pub(super) fn events(
    db: &Connection,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
    mut bytes: usize,
) -> Result<Vec<Event>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT e.seq, e.at, e.command_id, e.payload, u.id, u.nickname, u.password IS NOT NULL, u.role, s.body
           FROM events e JOIN users u ON u.id = e.author
           LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = coalesce(e.target, e.seq)
          WHERE e.conversation = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4",
    )?;
    let mut rows = select.query(params![conversation, after, up_to, limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let change = change(row, 3, 8)?;
        let text =
            if let EventKind::Message { body } | EventKind::Edit { body, .. } = &change { body.as_str() } else { "" };
        let size = text.len() + EVENT_BYTES;
        if size > bytes && !events.is_empty() {
            break;
        }
        bytes = bytes.saturating_sub(size);
        events.push(Event {
            conversation,
            seq: row.get(0)?,
            at: row.get(1)?,
            author: user(row, 4)?,
            id: row.get(2)?,
            change,
        });
    }
    for event in &mut events {
        if let EventKind::Notice(notice) = &mut event.change {
            unname(db, &mut notice.user)?;
        }
    }
    Ok(events)
}

/// What happened, from the columns of an event and of what its message says now. Who missed a message, or edits of it, is
/// told what it says now: not what was changed since, nor what was deleted.
fn change(row: &Row<'_>, event: usize, present: usize) -> rusqlite::Result<EventKind> {
    // Never NULL.
    let mut change = json(row, event)?.unwrap_or(EventKind::Other);
    if let EventKind::Message { body } | EventKind::Edit { body, .. } = &mut change {
        let present: Option<Body> = row.get(present)?;
        *body = present.unwrap_or_else(|| Body::from_stored(body.as_str().to_owned()));
    }
    Ok(change)
}

pub(super) fn sanctions(db: &Connection) -> Result<Vec<Sanction>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT s.kind, nullif(s.scope, x''), s.until, u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM sanctions s JOIN users u ON u.id = s.user WHERE s.until IS NULL OR s.until > ?1 ORDER BY u.nickname, s.kind",
    )?;
    let sanctions = select
        .query_map([clock::now()], |row| {
            let kind: String = row.get(0)?;
            let action = if kind == "ban" { Action::Ban } else { Action::Mute };
            Ok(Sanction { user: user(row, 3)?, action, conversation: row.get(1)?, until: shown(row, 2)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(sanctions)
}

/// Those that still let somebody in, the newest first.
pub(super) fn invites(db: &Connection) -> Result<Vec<Invite>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT i.id, i.created_at, i.expires_at, i.most_uses, i.uses, u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM invites i LEFT JOIN users u ON u.id = i.created_by
          WHERE NOT i.revoked AND (i.expires_at IS NULL OR i.expires_at > ?1)
            AND (i.most_uses IS NULL OR i.uses < i.most_uses)
          ORDER BY i.created_at DESC, i.id",
    )?;
    let invites = select
        .query_map([clock::now()], |row| {
            Ok(Invite {
                id: row.get(0)?,
                created_at: row.get(1)?,
                created_by: user_or_none(row, 5)?,
                expires_at: shown(row, 2)?,
                most_uses: row.get(3)?,
                uses: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(invites)
}

/// What a look-up found, if it found somebody.
fn user_or_none(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<User>> {
    let id: Option<UserId> = row.get(first)?;
    id.map(|_| user(row, first)).transpose()
}

pub(super) fn audit(db: &Connection, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT e.id, e.at, e.action, e.conversation, e.until, e.detail,
                a.id, a.nickname, a.password IS NOT NULL, a.role, s.id, s.nickname, s.password IS NOT NULL, s.role
           FROM audit e LEFT JOIN users a ON a.id = e.actor LEFT JOIN users s ON s.id = e.subject
          WHERE e.id < ?1 ORDER BY e.id DESC LIMIT ?2",
    )?;
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let mut entries = select
        .query_map(params![before, limit.saturating_add(1)], |row| {
            Ok(AuditEntry {
                id: row.get::<_, u32>(0)?.into(),
                at: row.get(1)?,
                actor: user_or_none(row, 6)?,
                action: row.get(2)?,
                subject: user_or_none(row, 10)?,
                conversation: row.get(3)?,
                until: row.get(4)?,
                detail: row.get(5)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(AuditPage { entries, more })
}

/// Those that are open, the one that has waited longest first; without those about the reader's own messages.
pub(super) fn reports(db: &Connection, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT r.id, r.at, r.reason, r.conversation, c.kind = 'direct', r.seq, r.messages,
                coalesce((SELECT deleted FROM states WHERE conversation = r.conversation AND seq = r.seq), 0),
                u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM reports r JOIN conversations c ON c.id = r.conversation JOIN users u ON u.id = r.reporter
          WHERE r.author IS NOT ?1 ORDER BY r.id LIMIT ?2",
    )?;
    let reports = select.query_map(params![reader, limit], |row| {
        Ok(Report {
            id: row.get::<_, u32>(0)?.into(),
            at: row.get(1)?,
            reporter: user(row, 8)?,
            reason: Reason::from_trusted(row.get(2)?),
            conversation: row.get(3)?,
            direct: row.get(4)?,
            seq: row.get(5)?,
            deleted: row.get(7)?,
            messages: json(row, 6)?.unwrap_or_default(),
        })
    })?;
    let mut reports: Vec<Report> = reports.collect::<Result<_, _>>()?;
    for message in reports.iter_mut().flat_map(|report| &mut report.messages) {
        if let Some(author) = user_of(db, message.author.id)? {
            message.author = author;
        }
    }
    Ok(ReportList { reports, open: count_reports(db, reader)? })
}

pub(super) fn count_reports(db: &Connection, reader: Option<UserId>) -> Result<u64, StoreError> {
    let count: u32 = db
        .prepare_cached("SELECT count(*) FROM reports WHERE author IS NOT ?1")?
        .query_row([reader], |row| row.get(0))?;
    Ok(count.into())
}

/// Users with a role or a password, and guests who are not gone.
pub(super) fn users(db: &Connection) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users WHERE nickname_key IS NOT NULL ORDER BY nickname_key",
    )?;
    let users = select.query_map([], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// Those whose name holds `part` as it is typed, in any case, or by its looks; those whose name begins with it first.
pub(super) fn find_users(db: &Connection, part: &str, limit: u32) -> Result<Vec<User>, StoreError> {
    let looks =
        Nickname::parse_existing(part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
    let mut select = db.prepare_cached(
        "SELECT id, nickname, password IS NOT NULL, role FROM users
          WHERE nickname_key IS NOT NULL AND (instr(lower(nickname), lower(?1)) > 0 OR instr(nickname_key, ?2) > 0)
          ORDER BY instr(nickname_key, ?2) <> 1, nickname_key LIMIT ?3",
    )?;
    let users = select.query_map(params![part, looks, limit], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}

/// Whether there is anybody yet who owns the house.
pub(super) fn has_owner(db: &Connection) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM users WHERE role = 'owner' AND id <> ?1")?.exists([UserId::SYSTEM])?)
}
