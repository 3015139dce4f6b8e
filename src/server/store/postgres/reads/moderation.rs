//! Sanctions, banned networks, invites, reports and the audit log.

use ipnet::IpNet;
use tokio_postgres::{Error, Row};

use crate::{
    domain::{
        Action, AuditEntry, AuditPage, ConversationId, Invite, Message, Report, ReportList, Sanction, Timestamp, User,
        UserId,
    },
    server::{
        rules::{self, BannedNetwork, InviteFacts, InviteKey, Now, SanctionFacts, SanctionKind, SanctionScope},
        store::{
            error::StoreError,
            postgres::{
                columns::signed,
                pool::Pool,
                reads::{
                    rows::{count_from, json_from, optional_user_from, user_from},
                    sql::{user_columns, user_number},
                },
                statement::Statement,
            },
        },
    },
};

/// Mutes and bans in force.
pub(crate) async fn sanctions(pool: &Pool, now: Now) -> Result<Vec<Sanction>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        ", s.kind, c.id, s.until
           FROM sanctions s JOIN users u ON u.number = s.user_number LEFT JOIN conversations c ON c.number = s.scope
          WHERE s.until IS NULL OR s.until > $1::bigint ORDER BY u.nickname COLLATE \"C\", s.kind COLLATE \"C\", s.scope"
    ));
    pool.all(statement.bind(now.server), |row| {
        let action = match row.try_get(4)? {
            SanctionKind::Ban => Action::Ban,
            SanctionKind::Mute => Action::Mute,
        };
        let until: Option<Timestamp> = row.try_get(6)?;
        let until = until.map(|until| now.shown(until));
        Ok(Sanction { user: user_from(row, 0)?, action, conversation: row.try_get(5)?, until })
    })
    .await
}

/// Whether no sanction keeps a member of the conversation from writing there.
pub(crate) async fn may_write(
    pool: &Pool,
    user: UserId,
    conversation: ConversationId,
    now: Now,
) -> Result<bool, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT c.id, s.kind, s.until FROM sanctions s LEFT JOIN conversations c ON c.number = s.scope
          WHERE s.user_number = ",
        user_number!("$1")
    ));
    let sanctions = pool.all(statement.bind(user), |row| {
        Ok(SanctionFacts { scope: SanctionScope(row.try_get(0)?), kind: row.try_get(1)?, until: row.try_get(2)? })
    });
    Ok(rules::may_write(&sanctions.await?, conversation, now.server))
}

/// Banned networks in the order of their text, including those whose ban is over.
const BANNED_NETWORKS: &str = "SELECT network, until FROM banned_networks ORDER BY network COLLATE \"C\"";

/// Reads the rows of [`BANNED_NETWORKS`].
fn banned_networks_from(rows: &[Row]) -> Result<Vec<BannedNetwork>, Error> {
    let mut networks = Vec::with_capacity(rows.len());
    for row in rows {
        let (network, until): (String, _) = (row.try_get(0)?, row.try_get(1)?);
        if let Ok(network) = network.parse::<IpNet>() {
            networks.push(BannedNetwork { network, until });
        } else {
            tracing::error!(network, "a banned network that makes no sense");
        }
    }
    Ok(networks)
}

/// Network bans in force, in the order of their text, with the times that people see.
pub(crate) async fn banned_networks(pool: &Pool, now: Now) -> Result<Vec<BannedNetwork>, StoreError> {
    let mut networks = pool.read(Statement::new(BANNED_NETWORKS), banned_networks_from).await?;
    networks.retain(|banned| banned.until.is_none_or(|until| until > now.server));
    networks.iter_mut().for_each(|banned| banned.until = banned.until.map(|until| now.shown(until)));
    Ok(networks)
}

/// The columns that [`invite_from`] reads, of the table `invites` under the name `i`.
macro_rules! invite_columns {
    () => {
        "i.id, i.expires_at, i.max_uses, i.uses, i.revoked"
    };
}

/// Reads an invite from the first five columns.
fn invite_from(row: &Row) -> Result<InviteFacts, Error> {
    let max_uses = row.try_get::<_, Option<i64>>(2)?.map(|_| count_from(row, 2)).transpose()?;
    let uses: i32 = row.try_get(3)?;
    let (id, expires_at, uses) = (row.try_get(0)?, row.try_get(1)?, uses.unsigned_abs());
    Ok(InviteFacts { id, expires_at, max_uses, uses, is_revoked: row.try_get(4)? })
}

/// Asks for the invite with this token, valid or not. [`invite_from`] reads the answer.
fn invite_statement(key: InviteKey) -> Statement {
    Statement::new(concat!("SELECT ", invite_columns!(), " FROM invites i WHERE token_hash = $1::bytea")).bind(key)
}

/// Whether somebody can sign up with this invite now.
pub(crate) async fn invite_is_valid(pool: &Pool, invite: InviteKey, now: Now) -> Result<bool, StoreError> {
    let invite = pool.optional(invite_statement(invite), invite_from).await?;
    Ok(invite.is_some_and(|invite| invite.is_valid(now.server)))
}

