//! Somebody who listens, and folds what they hear as the page does: with the same [`Timeline`], by the same rules.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use rand::{Rng as _, rngs::StdRng};
use teahouse::{
    domain::{ConversationId, Epoch, MessagesPage, Seq},
    protocol::{Hello, ServerFrame, VERSION, Welcome},
    state::{PageRange, Timeline},
};
use tokio::{
    select,
    sync::{mpsc, watch},
    time::sleep,
};

use super::{
    connection::{Connection, Ending, decode},
    history::{Reader, Sight, View},
    pages::Pages,
    sightings::Sightings,
    tally::Tally,
};

/// How many pages a reader may go back after a new start.
const PAGES_BACK: u32 = 4;

/// What is asked of a reader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// Keep the connection, and read nothing for so long.
    Stall(Duration),
    /// Be without a connection for so long.
    Away(Duration),
}

/// Where each conversation ends, once nobody writes any more.
pub(crate) type Ends = Arc<BTreeMap<ConversationId, Seq>>;

/// Who listens, and where.
pub(crate) struct Ear {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) epoch: Epoch,
    pub(crate) address: SocketAddr,
    pub(crate) pages: Pages,
    pub(crate) sightings: Arc<Sightings>,
    pub(crate) tally: Arc<Tally>,
}

pub(crate) struct Listener {
    ear: Ear,
    rng: StdRng,
    known: HashMap<ConversationId, Known>,
    fetches: FuturesUnordered<BoxFuture<'static, Fetched>>,
    connections: Vec<Vec<Sight>>,
    surprises: Vec<String>,
}

/// One conversation.
#[derive(Default)]
struct Known {
    timeline: Timeline,
    /// Where a reader is who wants to keep their place.
    place: Option<Seq>,
    pages_back: u32,
    is_fetching: bool,
}

struct Fetched {
    conversation: ConversationId,
    generation: u32,
    stretch: PageRange,
    page: Option<MessagesPage>,
}

/// How a connection came to an end that is none by itself.
enum Pause {
    Done,
    Away(Duration),
}

impl Listener {
    pub(crate) fn new(ear: Ear, rng: StdRng) -> Self {
        Self {
            ear,
            rng,
            known: HashMap::new(),
            fetches: FuturesUnordered::new(),
            connections: Vec::new(),
            surprises: Vec::new(),
        }
    }

    /// Listens until it has heard everything up to the ends, once there are any, or `patience` is over.
    pub(crate) async fn run(
        mut self,
        mut moods: mpsc::Receiver<Mood>,
        mut ends: watch::Receiver<Option<Ends>>,
        patience: Duration,
    ) -> (Reader, Vec<String>) {
        let mut ended = ends.clone();
        let given_up = async {
            // An error means that there will be no ends: then it is time, too.
            let _ = ended.wait_for(|ends| ends.is_some()).await;
            sleep(patience).await;
        };
        select! {
            () = given_up => {}
            () = self.come_back_until_done(&mut moods, &mut ends) => {}
        }
        (Reader { name: self.ear.name, connections: self.connections, views: views(&self.known) }, self.surprises)
    }

