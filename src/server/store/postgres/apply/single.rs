//! Mutations that are rare, or that depend on those before them: a statement or two for each.

use tokio_postgres::types::Json;

use crate::{
    domain::{ConversationId, Role, UserId},
    server::{
        rules::{AuditRow, MAX_CLOCK_OFFSETS, MessageListener, Mutation, NewSession, NewUserRow, RoomSetting},
        store::{
            commit_log::Position,
            postgres::{
                apply::sql::{
                    ADD_AUDIT_ROW, ADD_BLOCK, ADD_ERASURE, ADD_LISTENERS, ADD_MARK, ADD_MEMBER, ADD_PIN, ADD_REACTION,
                    ADD_REPLY, ADD_REPORT, ADVANCE_ERASURE, BEGIN_SESSION, CLEAR_LISTS, CLEAR_USER, CLOSE_REPORTS,
                    COUNT_REPLY, CREATE_DIRECT, CREATE_INVITE, CREATE_ROOM, CREATE_USER, ERASE_EDITS,
                    ERASE_NAME_IN_NOTICES, ERASE_TEXT, FINISH_ERASURE, KEEP_END_REASON, LIFT_SANCTION, MARK_DELETED,
                    MUTE_THREAD, REMOVE_BLOCK, REMOVE_BLOCKS, REMOVE_LISTENERS, REMOVE_MARKS, REMOVE_MEMBER,
                    REMOVE_MEMBER_LISTENERS, REMOVE_MEMBER_MUTES, REMOVE_MEMBERS, REMOVE_PIN, REMOVE_REACTION,
                    REMOVE_REACTIONS, REMOVE_ROOM_ROLE, REMOVE_USER_LISTENERS, REMOVE_USER_MUTES, SET_MUTED,
                    SET_PINNED, SET_READ_MARK, SET_REVISION, SET_ROOM_ARCHIVED, SET_ROOM_NAME, SET_ROOM_NAME_KEY,
                    SET_ROOM_POSTING, SET_ROOM_ROLE, SET_ROOM_TOPIC, SET_ROOM_VISIBILITY, SET_SANCTION, SET_TEXT,
                    UNMUTE_THREAD,
                },
                columns::{mark_text, signed},
                statement::Statement,
            },
            stored_event::without_names,
        },
    },
};

