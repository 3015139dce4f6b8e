//! A server with connected clients, ready to be measured.

use std::time::{Duration, Instant};

use crate::{
    clients::Clients,
    connection::Received,
    failure::Failure,
    protocols::{Protocol, Topology},
    servers::{Server, ServerKind},
    settings::Settings,
};

/// What every workload gets.
pub(super) struct WorkloadContext<'a> {
    pub(super) settings: &'a Settings,
    pub(super) server_kind: ServerKind,
    /// How many nodes share the store.
    pub(super) nodes: usize,
    /// How long to measure.
    pub(super) duration: Duration,
}

/// A server, as one node or several, and the clients that talk to it.
pub(super) struct TestBed {
    pub(super) nodes: Vec<Server>,
    pub(super) clients: Clients,
    pub(super) protocol: Protocol,
}

impl WorkloadContext<'_> {
    /// The same with another number of nodes.
    pub(super) fn with_nodes(&self, nodes: usize) -> Self {
        Self { nodes, ..*self }
    }

    /// Starts a server and connects members.
    pub(super) fn test_bed(&self, topology: Topology, members: usize) -> Result<TestBed, Failure> {
        let nodes = self.server_kind.start_nodes(self.settings, self.nodes)?;
        let addresses: Vec<_> = nodes.iter().map(|node| node.address).collect();
        let (mut clients, mut protocol) = (Clients::new()?, Protocol::new(self.server_kind.dialect(), topology));
        protocol.connect_and_wait(&mut clients, &addresses, members)?;
        Ok(TestBed { nodes, clients, protocol })
    }
}

impl TestBed {
    /// Checks that no message arrives twice.
    pub(super) fn expect_nothing_more(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            self.clients.poll_once(Duration::from_millis(20), |client, received| {
                let Received::Text(text) = received else { return Ok(()) };
                match self.protocol.parse_message(client, text)? {
                    None => Ok(()),
                    Some(message) => Err(format!("message {} arrived twice", message.number).into()),
                }
            })?;
        }
        Ok(())
    }
}
