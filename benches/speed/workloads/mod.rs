//! The workloads: what the servers do while they are measured.

mod fairness;
mod fanout;
mod figures;
mod idle;
mod node_bell;
mod node_fanout;
mod node_posts;
mod paced;
mod pairs;
mod posts;
mod rounds;
mod start;
mod test_bed;

use std::time::Duration;

use clap::ValueEnum;

pub(crate) use self::figures::Figures;
use self::{figures::Row, test_bed::WorkloadContext};
use crate::{failure::Failure, servers::ServerKind, settings::Settings};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// One client sends to 1,000, with 64 messages in flight.
    Fanout,
    /// 32 clients send at once, again and again.
    Rounds,
    /// 500 pairs play ping-pong.
    Pairs,
    /// One client sends to 1,000, a hundred times a second.
    Paced,
    /// Private messages, while one client sends to 10,000.
    Fairness,
    /// Silent clients, 10,000 unless `--connections` says otherwise.
    Idle,
    /// Durable messages and their acks.
    Posts,
    /// The time until Teahouse listens.
    Start,
    /// `fanout` with the clients spread over one, two and three nodes on PostgreSQL.
    NodeFanout,
    /// 256 durable messages in flight in one room or in 500 directs, through one, three and ten nodes on PostgreSQL.
    NodePosts,
    /// From the ack at one node on PostgreSQL to the delivery at another, with two, three and ten nodes.
    NodeBell,
}

impl Workload {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Some workloads measure what only Teahouse or only durable servers do. The durable floor takes part where messages
    /// go to few clients.
    pub(crate) fn is_for(self, server_kind: ServerKind) -> bool {
        match self {
            Self::Rounds | Self::Pairs => true,
            Self::Posts => matches!(
                server_kind,
                ServerKind::TeahouseProtocol | ServerKind::TeahousePostgres | ServerKind::FloorDurable
            ),
            Self::Start => server_kind == ServerKind::TeahouseProtocol,
            Self::Fanout | Self::Paced | Self::Fairness | Self::Idle => server_kind != ServerKind::FloorDurable,
            Self::NodeFanout => server_kind.is_on_postgres(),
            Self::NodePosts | Self::NodeBell => server_kind == ServerKind::TeahousePostgres,
        }
    }

    /// Measures once, with a server of its own.
    pub(crate) fn run(self, settings: &Settings, server_kind: ServerKind) -> Result<Vec<Row>, Failure> {
        let duration = Duration::from_secs(settings.seconds);
        let context = WorkloadContext { settings, server_kind, nodes: 1, duration };
        let figures = match self {
            Self::Fanout => fanout::run(&context)?,
            Self::Rounds => rounds::run(&context)?,
            Self::Pairs => pairs::run(&context)?,
            Self::Paced => paced::run(&context)?,
            Self::Fairness => fairness::run(&context)?,
            Self::Idle => idle::run(&context)?,
            Self::Posts => return posts::run(&context),
            Self::Start => return start::run(&context),
            Self::NodeFanout => return node_fanout::run(&context),
            Self::NodePosts => return node_posts::run(&context),
            Self::NodeBell => return node_bell::run(&context),
        };
        Ok(vec![(server_kind.name(), figures)])
    }
}
