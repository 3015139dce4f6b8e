//! What rules ask, answered from the tables within a transaction.

use ipnet::IpNet;
use rusqlite::{Row, params};

use crate::{
    domain::{
        ClientAddr, CommandId, ConversationId, Emoji, InviteId, Mention, Message, NicknameKey, RoomName, Seq,
        SessionId, Timestamp, UserId,
    },
    server::{
        rules::{
            BannedNetwork, ConversationFacts, Erasure, EventPosition, Facts, FactsError, GuestCutoffs, GuestMark,
            InviteFacts, InviteKey, Known, MAX_THREAD_AUTHORS, MarkFacts, Membership, MessageFacts, MessageListener,
            OldEvent, Refusal, ReportFacts, SanctionFacts, SanctionScope, SavedClock, SessionFacts, SessionKey,
            UserFacts,
        },
        store::{
            error::StoreError,
            history::HistoryWindow,
            sqlite::{
                queries::{
                    clock_offsets,
                    history::{messages, reply_from},
                    moderation::{self, invite_from},
                    rows::{json_from, user_from},
                },
                tables::Tables,
            },
        },
    },
};

/// The most bytes of messages that [`Facts::messages_around`] reads on each side.
const MAX_BYTES_AROUND: usize = 256 * 1024;

impl From<rusqlite::Error> for FactsError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the database does not answer a question of the rules");
        Self
    }
}

impl From<FactsError> for StoreError {
    fn from(_: FactsError) -> Self {
        Self::Unavailable
    }
}

impl From<StoreError> for FactsError {
    /// The log has the cause.
    fn from(_: StoreError) -> Self {
        Self
    }
}

fn first<T: rusqlite::types::FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

fn session_from(row: &Row<'_>) -> rusqlite::Result<SessionFacts> {
    Ok(SessionFacts { key: row.get(0)?, id: row.get(1)?, user: row.get(2)? })
}

