//! Sanctions, blocks, invites and reports.

use std::error::Error as StdError;

use ipnet::IpNet;
use tokio_postgres::{
    Error, Row,
    types::{FromSql, Type},
};

use crate::{
    domain::{ConversationId, InviteId, Seq, UserId},
    server::{
        rules::{
            BannedNetwork, GuestMark, InviteFacts, InviteKey, MarkFacts, ReportFacts, SanctionFacts, SanctionScope,
        },
        store::postgres::{
            columns::{mark_text, signed},
            facts::query::{FactsQuery, any, count},
            questions::{Answer, Question},
            statement::Statement,
        },
    },
};

/// Reads a sanction from the columns at `first`: the room's id, the kind, and the end.
fn sanction_from(row: &Row, first: usize) -> Result<SanctionFacts, Error> {
    let scope = SanctionScope(row.try_get(first)?);
    Ok(SanctionFacts { scope, kind: row.try_get(first + 1)?, until: row.try_get(first + 2)? })
}

pub(super) const SANCTIONS_OF: &str = "
    SELECT q.n, c.id, s.kind, s.until FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n)
      JOIN users u ON u.id = q.id
      JOIN sanctions s ON s.user_number = u.number
      LEFT JOIN conversations c ON c.number = s.scope
     ORDER BY s.scope, s.kind";

pub(super) fn sanctions_of(users: Vec<UserId>) -> FactsQuery {
    let statement = Statement::new(SANCTIONS_OF).bind(users.clone());
    FactsQuery::together(users, statement, (Question::SanctionsOf, Answer::SanctionsOf), |answer: &mut Vec<_>, row| {
        answer.push(sanction_from(row, 1)?);
        Ok(())
    })
}

pub(super) const MARKED_SANCTIONS: &str = "
    SELECT q.n, u.id, c.id, m.kind, m.until FROM unnest($1::bigint[], $2::text[]) AS q (n, mark)
      JOIN guest_marks m ON m.mark = q.mark
      JOIN users u ON u.number = m.user_number
      LEFT JOIN conversations c ON c.number = m.scope
     ORDER BY m.mark COLLATE \"C\", m.user_number, m.scope, m.kind";

pub(super) fn marked_sanctions(guests: Vec<Vec<GuestMark>>) -> FactsQuery {
    let numbered = (1_i64..).zip(&guests).flat_map(|(number, marks)| marks.iter().map(move |mark| (number, mark)));
    let (numbers, marks): (Vec<i64>, Vec<String>) = numbered.map(|(number, mark)| (number, mark_text(mark))).unzip();
    let statement = Statement::new(MARKED_SANCTIONS).bind(numbers).bind(marks);
    FactsQuery::together(
        guests,
        statement,
        (Question::MarkedSanctions, Answer::MarkedSanctions),
        |answer: &mut Vec<_>, row| {
            answer.push(MarkFacts { user: row.try_get(1)?, sanction: sanction_from(row, 2)? });
            Ok(())
        },
    )
}

/// A network as text.
struct NetworkText(IpNet);

impl<'a> FromSql<'a> for NetworkText {
    fn from_sql(of_type: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(<&str as FromSql>::from_sql(of_type, raw)?.parse()?))
    }

    fn accepts(of_type: &Type) -> bool {
        <&str as FromSql>::accepts(of_type)
    }
}

pub(super) const BANNED_NETWORKS: &str = "SELECT network, until FROM banned_networks ORDER BY network";

pub(super) fn banned_networks(all: Vec<()>) -> FactsQuery {
    let statement = |(): &()| Statement::new(BANNED_NETWORKS);
    FactsQuery::one_by_one(
        all,
        statement,
        (Question::BannedNetworks, Answer::BannedNetworks),
        |answer: &mut Vec<_>, row| {
            let NetworkText(network) = row.try_get(0)?;
            answer.push(BannedNetwork { network, until: row.try_get(1)? });
            Ok(())
        },
    )
}

pub(super) const HAS_BLOCKED: &str = "
    SELECT q.n
      FROM (SELECT q.n, u.number AS blocker, o.number AS blocked
              FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS q (blocker, blocked, n)
              JOIN users u ON u.id = q.blocker
              JOIN users o ON o.id = q.blocked
            OFFSET 0) AS q
      JOIN blocks b ON b.user_number = q.blocker AND b.blocked = q.blocked";

