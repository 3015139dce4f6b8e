//! Folds the entries of the commit log again, and compares users, members, lists, blocks, muted threads, sanctions,
//! network bans and invites.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, types::Type};

use crate::{
    domain::{ConversationId, InviteId, Role, Seq, Timestamp, UserId},
    server::{
        rules::{Entry, MemberSetting, SanctionKind},
        store::sqlite::verify::findings::Findings,
    },
};

type SanctionKey = (UserId, Option<ConversationId>, SanctionKind);

/// A user, as the log tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct UserState {
    is_registered: bool,
    is_gone: bool,
    role: Role,
}

/// A member of a conversation, as the log tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct MemberState {
    /// Whether the conversation is in the member's list.
    is_listed: bool,
    is_muted: bool,
    is_pinned: bool,
}

/// What becomes of the entries.
#[derive(Default)]
struct EntryFold {
    users: BTreeMap<UserId, UserState>,
    /// By conversation and member.
    members: BTreeMap<(ConversationId, UserId), MemberState>,
    directs: BTreeSet<ConversationId>,
    blocks: BTreeSet<(UserId, UserId)>,
    /// The end, and the guest from whom it was inherited.
    sanctions: BTreeMap<SanctionKey, (Option<Timestamp>, Option<UserId>)>,
    networks: BTreeMap<String, Option<Timestamp>>,
    /// By user and conversation: the threads.
    muted_threads: BTreeSet<(UserId, ConversationId, u64)>,
    /// How many users have signed up with it, and whether it is revoked.
    invites: BTreeMap<InviteId, (u32, bool)>,
}

/// Compares what the entries come to with the tables.
pub(super) fn check(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let fold = fold(db, findings)?;
    fold.compare_users(db, findings)?;
    fold.compare_members(db, findings)?;
    fold.compare_blocks(db, findings)?;
    fold.compare_sanctions(db, findings)?;
    fold.compare_networks(db, findings)?;
    fold.compare_muted_threads(db, findings)?;
    fold.compare_invites(db, findings)
}

/// Reads the entries, and the events that end an account, in their order.
fn fold(db: &Connection, findings: &mut Findings) -> Result<EntryFold, rusqlite::Error> {
    let mut fold = EntryFold::default();
    let mut select = db.prepare(
        "SELECT position, entry, NULL FROM entries
          UNION ALL SELECT e.position, NULL, u.id FROM events e JOIN users u ON u.number = e.author WHERE e.target = 0
          ORDER BY position",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let (entry, deleted): (Option<String>, Option<UserId>) = (row.get(1)?, row.get(2)?);
        if let Some(user) = deleted {
            fold.delete_account(user);
        }
        match entry.map(|entry| serde_json::from_str::<Entry>(&entry)) {
            Some(Ok(entry)) => {
                if let Err(problem) = fold.add(entry) {
                    findings.add("entry", format_args!("position {position}: {problem}"));
                }
            }
            Some(Err(error)) => findings.add("entry", format_args!("position {position}: {error}")),
            None => {}
        }
    }
    Ok(fold)
}

