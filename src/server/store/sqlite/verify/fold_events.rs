//! Folds the events of every conversation again, and compares messages, reactions, pins and read marks.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use rusqlite::Connection;
use serde::Deserialize;

use crate::{
    domain::{ConversationId, Mention, Reply, Seq, UserId},
    server::store::sqlite::verify::{findings::Findings, fold_listeners::ListenerFold},
};

/// What an event says, as far as it is folded here.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Payload {
    Message {
        body: String,
        #[serde(default)]
        mentions: Vec<Mention>,
        #[serde(flatten)]
        reply: Option<Reply>,
        #[serde(default)]
        participants: Vec<UserId>,
    },
    Edit {
        seq: i64,
        body: String,
        #[serde(default)]
        mentions: Vec<Mention>,
    },
    Deletion {
        seq: i64,
    },
    Reaction {
        seq: i64,
        emoji: String,
        on: bool,
    },
    Pin {
        seq: i64,
        on: bool,
    },
    Notice,
    Room,
    AccountDeleted,
}

/// A message that later events have changed.
#[derive(Debug, Default, PartialEq, Eq)]
struct FoldedState {
    revision: i64,
    body: Option<String>,
    mentions: Vec<Mention>,
    edited_at: Option<i64>,
    is_deleted: bool,
    replies: i64,
}

/// What becomes of the events of one conversation.
#[derive(Default)]
struct EventFold {
    /// The author and the text in the log of each message; `None` for notices. Seqs from 1.
    messages: HashMap<i64, (i64, Option<String>)>,
    states: BTreeMap<i64, FoldedState>,
    /// By message, emoji and user: the event that added it.
    reactions: BTreeMap<(i64, String, i64), i64>,
    listeners: ListenerFold,
    /// The event that pinned each pinned message.
    pins: BTreeMap<i64, i64>,
    /// The messages of which an edit has a text.
    edited_texts: HashSet<i64>,
    /// How far each user has read at least: up to the newest message that they wrote, or to where they set the mark back.
    least_read: HashMap<i64, i64>,
    /// The seq and the position of each user's newest message.
    newest_own: HashMap<i64, (i64, i64)>,
    last: i64,
}

/// Compares what the events come to with the tables `states`, `reactions`, `pins` and `members`.
pub(super) fn check(
    db: &Connection,
    findings: &mut Findings,
    progress: &mut dyn FnMut(f64),
) -> Result<(), rusqlite::Error> {
    let conversations: Vec<(i64, ConversationId)> = db
        .prepare("SELECT number, id FROM conversations ORDER BY number")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut set_back = marks_set_back(db)?;
    for (index, (number, id)) in conversations.iter().enumerate() {
        let fold = fold(db, (*number, *id), set_back.remove(id).unwrap_or_default(), findings)?;
        fold.compare(db, *number, *id, findings)?;
        if index % 16 == 0 {
            #[expect(clippy::cast_precision_loss, reason = "a progress bar is not exact")]
            progress(index as f64 / conversations.len() as f64);
        }
    }
    Ok(())
}

/// A read mark that its user set back.
struct SetBack {
    position: i64,
    /// The user's number.
    user: i64,
    /// The first message that is unread again.
    seq: i64,
}

/// The read marks that were set back, by conversation, in the order of the log.
fn marks_set_back(db: &Connection) -> Result<HashMap<ConversationId, VecDeque<SetBack>>, rusqlite::Error> {
    let mut set_back = HashMap::<ConversationId, VecDeque<SetBack>>::new();
    let mut numbers = HashMap::<UserId, i64>::new();
    let mut select = db.prepare("SELECT id, number FROM users")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        numbers.insert(row.get(0)?, row.get(1)?);
    }
    let mut select = db.prepare(
        "SELECT position, entry ->> '$.conversation', entry ->> '$.user', entry ->> '$.setting.unread_from' FROM entries
          WHERE entry ->> '$.kind' = 'conversation_set' AND entry ->> '$.setting.unread_from' IS NOT NULL ORDER BY position",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (conversation, user): (String, String) = (row.get(1)?, row.get(2)?);
        // What makes no sense is found with the other entries.
        let (Ok(conversation), Ok(user)) = (conversation.parse(), user.parse::<UserId>()) else { continue };
        let Some(user) = numbers.get(&user).copied() else { continue };
        let (position, seq) = (row.get(0)?, row.get(3)?);
        set_back.entry(conversation).or_default().push_back(SetBack { position, user, seq });
    }
    Ok(set_back)
}

