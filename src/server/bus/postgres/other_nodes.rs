//! What this node knows of the others.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio_postgres::{Client, IsolationLevel, Row, Statement, Transaction};
use uuid::Uuid;

use crate::{
    domain::{Nickname, Role, User, UserId},
    server::bus::{
        bus_trait::{LocalNode, NodeId, UserOnNode},
        postgres::{connection::BusError, lease::Rhythm},
    },
};

/// How many users of a new node are read at a time.
const PAGE: i64 = 5_000;

const NODES: &str = "SELECT node, version, complete_since, replaced,
        extract(epoch FROM clock_timestamp() - beat)::float8 AS silence
    FROM nodes WHERE node <> $1";

const CHANGES: &str = "SELECT o.node, o.user_id, o.nickname, o.registered, o.role, o.addresses
    FROM unnest($1::uuid[], $2::bigint[]) AS known (node, version)
    JOIN online o ON o.node = known.node AND o.version > known.version";

const USERS: &str = "SELECT node, user_id, nickname, registered, role, addresses FROM online
    WHERE node = $1 AND user_id > $2 AND nickname IS NOT NULL ORDER BY user_id LIMIT $3";

/// The other nodes, as far as this one knows. It outlives connections.
#[derive(Debug, Default)]
pub(super) struct OtherNodes(HashMap<NodeId, KnownNode>);

#[derive(Clone, Copy, Debug)]
struct KnownNode {
    /// The version up to which its users are known.
    version: i64,
    /// When it was last alive.
    alive: Instant,
}

/// Statements that are prepared for one connection.
pub(super) struct NodeQueries {
    nodes: Statement,
    changes: Statement,
    users: Statement,
}

impl NodeQueries {
    pub(super) async fn prepare(client: &Client) -> Result<Self, BusError> {
        Ok(Self {
            nodes: client.prepare(NODES).await?,
            changes: client.prepare(CHANGES).await?,
            users: client.prepare(USERS).await?,
        })
    }
}

/// What a look at the other nodes has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodesSeen {
    /// Nodes that have died since the last look.
    pub(super) deaths: usize,
    /// Whether all users who are online are known. Not for a moment after the database was away: nodes that are alive may
    /// not have told yet.
    pub(super) is_complete: bool,
    /// Whether the tables were emptied since they were last complete.
    pub(super) was_emptied: bool,
}

/// A row of `nodes`.
struct NodeRow {
    node: NodeId,
    version: i64,
    complete_since: i64,
    replaced: bool,
    /// For how long the node has not said that it is alive, by the database's clock.
    silence: Duration,
}

impl NodeRow {
    fn read(row: &Row) -> Result<Self, BusError> {
        let silence: f64 = row.try_get(4)?;
        Ok(Self {
            node: NodeId(row.try_get(0)?),
            version: row.try_get(1)?,
            complete_since: row.try_get(2)?,
            replaced: row.try_get(3)?,
            silence: Duration::try_from_secs_f64(silence.max(0.0)).unwrap_or(Duration::MAX),
        })
    }
}

impl OtherNodes {
    /// Reads what has changed on other nodes since the last time, from one snapshot. `connected` is since when this node has
    /// been connected without a break.
    pub(super) async fn look(
        &mut self,
        client: &mut Client,
        queries: &NodeQueries,
        own: NodeId,
        connected: Instant,
        rhythm: Rhythm,
        here: &dyn LocalNode,
    ) -> Result<NodesSeen, BusError> {
        let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = builder.start().await?;
        let rows = transaction.query(&queries.nodes, &[&own.0]).await?;
        let nodes = rows.iter().map(NodeRow::read).collect::<Result<Vec<_>, _>>()?;
        let (marks, nodes): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|row| row.node == NodeId::HERE);
        let is_settled = connected.elapsed() >= rhythm.lease;
        let is_dead = |row: &NodeRow| row.silence >= rhythm.lease;

