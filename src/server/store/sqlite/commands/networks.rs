//! Networks from which nobody new comes in.

use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::{Connection, params};

use crate::{
    domain::{EndReason, UserId},
    server::{
        clock,
        net::client_addr::ClientAddr,
        store::{
            error::StoreError,
            moderation::BannedNetwork,
            sqlite::{
                commands::{create_user::release, departures::Departure, end_sessions::end_sessions_of},
                queries::moderation::banned_networks,
                tables::audit::AuditRow,
                writer::job::{Applied, Write},
            },
        },
    },
};

/// Whether anybody new may come in from there.
pub(crate) fn check_network(db: &Connection, address: ClientAddr) -> Result<(), StoreError> {
    let banned = banned_networks(db)?.into_iter().find(|banned| address.is_in(&banned.network));
    banned.map_or(Ok(()), |BannedNetwork { until, .. }| Err(StoreError::Banned { until }))
}

/// Keeps everybody new from there out, and ends the sessions of the guests who came from there.
impl Write for BannedNetwork {
    type Done = Vec<UserId>;

    fn apply(&self, db: &Connection) -> Result<Applied<Vec<UserId>>, StoreError> {
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
        let mut farewell = Departure::default();
        for (guest, _) in &guests {
            end_sessions_of(db, *guest, EndReason::Removed)?;
            farewell.add(release(db, *guest)?);
        }
        let detail = Some(self.network.to_string());
        AuditRow { action: "ban_network", until: self.until.map(clock::shown), detail, ..AuditRow::default() }
            .write(db)?;
        let done = guests.into_iter().map(|(guest, _)| guest).collect();
        Ok(Applied { done, news: farewell.into_news() })
    }

    /// The sessions of guests who came from there.
    fn erases(&self) -> bool {
        true
    }
}

/// Lets people in from there again. Whether that was not so.
pub(crate) struct UnbanNetwork(pub(crate) IpNet);

impl Write for UnbanNetwork {
    type Done = bool;

    fn apply(&self, db: &Connection) -> Result<Applied<bool>, StoreError> {
        let network = self.0.to_string();
        let lifted = db.prepare_cached("DELETE FROM banned_networks WHERE network = ?1")?.execute([&network])? > 0;
        if lifted {
            AuditRow { action: "unban_network", detail: Some(network), ..AuditRow::default() }.write(db)?;
        }
        Ok(Applied { done: lifted, news: None })
    }
}
