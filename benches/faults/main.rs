//! A server is killed, stopped, cut off, kept waiting, denied its disk and told wrong times, while clients write and
//! read. In the end it must have kept what it promised: nothing acked is lost, nothing is done twice, everybody was told
//! everything in order, and what they made of it is what the log comes to.
//!
//! | file | what it does |
//! | --- | --- |
//! | `server`, `world`, `schedule` | the program as a process; what befalls it; when |
//! | `proxy` | an address that stays, and lines that can be cut |
//! | `writer`, `ideas`, `words`, `frames` | sends commands, and again what was not answered |
//! | `people`, `connection` | who takes part; a client's WebSocket |
//! | `reader`, `pages`, `sightings` | listens, and folds what it hears with the page's own `Timeline` |
//! | `history`, `log` | what clients did and saw; what the database holds |
//! | `checker` | holds the one against the other; its own tests are in `tests/faults_checker` |
//! | `tally`, `report` | the table |
//!
//! `script/faults` starts it; `docs/promises.md` tells what it shows and what it does not.

mod checker;
mod connection;
mod failure;
mod frames;
mod history;
mod ideas;
mod log;
mod pages;
mod people;
mod proxy;
mod reader;
mod report;
mod schedule;
mod server;
mod sightings;
mod tally;
mod words;
mod world;
mod writer;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::{
    select,
    sync::{mpsc, watch},
    task::JoinSet,
    time::interval,
};

use self::{
    failure::Failure,
    history::{History, Log},
    pages::Pages,
    people::People,
    reader::{Ends, Listener, Mood},
    report::Report,
    schedule::{Kind, schedule},
    server::Setup,
    sightings::Sightings,
    tally::Tally,
    world::World,
    writer::Writer,
};

/// How long clients get to settle once the faults are over.
const SETTLING: Duration = Duration::from_mins(2);

/// Kills a server again and again, and shows that it keeps what it promises.
#[derive(Debug, Parser)]
#[command(name = "faults")]
struct Options {
    /// How long the faults last.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Decides the faults and what is written; random where not given, and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many write.
    #[arg(long, default_value_t = 16)]
    writers: usize,
    /// How many commands of each writer may be without an answer.
    #[arg(long, default_value_t = 8)]
    window: usize,
    /// How many listen, each beside one of the writers.
    #[arg(long, default_value_t = 6)]
    readers: usize,
    /// How many directs there are, between neighbours.
    #[arg(long, default_value_t = 6)]
    directs: usize,
    /// How much the server lets one connection leave unread, in bytes.
    #[arg(long, default_value_t = 48 * 1024)]
    send_queue_bytes: usize,
    /// Only faults of these kinds; all where not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Kind>,
    /// The program to run.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    server: PathBuf,
    /// Where the database lies while it runs: a real disk, not one in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("faults: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
async fn run(options: Options) -> Result<bool, Failure> {
    let seed = options.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let length = Duration::from_secs(options.seconds);
    println!("faults: {} s with seed {seed}, against {}", options.seconds, options.server.display());
    let folder = tempfile::Builder::new().prefix("faults-").tempdir_in(&options.folder)?;
    let setup = Setup::new(options.server.clone(), folder.path().to_owned(), options.send_queue_bytes)?;
    let (has_quota, has_clock, database) = (setup.has_quota(), setup.has_clock(), setup.database());

    let tally = Arc::new(Tally::default());
    let history = live(&options, seed, setup, &tally).await;
    let (events, findings) = match history.and_then(|history| judge(history, &database)) {
        Ok(judged) => judged,
        Err(failure) => return Err(format!("{failure}; the data is in {}", folder.keep().display()).into()),
    };
    let report = Report { seed, length, tally: &tally, events, findings: &findings, has_quota, has_clock };
    report.print();
    let shortcomings = report.shortcomings();
    for shortcoming in &shortcomings {
        println!("this run shows nothing: {shortcoming}");
    }
    let is_well = findings.are_none() && shortcomings.is_empty();
    if !is_well {
        println!("faults: NOT kept; the data is in {}", folder.keep().display());
    }
    Ok(is_well)
}

/// The run itself: returns what clients did and saw.
async fn live(options: &Options, seed: u64, setup: Setup, tally: &Arc<Tally>) -> Result<History, Failure> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::start(setup, Arc::clone(tally), StdRng::from_rng(&mut rng)).await?;
    let address = world.proxy.address;
    let pages = Pages::new(address)?;
    let people = People::arrive(address, options.writers, options.directs).await?;

    let (stop, stopped) = watch::channel(false);
    let mut writers = JoinSet::new();
    for pen in people.pens() {
        let writer = Writer::new(pen, StdRng::from_rng(&mut rng), address, options.window, Arc::clone(tally));
        writers.spawn(writer.run(stopped.clone(), SETTLING));
    }
    let (end, ended) = watch::channel(None);
    let sightings = Arc::new(Sightings::default());
    let mut readers = JoinSet::new();
    let mut moods = Vec::new();
    for number in 0..options.readers.min(options.writers) {
        let (mood, asked) = mpsc::channel::<Mood>(1);
        moods.push(mood);
        let ear = people.ear(number, address, &pages, &sightings, tally);
        readers.spawn(Listener::new(ear, StdRng::from_rng(&mut rng)).run(asked, ended.clone(), SETTLING));
    }

    let mut faults = schedule(&mut rng, Duration::from_secs(options.seconds), moods.len());
    faults.retain(|(_, fault)| options.only.is_empty() || options.only.contains(&fault.kind()));
    select! {
        suffered = world.suffer(faults, &moods) => suffered?,
        () = tell_progress(tally) => {}
    }
    world.recover()?;

    let mut history = History::default();
    stop.send(true)?;
    while let Some(written) = writers.join_next().await {
        let written = written?;
        history.commands.extend(written.commands);
        history.surprises.extend(written.surprises);
    }
    let ends = ends(&people, &pages).await?;
    end.send(Some(Arc::clone(&ends)))?;
    while let Some(read) = readers.join_next().await {
        let (reader, surprises) = read?;
        history.readers.push(reader);
        history.surprises.extend(surprises);
    }
    for conversation in ends.keys() {
        history.served.insert(*conversation, pages.all(people.token_for(*conversation)?, *conversation).await?);
    }
    world.stop().await?;
    Ok(history)
}

async fn ends(people: &People, pages: &Pages) -> Result<Ends, Failure> {
    let mut ends = BTreeMap::new();
    for token in people.tokens() {
        ends.extend(pages.ends(token).await?);
    }
    Ok(Arc::new(ends))
}

fn judge(history: History, database: &std::path::Path) -> Result<(usize, checker::Findings), Failure> {
    let log: Log = log::read(database)?;
    let events = log.conversations.values().map(Vec::len).sum();
    Ok((events, checker::check(&history, &log)))
}

/// So that nobody thinks it hangs.
async fn tell_progress(tally: &Tally) {
    let start = Instant::now();
    let mut ticks = interval(Duration::from_secs(10));
    loop {
        ticks.tick().await;
        let seconds = start.elapsed().as_secs();
        eprintln!("{seconds:>5} s: {} acked, {} kills", tally.acked.get(), tally.kills.get());
    }
}
