//! Reading users and sessions of the reference store.

use std::cmp::Reverse;

use crate::{
    domain::{CurrentUser, Nickname, NicknameKey, Role, SessionEnd, SessionInfo, User, UserId, UserKind},
    server::{
        rules::{InviteKey, Now, SessionKey},
        store::{
            accounts::{Account, Session},
            memory::{rows::SessionRow, state::State},
        },
    },
};

impl State {
    fn current_user(&self, id: UserId) -> CurrentUser {
        let User { nickname, registered, role, .. } = self.known_user(id);
        let kind = if registered { UserKind::Registered } else { UserKind::Guest };
        CurrentUser { id, nickname, kind, role }
    }

    pub(super) fn account(&self, nickname: &NicknameKey) -> Option<Account> {
        let id = self.holder_of(nickname)?;
        Some(Account { me: self.current_user(id), password: self.users[&id].password.clone() })
    }

    pub(super) fn is_gone(&self, user: UserId) -> bool {
        self.users.get(&user).is_none_or(|user| user.is_gone())
    }

    pub(super) fn find_users(&self, part: &str, limit: u32) -> Vec<User> {
        let key =
            Nickname::parse_existing(part).map_or_else(|_| part.to_lowercase(), |name| name.key().as_str().to_owned());
        let part = part.to_ascii_lowercase();
        let mut found = self.named_users();
        found.retain(|(holder, user)| {
            user.nickname.as_str().to_ascii_lowercase().contains(&part) || holder.contains(&key)
        });
        found.sort_by_key(|(holder, _)| !holder.starts_with(&key));
        found.into_iter().map(|(_, user)| user).take(limit as usize).collect()
    }

    /// All users who hold a nickname, with its key, sorted by that.
    fn named_users(&self) -> Vec<(&str, User)> {
        let named = self.users.iter().filter_map(|(id, row)| Some((row.key.as_ref()?.as_str(), row.shown(*id))));
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(key, _)| *key);
        named
    }

    pub(super) fn all_users(&self) -> Vec<User> {
        self.named_users().into_iter().map(|(_, user)| user).collect()
    }

    pub(super) fn has_owner(&self) -> bool {
        self.users.iter().any(|(id, user)| user.role == Role::Owner && *id != UserId::SYSTEM)
    }

    pub(super) fn uninvited_guests(&self) -> u32 {
        let count = self.named_guests().filter(|(_, guest)| !guest.invited).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(super) fn invite_is_valid(&self, key: InviteKey, now: Now) -> bool {
        self.invites.values().any(|invite| invite.key == key && invite.facts().is_valid(now.server))
    }

    pub(super) fn session(&self, key: SessionKey) -> Option<Session> {
        self.sessions.get(&key.0).map(|row| Session {
            id: row.id,
            me: self.current_user(row.user),
            begun_at: row.begun_at,
            seen_at: row.seen_at,
            used: row.used,
        })
    }

    pub(super) fn session_end(&self, key: SessionKey) -> Option<SessionEnd> {
        self.ended_sessions.get(&key.0).map(|row| SessionEnd {
            user: row.user,
            registered: self.users[&row.user].password.is_some(),
            reason: row.reason,
        })
    }

    pub(super) fn sessions_by_use(&self, user: UserId, now: Now) -> Vec<SessionInfo> {
        let mut sessions: Vec<_> = self.sessions.values().filter(|session| session.user == user).collect();
        sessions.sort_by_key(|session| (Reverse(session.seen_at), session.id));
        let info = |row: &SessionRow| SessionInfo {
            id: row.id,
            created_at: now.shown(row.begun_at),
            seen_at: now.shown(row.seen_at),
            agent: row.agent.clone(),
            current: false,
        };
        sessions.into_iter().map(info).collect()
    }
}
