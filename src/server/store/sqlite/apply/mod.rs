//! Applying mutations to the tables. Nothing is decided here: the rules have computed every value.

mod log;
mod members;
mod messages;
mod rooms;
mod threads;

use rusqlite::params;

use crate::{
    domain::{Role, Timestamp},
    server::{
        rules::{AuditRow, MAX_CLOCK_OFFSETS, Mutation, NewSession, NewUserRow},
        store::{
            error::StoreError,
            feed::Delivery,
            sqlite::{
                apply::{log::to_json, threads::mentions_to_json},
                tables::Tables,
            },
        },
    },
};

impl Tables<'_> {
    /// Applies a mutation. Returns what there is to deliver of it once it is committed. `now` is of the machine's clock.
    pub(super) fn apply(&mut self, mutation: Mutation, now: Timestamp) -> Result<Option<Delivery>, StoreError> {
        self.write(&mutation, now)?;
        self.cache.update(&mutation);
        self.delivery(mutation, now)
    }

    #[expect(clippy::too_many_lines, reason = "a statement or two for each mutation")]
    fn write(&mut self, mutation: &Mutation, now: Timestamp) -> rusqlite::Result<()> {
        use Mutation as M;
        match mutation {
            M::AppendEvent(event) => self.append_event(event),
            M::Log(entry) => self.append_entry(entry, now),

            M::SetText { conversation, seq, revision, body, mentions, edited_at } => {
                let conversation = self.conversation_number(*conversation)?;
                let mentions = mentions_to_json(mentions)?;
                self.run(
                    "INSERT INTO states (conversation, seq, revision, body, edited_at, mentions)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT DO UPDATE SET revision = ?3, body = ?4, edited_at = ?5, mentions = ?6",
                    params![conversation, seq, revision, body, edited_at, mentions],
                )
            }
            M::SetListeners { conversation, seq, at, listeners } => {
                self.set_listeners(*conversation, *seq, *at, listeners)
            }
            M::AddReply { conversation, thread, seq, author } => {
                self.add_reply(*conversation, *thread, *seq, *author)
            }
            M::MuteThread { conversation, thread, user, on } => {
                self.mute_thread(*conversation, *thread, *user, *on)
            }
            M::MarkDeleted { conversation, seq, revision } => self.mark_deleted(*conversation, *seq, *revision),
            M::EraseTexts { conversation, seq, before } => self.erase_texts(*conversation, *seq, *before),
            M::AddReaction { conversation, seq, revision, emoji, user } => {
                let reaction = (self.conversation_number(*conversation)?, self.user_number(*user)?);
                self.run(
                    "INSERT OR IGNORE INTO reactions (conversation, message, emoji, user, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![reaction.0, seq, emoji, reaction.1, revision],
                )?;
                self.set_revision(*conversation, *seq, *revision)
            }
            M::RemoveReaction { conversation, seq, revision, emoji, user } => {
                let reaction = (self.conversation_number(*conversation)?, self.user_number(*user)?);
                self.run(
                    "DELETE FROM reactions WHERE conversation = ?1 AND message = ?2 AND emoji = ?3 AND user = ?4",
                    params![reaction.0, seq, emoji, reaction.1],
                )?;
                self.set_revision(*conversation, *seq, *revision)
            }
            M::SetPin { conversation, seq, revision, on } => self.set_pin(*conversation, *seq, *revision, *on),
            M::EraseNameInNotices { conversation, user, after, up_to } => {
                self.erase_name_in_notices(*conversation, *user, *after, *up_to)
            }

            M::CreateRoom { id, name, topic, visibility, created_at } => {
                self.create_room(*id, name, topic, *visibility, *created_at)
            }
            M::SetRoom { room, setting } => self.set_room(*room, setting),
            M::SetRoomRole { room, user, role } => self.set_room_role(*room, *user, *role),
            M::AddMember { conversation, user, role, read_seq, joined_at, listed } => {
                self.add_member(*conversation, *user, *read_seq, *joined_at, *listed)?;
                if *role == Role::Member { Ok(()) } else { self.set_room_role(*conversation, *user, *role) }
            }
            M::RemoveMember { conversation, user } => self.remove_member(*conversation, *user),
            M::AdvanceReadMark { conversation, user, seq } => {
                let member = (self.conversation_number(*conversation)?, self.user_number(*user)?);
                if let (Some(conversation), Some(user)) = member {
                    self.cache.add_mark(conversation, user, *seq);
                }
                Ok(())
            }
            M::SetReadMark { conversation, user, seq } => self.set_read_mark(*conversation, *user, *seq),
            M::SetMuted { conversation, user, on } => self.set_of_member(*conversation, *user, "muted", *on),
            M::SetPinned { conversation, user, on } => self.set_of_member(*conversation, *user, "pinned", *on),
            M::SetListed { conversation, user, listed } => {
                let member = (self.conversation_number(*conversation)?, self.user_number(*user)?);
                let update = "UPDATE members SET listed = ?3 WHERE conversation = ?1 AND user = ?2";
                self.run(update, params![member.0, member.1, listed])
            }
            M::CreateDirect { id, users: [one, other], created_at } => {
                let (one, other) = (self.user_number(*one)?, self.user_number(*other)?);
                self.run(
                    "INSERT INTO conversations (id, kind, direct_low, direct_high, created_at)
                     VALUES (?1, 'direct', ?2, ?3, ?4)",
                    params![id, one.min(other), one.max(other), created_at],
                )
            }
            M::DeleteDirect(direct) => {
                let direct = [self.conversation_number(*direct)?];
                self.run("DELETE FROM member_settings WHERE conversation = ?1", direct)?;
                self.run("DELETE FROM members WHERE conversation = ?1", direct)?;
                self.run("DELETE FROM conversations WHERE number = ?1", direct)
            }
            M::AddBlock { user, other, at } => {
                let users = (self.user_number(*user)?, self.user_number(*other)?);
                let insert = "INSERT OR IGNORE INTO blocks (user, blocked, at) VALUES (?1, ?2, ?3)";
                self.run(insert, params![users.0, users.1, at])
            }
            M::RemoveBlock { user, other } => {
                let users = [self.user_number(*user)?, self.user_number(*other)?];
                self.run("DELETE FROM blocks WHERE user = ?1 AND blocked = ?2", users)
            }
            M::SetRetained { conversation, seq } => {
                let update = "UPDATE conversations SET retained = ?2 WHERE id = ?1";
                self.run(update, params![conversation, seq])
            }

            M::CreateUser(NewUserRow { id, nickname, key, created_at, address, invited }) => self.run(
                "INSERT INTO users (id, nickname, nickname_key, created_at, address, invited)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, nickname, key, created_at, address, invited],
            ),
            M::SetPassword { user, hash } => {
                self.run("UPDATE users SET password = ?2 WHERE id = ?1", params![user, hash])
            }
            M::SetRole { user, role } => self.run("UPDATE users SET role = ?2 WHERE id = ?1", params![user, role]),
            M::ReleaseNickname(user) => self.run("UPDATE users SET nickname_key = NULL WHERE id = ?1", [user]),
            M::ClearAccount(user) => {
                let number = [self.user_number(*user)?];
                self.cache.save_marks(self.db)?;
                self.run("DELETE FROM blocks WHERE user = ?1", number)?;
                self.run("DELETE FROM listeners WHERE user = ?1", number)?;
                self.run("DELETE FROM muted_threads WHERE user = ?1", number)?;
                self.run("DELETE FROM member_settings WHERE user = ?1", number)?;
                // Behind everything that the user has written.
                let set_back_at = self.cache.head(self.db)?.next();
                self.run(
                    "UPDATE members SET read_seq = 0, set_back_at = ?2, listed = NULL WHERE user = ?1",
                    params![number[0], set_back_at],
                )?;
                self.run(
                    "UPDATE users SET nickname = '', nickname_key = NULL, password = NULL, role = 'member', address = NULL
                      WHERE number = ?1",
                    number,
                )
            }
            M::ForgetAddress(user) => self.run("UPDATE users SET address = NULL WHERE id = ?1", [user]),
            M::ForgetAddressesOfGoneGuests { created_before } => self.run(
                "UPDATE users SET address = NULL WHERE address IS NOT NULL AND nickname_key IS NULL AND created_at < ?1",
                [created_before],
            ),
            M::ForgetAddresses { stored_before } => {
                for table in ["users", "sessions"] {
                    let update = format!("UPDATE {table} SET address = NULL WHERE address IS NOT NULL AND created_at < ?1");
                    self.run(&update, [stored_before])?;
                }
                self.run("DELETE FROM guest_marks WHERE mark LIKE 'address:%' AND since < ?1", [stored_before])
            }
            M::BeginSession { user, session: NewSession { key, id, agent, used, address }, at } => {
                let user = self.user_number(*user)?;
                self.run(
                    "INSERT INTO sessions (token_hash, id, user, created_at, seen_at, agent, used, address)
                     VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)",
                    params![key, id, user, at, agent, used, address],
                )
            }
            M::RenewSession { session, at } => {
                self.run("UPDATE sessions SET created_at = ?2 WHERE id = ?1", params![session, at])
            }
            M::TouchSession { session, at } => {
                self.run("UPDATE sessions SET seen_at = ?2, used = 1 WHERE id = ?1", params![session, at])
            }
            M::EndSession { key, user, reason, at } => {
                self.run("DELETE FROM sessions WHERE token_hash = ?1", [key])?;
                let Some(reason) = reason else { return Ok(()) };
                let user = self.user_number(*user)?;
                self.run(
                    "INSERT OR REPLACE INTO ended_sessions (token_hash, user, reason, at) VALUES (?1, ?2, ?3, ?4)",
                    params![key, user, reason, at],
                )
            }
            M::ForgetEndReasons { before } => self.run("DELETE FROM ended_sessions WHERE at < ?1", [before]),

            M::SetSanction { user, scope, kind, until, origin } => {
                let (user, scope) = (self.user_number(*user)?, self.scope_number(*scope)?);
                let origin = origin.map_or(Ok(None), |origin| self.user_number(origin))?;
                self.run(
                    "INSERT INTO sanctions (user, scope, kind, until, origin) VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT DO UPDATE SET until = ?4, origin = ?5",
                    params![user, scope, kind, until, origin],
                )
            }
            M::LiftSanction { user, scope, kind } => {
                let (user, scope) = (self.user_number(*user)?, self.scope_number(*scope)?);
                let delete = "DELETE FROM sanctions WHERE (user = ?1 OR origin = ?1) AND scope = ?2 AND kind = ?3";
                self.run(delete, params![user, scope, kind])
            }
            M::AddMark { mark, user, scope, kind, until, since } => {
                let (user, scope) = (self.user_number(*user)?, self.scope_number(*scope)?);
                self.run(
                    "INSERT INTO guest_marks (mark, user, scope, kind, until, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT DO UPDATE SET until = ?5, since = ?6",
                    params![mark, user, scope, kind, until, since],
                )
            }
            M::RemoveMarks { user, scope, kind } => {
                let (user, scope) = (self.user_number(*user)?, self.scope_number(*scope)?);
                let delete = "DELETE FROM guest_marks WHERE user = ?1 AND scope = ?2 AND kind = ?3";
                self.run(delete, params![user, scope, kind])
            }
            M::ForgetEndedBans { now } => {
                self.run("DELETE FROM guest_marks WHERE until <= ?1", [now])?;
                self.run("DELETE FROM banned_networks WHERE until <= ?1", [now])
            }
            M::BanNetwork { network, until } => self.run(
                "INSERT OR REPLACE INTO banned_networks (network, until) VALUES (?1, ?2)",
                params![network.to_string(), until],
            ),
            M::UnbanNetwork(network) => {
                self.run("DELETE FROM banned_networks WHERE network = ?1", [network.to_string()])
            }
            M::CreateInvite { id, key, created_at, created_by, expires_at, max_uses } => {
                let created_by = created_by.map_or(Ok(None), |user| self.user_number(user))?;
                self.run(
                    "INSERT INTO invites (id, token_hash, created_at, created_by, expires_at, max_uses)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![id, key, created_at, created_by, expires_at, max_uses],
                )
            }
            M::UseInvite(id) => self.run("UPDATE invites SET uses = uses + 1 WHERE id = ?1", [id]),
            M::RevokeInvite(id) => self.run("UPDATE invites SET revoked = 1 WHERE id = ?1", [id]),
            M::AddReport { at, reporter, conversation, seq, author, reason, messages } => {
                let conversation = self.conversation_number(*conversation)?;
                let (reporter, author) = (self.user_number(*reporter)?, self.user_number(*author)?);
                self.run(
                    "INSERT INTO reports (at, reporter, conversation, seq, author, reason, messages)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![at, reporter, conversation, seq, author, reason, to_json(messages)?],
                )
            }
            M::CloseReports { author, conversation, seq, up_to } => {
                let (author, conversation) = (self.user_number(*author)?, self.conversation_number(*conversation)?);
                self.run(
                    "DELETE FROM reports WHERE author = ?1 AND conversation = ?2 AND seq = ?3 AND id <= ?4",
                    params![author, conversation, seq, i64::try_from(*up_to).unwrap_or(i64::MAX)],
                )
            }
            M::ForgetReports { before } => self.run("DELETE FROM reports WHERE at < ?1", [before]),
            M::Audit(AuditRow { at, actor, action, subject, conversation, until, detail }) => self.run(
                "INSERT INTO audit (at, actor, action, subject, conversation, until, detail)
                 VALUES (?1, (SELECT number FROM users WHERE id = ?2), ?3, (SELECT number FROM users WHERE id = ?4),
                         (SELECT number FROM conversations WHERE id = ?5), ?6, ?7)",
                params![at, actor, action, subject, conversation, until, detail],
            ),
            M::ForgetAudit { before, limit } => {
                // The table's trigger refuses to delete entries that are younger than this.
                self.run("UPDATE meta SET audit_since = ?1", [before])?;
                self.run(
                    "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2) AND at < ?1",
                    params![before, limit],
                )
            }

            M::AddErasure { user, conversation, last, messages } => {
                let (user, conversation) = (self.user_number(*user)?, self.conversation_number(*conversation)?);
                self.run(
                    "INSERT INTO erasures (user, conversation, done, last, messages) VALUES (?1, ?2, 0, ?3, ?4)",
                    params![user, conversation, last, messages],
                )
            }
            M::AdvanceErasure { user, conversation, done } => {
                let (user, conversation) = (self.user_number(*user)?, self.conversation_number(*conversation)?);
                let update = "UPDATE erasures SET done = ?3 WHERE user = ?1 AND conversation = ?2";
                self.run(update, params![user, conversation, done])
            }
            M::FinishErasure { user, conversation } => {
                let erasure = (self.user_number(*user)?, self.conversation_number(*conversation)?);
                self.run("DELETE FROM erasures WHERE user = ?1 AND conversation = ?2", erasure)
            }
            M::SaveRunningTime(at) => self.run("UPDATE meta SET ran_at = ?1", [at]),
            M::SaveClockOffset { since, ahead } => {
                self.run("INSERT OR REPLACE INTO clock_offsets (since, ahead) VALUES (?1, ?2)", params![since, ahead])?;
                // The first row stays: it holds the offset of all times before the second one.
                self.run(
                    "DELETE FROM clock_offsets WHERE since > 0
                        AND since < (SELECT since FROM clock_offsets ORDER BY since DESC LIMIT 1 OFFSET ?1)",
                    [MAX_CLOCK_OFFSETS],
                )
            }
        }
    }
}