impl EntryFold {
    fn add(&mut self, entry: Entry) -> Result<(), String> {
        match entry {
            Entry::SignedUp { user, registered } => {
                self.users.insert(user, UserState { is_registered: registered, ..UserState::default() });
            }
            Entry::Registered { user } => self.user(user)?.is_registered = true,
            Entry::RoleChanged { user, role } => self.user(user)?.role = role,
            Entry::NicknameReleased { user } => {
                self.user(user)?.is_gone = true;
                let directs = &self.directs;
                self.members.retain(|(conversation, member), _| *member != user || directs.contains(conversation));
                self.muted_threads.retain(|(of, conversation, _)| *of != user || directs.contains(conversation));
            }
            Entry::Joined { user, room } => {
                self.members.insert((room, user), MemberState { is_listed: true, ..MemberState::default() });
            }
            Entry::Left { user, room } => {
                self.members.remove(&(room, user));
                self.muted_threads.retain(|(of, conversation, _)| (*of, *conversation) != (user, room));
            }
            Entry::DirectCreated { direct, users } => {
                self.directs.insert(direct);
                self.members.extend(users.map(|user| ((direct, user), MemberState::default())));
            }
            Entry::DirectDeleted { direct } => {
                self.directs.remove(&direct);
                self.members.retain(|(conversation, _), _| *conversation != direct);
            }
            Entry::Listed { user, conversation } => self.member(conversation, user)?.is_listed = true,
            Entry::Unlisted { user, conversation } => {
                let member = self.member(conversation, user)?;
                (member.is_listed, member.is_pinned) = (false, false);
            }
            Entry::ConversationSet { user, conversation, setting } => {
                let member = self.member(conversation, user)?;
                match setting {
                    MemberSetting::Muted(on) => member.is_muted = on,
                    MemberSetting::Pinned(on) => member.is_pinned = on,
                    // See `fold_events`.
                    MemberSetting::UnreadFrom(_) => {}
                }
            }
            Entry::Block { user, other, on: true } => {
                self.blocks.insert((user, other));
            }
            Entry::Block { user, other, on: false } => {
                self.blocks.remove(&(user, other));
            }
            Entry::SanctionBegan { user, room, sanction, until, origin } => {
                self.sanctions.insert((user, room, sanction), (until, origin));
            }
            Entry::SanctionLifted { user, room, sanction } => {
                self.sanctions.retain(|(holder, scope, kind), (_, origin)| {
                    (*scope, *kind) != (room, sanction) || (*holder != user && *origin != Some(user))
                });
            }
            Entry::NetworkBanned { network, until } => {
                self.networks.insert(network.to_string(), until);
            }
            Entry::NetworkUnbanned { network } => {
                self.networks.remove(&network.to_string());
            }
            Entry::InviteCreated { invite } => {
                self.invites.insert(invite, (0, false));
            }
            Entry::InviteUsed { invite, .. } => self.invite(invite)?.0 += 1,
            Entry::InviteRevoked { invite } => self.invite(invite)?.1 = true,
            Entry::ThreadMuted { user, conversation, thread, on: true } => {
                self.muted_threads.insert((user, conversation, thread.0));
            }
            Entry::ThreadMuted { user, conversation, thread, on: false } => {
                self.muted_threads.remove(&(user, conversation, thread.0));
            }
            Entry::SessionEnded { .. } => {}
            Entry::Other => return Err("an entry that this version does not know".into()),
        }
        Ok(())
    }

    /// The end of an account: an event in each of the user's conversations.
    fn delete_account(&mut self, user: UserId) {
        self.users.insert(user, UserState { is_gone: true, ..UserState::default() });
        self.blocks.retain(|(blocker, _)| *blocker != user);
        self.muted_threads.retain(|(of, ..)| *of != user);
        for (_, state) in self.members.iter_mut().filter(|((_, member), _)| *member == user) {
            *state = MemberState::default();
        }
    }

    fn user(&mut self, id: UserId) -> Result<&mut UserState, String> {
        self.users.get_mut(&id).ok_or_else(|| format!("user {id} has not signed up"))
    }

    fn member(&mut self, conversation: ConversationId, user: UserId) -> Result<&mut MemberState, String> {
        self.members.get_mut(&(conversation, user)).ok_or_else(|| format!("user {user} is not in {conversation}"))
    }

    fn invite(&mut self, id: InviteId) -> Result<&mut (u32, bool), String> {
        self.invites.get_mut(&id).ok_or_else(|| format!("invite {id} was not created"))
    }

    fn compare_users(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select =
            db.prepare("SELECT id, password IS NOT NULL, nickname_key IS NULL, role FROM users WHERE id <> ?1")?;
        let found = select.query_map([UserId::SYSTEM], |row| {
            Ok((row.get(0)?, UserState { is_registered: row.get(1)?, is_gone: row.get(2)?, role: row.get(3)? }))
        })?;
        compare("user", &self.users, found.collect::<Result<_, _>>()?, findings, |id| id.to_string());
        Ok(())
    }

