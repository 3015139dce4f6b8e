//! What the writer knows without a query: numbers, where conversations end, and who may write there.
//!
//! Every mutation [updates](WriterCache::update) what it makes stale, and a rollback clears everything.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{CommandId, ConversationId, Seq, UserId},
    server::{
        rules::{ConversationFacts, ConversationFactsKind, Membership, Mutation, OtherMember, RoomFacts},
        store::{
            commit_log::Position,
            sqlite::numbers::{ConversationNumber, UserNumber},
        },
    },
};

/// The most entries. With more, the whole cache is cleared.
const MAX_ENTRIES: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct WriterCache {
    users: HashMap<UserId, UserNumber>,
    conversations: HashMap<ConversationId, CachedConversation>,
    /// Users without any sanction.
    unsanctioned: HashSet<UserId>,
    /// The greatest command id in the log.
    greatest_command: Option<CommandId>,
    /// The position of the newest entry of the commit log.
    head: Option<Position>,
    /// Read marks that are not in the database yet: of a member's marks within a transaction, only the last is saved.
    marks: HashMap<(ConversationNumber, UserNumber), Seq>,
    /// How many entries were added to the maps.
    len: usize,
}

#[derive(Debug)]
struct CachedConversation {
    number: ConversationNumber,
    facts: ConversationFacts,
    members: HashMap<UserId, Membership>,
}

impl WriterCache {
    pub(super) fn user(&mut self, db: &Connection, id: UserId) -> rusqlite::Result<Option<UserNumber>> {
        match self.users.entry(id) {
            Entry::Occupied(known) => Ok(Some(*known.get())),
            Entry::Vacant(unknown) => {
                let mut select = db.prepare_cached("SELECT number FROM users WHERE id = ?1")?;
                let found = select.query_row([id], |row| row.get(0)).optional()?;
                self.len += usize::from(found.is_some());
                Ok(found.map(|number| *unknown.insert(number)))
            }
        }
    }

    pub(super) fn number(
        &mut self,
        db: &Connection,
        id: ConversationId,
    ) -> rusqlite::Result<Option<ConversationNumber>> {
        Ok(self.conversation(db, id)?.map(|conversation| conversation.number))
    }

    pub(super) fn facts(&mut self, db: &Connection, id: ConversationId) -> rusqlite::Result<Option<ConversationFacts>> {
        Ok(self.conversation(db, id)?.map(|conversation| conversation.facts))
    }

    fn conversation(
        &mut self,
        db: &Connection,
        id: ConversationId,
    ) -> rusqlite::Result<Option<&mut CachedConversation>> {
        match self.conversations.entry(id) {
            Entry::Occupied(known) => Ok(Some(known.into_mut())),
            Entry::Vacant(unknown) => {
                let found = find_conversation(db, id)?;
                self.len += usize::from(found.is_some());
                Ok(found.map(|conversation| unknown.insert(conversation)))
            }
        }
    }

    /// A user in a conversation, with the read marks that are not in the database yet.
    pub(super) fn membership(
        &mut self,
        db: &Connection,
        conversation: ConversationId,
        user: UserId,
    ) -> rusqlite::Result<Option<Membership>> {
        let Some(cached) = self.conversation(db, conversation)? else { return Ok(None) };
        if let Some(member) = cached.members.get(&user) {
            return Ok(Some(*member));
        }
        let number = cached.number;
        let Some(user_number) = self.user(db, user)? else { return Ok(None) };
        let Some(mut member) = find_membership(db, number, user_number)? else { return Ok(None) };
        if let Some(mark) = self.marks.get(&(number, user_number)) {
            member.read_seq = member.read_seq.max(*mark);
        }
        self.len += 1;
        if let Some(cached) = self.conversations.get_mut(&conversation) {
            cached.members.insert(user, member);
        }
        Ok(Some(member))
    }

    /// Whether it is known that the user has no sanction.
    pub(super) fn is_unsanctioned(&self, user: UserId) -> bool {
        self.unsanctioned.contains(&user)
    }

    pub(super) fn add_unsanctioned(&mut self, user: UserId) {
        self.len += usize::from(self.unsanctioned.insert(user));
    }