        let alive = |row: &&NodeRow| !row.replaced && !is_dead(row);
        let (mut known, mut versions) = (Vec::new(), Vec::new());
        for row in nodes.iter().filter(alive) {
            let version = self.0.get(&row.node).map_or(-1, |known| known.version);
            if version < row.complete_since && version != row.version {
                let ids = read_all(&transaction, &queries.users, row.node, here).await?;
                here.retain_on_node(row.node, &ids);
            } else if version < row.version {
                known.push(row.node.0);
                versions.push(version);
            }
        }
        if !known.is_empty() {
            let rows = transaction.query(&queries.changes, &[&known, &versions]).await?;
            let mut changes: HashMap<NodeId, Vec<_>> = HashMap::new();
            for row in &rows {
                let (node, user, found) = read_user(row)?;
                changes.entry(node).or_default().push((user, found));
            }
            changes.into_iter().for_each(|(node, users)| here.update_node(node, users));
        }
        transaction.commit().await?;

        for row in nodes.iter().filter(alive) {
            let alive = Instant::now().checked_sub(row.silence).unwrap_or(connected);
            self.0.insert(row.node, KnownNode { version: row.version, alive });
        }
        // A node that is known stays, although it has not been heard of, as long as this one may simply not have listened.
        let rows: HashMap<NodeId, &NodeRow> = nodes.iter().map(|row| (row.node, row)).collect();
        let is_gone = |node: &NodeId, known: &KnownNode| match rows.get(node) {
            Some(row) if row.replaced => true,
            Some(row) => is_dead(row) && is_settled,
            None => known.alive.elapsed() >= rhythm.lease && is_settled,
        };
        let gone: Vec<NodeId> =
            self.0.iter().filter(|(node, known)| is_gone(node, known)).map(|(node, _)| *node).collect();
        for node in &gone {
            self.0.remove(node);
            here.forget_node(*node);
        }
        let deaths = gone.iter().filter(|node| rows.get(node).is_none_or(|row| !row.replaced)).count();
        let was_emptied = marks.is_empty();
        let may_come_back = was_emptied || nodes.iter().any(|row| !row.replaced && is_dead(row));
        Ok(NodesSeen { deaths, is_complete: is_settled || !may_come_back, was_emptied })
    }
}

/// Reads all users of a node.
async fn read_all(
    transaction: &Transaction<'_>,
    users: &Statement,
    node: NodeId,
    here: &dyn LocalNode,
) -> Result<Vec<UserId>, BusError> {
    let (mut ids, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let rows = transaction.query(users, &[&node.0, &after, &PAGE]).await?;
        let page = rows.iter().map(read_user).collect::<Result<Vec<_>, _>>()?;
        let is_last = i64::try_from(page.len()).is_ok_and(|length| length < PAGE);
        if let Some((_, last, _)) = page.last() {
            after = *last.as_uuid();
        }
        ids.extend(page.iter().map(|(_, user, _)| *user));
        here.update_node(node, page.into_iter().map(|(_, user, found)| (user, found)).collect());
        if is_last {
            return Ok(ids);
        }
    }
}

/// Reads a row of `online`.
fn read_user(row: &Row) -> Result<(NodeId, UserId, Option<UserOnNode>), BusError> {
    let (node, id, nickname) =
        (row.try_get(0)?, UserId::from_uuid(row.try_get(1)?), row.try_get::<_, Option<String>>(2)?);
    let (registered, role, addresses): (bool, &str, &str) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    // A newer version may know other roles.
    let role = Role::ALL.into_iter().find(|known| known.name() == role).unwrap_or_default();
    let found = nickname.map(|nickname| UserOnNode {
        user: User { id, nickname: Nickname::from_trusted(nickname), registered, role },
        addresses: addresses.split(' ').filter_map(|address| address.parse().ok()).collect(),
    });
    Ok((NodeId(node), id, found))
}