fn fold(
    db: &Connection,
    (number, id): (i64, ConversationId),
    mut set_back: VecDeque<SetBack>,
    findings: &mut Findings,
) -> Result<EventFold, rusqlite::Error> {
    let mut fold = EventFold::default();
    let mut select = db.prepare_cached(
        "SELECT e.seq, e.at, e.author, e.payload, e.target, e.position, u.id
           FROM events e JOIN users u ON u.number = e.author WHERE e.conversation = ?1 ORDER BY e.seq",
    )?;
    let mut rows = select.query([number])?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(5)?;
        while let Some(set_back) = set_back.pop_front_if(|set_back| set_back.position < position) {
            fold.set_back(&set_back);
        }
        let (seq, at, author): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (payload, target): (String, Option<i64>) = (row.get(3)?, row.get(4)?);
        match serde_json::from_str(&payload) {
            Ok(payload) => {
                if let Err(problem) = fold.add((seq, at, position), (author, row.get(6)?), payload, target) {
                    findings.add("event", format_args!("conversation {id}, seq {seq}: {problem}"));
                }
            }
            Err(error) => findings.add("event", format_args!("conversation {id}, seq {seq}: {error}")),
        }
        fold.last = seq;
    }
    set_back.iter().for_each(|set_back| fold.set_back(set_back));
    Ok(fold)
}

impl EventFold {
    fn add(
        &mut self,
        (seq, at, position): (i64, i64, i64),
        (author, author_id): (i64, UserId),
        payload: Payload,
        target: Option<i64>,
    ) -> Result<(), String> {
        let expected = match &payload {
            Payload::Message { .. } | Payload::Notice | Payload::Room => None,
            Payload::AccountDeleted => Some(0),
            Payload::Edit { seq, .. }
            | Payload::Deletion { seq }
            | Payload::Reaction { seq, .. }
            | Payload::Pin { seq, .. } => Some(*seq),
        };
        if expected != target {
            return Err(format!("its target is {target:?} instead of {expected:?}"));
        }
        match payload {
            Payload::Message { body, mentions, reply, participants } => {
                self.messages.insert(seq, (author, Some(body)));
                self.least_read.insert(author, seq);
                self.newest_own.insert(author, (seq, position));
                self.listeners.add_message((seq, at), author_id, &mentions, participants);
                if let Some(reply) = reply {
                    self.add_reply(seq, author, reply)?;
                }
            }
            Payload::Notice | Payload::Room => {
                self.messages.insert(seq, (author, None));
            }
            Payload::AccountDeleted => {
                self.least_read.remove(&author);
                self.newest_own.remove(&author);
            }
            Payload::Edit { seq: message, body, mentions } => {
                if self.message(message)?.0 != author {
                    return Err(format!("it edits message {message} of another user"));
                }
                if !body.is_empty() {
                    self.edited_texts.insert(message);
                }
                let state = self.state(message)?;
                (state.revision, state.body, state.edited_at) = (seq, Some(body), Some(at));
                self.listeners.set_mentions(message, &mentions);
                self.state(message)?.mentions = mentions;
            }
            Payload::Deletion { seq: message } => {
                self.message(message)?;
                let state = self.state(message)?;
                let (body, replies) = (Some(String::new()), state.replies);
                *state = FoldedState {
                    revision: seq,
                    body,
                    edited_at: None,
                    is_deleted: true,
                    replies,
                    mentions: Vec::new(),
                };
                self.listeners.delete(message);
                self.reactions.retain(|(reacted, _, _), _| *reacted != message);
                self.pins.remove(&message);
            }
            Payload::Reaction { seq: message, emoji, on } => {
                self.message(message)?;
                self.state(message)?.revision = seq;
                if on {
                    self.reactions.entry((message, emoji, author)).or_insert(seq);
                } else {
                    self.reactions.remove(&(message, emoji, author));
                }
            }
            Payload::Pin { seq: message, on } => {
                self.message(message)?;
                self.state(message)?.revision = seq;
                if on {
                    self.pins.entry(message).or_insert(seq);
                } else {
                    self.pins.remove(&message);
                }
            }
        }
        Ok(())
    }

    /// Counts a reply, also in a thread whose first message is deleted.
    fn add_reply(&mut self, seq: i64, author: i64, reply: Reply) -> Result<(), String> {
        let number = |seq: Seq| i64::try_from(seq.0).map_err(|error| error.to_string());
        let (to, thread) = (number(reply.to)?, number(reply.thread)?);
        self.message(to)?;
        self.message(thread)?;
        let state = self.states.entry(thread).or_default();
        (state.revision, state.replies) = (seq, state.replies + 1);
        self.listeners.add_reply(thread, seq, author);
        Ok(())
    }

    fn set_back(&mut self, set_back: &SetBack) {
        let mark = set_back.seq.saturating_sub(1).min(self.last);
        self.least_read.insert(set_back.user, mark);
    }