/// Invites that are still valid, the newest first.
pub(crate) async fn invites(pool: &Pool, now: Now) -> Result<Vec<Invite>, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT ",
        invite_columns!(),
        ", i.created_at, ",
        user_columns!("u"),
        " FROM invites i LEFT JOIN users u ON u.number = i.created_by
          WHERE NOT i.revoked ORDER BY i.created_at DESC, i.id"
    ));
    let invites = pool.all(statement, |row| {
        let facts @ InviteFacts { id, expires_at, max_uses, uses, .. } = invite_from(row)?;
        let expires_at = expires_at.map(|at| now.shown(at));
        let (created_at, created_by) = (row.try_get(5)?, optional_user_from(row, 6)?);
        let invite = Invite { id, created_at, created_by, expires_at, most_uses: max_uses, uses };
        Ok(facts.is_valid(now.server).then_some(invite))
    });
    Ok(invites.await?.into_iter().flatten().collect())
}

/// Open reports, the oldest first, without those about messages of `reader`.
pub(crate) async fn reports(pool: &Pool, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
    let reports = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        ", r.id, r.at, r.reason, c.id, c.kind = 'direct', r.seq, r.messages,
               coalesce((SELECT deleted FROM states WHERE conversation = r.conversation AND seq = r.seq), false)
           FROM reports r JOIN conversations c ON c.number = r.conversation JOIN users u ON u.number = r.reporter
          WHERE r.author IS DISTINCT FROM ",
        user_number!("$1"),
        " ORDER BY r.id LIMIT $2::bigint"
    ));
    // The authors of all messages around the reported ones, by the names that they have now.
    let authors = Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM users u WHERE u.id IN (
            SELECT (m #>> '{author,id}')::uuid
              FROM (SELECT messages FROM reports WHERE author IS DISTINCT FROM ",
        user_number!("$1"),
        "            ORDER BY id LIMIT $2::bigint) r, jsonb_array_elements(r.messages) m)"
    ));
    let limited = |statement: Statement| statement.bind(reader).bind(i64::from(limit));
    pool.snapshot([limited(reports), limited(authors), count_statement(reader)], |[reports, authors, open]| {
        let mut reports = reports.iter().map(report_from).collect::<Result<Vec<_>, _>>()?;
        let authors: Vec<User> = authors.iter().map(|row| user_from(row, 0)).collect::<Result<_, _>>()?;
        for message in reports.iter_mut().flat_map(|report| &mut report.messages) {
            if let Some(author) = authors.iter().find(|author| author.id == message.author.id) {
                message.author = author.clone();
            }
        }
        let open = open.first().map(|row| count_from(row, 0)).transpose()?.unwrap_or(0);
        Ok(ReportList { reports, open: open.into() })
    })
    .await
}

fn report_from(row: &Row) -> Result<Report, Error> {
    let messages: Option<Vec<Message>> = json_from(row, 10)?;
    Ok(Report {
        id: id_from(row, 4)?,
        at: row.try_get(5)?,
        reporter: user_from(row, 0)?,
        reason: row.try_get(6)?,
        conversation: row.try_get(7)?,
        direct: row.try_get(8)?,
        seq: row.try_get(9)?,
        deleted: row.try_get(11)?,
        messages: messages.unwrap_or_default(),
    })
}

/// Reads the number of a report or of an entry of the audit log.
fn id_from(row: &Row, column: usize) -> Result<u64, Error> {
    let id: i64 = row.try_get(column)?;
    Ok(id.unsigned_abs())
}

/// How many reports are open, without those about messages of `reader`.
pub(crate) async fn count_reports(pool: &Pool, reader: UserId) -> Result<u64, StoreError> {
    let count = pool.optional(count_statement(Some(reader)), |row| count_from(row, 0)).await?;
    Ok(count.unwrap_or(0).into())
}

fn count_statement(reader: Option<UserId>) -> Statement {
    Statement::new(concat!("SELECT count(*) FROM reports WHERE author IS DISTINCT FROM ", user_number!("$1")))
        .bind(reader)
}

/// A page of the audit log: at most `limit` entries before the entry `before`, the newest first.
pub(crate) async fn audit_page(pool: &Pool, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT a.id, a.at, a.action, c.id, a.until, a.detail, ",
        user_columns!("u"),
        ", ",
        user_columns!("s"),
        " FROM audit a LEFT JOIN users u ON u.number = a.actor LEFT JOIN users s ON s.number = a.subject
           LEFT JOIN conversations c ON c.number = a.conversation
          WHERE a.id < $1::bigint ORDER BY a.id DESC LIMIT $2::bigint"
    ))
    .bind(before.map_or(i64::MAX, signed))
    .bind(i64::from(limit) + 1);
    let mut entries = pool
        .all(statement, |row| {
            Ok(AuditEntry {
                id: id_from(row, 0)?,
                at: row.try_get(1)?,
                action: row.try_get(2)?,
                conversation: row.try_get(3)?,
                until: row.try_get(4)?,
                detail: row.try_get(5)?,
                actor: optional_user_from(row, 6)?,
                subject: optional_user_from(row, 10)?,
            })
        })
        .await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(AuditPage { entries, more })
}