    fn compare_members(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT c.id, u.id, m.listed IS NOT NULL, coalesce(s.muted, 0), coalesce(s.pinned, 0) FROM members m
               JOIN conversations c ON c.number = m.conversation JOIN users u ON u.number = m.user
               LEFT JOIN member_settings s ON s.conversation = m.conversation AND s.user = m.user",
        )?;
        let found = select.query_map([], |row| {
            let (is_listed, is_muted, is_pinned) = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(((row.get(0)?, row.get(1)?), MemberState { is_listed, is_muted, is_pinned }))
        })?;
        let name = |(conversation, user): &(ConversationId, UserId)| format!("{user} in {conversation}");
        compare("member", &self.members, found.collect::<Result<_, _>>()?, findings, name);
        self.compare_member_counts(db, findings)?;
        let mut select = db.prepare("SELECT id FROM conversations WHERE kind = 'direct'")?;
        let directs: BTreeSet<ConversationId> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for direct in directs.symmetric_difference(&self.directs) {
            findings.add("direct", format_args!("{direct} is only in the log or only in the table"));
        }
        Ok(())
    }

    /// Directs have two members, which are not counted.
    fn compare_member_counts(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut counts = BTreeMap::<ConversationId, i64>::new();
        for (conversation, _) in self.members.keys().filter(|(conversation, _)| !self.directs.contains(conversation)) {
            *counts.entry(*conversation).or_default() += 1;
        }
        let mut select = db.prepare("SELECT id, member_count FROM conversations")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (id, found): (ConversationId, i64) = (row.get(0)?, row.get(1)?);
            let expected = counts.get(&id).copied().unwrap_or(0);
            if found != expected {
                findings.add("room", format_args!("{id} has {expected} members, and {found} by its own count"));
            }
        }
        Ok(())
    }

    fn compare_blocks(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT u.id, o.id FROM blocks b JOIN users u ON u.number = b.user JOIN users o ON o.number = b.blocked",
        )?;
        let found: BTreeSet<(UserId, UserId)> =
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (user, other) in found.symmetric_difference(&self.blocks) {
            findings.add("block", format_args!("of {other} by {user} is only in the log or only in the table"));
        }
        Ok(())
    }

    fn compare_muted_threads(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT u.id, c.id, m.thread FROM muted_threads m
               JOIN users u ON u.number = m.user JOIN conversations c ON c.number = m.conversation",
        )?;
        let found: BTreeSet<_> = select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Seq>(2)?.0)))?
            .collect::<Result<_, _>>()?;
        for (user, conversation, thread) in found.symmetric_difference(&self.muted_threads) {
            let problem = format_args!("{thread} in {conversation} by {user} is only in the log or only in the table");
            findings.add("muted thread", problem);
        }
        Ok(())
    }

    fn compare_sanctions(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare(
            "SELECT u.id, c.id, s.kind, s.until, o.id FROM sanctions s JOIN users u ON u.number = s.user
               LEFT JOIN conversations c ON c.number = s.scope LEFT JOIN users o ON o.number = s.origin",
        )?;
        let found = select.query_map([], |row| {
            let kind = match row.get_ref(2)?.as_str()? {
                "ban" => SanctionKind::Ban,
                "mute" => SanctionKind::Mute,
                other => {
                    let error = format!("no kind of sanction: {other}");
                    return Err(rusqlite::Error::FromSqlConversionFailure(2, Type::Text, error.into()));
                }
            };
            Ok(((row.get(0)?, row.get(1)?, kind), (row.get(3)?, row.get(4)?)))
        })?;
        let name = |(user, room, kind): &SanctionKey| match room {
            Some(room) => format!("{} of {user} in {room}", kind.name()),
            None => format!("{} of {user}", kind.name()),
        };
        compare("sanction", &self.sanctions, found.collect::<Result<_, _>>()?, findings, name);
        Ok(())
    }

    fn compare_networks(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare("SELECT network, until FROM banned_networks")?;
        let mut found: BTreeMap<String, Option<Timestamp>> =
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        // Bans that are over are deleted without an entry.
        for (network, until) in self.networks.iter().filter(|(_, until)| until.is_some()) {
            found.entry(network.clone()).or_insert(*until);
        }
        compare("network ban", &self.networks, found, findings, String::clone);
        Ok(())
    }

    fn compare_invites(&self, db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
        let mut select = db.prepare("SELECT id, uses, revoked FROM invites")?;
        let found = select.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        compare("invite", &self.invites, found.collect::<Result<_, _>>()?, findings, |id| id.to_string());
        Ok(())
    }
}

/// Adds a finding for each key that is on one side only or has different values.
fn compare<K: Ord, V: PartialEq>(
    check: &'static str,
    expected: &BTreeMap<K, V>,
    found: BTreeMap<K, V>,
    findings: &mut Findings,
    name: impl Fn(&K) -> String,
) {
    for (key, value) in &found {
        match expected.get(key) {
            None => findings.add(check, format_args!("{} is not in the log", name(key))),
            Some(expected) if expected != value => {
                findings.add(check, format_args!("{} differs from the log", name(key)));
            }
            Some(_) => {}
        }
    }
    for key in expected.keys().filter(|key| !found.contains_key(*key)) {
        findings.add(check, format_args!("{} is missing", name(key)));
    }
}
