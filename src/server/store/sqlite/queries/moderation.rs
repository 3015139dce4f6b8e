//! Bans, sanctions, invites, reports and the audit log.

use rusqlite::{Connection, params};

use crate::{
    domain::{Action, AuditEntry, AuditPage, Invite, Reason, Report, ReportList, Sanction, UserId},
    server::{
        clock,
        store::{
            error::StoreError,
            sqlite::queries::{
                accounts::user_of,
                rows::{json_from, optional_user_from, shown_time_from, user_from},
            },
        },
    },
};

/// Mutes and bans in force.
pub(crate) fn sanctions(db: &Connection) -> Result<Vec<Sanction>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT s.kind, nullif(s.scope, x''), s.until, u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM sanctions s JOIN users u ON u.id = s.user WHERE s.until IS NULL OR s.until > ?1 ORDER BY u.nickname, s.kind",
    )?;
    let sanctions = select
        .query_map([clock::now()], |row| {
            let kind: String = row.get(0)?;
            let action = if kind == "ban" { Action::Ban } else { Action::Mute };
            Ok(Sanction {
                user: user_from(row, 3)?,
                action,
                conversation: row.get(1)?,
                until: shown_time_from(row, 2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(sanctions)
}

/// Invites that are still valid, the newest first.
pub(crate) fn invites(db: &Connection) -> Result<Vec<Invite>, StoreError> {
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
                created_by: optional_user_from(row, 5)?,
                expires_at: shown_time_from(row, 2)?,
                most_uses: row.get(3)?,
                uses: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(invites)
}

/// A page of the audit log: at most `limit` entries before the entry `before`, the newest first.
pub(crate) fn audit_page(db: &Connection, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
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
                actor: optional_user_from(row, 6)?,
                action: row.get(2)?,
                subject: optional_user_from(row, 10)?,
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

/// Open reports, the oldest first, without those about messages of `reader`.
pub(crate) fn reports(db: &Connection, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
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
            reporter: user_from(row, 8)?,
            reason: Reason::from_trusted(row.get(2)?),
            conversation: row.get(3)?,
            direct: row.get(4)?,
            seq: row.get(5)?,
            deleted: row.get(7)?,
            messages: json_from(row, 6)?.unwrap_or_default(),
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

/// How many reports are open, without those about messages of `reader`.
pub(crate) fn count_reports(db: &Connection, reader: Option<UserId>) -> Result<u64, StoreError> {
    let count: u32 = db
        .prepare_cached("SELECT count(*) FROM reports WHERE author IS NOT ?1")?
        .query_row([reader], |row| row.get(0))?;
    Ok(count.into())
}