    /// Whether there is certainly no command with this id yet. Command ids mostly grow with time, so a greater id than all
    /// others is new. `false` means that the log must be asked.
    pub(super) fn is_new_command(&mut self, db: &Connection, id: CommandId) -> rusqlite::Result<bool> {
        if self.greatest_command.is_none() {
            self.greatest_command =
                db.prepare_cached("SELECT max(command_id) FROM events")?.query_row([], |row| row.get(0))?;
        }
        Ok(self.greatest_command.is_none_or(|greatest| id > greatest))
    }

    /// The position of the newest entry of the commit log.
    pub(super) fn head(&mut self, db: &Connection) -> rusqlite::Result<Position> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let select =
            "SELECT max(ifnull((SELECT max(position) FROM events), 0), ifnull((SELECT max(position) FROM entries), 0))";
        let head = db.prepare_cached(select)?.query_row([], |row| row.get(0))?;
        Ok(*self.head.insert(head))
    }

    /// The next position of the commit log, which is taken by this.
    pub(super) fn next_position(&mut self, db: &Connection) -> rusqlite::Result<Position> {
        let next = self.head(db)?.next();
        Ok(*self.head.insert(next))
    }

    /// Saves the read marks that are not in the database yet. Mutations and queries that depend on them do it first.
    pub(super) fn save_marks(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let mut update = db.prepare_cached(
            "UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2 AND read_seq < ?3",
        )?;
        for ((conversation, user), seq) in self.marks.drain() {
            update.execute(params![conversation, user, seq])?;
        }
        Ok(())
    }

    pub(super) fn add_mark(&mut self, conversation: ConversationNumber, user: UserNumber, seq: Seq) {
        let mark = self.marks.entry((conversation, user)).or_default();
        *mark = seq.max(*mark);
    }

    /// Clears the cache if it has grown too large.
    pub(super) fn limit(&mut self) {
        if self.len > MAX_ENTRIES {
            *self = Self { greatest_command: self.greatest_command, head: self.head, ..Self::default() };
        }
    }

    /// Updates or forgets what a mutation that was applied has made stale. When in doubt it forgets.
    pub(super) fn update(&mut self, mutation: &Mutation) {
        use Mutation as M;
        match mutation {
            M::AppendEvent(event) => {
                if let Some(conversation) = self.conversations.get_mut(&event.conversation) {
                    conversation.facts.newest = (event.seq, event.at);
                }
                // Unless it is known, the log is asked, and has this one.
                if self.greatest_command.is_some_and(|greatest| event.id > greatest) {
                    self.greatest_command = Some(event.id);
                }
            }
            M::AdvanceReadMark { conversation, user, seq } => {
                if let Some(member) = self.members(*conversation).and_then(|members| members.get_mut(user)) {
                    member.read_seq = member.read_seq.max(*seq);
                }
            }
            M::SetReadMark { conversation, user, seq } => {
                if let Some(member) = self.members(*conversation).and_then(|members| members.get_mut(user)) {
                    member.read_seq = *seq;
                }
            }
            M::SetListed { conversation, user, listed } => {
                for (id, member) in self.members(*conversation).into_iter().flatten() {
                    match &mut member.other {
                        _ if id == user => member.listed = *listed,
                        Some(other) if other.id == *user => other.listed = *listed,
                        _ => {}
                    }
                }
            }
            M::AddMember { conversation, user, .. } | M::RemoveMember { conversation, user } => {
                if let Some(members) = self.members(*conversation) {
                    // A direct has no more than two members, and each tells something about the other.
                    if members.len() <= 2 {
                        members.clear();
                    }
                    members.remove(user);
                }
            }
            M::SetRoom { room, .. } => drop(self.conversations.remove(room)),
            M::SetRoomRole { room, user, role } => {
                if let Some(member) = self.members(*room).and_then(|members| members.get_mut(user)) {
                    member.role = *role;
                }
            }
            M::DeleteDirect(direct) => drop(self.conversations.remove(direct)),
            M::AddBlock { .. } | M::RemoveBlock { .. } | M::ReleaseNickname(_) | M::ClearAccount(_) => {
                self.conversations.values_mut().for_each(|conversation| conversation.members.clear());
            }
            M::SetSanction { user, .. } => drop(self.unsanctioned.remove(user)),
            M::Log(_)
            | M::SetMuted { .. }
            | M::SetPinned { .. }
            | M::SetText { .. }
            | M::SetListeners { .. }
            | M::AddReply { .. }
            | M::MuteThread { .. }
            | M::MarkDeleted { .. }
            | M::EraseTexts { .. }
            | M::AddReaction { .. }
            | M::RemoveReaction { .. }
            | M::SetPin { .. }
            | M::EraseNameInNotices { .. }
            | M::CreateDirect { .. }
            | M::CreateRoom { .. }
            | M::SetRetained { .. }
            | M::CreateUser(_)
            | M::SetPassword { .. }
            | M::SetRole { .. }
            | M::ForgetAddress(_)
            | M::ForgetAddressesOfGoneGuests { .. }
            | M::ForgetAddresses { .. }
            | M::BeginSession { .. }
            | M::RenewSession { .. }
            | M::TouchSession { .. }
            | M::EndSession { .. }
            | M::ForgetEndReasons { .. }
            | M::LiftSanction { .. }
            | M::AddMark { .. }
            | M::RemoveMarks { .. }
            | M::ForgetEndedBans { .. }
            | M::BanNetwork { .. }
            | M::UnbanNetwork(_)
            | M::CreateInvite { .. }
            | M::UseInvite(_)
            | M::RevokeInvite(_)
            | M::AddReport { .. }
            | M::CloseReports { .. }
            | M::ForgetReports { .. }
            | M::Audit(_)
            | M::ForgetAudit { .. }
            | M::AddErasure { .. }
            | M::AdvanceErasure { .. }
            | M::FinishErasure { .. }
            | M::SaveRunningTime(_)
            | M::SaveClockOffset { .. } => {}
        }
    }

    fn members(&mut self, conversation: ConversationId) -> Option<&mut HashMap<UserId, Membership>> {
        self.conversations.get_mut(&conversation).map(|conversation| &mut conversation.members)
    }
}

