//! Runs the clients, while faults are injected.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng};
use teahouse::{
    domain::{Conversation, ConversationId, UserId},
    protocol::{Hello, VERSION},
};
use tokio::{
    select,
    sync::{mpsc, watch},
    task::JoinSet,
    time::interval,
};

use super::{
    connection::Connection,
    counters::Counters,
    entrance::Entrance,
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
    users.register_first(&http_api).await?;
    let rooms = RoomSetup::new(&entrance, &http_api, &users.insiders()).await?;
    users.add_room(rooms.private);
    let mut tokens: Vec<String> = users.tokens().map(str::to_owned).chain(rooms.tokens()).collect();

    let mut history = History { users: users.users().cloned().chain(rooms.users()).collect(), ..History::default() };
    // A setting makes no event, so one that is sent again through another node takes effect again, perhaps late.
    let setter = if entrance.must_answer {
        Some(Setter::sign_in(StdRng::from_rng(&mut rng), entrance.clone()).await?)
    } else {
        None
    };
    history.users.extend(setter.iter().map(|setter| setter.user.clone()));
    tokens.extend(setter.iter().map(|setter| setter.token.clone()));
    // Everybody connects once: a guest who never does loses the session after ten minutes.
    last_lists(tokens.clone(), &entrance).await?;
    let everybody = history.users.iter().map(|user| user.id).collect();
    history.lasting_members = users.directs();
    history.lasting_members.extend(users.lobby().map(|lobby| (lobby, everybody)));

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

    let setter = setter.map(|setter| tokio::spawn(setter.run(stopped.clone(), SETTLE_TIMEOUT)));

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

    let mut talk_logs = Vec::new();
    stop.send(true)?;
    while let Some(record) = writers.join_next().await {
        let record = record?;
        history.commands.extend(record.commands);
        history.violations.extend(record.violations);
        talk_logs.push(record.talk_log);
    }
    history.commands.extend(keeper.await?);
    if let Some(setter) = setter {
        let (commands, violations) = setter.await?;
        history.commands.extend(commands);
        history.violations.extend(violations);
    }
    let (last_lists, members) = last_lists(tokens, &entrance).await?;
    let listed = last_lists.values().flatten();
    let last_seqs: LastSeqs = Arc::new(listed.map(|listed| (listed.id, listed.last_seq)).collect());
    publish_last_seqs.send(Some(last_seqs))?;
    history.last_lists = last_lists;
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

/// Each user's list of conversations in a welcome, and the token of one member of each conversation.
async fn last_lists(
    tokens: Vec<String>,
    entrance: &Entrance,
) -> Result<(BTreeMap<UserId, Vec<Conversation>>, BTreeMap<ConversationId, String>), Failure> {
    let (mut lists, mut members) = (BTreeMap::new(), BTreeMap::new());
    for token in tokens {
        let hello = Hello { protocol: VERSION, token: Some(token.clone()), ..Hello::default() };
        let opened = Connection::open(entrance.address, hello).await;
        let (_, welcome) = opened.map_err(|end| format!("no last welcome: {end:?}"))?;
        for conversation in &welcome.conversations {
            members.insert(conversation.id, token.clone());
        }
        lists.insert(welcome.me.id, welcome.conversations);
    }
    Ok((lists, members))
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
