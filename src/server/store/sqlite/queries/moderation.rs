//! Sanctions, banned networks, invites, reports and the audit log.

use ipnet::AddrParseError as IpNetError;
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};

use crate::{
    domain::{Action, AuditEntry, AuditPage, ConversationId, Invite, Report, ReportList, Sanction, Timestamp, UserId},
    server::{
        rules::{self, BannedNetwork, InviteFacts, InviteKey, Now, SanctionFacts, SanctionKind, SanctionScope},
        store::{
            error::StoreError,
            sqlite::queries::{
                accounts::any_user,
                rows::{USER_1, USER_COLUMNS, all_rows, json_from, optional_user_from, user_from},
            },
        },
    },
};

/// Mutes and bans in force.
pub(crate) fn sanctions(db: &Connection, now: Now) -> Result<Vec<Sanction>, StoreError> {
    let select = format!(
        "SELECT {USER_COLUMNS}, s.kind, c.id, s.until
           FROM sanctions s JOIN users u ON u.number = s.user LEFT JOIN conversations c ON c.number = s.scope
          WHERE s.until IS NULL OR s.until > ?1 ORDER BY u.nickname, s.kind, s.scope"
    );
    all_rows(db, &select, [now.server], |row| {
        let action = match row.get(4)? {
            SanctionKind::Ban => Action::Ban,
            SanctionKind::Mute => Action::Mute,
        };
        let until: Option<Timestamp> = row.get(6)?;
        let until = until.map(|until| now.shown(until));
        Ok(Sanction { user: user_from(row, 0)?, action, conversation: row.get(5)?, until })
    })
}

/// The sanctions of a user, those that are over included.
pub(crate) fn sanctions_of(db: &Connection, user: UserId) -> Result<Vec<SanctionFacts>, StoreError> {
    let select = format!(
        "SELECT c.id, s.kind, s.until FROM sanctions s LEFT JOIN conversations c ON c.number = s.scope
          WHERE s.user = {USER_1}"
    );
    all_rows(db, &select, [user], |row| {
        Ok(SanctionFacts { scope: SanctionScope(row.get(0)?), kind: row.get(1)?, until: row.get(2)? })
    })
}

/// Whether no sanction keeps a member of the conversation from writing there.
pub(crate) fn may_write(
    db: &Connection,
    user: UserId,
    conversation: ConversationId,
    now: Now,
) -> Result<bool, StoreError> {
    Ok(rules::may_write(&sanctions_of(db, user)?, conversation, now.server))
}

/// Network bans in force, in the order of their text, with the times that people see.
pub(crate) fn banned_networks(db: &Connection, now: Now) -> Result<Vec<BannedNetwork>, StoreError> {
    let mut networks = all_banned_networks(db)?;
    networks.retain(|banned| banned.until.is_none_or(|until| until > now.server));
    networks.iter_mut().for_each(|banned| banned.until = banned.until.map(|until| now.shown(until)));
    Ok(networks)
}

/// Banned networks in the order of their text, including those whose ban is over.
pub(crate) fn all_banned_networks(db: &Connection) -> Result<Vec<BannedNetwork>, StoreError> {
    all_rows(db, "SELECT network, until FROM banned_networks ORDER BY network", [], |row| {
        let network =
            row.get_ref(0)?.as_str()?.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::<IpNetError>::new(error))
            })?;
        Ok(BannedNetwork { network, until: row.get(1)? })
    })
}

/// The columns that [`invite_from`] reads, of the table `invites` under the name `i`.
const INVITE_COLUMNS: &str = "i.id, i.expires_at, i.max_uses, i.uses, i.revoked";

pub(crate) fn invite_from(row: &Row<'_>) -> rusqlite::Result<InviteFacts> {
    let (id, expires_at, max_uses) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(InviteFacts { id, expires_at, max_uses, uses: row.get(3)?, is_revoked: row.get(4)? })
}

/// The invite with this token, valid or not.
pub(crate) fn invite_by_key(db: &Connection, key: InviteKey) -> Result<Option<InviteFacts>, StoreError> {
    let select = format!("SELECT {INVITE_COLUMNS} FROM invites i WHERE token_hash = ?1");
    Ok(db.prepare_cached(&select)?.query_row([key], invite_from).optional()?)
}

