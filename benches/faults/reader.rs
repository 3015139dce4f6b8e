//! A reader: folds the events that it receives as the page does, with the same [`Timeline`] and the same rules.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{ConversationId, Epoch, MessagesPage, Seq},
    protocol::{ErrorCode, Hello, ServerFrame, VERSION, Welcome},
    state::{PageRange, Timeline},
};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::sleep,
};

use super::{
    connection::{Connection, ConnectionEnd, decode},
    counters::Counters,
    entrance::Entrance,
    history::{Observation, ReaderRecord, View},
    http_api::HttpApi,
    shared_events::SharedEvents,
};

/// How many older pages a reader may fetch after a reset.
const MAX_PAGES_BACK: u32 = 4;

/// A fault of one reader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReaderFault {
    /// Stay connected and read nothing for this long.
    Stall(Duration),
    /// Stay disconnected for this long.
    Away(Duration),
}

/// The last seq of each conversation after the writers have stopped.
pub(crate) type LastSeqs = Arc<BTreeMap<ConversationId, Seq>>;

/// The account of a reader and what it works with.
pub(crate) struct ReaderSetup {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) epoch: Epoch,
    pub(crate) entrance: Entrance,
    pub(crate) http_api: HttpApi,
    pub(crate) shared_events: Arc<SharedEvents>,
    pub(crate) counters: Arc<Counters>,
}

pub(crate) struct Reader {
    setup: ReaderSetup,
    rng: StdRng,
    conversations: HashMap<ConversationId, TrackedConversation>,
    fetches: FuturesUnordered<BoxFuture<'static, FetchedPage>>,
    connections: Vec<Vec<Observation>>,
    violations: Vec<String>,
}

/// What a reader knows of one conversation.
#[derive(Default)]
struct TrackedConversation {
    timeline: Timeline,
    /// Where the reader was, if it keeps its position after a reset.
    reading_position: Option<Seq>,
    pages_back: u32,
    is_fetching: bool,
}

struct FetchedPage {
    conversation: ConversationId,
    generation: u32,
    range: PageRange,
    page: Option<MessagesPage>,
}

/// Why a reader left a connection itself.
enum ConnectionOutcome {
    Done,
    Away(Duration),
}