impl Facts for Tables<'_> {
    fn user(&mut self, id: UserId) -> Known<Option<UserFacts>> {
        let select = "SELECT id, nickname, password IS NOT NULL, role, nickname_key, password FROM users WHERE id = ?1";
        Ok(self.one(select, [id], |row| {
            Ok(UserFacts { user: user_from(row, 0)?, nickname_key: row.get(4)?, password: row.get(5)? })
        })?)
    }

    fn user_with_nickname(&mut self, key: &NicknameKey) -> Known<Option<UserId>> {
        Ok(self.one("SELECT id FROM users WHERE nickname_key = ?1", [key], first)?)
    }

    fn has_owner_besides(&mut self, except: Option<UserId>) -> Known<bool> {
        let select = "SELECT 1 FROM users WHERE role = 'owner' AND id <> ?1 AND id IS NOT ?2";
        Ok(self.exists(select, params![UserId::SYSTEM, except])?)
    }

    fn addresses_of(&mut self, user: UserId) -> Known<Vec<ClientAddr>> {
        let select = "SELECT address FROM users WHERE number = ?1 AND address IS NOT NULL
              UNION SELECT address FROM sessions WHERE user = ?1 AND address IS NOT NULL ORDER BY address";
        let user = self.user_number(user)?;
        Ok(self.all(select, [user], first)?)
    }

    fn guests_from(&mut self, address: ClientAddr) -> Known<Vec<UserId>> {
        let select = "SELECT id FROM users WHERE address = ?1 AND nickname_key IS NOT NULL ORDER BY number";
        Ok(self.all(select, [address], first)?)
    }

    fn guests_from_network(&mut self, network: &IpNet) -> Known<Vec<UserId>> {
        let select = "SELECT id, address FROM users WHERE address IS NOT NULL AND nickname_key IS NOT NULL
                AND password IS NULL ORDER BY number";
        let mut guests: Vec<(UserId, ClientAddr)> = self.all(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        guests.retain(|(_, address)| address.is_in(network));
        Ok(guests.into_iter().map(|(guest, _)| guest).collect())
    }

    fn guests(&mut self) -> Known<Vec<UserId>> {
        let select = "SELECT id FROM users WHERE nickname_key IS NOT NULL AND password IS NULL ORDER BY number";
        Ok(self.all(select, [], first)?)
    }

    fn expired_guests(&mut self, cutoffs: &GuestCutoffs) -> Known<Vec<UserId>> {
        let GuestCutoffs { seen_before, unused_created_before, sessionless_created_before } = cutoffs;
        let select = "SELECT id FROM users u WHERE nickname_key IS NOT NULL AND password IS NULL AND
                CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE user = u.number)
                     THEN NOT EXISTS (SELECT 1 FROM sessions WHERE user = u.number AND seen_at >= ?1)
                          OR created_at < ?2 AND NOT EXISTS (SELECT 1 FROM sessions WHERE user = u.number AND used)
                     ELSE created_at < ?3 END ORDER BY number";
        Ok(self.all(select, [seen_before, unused_created_before, sessionless_created_before], first)?)
    }

    fn session_by_key(&mut self, key: SessionKey) -> Known<Option<SessionFacts>> {
        let select = "SELECT s.token_hash, s.id, u.id FROM sessions s JOIN users u ON u.number = s.user
              WHERE s.token_hash = ?1";
        Ok(self.one(select, [key], session_from)?)
    }

    fn sessions_of(&mut self, user: UserId) -> Known<Vec<SessionFacts>> {
        let select = "SELECT s.token_hash, s.id, u.id FROM users u JOIN sessions s ON s.user = u.number
              WHERE u.id = ?1 ORDER BY s.token_hash";
        Ok(self.all(select, [user], session_from)?)
    }

    fn expired_sessions(&mut self, begun_before: Timestamp, seen_before: Timestamp) -> Known<Vec<SessionFacts>> {
        let select = "SELECT s.token_hash, s.id, u.id FROM sessions s JOIN users u ON u.number = s.user
              WHERE (s.created_at < ?1 OR s.seen_at < ?2) AND u.password IS NOT NULL ORDER BY s.token_hash";
        Ok(self.all(select, [begun_before, seen_before], session_from)?)
    }

    fn sessions_seen_before(&mut self, seen_before: Timestamp) -> Known<Vec<SessionId>> {
        Ok(self.all("SELECT id FROM sessions WHERE seen_at < ?1 ORDER BY token_hash", [seen_before], first)?)
    }

    fn conversation(&mut self, id: ConversationId) -> Known<Option<ConversationFacts>> {
        Ok(self.cache.facts(self.db, id)?)
    }

    fn room_name(&mut self, room: ConversationId) -> Known<Option<RoomName>> {
        Ok(self.one("SELECT name FROM conversations WHERE id = ?1 AND kind = 'room'", [room], first)?)
    }

    fn public_room_with_name(&mut self, key: &NicknameKey) -> Known<Option<ConversationId>> {
        let select = "SELECT c.id FROM rooms r JOIN conversations c ON c.number = r.conversation
              WHERE r.name_key = ?1 AND r.visibility = 'public' AND r.archived = 0";
        Ok(self.one(select, [key], first)?)
    }

    fn has_room_owner_besides(&mut self, room: ConversationId, except: UserId) -> Known<bool> {
        let (room, except) = (self.conversation_number(room)?, self.user_number(except)?);
        let select = "SELECT 1 FROM room_roles WHERE conversation = ?1 AND user <> ?2 AND role = 'owner'";
        Ok(self.exists(select, params![room, except])?)
    }

    fn room_heir(&mut self, room: ConversationId, except: UserId) -> Known<Option<UserId>> {
        let (room, except) = (self.conversation_number(room)?, self.user_number(except)?);
        let select = "SELECT u.id FROM members m JOIN users u ON u.number = m.user
               LEFT JOIN room_roles r ON r.conversation = m.conversation AND r.user = m.user
              WHERE m.conversation = ?1 AND m.user <> ?2 AND u.password IS NOT NULL
              ORDER BY CASE r.role WHEN 'owner' THEN 0 WHEN 'moderator' THEN 1 ELSE 2 END, m.joined_at, m.user LIMIT 1";
        Ok(self.one(select, params![room, except], first)?)
    }

    fn rooms(&mut self) -> Known<Vec<ConversationId>> {
        Ok(self.all("SELECT id FROM conversations WHERE kind = 'room' ORDER BY number", [], first)?)
    }

    fn direct_of(&mut self, one: UserId, other: UserId) -> Known<Option<ConversationId>> {
        let (one, other) = (self.user_number(one)?, self.user_number(other)?);
        let select = "SELECT id FROM conversations WHERE direct_low = ?1 AND direct_high = ?2";
        Ok(self.one(select, [one.min(other), one.max(other)], first)?)
    }

    fn directs_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        let select = "SELECT c.id FROM members m
               JOIN conversations c ON c.number = m.conversation AND c.kind = 'direct'
               JOIN members o ON o.conversation = c.number AND o.user <> m.user
              WHERE m.user = ?1 ORDER BY o.listed DESC, c.number";
        let user = self.user_number(user)?;
        Ok(self.all(select, [user], first)?)
    }

    fn rooms_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        let select = "SELECT c.id FROM members m JOIN conversations c ON c.number = m.conversation AND c.kind = 'room'
              WHERE m.user = ?1 ORDER BY c.number";
        let user = self.user_number(user)?;
        Ok(self.all(select, [user], first)?)
    }

    fn has_messages_besides(&mut self, conversation: ConversationId, deleted: &[Seq]) -> Known<bool> {
        let select = "SELECT seq FROM messages WHERE conversation = ?1 AND NOT deleted ORDER BY seq";
        let conversation = self.conversation_number(conversation)?;
        let mut messages = self.db.prepare_cached(select)?;
        let mut rows = messages.query([conversation])?;
        while let Some(row) = rows.next()? {
            if !deleted.contains(&row.get(0)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn membership(&mut self, conversation: ConversationId, user: UserId) -> Known<Option<Membership>> {
        Ok(self.cache.membership(self.db, conversation, user)?)
    }

    fn users_of_direct(&mut self, direct: ConversationId) -> Known<Option<[UserId; 2]>> {
        let select = "SELECT l.id, h.id FROM conversations c
               JOIN users l ON l.number = c.direct_low JOIN users h ON h.number = c.direct_high WHERE c.id = ?1";
        Ok(self.one(select, [direct], |row| Ok([row.get(0)?, row.get(1)?]))?)
    }

    fn command(&mut self, author: UserId, id: CommandId) -> Known<Option<EventPosition>> {
        if self.cache.is_new_command(self.db, id)? {
            return Ok(None);
        }
        let select = "SELECT c.id, e.seq, e.at FROM events e JOIN conversations c ON c.number = e.conversation
              WHERE e.command_id = ?1 AND e.author = ?2";
        let author = self.user_number(author)?;
        Ok(self.one(select, params![id, author], |row| {
            Ok(EventPosition { conversation: row.get(0)?, seq: row.get(1)?, at: row.get(2)? })
        })?)
    }

    fn message(&mut self, conversation: ConversationId, seq: Seq) -> Known<Option<MessageFacts>> {
        let select =
            "SELECT u.id, m.deleted, m.notice IS NOT NULL, m.at, m.reply_to, m.thread, m.mentions, m.sent_mentions,
                    e.payload -> '$.participants'
               FROM messages m JOIN events e ON e.conversation = m.conversation AND e.seq = m.seq
               JOIN users u ON u.number = m.author
              WHERE m.conversation = ?1 AND m.seq = ?2";
        let conversation = self.conversation_number(conversation)?;
        Ok(self.one(select, params![conversation, seq], |row| {
            let mentions: [Option<Vec<Mention>>; 2] = [json_from(row, 6)?, json_from(row, 7)?];
            Ok(MessageFacts {
                author: row.get(0)?,
                at: row.get(3)?,
                is_deleted: row.get(1)?,
                is_notice: row.get(2)?,
                reply: reply_from(row, 4)?,
                mentioned: mentions.iter().flatten().flatten().map(MessageListener::of).collect(),
                participants: json_from(row, 8)?.unwrap_or_default(),
            })
        })?)
    }

    fn thread_listeners(&mut self, conversation: ConversationId, thread: Seq) -> Known<Vec<UserId>> {
        let select = "WITH newest AS (
                SELECT seq, author FROM replies WHERE conversation = ?1 AND thread = ?2 ORDER BY seq DESC LIMIT ?3
            ), authors AS (
                SELECT max(seq) AS seq, author FROM (
                    SELECT seq, author FROM newest
                    UNION ALL SELECT seq, author FROM events WHERE conversation = ?1 AND seq = ?2
                ) GROUP BY author
            )
            SELECT u.id FROM authors a JOIN users u ON u.number = a.author
             WHERE EXISTS (SELECT 1 FROM members WHERE conversation = ?1 AND user = a.author)
               AND NOT EXISTS (SELECT 1 FROM muted_threads
                                WHERE user = a.author AND conversation = ?1 AND thread = ?2)
             ORDER BY a.seq DESC";
        let conversation = self.conversation_number(conversation)?;
        Ok(self.all(select, params![conversation, thread, MAX_THREAD_AUTHORS], first)?)
    }

    fn emoji_of(&mut self, conversation: ConversationId, seq: Seq) -> Known<Vec<Emoji>> {
        let select = "SELECT DISTINCT emoji FROM reactions WHERE conversation = ?1 AND message = ?2 ORDER BY emoji";
        let conversation = self.conversation_number(conversation)?;
        Ok(self.all(select, params![conversation, seq], first)?)
    }

    fn pins_of(&mut self, conversation: ConversationId) -> Known<Vec<Seq>> {
        let conversation = self.conversation_number(conversation)?;
        Ok(self.all("SELECT message FROM pins WHERE conversation = ?1 ORDER BY message", [conversation], first)?)
    }

    fn messages_of(
        &mut self,
        author: UserId,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Known<Vec<Seq>> {
        let (author, conversation) = (self.user_number(author)?, self.conversation_number(conversation)?);
        let select = "SELECT seq FROM messages WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND author = ?4
                AND NOT deleted AND notice IS NULL ORDER BY seq LIMIT ?5";
        Ok(self.all(select, params![conversation, after, up_to, author, limit], first)?)
    }

    fn messages_around(
        &mut self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
        around: u32,
    ) -> Known<Vec<Message>> {
        let page = |window, limit| match messages(self.db, reader, conversation, window, limit, MAX_BYTES_AROUND) {
            Ok(page) => Ok(page.messages),
            Err(StoreError::Refused(Refusal::NotMember)) => Ok(Vec::new()),
            Err(error) => Err(FactsError::from(error)),
        };
        let mut found = page(HistoryWindow::Before(seq.next()), around.saturating_add(1))?;
        found.extend(page(HistoryWindow::After(seq), around)?);
        found.retain(|message| !message.is_notice());
        Ok(found)
    }

    fn old_events(&mut self, conversation: ConversationId, before: Timestamp, limit: u32) -> Known<Vec<OldEvent>> {
        let select = "SELECT e.seq, e.target IS NULL AND e.payload ->> '$.kind' = 'message'
                    AND NOT ifnull(s.deleted, 0) AND u.password IS NULL
               FROM conversations c
               JOIN events e ON e.conversation = c.number AND e.seq > c.retained
               JOIN users u ON u.number = e.author
               LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
              WHERE c.id = ?1 AND e.at < ?2 ORDER BY e.seq LIMIT ?3";
        Ok(self.all(select, params![conversation, before, limit], |row| {
            Ok(OldEvent { seq: row.get(0)?, is_due: row.get(1)? })
        })?)
    }

    fn sanctions_of(&mut self, user: UserId) -> Known<Vec<SanctionFacts>> {
        if self.cache.is_unsanctioned(user) {
            return Ok(Vec::new());
        }
        let sanctions = moderation::sanctions_of(self.db, user)?;
        if sanctions.is_empty() {
            self.cache.add_unsanctioned(user);
        }
        Ok(sanctions)
    }

    fn marked_sanctions(&mut self, marks: &[GuestMark]) -> Known<Vec<MarkFacts>> {
        let select = "SELECT u.id, c.id, m.kind, m.until FROM guest_marks m JOIN users u ON u.number = m.user
               LEFT JOIN conversations c ON c.number = m.scope WHERE m.mark = ?1 ORDER BY m.user, m.scope, m.kind";
        let mut found = Vec::new();
        for mark in marks {
            found.extend(self.all(select, [mark], |row| {
                let (scope, kind) = (SanctionScope(row.get(1)?), row.get(2)?);
                Ok(MarkFacts { user: row.get(0)?, sanction: SanctionFacts { scope, kind, until: row.get(3)? } })
            })?);
        }
        Ok(found)
    }

    fn banned_networks(&mut self) -> Known<Vec<BannedNetwork>> {
        Ok(moderation::all_banned_networks(self.db)?)
    }

    fn has_blocked(&mut self, user: UserId, other: UserId) -> Known<bool> {
        let users = [self.user_number(user)?, self.user_number(other)?];
        Ok(self.exists("SELECT 1 FROM blocks WHERE user = ?1 AND blocked = ?2", users)?)
    }

    fn blocked_count(&mut self, user: UserId) -> Known<u32> {
        let user = self.user_number(user)?;
        let count = self.one("SELECT count(*) FROM blocks WHERE user = ?1", [user], first)?;
        Ok(count.unwrap_or(0))
    }

    fn invite_by_key(&mut self, key: InviteKey) -> Known<Option<InviteFacts>> {
        Ok(moderation::invite_by_key(self.db, key)?)
    }

    fn invite(&mut self, id: InviteId) -> Known<Option<InviteFacts>> {
        let select = "SELECT id, expires_at, max_uses, uses, revoked FROM invites WHERE id = ?1";
        Ok(self.one(select, [id], invite_from)?)
    }

    fn report(&mut self, id: u64) -> Known<Option<ReportFacts>> {
        let select = "SELECT c.id, r.seq, u.id FROM reports r JOIN conversations c ON c.number = r.conversation
               JOIN users u ON u.number = r.author WHERE r.id = ?1";
        // SQLite's integers end at 2^63 - 1. No row has a larger id, so the largest integer finds nothing.
        Ok(self.one(select, [i64::try_from(id).unwrap_or(i64::MAX)], |row| {
            Ok(ReportFacts { conversation: row.get(0)?, seq: row.get(1)?, author: row.get(2)? })
        })?)
    }

    fn has_reported(&mut self, reporter: UserId, conversation: ConversationId, seq: Seq) -> Known<bool> {
        let (reporter, conversation) = (self.user_number(reporter)?, self.conversation_number(conversation)?);
        let select = "SELECT 1 FROM reports WHERE reporter = ?1 AND conversation = ?2 AND seq = ?3";
        Ok(self.exists(select, params![reporter, conversation, seq])?)
    }

    fn open_reports_of(&mut self, reporter: UserId) -> Known<u32> {
        let reporter = self.user_number(reporter)?;
        let count = self.one("SELECT count(*) FROM reports WHERE reporter = ?1", [reporter], first)?;
        Ok(count.unwrap_or(0))
    }

    fn next_erasure(&mut self) -> Known<Option<Erasure>> {
        let select = "SELECT u.id, c.id, e.done, e.last, e.messages FROM erasures e
               JOIN users u ON u.number = e.user JOIN conversations c ON c.number = e.conversation
              ORDER BY e.user, e.conversation LIMIT 1";
        Ok(self.one(select, [], |row| {
            let (user, conversation, done) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Erasure { user, conversation, done, last: row.get(3)?, messages: row.get(4)? })
        })?)
    }

    fn saved_clock(&mut self) -> Known<SavedClock> {
        let select = "SELECT ran_at, (SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1) FROM meta";
        let saved = self.one(select, [], |row| Ok(SavedClock { ran_at: row.get(0)?, ahead: row.get(1)? }))?;
        saved.ok_or(FactsError)
    }

    fn machine_cutoff(&mut self, at: Timestamp) -> Known<Timestamp> {
        Ok(clock_offsets::machine_cutoff(self.db, at)?)
    }
}