/// Whether somebody can sign up with this invite now.
pub(crate) fn invite_is_valid(db: &Connection, invite: InviteKey, now: Now) -> Result<bool, StoreError> {
    Ok(invite_by_key(db, invite)?.is_some_and(|invite| invite.is_valid(now.server)))
}

/// Invites that are still valid, the newest first.
pub(crate) fn invites(db: &Connection, now: Now) -> Result<Vec<Invite>, StoreError> {
    let select = format!(
        "SELECT {INVITE_COLUMNS}, i.created_at, {USER_COLUMNS} FROM invites i LEFT JOIN users u ON u.number = i.created_by
          WHERE NOT i.revoked ORDER BY i.created_at DESC, i.id"
    );
    let invites = all_rows(db, &select, [], |row| {
        let facts @ InviteFacts { id, expires_at, max_uses, uses, .. } = invite_from(row)?;
        let expires_at = expires_at.map(|at| now.shown(at));
        let (created_at, created_by) = (row.get(5)?, optional_user_from(row, 6)?);
        let invite = Invite { id, created_at, created_by, expires_at, most_uses: max_uses, uses };
        Ok(facts.is_valid(now.server).then_some(invite))
    })?;
    Ok(invites.into_iter().flatten().collect())
}

/// Open reports, the oldest first, without those about messages of `reader`.
pub(crate) fn reports(db: &Connection, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
    let select = format!(
        "SELECT {USER_COLUMNS}, r.id, r.at, r.reason, c.id, c.kind = 'direct', r.seq, r.messages,
                coalesce((SELECT deleted FROM states WHERE conversation = r.conversation AND seq = r.seq), 0)
           FROM reports r JOIN conversations c ON c.number = r.conversation JOIN users u ON u.number = r.reporter
          WHERE r.author IS NOT {USER_1} ORDER BY r.id LIMIT ?2"
    );
    let mut reports = all_rows(db, &select, params![reader, limit], |row| {
        Ok(Report {
            id: row.get::<_, u32>(4)?.into(),
            at: row.get(5)?,
            reporter: user_from(row, 0)?,
            reason: row.get(6)?,
            conversation: row.get(7)?,
            direct: row.get(8)?,
            seq: row.get(9)?,
            deleted: row.get(11)?,
            messages: json_from(row, 10)?.unwrap_or_default(),
        })
    })?;
    for message in reports.iter_mut().flat_map(|report| &mut report.messages) {
        if let Some(author) = any_user(db, message.author.id)? {
            message.author = author;
        }
    }
    Ok(ReportList { reports, open: open_reports(db, reader)? })
}

/// How many reports are open, without those about messages of `reader`.
pub(crate) fn count_reports(db: &Connection, reader: UserId) -> Result<u64, StoreError> {
    open_reports(db, Some(reader))
}

fn open_reports(db: &Connection, reader: Option<UserId>) -> Result<u64, StoreError> {
    let count = format!("SELECT count(*) FROM reports WHERE author IS NOT {USER_1}");
    let count: u32 = db.prepare_cached(&count)?.query_row([reader], |row| row.get(0))?;
    Ok(count.into())
}

/// A page of the audit log: at most `limit` entries before the entry `before`, the newest first.
pub(crate) fn audit_page(db: &Connection, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let select = "SELECT a.id, a.at, a.action, c.id, a.until, a.detail,
                u.id, u.nickname, u.password IS NOT NULL, u.role, s.id, s.nickname, s.password IS NOT NULL, s.role
           FROM audit a LEFT JOIN users u ON u.number = a.actor LEFT JOIN users s ON s.number = a.subject
           LEFT JOIN conversations c ON c.number = a.conversation
          WHERE a.id < ?1 ORDER BY a.id DESC LIMIT ?2";
    let mut entries = all_rows(db, select, params![before, limit.saturating_add(1)], |row| {
        Ok(AuditEntry {
            id: row.get::<_, u32>(0)?.into(),
            at: row.get(1)?,
            action: row.get(2)?,
            conversation: row.get(3)?,
            until: row.get(4)?,
            detail: row.get(5)?,
            actor: optional_user_from(row, 6)?,
            subject: optional_user_from(row, 10)?,
        })
    })?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(AuditPage { entries, more })
}
