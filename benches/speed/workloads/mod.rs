//! What servers are asked to do while they are measured.

mod fairness;
mod fanout;
mod idle;
mod paced;
mod pairs;
mod posts;
mod rounds;
mod start;

use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::{
    Failure, Options,
    contender::{Contender, SERVER_CORE, Server},
    crowd::Crowd,
    line::Heard,
    process,
    talk::{Place, Talk},
};

/// What was measured, under its name; the first is what it is about. Less is better, unless the name ends in `/s`.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// What was measured, and what came of it.
pub(crate) type Row = (String, Figures);

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
    pub(crate) fn run(self, options: &Options, contender: Contender) -> Result<Vec<Row>, Failure> {
        let shop = Workshop { options, contender, length: Duration::from_secs(options.seconds) };
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

/// What a workload works with.
struct Workshop<'a> {
    options: &'a Options,
    contender: Contender,
    /// How long to measure.
    length: Duration,
}

/// A server and those who talk at it.
struct Scene {
    server: Server,
    crowd: Crowd,
    talk: Talk,
}

impl Workshop<'_> {
    /// A new server, with members who hear each other.
    fn scene(&self, place: Place, members: usize) -> Result<Scene, Failure> {
        let server = self.contender.start(self.options)?;
        let (mut crowd, mut talk) = (Crowd::new()?, Talk::new(self.contender.dialect(), place));
        talk.begin(&mut crowd, server.address, members)?;
        Ok(Scene { server, crowd, talk })
    }
}

impl Scene {
    /// Whatever comes now has come before.
    fn nothing_more_comes(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            self.crowd.turn(Duration::from_millis(20), |who, heard| {
                let Heard::Text(text) = heard else { return Ok(()) };
                match self.talk.message(who, text)? {
                    None => Ok(()),
                    Some(message) => Err(format!("{} came twice", message.number).into()),
                }
            })?;
        }
        Ok(())
    }
}

/// What work costs from now on.
struct Meter {
    start: Instant,
    server: Duration,
    clients: Duration,
    /// Of the server's core, whoever works there.
    core: Duration,
    deliveries: u64,
}

impl Meter {
    fn start(server: &Server, deliveries: u64) -> Result<Self, Failure> {
        let clients = process::cpu_time(std::process::id())?;
        let core = process::busy_time(SERVER_CORE)?;
        Ok(Self { start: Instant::now(), server: server.cpu_time()?, clients, core, deliveries })
    }

    fn read(&self, server: &Server, deliveries: u64) -> Result<Figures, Failure> {
        let elapsed = self.start.elapsed().as_secs_f64();
        let cpu = server.cpu_time()?.saturating_sub(self.server).as_secs_f64();
        let clients = process::cpu_time(std::process::id())?.saturating_sub(self.clients).as_secs_f64();
        // What others did there; more than little means that the machine was not ours alone.
        let others = process::busy_time(SERVER_CORE)?.saturating_sub(self.core).as_secs_f64() - cpu;
        let count = float(deliveries - self.deliveries);
        Ok(vec![
            ("CPU s per million", cpu / count * 1e6),
            ("deliveries/s", count / elapsed),
            ("server CPU %", cpu / elapsed * 100.0),
            ("clients' CPU %", clients / elapsed * 100.0),
            ("others' CPU %", others.max(0.0) / elapsed * 100.0),
        ])
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few minutes are far below 2⁵²")]
fn float(count: u64) -> f64 {
    count as f64
}