    async fn come_back_until_done(
        &mut self,
        moods: &mut mpsc::Receiver<Mood>,
        ends: &mut watch::Receiver<Option<Ends>>,
    ) {
        loop {
            match self.connect(moods, ends).await {
                Ok(Pause::Done) => return,
                Ok(Pause::Away(duration)) => sleep(duration).await,
                Err(Ending::Closed(1013)) => self.ear.tally.too_slow.one(),
                Err(Ending::Closed(1012) | Ending::Broken) => {}
                Err(other) => self.surprises.push(format!("{}: {other:?}", self.ear.name)),
            }
            let pause = self.rng.random_range(20..150);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn connect(
        &mut self,
        moods: &mut mpsc::Receiver<Mood>,
        ends: &mut watch::Receiver<Option<Ends>>,
    ) -> Result<Pause, Ending> {
        // A first page that is still under way may be older than where the new connection begins.
        for known in self.known.values_mut().filter(|known| !known.timeline.is_loaded()) {
            known.timeline.reset();
            known.is_fetching = false;
        }
        let loaded = self.known.iter().filter(|(_, known)| known.timeline.is_loaded());
        let cursors: HashMap<ConversationId, Seq> = loaded.map(|(id, known)| (*id, known.timeline.cursor())).collect();
        let hello = Hello {
            protocol: VERSION,
            token: Some(self.ear.token.clone()),
            epoch: Some(self.ear.epoch),
            cursors: cursors.clone(),
            ..Hello::default()
        };
        let (mut connection, welcome) = Connection::open(self.ear.address, hello).await?;
        if !cursors.is_empty() {
            self.ear.tally.resumes.one();
        }
        self.begin(&welcome, &cursors);
        loop {
            self.fetch();
            if ends.borrow().as_ref().is_some_and(|ends| self.has_all(ends)) {
                return Ok(Pause::Done);
            }
            select! {
                text = connection.next() => self.hear(&text?)?,
                Some(fetched) = self.fetches.next(), if !self.fetches.is_empty() => self.take_in(fetched),
                Some(mood) = moods.recv() => match mood {
                    Mood::Stall(duration) => sleep(duration).await,
                    Mood::Away(duration) => return Ok(Pause::Away(duration)),
                },
                // An error means that the run is over; nothing more will be asked.
                _ = ends.changed() => {}
            }
        }
    }

    fn begin(&mut self, welcome: &Welcome, cursors: &HashMap<ConversationId, Seq>) {
        let mut sights = Vec::new();
        for conversation in &welcome.conversations {
            let from = cursors.get(&conversation.id).copied().unwrap_or(conversation.last_seq);
            sights.push(Sight::From(conversation.id, from));
            self.known.entry(conversation.id).or_default();
        }
        // Whoever is in a conversation stays in it.
        for lost in
            cursors.keys().filter(|id| !welcome.conversations.iter().any(|conversation| conversation.id == **id))
        {
            self.surprises.push(format!("{} is no member of {lost} any more", self.ear.name));
        }
        self.connections.push(sights);
    }

    fn hear(&mut self, text: &str) -> Result<(), Ending> {
        let sight = match decode(text)? {
            ServerFrame::Event(event) => {
                self.ear.tally.told.one();
                if let Some(known) = self.known.get_mut(&event.conversation) {
                    known.timeline.apply(&event);
                }
                Sight::Event(self.ear.sightings.share(event))
            }
            // A direct is told of right before its first message.
            ServerFrame::Conversation(conversation) if !self.known.contains_key(&conversation.id) => {
                self.known.insert(conversation.id, Known::default());
                Sight::From(conversation.id, conversation.last_seq)
            }
            ServerFrame::CaughtUp { conversation, seq } => Sight::CaughtUp(conversation, seq),
            ServerFrame::Reset { conversation, last_seq } => {
                self.ear.tally.resets.one();
                if let Some(known) = self.known.get_mut(&conversation) {
                    known.start_anew(&mut self.rng);
                }
                Sight::From(conversation, last_seq)
            }
            ServerFrame::Error(error) => return Err(Ending::Refused(error)),
            _ => return Ok(()),
        };
        if let Some(sights) = self.connections.last_mut() {
            sights.push(sight);
        }
        Ok(())
    }

    /// Asks for the pages that are missing: one at a time of each conversation.
    fn fetch(&mut self) {
        for (&conversation, known) in &mut self.known {
            if let Some(stretch) = known.missing().filter(|_| !known.is_fetching) {
                known.is_fetching = true;
                let generation = known.timeline.generation();
                let limit = self.rng.random_range(20..=200);
                let page = self.ear.pages.get(self.ear.token.clone(), conversation, stretch, limit);
                self.fetches.push(Box::pin(async move {
                    let page = page.await;
                    if page.is_none() {
                        sleep(Duration::from_millis(100)).await;
                    }
                    Fetched { conversation, generation, stretch, page }
                }));
            }
        }
    }

    fn take_in(&mut self, Fetched { conversation, generation, stretch, page }: Fetched) {
        let Some(known) = self.known.get_mut(&conversation) else { return };
        if known.timeline.generation() != generation {
            return;
        }
        known.is_fetching = false;
        let Some(page) = page else { return };
        if matches!(stretch, PageRange::Older(_)) {
            known.pages_back = known.pages_back.saturating_sub(1);
        }
        known.timeline.apply_page(stretch, page);
    }

    fn has_all(&self, ends: &BTreeMap<ConversationId, Seq>) -> bool {
        self.known.iter().all(|(id, known)| {
            known.missing().is_none() && ends.get(id).is_none_or(|end| known.timeline.cursor() >= *end)
        })
    }
}

impl Known {
    /// After a reset: at the end, or at the place where the reader was.
    fn start_anew(&mut self, rng: &mut StdRng) {
        let newest = self.timeline.messages().next_back().map(|message| message.seq);
        self.place = newest.filter(|_| rng.random());
        self.pages_back = rng.random_range(0..=PAGES_BACK);
        self.timeline.reset();
        self.is_fetching = false;
    }

    /// What is to be fetched next.
    fn missing(&self) -> Option<PageRange> {
        if !self.timeline.is_loaded() {
            return Some(self.place.map_or(PageRange::Newest, PageRange::From));
        }
        let newer = self.timeline.gap().map(PageRange::Newer);
        let older = || {
            let oldest = self.timeline.oldest().filter(|_| self.pages_back > 0 && self.timeline.has_more_before());
            oldest.map(PageRange::Older)
        };
        newer.or_else(older)
    }
}

fn views(known: &HashMap<ConversationId, Known>) -> Vec<View> {
    known
        .iter()
        .map(|(conversation, known)| View {
            conversation: *conversation,
            cursor: known.timeline.cursor(),
            is_whole: known.timeline.is_loaded() && !known.timeline.has_more_before(),
            messages: known.timeline.messages().cloned().collect(),
        })
        .collect()
}
