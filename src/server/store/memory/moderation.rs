//! Reading sanctions, invites, reports and the audit log of the reference store.

use std::cmp::Reverse;

use crate::{
    domain::{Action, AuditEntry, AuditPage, Invite, Report, ReportList, Sanction, Timestamp, UserId},
    server::{
        rules::{BannedNetwork, Now, SanctionKind},
        store::memory::state::State,
    },
};

impl State {
    pub(super) fn sanctions_in_force(&self, now: Now) -> Vec<Sanction> {
        let in_force = self.sanctions.iter().filter(|(_, row)| row.until.is_none_or(|until| until > now.server));
        let mut sanctions: Vec<Sanction> = in_force
            .map(|((user, scope, kind), row)| Sanction {
                user: self.known_user(*user),
                action: if *kind == SanctionKind::Ban { Action::Ban } else { Action::Mute },
                conversation: scope.0,
                until: row.until.map(|until| now.shown(until)),
            })
            .collect();
        sanctions.sort_by_key(|sanction| (sanction.user.nickname.as_str().to_owned(), sanction.action.name()));
        sanctions
    }

    pub(super) fn networks_in_force(&self, now: Now) -> Vec<BannedNetwork> {
        let in_force = self.networks.values().filter(|banned| banned.until.is_none_or(|until| until > now.server));
        let shown = |until: Option<Timestamp>| until.map(|until| now.shown(until));
        in_force.map(|banned| BannedNetwork { until: shown(banned.until), ..*banned }).collect()
    }

    pub(super) fn valid_invites(&self, now: Now) -> Vec<Invite> {
        let mut valid: Vec<_> = self.invites.values().filter(|invite| invite.facts().is_valid(now.server)).collect();
        valid.sort_by_key(|invite| (Reverse(invite.created_at), invite.id));
        let shown = valid.into_iter().map(|row| Invite {
            id: row.id,
            created_at: row.created_at,
            created_by: row.created_by.map(|user| self.known_user(user)),
            expires_at: row.expires_at.map(|at| now.shown(at)),
            most_uses: row.max_uses,
            uses: row.uses,
        });
        shown.collect()
    }

    pub(super) fn report_list(&self, reader: Option<UserId>, limit: u32) -> ReportList {
        let others = self.reports.iter().filter(|(_, row)| Some(row.author) != reader).take(limit as usize);
        let reports = others.map(|(id, row)| {
            let conversation = &self.conversations[&row.conversation];
            let mut messages = row.messages.clone();
            for message in &mut messages {
                message.author = self.known_user(message.author.id);
            }
            Report {
                id: *id,
                at: row.at,
                reporter: self.known_user(row.reporter),
                reason: row.reason.clone(),
                conversation: row.conversation,
                direct: conversation.users.is_some(),
                seq: row.seq,
                deleted: conversation.is_deleted(row.seq),
                messages,
            }
        });
        ReportList { reports: reports.collect(), open: self.count_reports(reader) }
    }

    pub(super) fn count_reports(&self, reader: Option<UserId>) -> u64 {
        self.reports.values().filter(|row| Some(row.author) != reader).count() as u64
    }

    pub(super) fn audit_entries(&self, before: Option<u64>, limit: u32) -> AuditPage {
        let older = self.audit.range(..before.unwrap_or(u64::MAX)).rev();
        let mut entries: Vec<AuditEntry> = older
            .map(|(id, row)| AuditEntry {
                id: *id,
                at: row.at,
                actor: row.actor.map(|user| self.known_user(user)),
                action: row.action.to_owned(),
                subject: row.subject.map(|user| self.known_user(user)),
                conversation: row.conversation,
                until: row.until,
                detail: row.detail.clone(),
            })
            .take((limit as usize).saturating_add(1))
            .collect();
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        AuditPage { entries, more }
    }
}
