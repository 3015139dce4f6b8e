//! The table `banned_networks`: networks from which nobody new signs in.

use ipnet::AddrParseError as IpNetError;
use rusqlite::{Connection, types::Type};

use crate::server::{
    clock,
    net::client_addr::ClientAddr,
    store::{error::StoreError, moderation::BannedNetwork},
};

/// The networks that are banned now, in the order of their text.
pub(crate) fn banned_networks(db: &Connection) -> Result<Vec<BannedNetwork>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT network, until FROM banned_networks WHERE until IS NULL OR until > ?1 ORDER BY network",
    )?;
    let networks = select
        .query_map([clock::now()], |row| {
            let network: String = row.get(0)?;
            let network = network.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::<IpNetError>::new(error))
            })?;
            Ok(BannedNetwork { network, until: row.get(1)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(networks)
}

/// Checks that new users may sign in from this address.
///
/// # Errors
/// [`StoreError::Banned`] if a banned network contains it.
pub(crate) fn check_network(db: &Connection, address: ClientAddr) -> Result<(), StoreError> {
    let banned = banned_networks(db)?.into_iter().find(|banned| address.is_in(&banned.network));
    banned.map_or(Ok(()), |BannedNetwork { until, .. }| Err(StoreError::Banned { until }))
}

/// Deletes bans that are over.
pub(crate) fn delete_expired_network_bans(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM banned_networks WHERE until <= ?1")?.execute([clock::now()])?;
    Ok(())
}
