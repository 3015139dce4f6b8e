//! What this node tells of its own users.

use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    mem,
};

use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use crate::{
    domain::UserId,
    server::bus::{
        bus_trait::{LocalNode, NodeId, UserOnNode},
        postgres::connection::BusError,
    },
};

/// How many users are told of in one statement.
const BATCH: usize = 2_000;

/// After how many versions rows of users who have left are deleted. Whoever has not looked since the newest half of these
/// reads all users of the node again.
const KEPT_VERSIONS: i64 = 128;

/// Renews the row of the node, if it still counts as alive, and stores changes of its users.
const RENEW: &str = "WITH renewed AS (
    UPDATE nodes SET beat = clock_timestamp(), version = $2, complete_since = $3
     WHERE node = $1 AND NOT replaced AND beat > clock_timestamp() - $4::float8 * interval '1 second'
    RETURNING node
    ), stored AS (
    INSERT INTO online (node, version, user_id, nickname, registered, role, addresses)
    SELECT renewed.node, $2, changed.* FROM renewed,
        unnest($5::uuid[], $6::text[], $7::boolean[], $8::text[], $9::text[]) AS changed
    ON CONFLICT (node, user_id) DO UPDATE SET version = excluded.version, nickname = excluded.nickname,
        registered = excluded.registered, role = excluded.role, addresses = excluded.addresses
    )
    SELECT count(*) FROM renewed";

const STORE: &str = "INSERT INTO online (node, version, user_id, nickname, registered, role, addresses)
    SELECT $1, 1, users.* FROM unnest($2::uuid[], $3::text[], $4::boolean[], $5::text[], $6::text[]) AS users";

const ENTER: &str = "INSERT INTO nodes (node, beat, version, complete_since) VALUES ($1, clock_timestamp(), 1, 1)";

/// What the others know of this node, as long as one connection lasts.
pub(super) struct Publication {
    pub(super) node: NodeId,
    renew: Statement,
    version: i64,
    complete_since: i64,
    /// A hash of what was told of each user.
    told: HashMap<UserId, u64>,
    /// Users who have left and of whom nobody was told yet. Perhaps they have only gone to another node, which tells that
    /// in the meantime.
    leaving: HashSet<UserId>,
}

/// The columns of some users.
#[derive(Debug, Default)]
struct UserColumns {
    ids: Vec<Uuid>,
    nicknames: Vec<Option<String>>,
    registered: Vec<bool>,
    roles: Vec<&'static str>,
    addresses: Vec<String>,
}

impl UserColumns {
    /// Adds a user who is online, or (`None`) has left.
    fn push(&mut self, user: UserId, found: Option<&UserOnNode>) {
        self.ids.push(*user.as_uuid());
        self.nicknames.push(found.map(|found| found.user.nickname.as_str().to_owned()));
        self.registered.push(found.is_some_and(|found| found.user.registered));
        self.roles.push(found.map(|found| found.user.role).unwrap_or_default().name());
        let addresses = found.map(|found| &*found.addresses).unwrap_or_default();
        self.addresses.push(addresses.iter().map(|address| address.to_string()).collect::<Vec<_>>().join(" "));
    }
}

fn hash_of(found: &UserOnNode) -> u64 {
    let mut hasher = DefaultHasher::new();
    found.hash(&mut hasher);
    hasher.finish()
}

impl Publication {
    /// Announces all users of this node, in place of what was told under an earlier id.
    pub(super) async fn begin(
        client: &mut Client,
        earlier: Option<NodeId>,
        here: &dyn LocalNode,
    ) -> Result<Self, BusError> {
        let node = NodeId::generate();
        let renew = client.prepare(RENEW).await?;
        let mut told = HashMap::new();
        let transaction = client.transaction().await?;
        let users = here.users_here();
        for batch in users.chunks(BATCH) {
            let mut columns = UserColumns::default();
            for (user, found) in batch.iter().zip(here.on_this_node(batch)) {
                if let Some(found) = found {
                    columns.push(*user, Some(&found));
                    told.insert(*user, hash_of(&found));
                }
            }
            let UserColumns { ids, nicknames, registered, roles, addresses } = &columns;
            transaction.execute(STORE, &[&node.0, ids, nicknames, registered, roles, addresses]).await?;
        }
        if let Some(earlier) = earlier {
            transaction.execute("UPDATE nodes SET replaced = true WHERE node = $1", &[&earlier.0]).await?;
            transaction.execute("DELETE FROM online WHERE node = $1", &[&earlier.0]).await?;
        }
        transaction.execute(ENTER, &[&node.0]).await?;
        transaction.commit().await?;
        here.confirm_departures(None);
        Ok(Self { node, renew, version: 1, complete_since: 1, told, leaving: HashSet::new() })
    }

    /// Tells what has changed, and that this node is alive. Returns `false`, and tells nothing, if the others count it as
    /// dead already.
    pub(super) async fn renew(
        &mut self,
        client: &Client,
        lease_seconds: f64,
        here: &dyn LocalNode,
    ) -> Result<bool, BusError> {
        let mut were_leaving = mem::take(&mut self.leaving);
        loop {
            let mut changed = here.take_changed(BATCH);
            let is_last = changed.len() < BATCH;
            changed.retain(|user| !were_leaving.contains(user));
            changed.extend(&were_leaving);
            if !self.tell(client, lease_seconds, here, &changed, &were_leaving).await? {
                return Ok(false);
            }
            were_leaving.clear();
            if is_last {
                break;
            }
        }
        self.forget_left(client).await?;
        Ok(true)
    }

    async fn tell(
        &mut self,
        client: &Client,
        lease_seconds: f64,
        here: &dyn LocalNode,
        changed: &[UserId],
        were_leaving: &HashSet<UserId>,
    ) -> Result<bool, BusError> {
        let (mut columns, mut departed) = (UserColumns::default(), Vec::new());
        for (user, found) in changed.iter().zip(here.on_this_node(changed)) {
            match &found {
                Some(found) => {
                    let hash = hash_of(found);
                    if self.told.insert(*user, hash) != Some(hash) {
                        columns.push(*user, Some(found));
                    }
                }
                None if were_leaving.contains(user) => {
                    departed.push(*user);
                    if self.told.remove(user).is_some() {
                        columns.push(*user, None);
                    }
                }
                None => {
                    self.leaving.insert(*user);
                }
            }
        }
        let UserColumns { ids, nicknames, registered, roles, addresses } = &columns;
        self.version += i64::from(!ids.is_empty());
        if self.version - self.complete_since > KEPT_VERSIONS {
            self.complete_since = self.version - KEPT_VERSIONS / 2;
        }
        let (version, since) = (&self.version, &self.complete_since);
        let row = client
            .query_one(
                &self.renew,
                &[&self.node.0, version, since, &lease_seconds, ids, nicknames, registered, roles, addresses],
            )
            .await?;
        here.confirm_departures(Some(&departed));
        Ok(row.try_get::<_, i64>(0)? > 0)
    }

    /// Deletes rows of users who have left that nobody is going to read any more.
    async fn forget_left(&self, client: &Client) -> Result<(), BusError> {
        if self.version % (KEPT_VERSIONS / 2) == 0 {
            let delete = "DELETE FROM online WHERE node = $1 AND nickname IS NULL AND version <= $2";
            client.execute(delete, &[&self.node.0, &self.complete_since]).await?;
        }
        Ok(())
    }
}
