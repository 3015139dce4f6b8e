//! Runs the clients, while faults are injected.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng};
use teahouse::domain::ConversationId;
use tokio::{
    select,
    sync::{mpsc, watch},
    task::JoinSet,
    time::interval,
};

use super::{
    counters::Counters,
    environment::{Environment, FaultPlan},
    failure::Failure,
    history::History,
    http_api::HttpApi,
    options::Options,
    reader::{LastSeqs, Reader, ReaderFault},
    rooms::RoomSetup,
    settings::Setter,
    shared_events::SharedEvents,
    talk_log::TalkLog,
    users::Users,
    writer::{Pace, Writer},
};

/// How long clients may take to finish after the last fault.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(2);

/// What clients leave.
pub(crate) struct ClientRun {
    /// What they did and observed.
    pub(crate) history: History,
    /// When each writer talked.
    pub(crate) talk_logs: Vec<TalkLog>,
}

pub(crate) async fn run_clients(
    options: &Options,
    mut rng: StdRng,
    environment: &mut impl Environment,
    counters: &Arc<Counters>,
) -> Result<ClientRun, Failure> {
    let entrance = environment.entrance();
    let http_api = HttpApi::new(entrance.address)?;
    let mut users = Users::sign_in(entrance.address, options.writers, options.directs).await?;
    let rooms = RoomSetup::new(&entrance, &http_api, &users.insiders()).await?;
    users.add_room(rooms.private);
    let tokens: Vec<String> = users.tokens().map(str::to_owned).chain(rooms.tokens()).collect();

    let (stop, stopped) = watch::channel(false);
    let pace =
        Pace { window: options.window, pause: Duration::from_millis(options.pause), lobby_share: options.lobby_share };
    let mut writers = JoinSet::new();
    for setup in users.writer_setups() {
        let rng = StdRng::from_rng(&mut rng);
        let writer = Writer::new(setup, rng, entrance.clone(), pace, Arc::clone(counters));
        writers.spawn(writer.run(stopped.clone(), SETTLE_TIMEOUT));
    }
    let (publish_last_seqs, last_seqs_published) = watch::channel(None);
    let shared_events = Arc::new(SharedEvents::default());
    let mut readers = JoinSet::new();
    let mut fault_senders = Vec::new();
    for number in 0..options.readers.min(options.writers) {
        let (fault_sender, fault_receiver) = mpsc::channel::<ReaderFault>(1);
        fault_senders.push(fault_sender);
        let reader_setup = users.reader_setup(number, &entrance, &http_api, &shared_events, counters);
        readers.spawn(Reader::new(reader_setup, StdRng::from_rng(&mut rng)).run(
            fault_receiver,
            last_seqs_published.clone(),
            SETTLE_TIMEOUT,
        ));
    }

    let visitor = rooms.visitor(entrance.clone(), Arc::clone(&shared_events));
    let visitor = tokio::spawn(visitor.run(last_seqs_published.clone()));
    let keeper = rooms.keep(StdRng::from_rng(&mut rng), entrance.clone(), Arc::clone(counters));
    let keeper = tokio::spawn(keeper.run(stopped.clone(), SETTLE_TIMEOUT));

    // A setting makes no event, so one that is sent again through another node takes effect again, perhaps late.
    let setter = if entrance.must_answer {
        let setter = Setter::sign_in(StdRng::from_rng(&mut rng), entrance.clone()).await?;
        Some(tokio::spawn(setter.run(stopped.clone(), SETTLE_TIMEOUT)))
    } else {
        None
    };

    let plan = FaultPlan {
        rng: &mut rng,
        duration: Duration::from_secs(options.seconds),
        only: &options.only,
        readers: &fault_senders,
    };
    select! {
        injected = environment.inject_faults(plan) => injected?,
        () = print_progress(counters) => {}
    }
    environment.recover().await?;

    let (mut history, mut talk_logs) = (History::default(), Vec::new());
    stop.send(true)?;
    while let Some(record) = writers.join_next().await {
        let record = record?;
        history.commands.extend(record.commands);
        history.violations.extend(record.violations);
        talk_logs.push(record.talk_log);
    }
    history.commands.extend(keeper.await?);
    if let Some(setter) = setter {
        history.violations.extend(setter.await?);
    }
    let (last_seqs, members) = last_seqs(tokens, &http_api).await?;
    publish_last_seqs.send(Some(Arc::clone(&last_seqs)))?;
    while let Some(read) = readers.join_next().await {
        let (reader, violations) = read?;
        history.readers.push(reader);
        history.violations.extend(violations);
    }
    history.visits.push(visitor.await?);
    for (conversation, token) in members {
        history.served.insert(conversation, http_api.all_messages(&token, conversation).await?);
    }
    history.copied = environment.stop().await?;
    Ok(ClientRun { history, talk_logs })
}

/// The last seq of each conversation, and the token of one of its members.
async fn last_seqs(
    tokens: Vec<String>,
    http_api: &HttpApi,
) -> Result<(LastSeqs, BTreeMap<ConversationId, String>), Failure> {
    let (mut last_seqs, mut members) = (BTreeMap::new(), BTreeMap::new());
    for token in tokens {
        for (conversation, seq) in http_api.last_seqs(&token).await? {
            last_seqs.insert(conversation, seq);
            members.insert(conversation, token.clone());
        }
    }
    Ok((Arc::new(last_seqs), members))
}

/// Shows that the run is making progress.
async fn print_progress(counters: &Counters) {
    let start = Instant::now();
    let mut ticks = interval(Duration::from_secs(10));
    loop {
        ticks.tick().await;
        let seconds = start.elapsed().as_secs();
        eprintln!("{seconds:>5} s: {} acked, {} kills", counters.acked.get(), counters.kills.get());
    }
}