fn find_conversation(db: &Connection, id: ConversationId) -> rusqlite::Result<Option<CachedConversation>> {
    db.prepare_cached(
        "SELECT c.number, c.created_at, ifnull(e.seq, 0), ifnull(e.at, 0), r.visibility, r.posting, r.archived
           FROM conversations c LEFT JOIN rooms r ON r.conversation = c.number LEFT JOIN events e
             ON e.conversation = c.number AND e.seq = (SELECT max(seq) FROM events WHERE conversation = c.number)
          WHERE c.id = ?1",
    )?
    .query_row([id], |row| {
        let kind = match row.get(4)? {
            Some(visibility) => {
                ConversationFactsKind::Room(RoomFacts { visibility, posting: row.get(5)?, is_archived: row.get(6)? })
            }
            None => ConversationFactsKind::Direct,
        };
        let facts = ConversationFacts { kind, created_at: row.get(1)?, newest: (row.get(2)?, row.get(3)?) };
        Ok(CachedConversation { number: row.get(0)?, facts, members: HashMap::new() })
    })
    .optional()
}

fn find_membership(
    db: &Connection,
    conversation: ConversationNumber,
    user: UserNumber,
) -> rusqlite::Result<Option<Membership>> {
    db.prepare_cached(
        "SELECT m.joined_at, m.read_seq, m.listed, u.id, o.listed, u.nickname_key IS NULL,
                EXISTS (SELECT 1 FROM blocks WHERE user = u.number AND blocked = m.user),
                EXISTS (SELECT 1 FROM blocks WHERE user = m.user AND blocked = u.number), r.role
           FROM members m
           JOIN conversations c ON c.number = m.conversation
           LEFT JOIN users u ON u.number = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
           LEFT JOIN members o ON o.conversation = c.number AND o.user = u.number
           LEFT JOIN room_roles r ON r.conversation = m.conversation AND r.user = m.user
          WHERE m.conversation = ?1 AND m.user = ?2",
    )?
    .query_row(params![conversation, user], |row| {
        let other = match row.get(3)? {
            None => None,
            Some(id) => Some(OtherMember {
                id,
                listed: row.get(4)?,
                is_gone: row.get(5)?,
                has_blocked_me: row.get(6)?,
                is_blocked: row.get(7)?,
            }),
        };
        let role = row.get::<_, Option<_>>(8)?.unwrap_or_default();
        let (joined_at, read_seq, listed) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Membership { joined_at, read_seq, set_back_at: 0, listed, role, other })
    })
    .optional()
}
