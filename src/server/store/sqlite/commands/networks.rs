//! Banning networks, by the operator.

use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{Connection, params};

use crate::{
    domain::{EndReason, UserId},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{
            accounts::SessionsEnded,
            error::StoreError,
            moderation::BannedNetwork,
            sqlite::{
                commands::departures::{Departure, sign_out_guest},
                tables::audit::AuditRow,
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Bans a network: nobody new signs in from there, and guests who signed in from there are signed out. Returns how many.
impl Write for BannedNetwork {
    type Output = SessionsEnded<usize>;

    fn apply(&self, db: &Connection) -> Result<Applied<SessionsEnded<usize>>, StoreError> {
        db.prepare_cached("INSERT OR REPLACE INTO banned_networks (network, until) VALUES (?1, ?2)")?
            .execute(params![self.network.to_string(), self.until])?;
        let mut guests: Vec<(UserId, String)> = db
            .prepare_cached(
                "SELECT id, address FROM users
                  WHERE address IS NOT NULL AND nickname_key IS NOT NULL AND password IS NULL",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        guests.retain(|(_, address)| {
            address.parse::<IpAddr>().is_ok_and(|address| ClientAddr::from(address).is_in(&self.network))
        });
        let mut departure = Departure::default();
        for (guest, _) in &guests {
            departure.add(sign_out_guest(db, *guest, EndReason::Removed)?);
        }
        let detail = Some(self.network.to_string());
        AuditRow { action: "ban_network", until: self.until.map(clock::shown), detail, ..AuditRow::default() }
            .insert(db)?;
        let (news, closed) = departure.delivered_after(Vec::new());
        Ok(Applied { output: SessionsEnded { result: guests.len(), closed }, change: Some(news) })
    }

    /// The guests' sessions are deleted.
    fn erases(&self) -> bool {
        true
    }
}

/// Lifts the ban of a network. Returns whether there was one.
pub(crate) struct UnbanNetwork(pub(crate) IpNet);

impl Write for UnbanNetwork {
    type Output = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let network = self.0.to_string();
        let lifted = db.prepare_cached("DELETE FROM banned_networks WHERE network = ?1")?.execute([&network])? > 0;
        if lifted {
            AuditRow { action: "unban_network", detail: Some(network), ..AuditRow::default() }.insert(db)?;
        }
        Ok(Applied { output: lifted, change: None })
    }
}
