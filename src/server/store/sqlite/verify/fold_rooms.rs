//! Folds what happened to rooms again, and compares what is set of them and the roles of their members.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::{
    domain::{
        Action, ConversationId, EventKind, ModerationNotice, Posting, Role, RoomChange, RoomName, RoomTopic, Scope,
        UserId, Visibility,
    },
    server::{rules::Entry, store::sqlite::verify::findings::Findings},
};

/// What is set of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RoomState {
    /// `None` if the log does not tell: the first name of the Lobby.
    name: Option<RoomName>,
    topic: RoomTopic,
    visibility: Visibility,
    posting: Posting,
    is_archived: bool,
}

impl RoomState {
    const UNCHANGED: Self = Self {
        name: None,
        topic: RoomTopic::none(),
        visibility: Visibility::Public,
        posting: Posting::Everyone,
        is_archived: false,
    };

    fn apply(&mut self, change: &RoomChange) {
        match change {
            RoomChange::Created { name, topic, visibility } => {
                let name = Some(name.clone());
                *self = Self { name, topic: topic.clone(), visibility: *visibility, ..Self::UNCHANGED };
            }
            RoomChange::Renamed { name } => self.name = Some(name.clone()),
            RoomChange::Topic { topic } => self.topic = topic.clone(),
            RoomChange::Visibility { visibility } => self.visibility = *visibility,
            RoomChange::Posting { posting } => self.posting = *posting,
            RoomChange::Archived => self.is_archived = true,
            RoomChange::Restored => self.is_archived = false,
            RoomChange::Joined | RoomChange::Left | RoomChange::Added { .. } => {}
        }
    }
}

/// What becomes of the rooms.
#[derive(Default)]
struct RoomFold {
    rooms: BTreeMap<ConversationId, RoomState>,
    /// Without plain members.
    roles: BTreeMap<(ConversationId, UserId), Role>,
}

/// Compares what the log comes to with the tables `rooms` and `room_roles`.
pub(super) fn check(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let fold = fold(db, findings)?;
    fold.compare_rooms(db, findings)?;
    fold.compare_roles(db, findings)
}

/// Reads the events of rooms that are no messages, and the entries that end memberships, in their order.
fn fold(db: &Connection, findings: &mut Findings) -> Result<RoomFold, rusqlite::Error> {
    let mut fold = RoomFold::default();
    let mut select = db.prepare(
        "SELECT e.position, c.id, u.id, e.payload, NULL FROM events e
           JOIN conversations c ON c.number = e.conversation AND c.kind = 'room' JOIN users u ON u.number = e.author
          WHERE e.target IS NULL AND e.payload ->> '$.kind' IN ('room', 'notice')
          UNION ALL SELECT position, NULL, NULL, NULL, entry FROM entries
          ORDER BY 1",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (position, payload, entry): (i64, Option<String>, Option<String>) = (row.get(0)?, row.get(3)?, row.get(4)?);
        let read = match (payload, entry) {
            (Some(payload), _) => {
                let (room, author) = (row.get(1)?, row.get(2)?);
                serde_json::from_str(&payload).map(|kind| fold.add_event(room, author, &kind))
            }
            (None, Some(entry)) => serde_json::from_str(&entry).map(|entry| fold.add_entry(&entry)),
            (None, None) => Ok(()),
        };
        if let Err(error) = read {
            findings.add("room", format_args!("position {position}: {error}"));
        }
    }
    Ok(fold)
}

impl RoomFold {
    fn add_event(&mut self, room: ConversationId, author: UserId, kind: &EventKind) {
        match kind {
            EventKind::Room(change) => {
                if let RoomChange::Created { .. } = change {
                    self.roles.insert((room, author), Role::Owner);
                }
                self.rooms.entry(room).or_insert(RoomState::UNCHANGED).apply(change);
            }
            EventKind::Notice(ModerationNotice {
                action: Action::Appoint,
                user,
                scope: Scope::Room,
                role: Some(role),
                ..
            }) => {
                if *role == Role::Member {
                    self.roles.remove(&(room, user.id));
                } else {
                    self.roles.insert((room, user.id), *role);
                }
            }
            _ => {}
        }
    }

    fn add_entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Left { user, room } => drop(self.roles.remove(&(*room, *user))),
            Entry::NicknameReleased { user } => self.roles.retain(|(_, member), _| member != user),
            _ => {}
        }
    }

    fn compare_rooms(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT c.id, c.name, r.name_key, r.topic, r.visibility, r.posting, r.archived
               FROM conversations c LEFT JOIN rooms r ON r.conversation = c.number WHERE c.kind = 'room'",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (id, name): (ConversationId, RoomName) = (row.get(0)?, row.get(1)?);
            let Some(name_key) = row.get::<_, Option<String>>(2)? else {
                findings.add("room", format_args!("what is set of {id} is missing"));
                continue;
            };
            let expected = self.rooms.get(&id).unwrap_or(&RoomState::UNCHANGED).clone();
            let found = RoomState {
                name: expected.name.is_some().then(|| name.clone()),
                topic: row.get(3)?,
                visibility: row.get(4)?,
                posting: row.get(5)?,
                is_archived: row.get(6)?,
            };
            if expected != found || name.key().as_str() != name_key {
                findings.add("room", format_args!("{id} differs from the log"));
            }
        }
        Ok(())
    }

    fn compare_roles(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT c.id, u.id, r.role FROM room_roles r JOIN conversations c ON c.number = r.conversation
               JOIN users u ON u.number = r.user",
        )?;
        let found: BTreeMap<(ConversationId, UserId), Role> =
            select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?.collect::<Result<_, _>>()?;
        for (room, user) in self.roles.keys().chain(found.keys()) {
            if self.roles.get(&(*room, *user)) != found.get(&(*room, *user)) {
                findings.add("role in a room", format_args!("of {user} in {room} differs from the log"));
            }
        }
        Ok(())
    }
}
