//! What servers are asked to do while they are measured.

mod fairness;
mod fanout;
mod figures;
mod idle;
mod paced;
mod pairs;
mod posts;
mod rounds;
mod scene;
mod start;

use std::time::Duration;

use clap::ValueEnum;

pub(crate) use self::figures::Figures;
use self::{figures::Row, scene::Workshop};
use crate::{contender::Contender, failure::Failure, settings::Settings};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// One speaks to 1,000, with 64 messages on their way.
    Fanout,
    /// 32 speak at once, again and again.
    Rounds,
    /// 500 pairs play ping-pong.
    Pairs,
    /// One speaks to 1,000, a hundred times a second.
    Paced,
    /// Private messages, while one speaks to 10,000.
    Fairness,
    /// 10,000 say nothing.
    Idle,
    /// Durable posts, of Teahouse alone.
    Posts,
    /// How soon Teahouse listens.
    Start,
}

impl Workload {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Some show what only Teahouse does.
    pub(crate) fn is_for(self, contender: Contender) -> bool {
        !matches!(self, Self::Posts | Self::Start) || contender == Contender::TeahouseProtocol
    }

    /// Measures once, with a server started for it.
    pub(crate) fn run(self, settings: &Settings, contender: Contender) -> Result<Vec<Row>, Failure> {
        let shop = Workshop { settings, contender, length: Duration::from_secs(settings.seconds) };
        let figures = match self {
            Self::Fanout => fanout::run(&shop)?,
            Self::Rounds => rounds::run(&shop)?,
            Self::Pairs => pairs::run(&shop)?,
            Self::Paced => paced::run(&shop)?,
            Self::Fairness => fairness::run(&shop)?,
            Self::Idle => idle::run(&shop)?,
            Self::Posts => return posts::run(&shop),
            Self::Start => return start::run(&shop),
        };
        Ok(vec![(contender.name(), figures)])
    }
}