impl Reader {
    pub(crate) fn new(setup: ReaderSetup, rng: StdRng) -> Self {
        Self {
            setup,
            rng,
            conversations: HashMap::new(),
            fetches: FuturesUnordered::new(),
            connections: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Reads until it has everything up to the published last seqs, or until `timeout` after their publication.
    pub(crate) async fn run(
        mut self,
        mut faults: mpsc::Receiver<ReaderFault>,
        mut last_seqs: watch::Receiver<Option<LastSeqs>>,
        timeout: Duration,
    ) -> (ReaderRecord, Vec<String>) {
        let mut published = last_seqs.clone();
        let timed_out = async {
            // An error means that none will be published. Then the timeout starts as well.
            let _ = published.wait_for(|last_seqs| last_seqs.is_some()).await;
            sleep(timeout).await;
        };
        select! {
            () = timed_out => {}
            () = self.run_until_done(&mut faults, &mut last_seqs) => {}
        }
        (
            ReaderRecord { name: self.setup.name, connections: self.connections, views: views(&self.conversations) },
            self.violations,
        )
    }

    async fn run_until_done(
        &mut self,
        faults: &mut mpsc::Receiver<ReaderFault>,
        last_seqs: &mut watch::Receiver<Option<LastSeqs>>,
    ) {
        loop {
            match self.connect(faults, last_seqs).await {
                Ok(ConnectionOutcome::Done) => return,
                Ok(ConnectionOutcome::Away(duration)) => sleep(duration).await,
                Err(ConnectionEnd::Closed(1013)) => self.setup.counters.closed_as_too_slow.increment(),
                Err(ConnectionEnd::Closed(1012) | ConnectionEnd::Broken) => {}
                Err(ConnectionEnd::Refused(error))
                    if error.code == ErrorCode::StorageUnavailable && !self.setup.entrance.must_answer => {}
                Err(other) => self.violations.push(format!("{}: {other:?}", self.setup.name)),
            }
            let pause = self.rng.random_range(20..150);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn connect(
        &mut self,
        faults: &mut mpsc::Receiver<ReaderFault>,
        last_seqs: &mut watch::Receiver<Option<LastSeqs>>,
    ) -> Result<ConnectionOutcome, ConnectionEnd> {
        // A first page that is still being fetched may be older than the start of the new connection.
        for tracked in self.conversations.values_mut().filter(|tracked| !tracked.timeline.is_loaded()) {
            tracked.timeline.reset();
            tracked.is_fetching = false;
        }
        let loaded = self.conversations.iter().filter(|(_, tracked)| tracked.timeline.is_loaded());
        let cursors: HashMap<ConversationId, Seq> =
            loaded.map(|(id, tracked)| (*id, tracked.timeline.cursor())).collect();
        let hello = Hello {
            protocol: VERSION,
            token: Some(self.setup.token.clone()),
            epoch: Some(self.setup.epoch),
            cursors: cursors.clone(),
            ..Hello::default()
        };
        let (mut connection, welcome) = Connection::open(self.setup.entrance.address, hello).await?;
        if !cursors.is_empty() {
            self.setup.counters.resumes.increment();
        }
        self.start_connection(&welcome, &cursors);
        loop {
            self.start_fetches();
            if last_seqs.borrow().as_ref().is_some_and(|last_seqs| self.has_everything(last_seqs)) {
                return Ok(ConnectionOutcome::Done);
            }
            select! {
                text = connection.next() => self.handle_frame(&text?)?,
                Some(fetched) = self.fetches.next(), if !self.fetches.is_empty() => self.apply_page(fetched),
                Some(fault) = faults.recv() => match fault {
                    ReaderFault::Stall(duration) => sleep(duration).await,
                    ReaderFault::Away(duration) => return Ok(ConnectionOutcome::Away(duration)),
                },
                // An error means that the run is over and nothing more will be published.
                _ = last_seqs.changed() => {}
            }
        }
    }

    fn start_connection(&mut self, welcome: &Welcome, cursors: &HashMap<ConversationId, Seq>) {
        let mut observations = Vec::new();
        for conversation in &welcome.conversations {
            let from = cursors.get(&conversation.id).copied().unwrap_or(conversation.last_seq);
            observations.push(Observation::StartsAfter(conversation.id, from));
            self.conversations.entry(conversation.id).or_default();
        }
        // Nobody leaves a conversation in this run.
        for missing in
            cursors.keys().filter(|id| !welcome.conversations.iter().any(|conversation| conversation.id == **id))
        {
            self.violations.push(format!("{} is no longer a member of {missing}", self.setup.name));
        }
        self.connections.push(observations);
    }

    fn handle_frame(&mut self, text: &str) -> Result<(), ConnectionEnd> {
        let observation = match decode(text)? {
            ServerFrame::Event(event) => {
                self.setup.counters.delivered.increment();
                if let Some(tracked) = self.conversations.get_mut(&event.conversation) {
                    tracked.timeline.apply(&event);
                }
                Observation::Event(self.setup.shared_events.share(event))
            }
            // The server announces a direct right before its first message.
            ServerFrame::Conversation(conversation) => {
                self.conversations.entry(conversation.id).or_default();
                Observation::Listed(conversation.id, conversation.last_seq)
            }
            ServerFrame::CaughtUp { conversation, seq } => Observation::CaughtUp(conversation, seq),
            ServerFrame::Reset { conversation, last_seq } => {
                self.setup.counters.resets.increment();
                if let Some(tracked) = self.conversations.get_mut(&conversation) {
                    tracked.reset(&mut self.rng);
                }
                Observation::StartsAfter(conversation, last_seq)
            }
            ServerFrame::Error(error) => return Err(ConnectionEnd::Refused(error)),
            _ => return Ok(()),
        };
        if let Some(observations) = self.connections.last_mut() {
            observations.push(observation);
        }
        Ok(())
    }

    /// Fetches missing pages, one at a time for each conversation.
    fn start_fetches(&mut self) {
        for (&conversation, tracked) in &mut self.conversations {
            if let Some(range) = tracked.next_range().filter(|_| !tracked.is_fetching) {
                tracked.is_fetching = true;
                let generation = tracked.timeline.generation();
                let limit = self.rng.random_range(20..=200);
                let page = self.setup.http_api.page(self.setup.token.clone(), conversation, range, limit);
                self.fetches.push(Box::pin(async move {
                    let page = page.await;
                    if page.is_none() {
                        sleep(Duration::from_millis(100)).await;
                    }
                    FetchedPage { conversation, generation, range, page }
                }));
            }
        }
    }

    fn apply_page(&mut self, FetchedPage { conversation, generation, range, page }: FetchedPage) {
        let Some(tracked) = self.conversations.get_mut(&conversation) else { return };
        if tracked.timeline.generation() != generation {
            return;
        }
        tracked.is_fetching = false;
        let Some(page) = page else { return };
        if matches!(range, PageRange::Older(_)) {
            tracked.pages_back = tracked.pages_back.saturating_sub(1);
        }
        tracked.timeline.apply_page(range, page);
    }

    fn has_everything(&self, last_seqs: &BTreeMap<ConversationId, Seq>) -> bool {
        self.conversations.iter().all(|(id, tracked)| {
            tracked.next_range().is_none() && last_seqs.get(id).is_none_or(|end| tracked.timeline.cursor() >= *end)
        })
    }
}

impl TrackedConversation {
    /// After a reset, the reader starts at the newest page or at its former position.
    fn reset(&mut self, rng: &mut StdRng) {
        let newest = self.timeline.messages().next_back().map(|message| message.seq);
        self.reading_position = newest.filter(|_| rng.random());
        self.pages_back = rng.random_range(0..=MAX_PAGES_BACK);
        self.timeline.reset();
        self.is_fetching = false;
    }

    /// The page to fetch next.
    fn next_range(&self) -> Option<PageRange> {
        if !self.timeline.is_loaded() {
            return Some(self.reading_position.map_or(PageRange::Newest, PageRange::From));
        }
        let newer = self.timeline.gap().map(PageRange::Newer);
        let older = || {
            let oldest = self.timeline.oldest().filter(|_| self.pages_back > 0 && self.timeline.has_more_before());
            oldest.map(PageRange::Older)
        };
        newer.or_else(older)
    }
}

fn views(conversations: &HashMap<ConversationId, TrackedConversation>) -> Vec<View> {
    conversations
        .iter()
        .map(|(conversation, tracked)| View {
            conversation: *conversation,
            cursor: tracked.timeline.cursor(),
            starts_at_first_message: tracked.timeline.is_loaded() && !tracked.timeline.has_more_before(),
            messages: tracked.timeline.messages().cloned().collect(),
        })
        .collect()
}