pub(super) fn has_blocked(pairs: Vec<(UserId, UserId)>) -> FactsQuery {
    let (users, others): (Vec<UserId>, Vec<UserId>) = pairs.iter().copied().unzip();
    let statement = Statement::new(HAS_BLOCKED).bind(users).bind(others);
    FactsQuery::together(pairs, statement, (Question::HasBlocked, Answer::HasBlocked), any)
}

pub(super) fn blocked_count(users: Vec<UserId>) -> FactsQuery {
    let statement = |user: &UserId| {
        Statement::new("SELECT count(*) FROM users u JOIN blocks b ON b.user_number = u.number WHERE u.id = $1::uuid")
            .bind(*user)
    };
    FactsQuery::one_by_one(users, statement, (Question::BlockedCount, Answer::BlockedCount), count)
}

/// Reads an invite from the columns at `first`: id, end, limit, uses, and whether it is revoked.
fn invite_from(row: &Row, first: usize) -> Result<InviteFacts, Error> {
    let (max_uses, uses): (Option<i64>, i32) = (row.try_get(first + 2)?, row.try_get(first + 3)?);
    Ok(InviteFacts {
        id: row.try_get(first)?,
        expires_at: row.try_get(first + 1)?,
        max_uses: max_uses.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
        uses: u32::try_from(uses).unwrap_or(0),
        is_revoked: row.try_get(first + 4)?,
    })
}

pub(super) const INVITE_BY_KEY: &str = "
    SELECT q.n, i.id, i.expires_at, i.max_uses, i.uses, i.revoked
      FROM unnest($1::bytea[]) WITH ORDINALITY AS q (key, n) JOIN invites i ON i.token_hash = q.key";

pub(super) fn invite_by_key(keys: Vec<InviteKey>) -> FactsQuery {
    let statement = Statement::new(INVITE_BY_KEY).bind(keys.clone());
    FactsQuery::together(keys, statement, (Question::InviteByKey, Answer::InviteByKey), |answer, row| {
        *answer = Some(invite_from(row, 1)?);
        Ok(())
    })
}

pub(super) fn invite(ids: Vec<InviteId>) -> FactsQuery {
    let statement = Statement::new(
        "SELECT q.n, i.id, i.expires_at, i.max_uses, i.uses, i.revoked
           FROM unnest($1::uuid[]) WITH ORDINALITY AS q (id, n) JOIN invites i ON i.id = q.id",
    )
    .bind(ids.clone());
    FactsQuery::together(ids, statement, (Question::Invite, Answer::Invite), |answer, row| {
        *answer = Some(invite_from(row, 1)?);
        Ok(())
    })
}

pub(super) fn report(ids: Vec<u64>) -> FactsQuery {
    let statement = |id: &u64| {
        Statement::new(
            "SELECT c.id, r.seq, u.id FROM reports r JOIN conversations c ON c.number = r.conversation
               JOIN users u ON u.number = r.author WHERE r.id = $1::bigint",
        )
        .bind(signed(*id))
    };
    FactsQuery::one_by_one(ids, statement, (Question::Report, Answer::Report), |answer, row| {
        *answer = Some(ReportFacts { conversation: row.try_get(0)?, seq: row.try_get(1)?, author: row.try_get(2)? });
        Ok(())
    })
}

pub(super) fn has_reported(reports: Vec<(UserId, ConversationId, Seq)>) -> FactsQuery {
    let statement = |(reporter, conversation, seq): &(UserId, ConversationId, Seq)| {
        Statement::new(
            "SELECT 1 FROM reports r JOIN users u ON u.number = r.reporter JOIN conversations c ON c.number = r.conversation
              WHERE u.id = $1::uuid AND c.id = $2::uuid AND r.seq = $3::bigint",
        )
        .bind(*reporter)
        .bind(*conversation)
        .bind(*seq)
    };
    FactsQuery::one_by_one(reports, statement, (Question::HasReported, Answer::HasReported), any)
}

pub(super) fn open_reports_of(reporters: Vec<UserId>) -> FactsQuery {
    let statement = |reporter: &UserId| {
        Statement::new("SELECT count(*) FROM users u JOIN reports r ON r.reporter = u.number WHERE u.id = $1::uuid")
            .bind(*reporter)
    };
    FactsQuery::one_by_one(reporters, statement, (Question::OpenReportsOf, Answer::OpenReportsOf), count)
}