    /// A message that an event may change.
    fn message(&self, seq: i64) -> Result<&(i64, Option<String>), String> {
        let message = self.messages.get(&seq).filter(|(_, text)| text.is_some());
        message.ok_or_else(|| format!("it changes {seq}, which is no message before it"))
    }

    /// The state of a message that is not deleted.
    fn state(&mut self, seq: i64) -> Result<&mut FoldedState, String> {
        let state = self.states.entry(seq).or_default();
        if state.is_deleted { Err(format!("it changes message {seq}, which was deleted before")) } else { Ok(state) }
    }

    fn compare(
        mut self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        self.check_erased_texts(id, findings);
        self.compare_states(db, number, id, findings)?;
        self.compare_reactions(db, number, id, findings)?;
        self.compare_pins(db, number, id, findings)?;
        self.check_read_marks(db, number, id, findings)?;
        self.listeners.compare(db, number, id, findings)
    }

    /// The log keeps no text of a deleted message.
    fn check_erased_texts(&self, id: ConversationId, findings: &mut Findings) {
        for (seq, _) in self.states.iter().filter(|(_, state)| state.is_deleted) {
            let has_original =
                self.messages.get(seq).is_some_and(|(_, text)| text.as_ref().is_some_and(|text| !text.is_empty()));
            if has_original || self.edited_texts.contains(seq) {
                findings.add(
                    "erased text",
                    format_args!("conversation {id}: the log still has a text of message {seq}, which was deleted"),
                );
            }
        }
    }

    fn compare_states(
        &mut self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare_cached(
            "SELECT seq, revision, body, edited_at, deleted, mentions, replies FROM states WHERE conversation = ?1 ORDER BY seq",
        )?;
        let mut rows = select.query([number])?;
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let mentions: Option<String> = row.get(5)?;
            let mentions = mentions.map_or_else(|| Ok(Vec::new()), |json| serde_json::from_str(&json));
            let found = FoldedState {
                mentions: mentions.unwrap_or_default(),
                replies: row.get(6)?,
                revision: row.get(1)?,
                body: row.get(2)?,
                edited_at: row.get(3)?,
                is_deleted: row.get(4)?,
            };
            match self.states.remove(&seq) {
                Some(expected) if expected == found => {}
                Some(_) => {
                    findings.add("message", format_args!("conversation {id}: message {seq} differs from the log"));
                }
                None => findings.add("message", format_args!("conversation {id}: message {seq} was never changed")),
            }
        }
        for seq in self.states.keys() {
            findings.add("message", format_args!("conversation {id}: the changes of message {seq} are missing"));
        }
        Ok(())
    }

    fn compare_reactions(
        &mut self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select =
            db.prepare_cached("SELECT message, emoji, user, seq FROM reactions WHERE conversation = ?1")?;
        let mut rows = select.query([number])?;
        while let Some(row) = rows.next()? {
            let key: (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let seq: i64 = row.get(3)?;
            if self.reactions.remove(&key) != Some(seq) {
                findings.add(
                    "reaction",
                    format_args!("conversation {id}: {} on message {} differs from the log", key.1, key.0),
                );
            }
        }
        for (message, emoji, _) in self.reactions.keys() {
            findings.add("reaction", format_args!("conversation {id}: {emoji} on message {message} is missing"));
        }
        Ok(())
    }

    fn compare_pins(
        &self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare_cached("SELECT message, seq FROM pins WHERE conversation = ?1")?;
        let found = select.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: BTreeMap<i64, i64> = found.collect::<Result<_, _>>()?;
        for message in found.keys().chain(self.pins.keys()) {
            if found.get(message) != self.pins.get(message) {
                findings
                    .add("pin", format_args!("conversation {id}: the pin of message {message} differs from the log"));
            }
        }
        Ok(())
    }

    /// Nobody has read beyond the end, and authors have read everything before their own messages, unless they set the mark
    /// back since, which the mark remembers.
    fn check_read_marks(
        &self,
        db: &Connection,
        number: i64,
        id: ConversationId,
        findings: &mut Findings,
    ) -> Result<(), rusqlite::Error> {
        let mut select =
            db.prepare_cached("SELECT user, read_seq, set_back_at FROM members WHERE conversation = ?1")?;
        let mut rows = select.query([number])?;
        while let Some(row) = rows.next()? {
            let (user, read, set_back_at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if self.newest_own.get(&user).is_some_and(|(seq, position)| *seq > read && *position > set_back_at) {
                let problem = format_args!("conversation {id}: user number {user} has set it back, which is forgotten");
                findings.add("read mark", problem);
            }
            let least = self.least_read.get(&user).copied().unwrap_or(0);
            if read < least || read > self.last {
                findings.add(
                    "read mark",
                    format_args!(
                        "conversation {id}: {read} of user number {user} is not within {least} and {}",
                        self.last
                    ),
                );
            }
        }
        Ok(())
    }
}