/// The statements that apply one mutation of those that are not gathered, behind the entry of the commit log at `position`.
#[expect(clippy::too_many_lines, reason = "a statement or two for each mutation")]
pub(super) fn statements(mutation: &Mutation, position: Position) -> Vec<Statement> {
    use Mutation as M;
    let sql = Statement::new;
    match mutation.clone() {
        M::AppendEvent(_) | M::Log(_) | M::AdvanceReadMark { .. } | M::SetListed { .. } | M::TouchSession { .. } => {
            Vec::new()
        }

        M::SetText { conversation, seq, revision, body, mentions, edited_at } => {
            let mentions = (!mentions.is_empty()).then(|| Json(without_names(mentions)));
            vec![sql(SET_TEXT).bind(conversation).bind(seq).bind(revision).bind(body).bind(edited_at).bind(mentions)]
        }
        M::SetListeners { conversation, seq, at, listeners } => {
            let mut statements = vec![sql(REMOVE_LISTENERS).bind(conversation).bind(seq)];
            let users: Vec<Option<UserId>> = listeners
                .into_iter()
                .map(|listener| match listener {
                    MessageListener::Everyone => None,
                    MessageListener::User(user) => Some(user),
                })
                .collect();
            if !users.is_empty() {
                statements.push(sql(ADD_LISTENERS).bind(conversation).bind(seq).bind(at).bind(users));
            }
            statements
        }
        M::AddReply { conversation, thread, seq, author } => vec![
            sql(ADD_REPLY).bind(conversation).bind(thread).bind(seq).bind(author),
            sql(COUNT_REPLY).bind(conversation).bind(thread).bind(seq),
        ],
        M::MuteThread { conversation, thread, user, on } => {
            vec![sql(if on { MUTE_THREAD } else { UNMUTE_THREAD }).bind(user).bind(conversation).bind(thread)]
        }
        M::SetPin { conversation, seq, revision, on } => {
            let pin = if on {
                sql(ADD_PIN).bind(conversation).bind(seq).bind(revision)
            } else {
                sql(REMOVE_PIN).bind(conversation).bind(seq)
            };
            vec![pin, sql(SET_REVISION).bind(conversation).bind(seq).bind(revision)]
        }
        M::MarkDeleted { conversation, seq, revision } => vec![
            sql(REMOVE_REACTIONS).bind(conversation).bind(seq),
            sql(REMOVE_LISTENERS).bind(conversation).bind(seq),
            sql(REMOVE_PIN).bind(conversation).bind(seq),
            sql(MARK_DELETED).bind(conversation).bind(seq).bind(revision),
        ],
        M::EraseTexts { conversation, seq, before } => {
            [ERASE_TEXT, ERASE_EDITS].map(|erase| sql(erase).bind(conversation).bind(seq).bind(before)).into()
        }
        M::AddReaction { conversation, seq, revision, emoji, user } => vec![
            sql(ADD_REACTION).bind(conversation).bind(seq).bind(emoji).bind(user).bind(revision),
            sql(SET_REVISION).bind(conversation).bind(seq).bind(revision),
        ],
        M::RemoveReaction { conversation, seq, revision, emoji, user } => vec![
            sql(REMOVE_REACTION).bind(conversation).bind(seq).bind(emoji).bind(user),
            sql(SET_REVISION).bind(conversation).bind(seq).bind(revision),
        ],
        M::EraseNameInNotices { conversation, user, after, up_to } => {
            vec![sql(ERASE_NAME_IN_NOTICES).bind(conversation).bind(after).bind(up_to).bind(user.to_string())]
        }

        M::CreateRoom { id, name, topic, visibility, created_at } => {
            let key = name.key();
            vec![sql(CREATE_ROOM).bind(id).bind(name).bind(created_at).bind(key).bind(topic).bind(visibility)]
        }
        M::SetRoom { room, setting } => set_room(room, setting),
        M::SetRoomRole { room, user, role } => vec![set_room_role(room, user, role)],
        M::AddMember { conversation, user, role, read_seq, joined_at, listed } => {
            let add = sql(ADD_MEMBER).bind(conversation).bind(user).bind(read_seq).bind(joined_at).bind(listed);
            let role = (role != Role::Member).then(|| set_room_role(conversation, user, role));
            [add].into_iter().chain(role).collect()
        }
        M::RemoveMember { conversation, user } => {
            [REMOVE_ROOM_ROLE, REMOVE_MEMBER_LISTENERS, REMOVE_MEMBER_MUTES, REMOVE_MEMBER]
                .map(|remove| sql(remove).bind(conversation).bind(user))
                .into()
        }
        M::SetReadMark { conversation, user, seq } => {
            vec![sql(SET_READ_MARK).bind(conversation).bind(user).bind(seq).bind(position)]
        }
        M::SetMuted { conversation, user, on } => vec![sql(SET_MUTED).bind(conversation).bind(user).bind(on)],
        M::SetPinned { conversation, user, on } => vec![sql(SET_PINNED).bind(conversation).bind(user).bind(on)],
        M::CreateDirect { id, users: [one, other], created_at } => {
            vec![sql(CREATE_DIRECT).bind(id).bind(one).bind(other).bind(created_at)]
        }
        M::DeleteDirect(direct) => {
            vec![sql(REMOVE_MEMBERS).bind(direct), sql("DELETE FROM conversations WHERE id = $1").bind(direct)]
        }
        M::AddBlock { user, other, at } => vec![sql(ADD_BLOCK).bind(user).bind(other).bind(at)],
        M::RemoveBlock { user, other } => vec![sql(REMOVE_BLOCK).bind(user).bind(other)],
        M::SetRetained { conversation, seq } => {
            vec![sql("UPDATE conversations SET retained = $2 WHERE id = $1").bind(conversation).bind(seq)]
        }

        M::CreateUser(NewUserRow { id, nickname, key, created_at, address, invited }) => {
            vec![sql(CREATE_USER).bind(id).bind(nickname).bind(key).bind(created_at).bind(address).bind(invited)]
        }
        M::SetPassword { user, hash } => {
            vec![sql("UPDATE users SET password = $2 WHERE id = $1").bind(user).bind(hash)]
        }
        M::SetRole { user, role } => vec![sql("UPDATE users SET role = $2 WHERE id = $1").bind(user).bind(role)],
        M::ReleaseNickname(user) => vec![sql("UPDATE users SET nickname_key = NULL WHERE id = $1").bind(user)],
        M::ClearAccount(user) => {
            let clear =
                [REMOVE_BLOCKS, REMOVE_USER_LISTENERS, REMOVE_USER_MUTES, CLEAR_USER].map(|it| sql(it).bind(user));
            // Behind everything that the user has written.
            let lists = sql(CLEAR_LISTS).bind(user).bind(position.next());
            clear.into_iter().chain([lists]).collect()
        }
        M::ForgetAddress(user) => vec![sql("UPDATE users SET address = NULL WHERE id = $1").bind(user)],
        M::ForgetAddressesOfGoneGuests { created_before } => vec![
            sql("UPDATE users SET address = NULL
                  WHERE address IS NOT NULL AND nickname_key IS NULL AND created_at < $1")
            .bind(created_before),
        ],
        M::ForgetAddresses { stored_before } => [
            "UPDATE users SET address = NULL WHERE address IS NOT NULL AND created_at < $1",
            "UPDATE sessions SET address = NULL WHERE address IS NOT NULL AND created_at < $1",
            "DELETE FROM guest_marks WHERE mark LIKE 'address:%' AND since < $1",
        ]
        .map(|forget| sql(forget).bind(stored_before))
        .into(),
        M::BeginSession { user, session: NewSession { key, id, agent, used, address }, at } => {
            vec![sql(BEGIN_SESSION).bind(key).bind(id).bind(user).bind(at).bind(agent).bind(used).bind(address)]
        }
        M::RenewSession { session, at } => {
            vec![sql("UPDATE sessions SET created_at = $2 WHERE id = $1").bind(session).bind(at)]
        }
        M::EndSession { key, user, reason, at } => {
            let mut statements = vec![sql("DELETE FROM sessions WHERE token_hash = $1").bind(key)];
            statements.extend(reason.map(|reason| sql(KEEP_END_REASON).bind(key).bind(user).bind(reason).bind(at)));
            statements
        }
        M::ForgetEndReasons { before } => vec![sql("DELETE FROM ended_sessions WHERE at < $1").bind(before)],

        M::SetSanction { user, scope, kind, until, origin } => {
            vec![sql(SET_SANCTION).bind(user).bind(scope.0).bind(kind).bind(until).bind(origin)]
        }
        M::LiftSanction { user, scope, kind } => vec![sql(LIFT_SANCTION).bind(user).bind(scope.0).bind(kind)],
        M::AddMark { mark, user, scope, kind, until, since } => {
            vec![sql(ADD_MARK).bind(mark_text(&mark)).bind(user).bind(scope.0).bind(kind).bind(until).bind(since)]
        }
        M::RemoveMarks { user, scope, kind } => vec![sql(REMOVE_MARKS).bind(user).bind(scope.0).bind(kind)],
        M::ForgetEndedBans { now } => vec![
            sql("DELETE FROM guest_marks WHERE until <= $1").bind(now),
            sql("DELETE FROM banned_networks WHERE until <= $1").bind(now),
        ],
        M::BanNetwork { network, until } => vec![
            sql("INSERT INTO banned_networks (network, until) VALUES ($1, $2)
                     ON CONFLICT (network) DO UPDATE SET until = excluded.until")
            .bind(network.to_string())
            .bind(until),
        ],
        M::UnbanNetwork(network) => {
            vec![sql("DELETE FROM banned_networks WHERE network = $1").bind(network.to_string())]
        }
        M::CreateInvite { id, key, created_at, created_by, expires_at, max_uses } => vec![
            sql(CREATE_INVITE)
                .bind(id)
                .bind(key)
                .bind(created_at)
                .bind(created_by)
                .bind(expires_at)
                .bind(max_uses.map(i64::from)),
        ],
        M::UseInvite(id) => vec![sql("UPDATE invites SET uses = uses + 1 WHERE id = $1").bind(id)],
        M::RevokeInvite(id) => vec![sql("UPDATE invites SET revoked = true WHERE id = $1").bind(id)],
        M::AddReport { at, reporter, conversation, seq, author, reason, messages } => vec![
            sql(ADD_REPORT)
                .bind(at)
                .bind(reporter)
                .bind(conversation)
                .bind(seq)
                .bind(author)
                .bind(reason)
                .bind(Json(messages)),
        ],
        M::CloseReports { author, conversation, seq, up_to } => {
            vec![sql(CLOSE_REPORTS).bind(author).bind(conversation).bind(seq).bind(signed(up_to))]
        }
        M::ForgetReports { before } => vec![sql("DELETE FROM reports WHERE at < $1").bind(before)],
        M::Audit(AuditRow { at, actor, action, subject, conversation, until, detail }) => vec![
            sql(ADD_AUDIT_ROW)
                .bind(at)
                .bind(actor)
                .bind(action.to_owned())
                .bind(subject)
                .bind(conversation)
                .bind(until)
                .bind(detail),
        ],
        M::ForgetAudit { before, limit } => vec![
            // The table's trigger refuses to delete entries that are younger than this.
            sql("UPDATE meta SET audit_since = $1").bind(before),
            sql("DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT $2) AND at < $1")
                .bind(before)
                .bind(i64::from(limit)),
        ],

        M::AddErasure { user, conversation, last, messages } => {
            vec![sql(ADD_ERASURE).bind(user).bind(conversation).bind(last).bind(messages)]
        }
        M::AdvanceErasure { user, conversation, done } => {
            vec![sql(ADVANCE_ERASURE).bind(user).bind(conversation).bind(done)]
        }
        M::FinishErasure { user, conversation } => vec![sql(FINISH_ERASURE).bind(user).bind(conversation)],
        M::SaveRunningTime(at) => vec![sql("UPDATE meta SET ran_at = $1").bind(at)],
        M::SaveClockOffset { since, ahead } => vec![
            sql("INSERT INTO clock_offsets (since, ahead) VALUES ($1, $2)
                     ON CONFLICT (since) DO UPDATE SET ahead = excluded.ahead")
            .bind(since)
            .bind(ahead),
            // The first row stays: it holds the offset of all times before the second one.
            sql("DELETE FROM clock_offsets
                  WHERE since > 0 AND since < (SELECT since FROM clock_offsets ORDER BY since DESC LIMIT 1 OFFSET $1)")
            .bind(i64::from(MAX_CLOCK_OFFSETS)),
        ],
    }
}

fn set_room(room: ConversationId, setting: RoomSetting) -> Vec<Statement> {
    let sql = |text| Statement::new(text).bind(room);
    match setting {
        RoomSetting::Name(name) => {
            let key = name.key();
            vec![sql(SET_ROOM_NAME).bind(name), sql(SET_ROOM_NAME_KEY).bind(key)]
        }
        RoomSetting::Topic(topic) => vec![sql(SET_ROOM_TOPIC).bind(topic)],
        RoomSetting::Visibility(visibility) => vec![sql(SET_ROOM_VISIBILITY).bind(visibility)],
        RoomSetting::Posting(posting) => vec![sql(SET_ROOM_POSTING).bind(posting)],
        RoomSetting::Archived(is_archived) => vec![sql(SET_ROOM_ARCHIVED).bind(is_archived)],
    }
}

fn set_room_role(room: ConversationId, user: UserId, role: Role) -> Statement {
    match role {
        Role::Member => Statement::new(REMOVE_ROOM_ROLE).bind(room).bind(user),
        _ => Statement::new(SET_ROOM_ROLE).bind(room).bind(user).bind(role),
    }
}
