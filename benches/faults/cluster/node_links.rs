//! The network between all nodes and both database servers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use super::{link::Link, namespace::Namespace};
use crate::failure::Failure;

/// How an address of a database begins.
pub(crate) const SCHEME: &str = "postgres://";

/// The networks of all nodes.
pub(super) struct NodeLinks(Vec<NodeNetwork>);

struct NodeNetwork {
    /// To the first and to the second server.
    links: [Link; 2],
    namespace: Option<Namespace>,
}

/// How a node is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutBy {
    /// A proxy on the way forwards nothing. It still confirms what it receives.
    Proxy,
    /// The network loses all packets, if the node has a network of its own.
    Packets,
}

impl NodeLinks {
    pub(super) async fn start(nodes: usize, ports: [u16; 2]) -> Result<Self, Failure> {
        let mut networks = Vec::new();
        for number in 0..nodes {
            let namespace = Namespace::create(number)?;
            let at = namespace.as_ref().map_or(Ipv4Addr::LOCALHOST, |namespace| namespace.database);
            let links = [Link::start(at, ports[0]).await?, Link::start(at, ports[1]).await?];
            networks.push(NodeNetwork { links, namespace });
        }
        Ok(Self(networks))
    }

    /// The address of the database, as this node knows it.
    pub(super) fn store(&self, node: usize) -> String {
        let [first, second] = &self.0[node].links;
        store([first.address, second.address])
    }

    /// Where a node listens.
    pub(super) fn node_address(&self, node: usize) -> Ipv4Addr {
        self.0[node].namespace.as_ref().map_or(Ipv4Addr::LOCALHOST, |namespace| namespace.node)
    }

    /// What comes before the command line of a node.
    pub(super) fn prefix(&self, node: usize) -> Vec<String> {
        self.0[node].namespace.as_ref().map(Namespace::prefix).unwrap_or_default()
    }

    /// Whether the nodes have networks of their own.
    pub(super) fn can_lose_packets(&self) -> bool {
        self.0.iter().all(|network| network.namespace.is_some())
    }

    /// What a node sends, or what it should receive, does not arrive, or arrives again.
    pub(super) fn silence_node(&self, node: usize, by: CutBy, to_database: bool, to_node: bool) -> Result<(), Failure> {
        let NodeNetwork { links, namespace } = &self.0[node];
        match namespace {
            Some(namespace) if by == CutBy::Packets => namespace.lose_packets(to_database, to_node),
            _ => {
                links.iter().for_each(|link| link.silence(to_database, to_node));
                Ok(())
            }
        }
    }

    /// The links of all nodes to a database server fall silent, or work again.
    pub(super) fn silence_server(&self, server: usize, is_silent: bool) {
        self.0.iter().for_each(|network| network.links[server].silence(is_silent, is_silent));
    }

    pub(super) fn delay(&self, node: usize, delay: Duration) {
        self.0[node].links.iter().for_each(|link| link.delay(delay));
    }

    pub(super) fn reset(&self, node: usize) {
        self.0[node].links.iter().for_each(Link::reset);
    }
}

/// The address of a database that has two servers.
pub(super) fn store([first, second]: [SocketAddr; 2]) -> String {
    format!("{SCHEME}teahouse@{first},{second}/teahouse?target_session_attrs=read-write&sslmode=disable")
}
