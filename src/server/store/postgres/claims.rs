//! The claim tokens of all nodes: whoever opens the link that one of them has printed may reach another.

use tokio::time::timeout;

use crate::server::store::{
    error::StoreError,
    postgres::{
        connect::{CONNECT_TIMEOUT, Database},
        error::unavailable,
        pool::Pool,
        statement::{Prepared, Statement},
    },
    store_trait::ClaimKey,
};

/// A node that runs for longer without an owner shares its token again when the operator asks for it.
const FORGET: &str = "DELETE FROM claims WHERE at < now() - interval '1 day'";
const SHARE: &str =
    "INSERT INTO claims (token_hash) VALUES ($1::bytea) ON CONFLICT (token_hash) DO UPDATE SET at = excluded.at";
const KNOWS: &str = "SELECT 1 FROM claims WHERE token_hash = $1::bytea AND at >= now() - interval '1 day'";

/// The tokens that nodes have let each other know.
#[derive(Debug)]
pub(super) struct SharedClaims {
    database: Database,
}

impl SharedClaims {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Lets the other nodes know a token. On a connection of its own, because that is rare and the pool only reads.
    pub(super) async fn share(&self, claim: ClaimKey) -> Result<(), StoreError> {
        let sharing = async {
            let (client, driver) = self.database.connect().await?;
            let statements = [Statement::new(FORGET), Statement::new(SHARE).bind(claim)];
            let prepared = Prepared::default();
            let writing = prepared.pipeline(&client, &statements);
            tokio::select! {
                written = writing => written.map(drop),
                ended = driver => ended,
            }
        };
        timeout(2 * CONNECT_TIMEOUT, sharing)
            .await
            .map_err(|_elapsed| StoreError::Unavailable)?
            .map_err(|error| unavailable(&error))
    }

    /// Whether some node has this token.
    pub(super) async fn knows(&self, pool: &Pool, claim: ClaimKey) -> Result<bool, StoreError> {
        Ok(pool.optional(Statement::new(KNOWS).bind(claim), |_| Ok(())).await?.is_some())
    }
}
