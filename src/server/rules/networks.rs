//! Banning networks, by the operator, and keeping new users from banned ones out.

use ipnet::IpNet;

use crate::{
    domain::{ClientAddr, EndReason, Timestamp},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{BannedNetwork, Facts},
        mutation::{AuditRow, Mutation},
        refusal::Refusal,
        undecided::Undecided,
    },
};

/// Bans a network: nobody new signs in from there, and guests who signed in from there are signed out. Returns how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BanNetwork {
    pub network: IpNet,
    /// When the ban ends by itself, by the server's clock.
    pub until: Option<Timestamp>,
}

/// Lifts the ban of a network. Returns whether there was one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnbanNetwork(pub IpNet);

impl Command for BanNetwork {
    type Output = usize;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<usize>, Undecided> {
        let (Self { network, until }, now) = (*self, context.now);
        let guests = facts.guests_from_network(&network)?;
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::BanNetwork { network, until });
        draft.log(Entry::NetworkBanned { network, until });
        draft.sign_out_guests(facts, context, &guests, EndReason::Removed)?;
        draft.push(Mutation::Audit(AuditRow {
            at: now.machine,
            action: "ban_network",
            until: until.map(|until| now.shown(until)),
            detail: Some(network.to_string()),
            ..AuditRow::default()
        }));
        Ok(draft.finish(guests.len()))
    }
}

impl Command for UnbanNetwork {
    type Output = bool;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<bool>, Undecided> {
        let network = self.0;
        if !facts.banned_networks()?.iter().any(|banned| banned.network == network) {
            return Ok(Decision::unchanged(false));
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::UnbanNetwork(network));
        draft.log(Entry::NetworkUnbanned { network });
        let (at, detail) = (context.now.machine, Some(network.to_string()));
        draft.push(Mutation::Audit(AuditRow { at, action: "unban_network", detail, ..AuditRow::default() }));
        Ok(draft.finish(true))
    }
}

/// Checks that new users may sign in from this address. `now` is of the server's clock.
///
/// # Errors
/// [`Refusal::Banned`] if a banned network contains it.
pub(super) fn check_network(facts: &mut dyn Facts, address: ClientAddr, now: Timestamp) -> Result<(), Undecided> {
    let keeps_out =
        |banned: &BannedNetwork| banned.until.is_none_or(|until| until > now) && address.is_in(&banned.network);
    match facts.banned_networks()?.into_iter().find(keeps_out) {
        Some(BannedNetwork { until, .. }) => Err(Refusal::Banned { until }.into()),
        None => Ok(()),
    }
}
