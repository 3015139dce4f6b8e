//! Learns what other nodes have committed: by notifications, and by asking now and then, because one may get lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::poll_fn;
use tokio::{
    select,
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Notification};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::server::store::{
    commit_log::Position,
    feed::Delivery,
    postgres::{
        connect::{Database, Driver},
        error::in_words,
        notifications::{LOG_CHANNEL, READ_CHANNEL, log_from, marks_from},
    },
    read_marks::ReadMark,
};

/// How often the position of the log is asked for.
const POLL: Duration = Duration::from_secs(1);

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// How many notifications may wait. Further ones are lost; asking finds what they would have told.
const NOTIFICATION_CAPACITY: usize = 256;

/// The pause before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);

/// What the listener tells the rest of the node.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) database: Database,
    /// This node's writer, whose notifications are no news.
    pub(super) writer: Uuid,
    /// The position of the newest entry that this node knows of.
    pub(super) head: Arc<watch::Sender<Position>>,
    /// The position of the newest entry that another node has committed, as far as this node knows.
    pub(super) foreign_head: watch::Sender<Position>,
    /// Gets the read marks that other nodes have saved.
    pub(super) feed: mpsc::Sender<Vec<Delivery>>,
    /// Whether the log can be reached.
    pub(super) is_reachable: Arc<AtomicBool>,
}

impl Listener {
    /// Listens until it is aborted, over as many connections as it takes.
    pub(super) async fn run(self) {
        loop {
            if let Err(error) = self.listen().await {
                tracing::debug!(error = in_words(&error), "listening to the database has ended");
            }
            self.is_reachable.store(false, Ordering::Relaxed);
            sleep(RECONNECT_PAUSE).await;
        }
    }

    /// Listens on one connection until it fails.
    async fn listen(&self) -> Result<(), tokio_postgres::Error> {
        let Ok(connected) = timeout(ANSWER_TIMEOUT, self.database.connect()).await else { return Ok(()) };
        let (client, driver) = connected?;
        let (sender, mut notifications) = mpsc::channel(NOTIFICATION_CAPACITY);
        let _driving = AbortOnDropHandle::new(tokio::spawn(drive(driver, sender)));
        let Ok(listening) =
            timeout(ANSWER_TIMEOUT, client.batch_execute("LISTEN teahouse_log; LISTEN teahouse_read")).await
        else {
            return Ok(());
        };
        listening?;
        let mut polls = interval(POLL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            select! {
                biased;
                notification = notifications.recv() => match notification {
                    Some(notification) => self.hear(&notification),
                    None => return Ok(()),
                },
                // The first tick is at once: something may have been committed since the last connection ended.
                _ = polls.tick() => match timeout(ANSWER_TIMEOUT, position(&client)).await {
                    Ok(position) => self.learn(position?),
                    Err(_elapsed) => return Ok(()),
                },
            }
        }
    }

    fn hear(&self, notification: &Notification) {
        match notification.channel() {
            LOG_CHANNEL => {
                let Some((writer, position)) = log_from(notification.payload()) else { return };
                if writer != self.writer {
                    self.learn(position);
                }
            }
            READ_CHANNEL => {
                let Some((writer, marks)) = marks_from(notification.payload()) else { return };
                if writer != self.writer {
                    let marked = marks.into_iter();
                    let marked = marked.map(|ReadMark { user, conversation, seq, .. }| Delivery::MarkedRead {
                        user,
                        conversation,
                        seq,
                    });
                    // A mark that finds no room leaves a badge on another device until the next mark.
                    let _ = self.feed.try_send(marked.collect());
                }
            }
            _ => {}
        }
    }

    /// Another node has committed up to here, unless this node's own writer is just about to say so itself.
    fn learn(&self, position: Position) {
        self.is_reachable.store(true, Ordering::Relaxed);
        let moved = |known: &mut Position| {
            let is_newer = position > *known;
            *known = position.max(*known);
            is_newer
        };
        if self.head.send_if_modified(moved) {
            self.foreign_head.send_if_modified(moved);
        }
    }
}

/// Drives a connection, and forwards its notifications.
async fn drive(mut driver: Driver, notifications: mpsc::Sender<Notification>) {
    while let Some(message) = poll_fn(|context| driver.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => {
                if let Err(TrySendError::Closed(_)) = notifications.try_send(notification) {
                    return;
                }
            }
            Ok(_notice) => {}
            Err(error) => {
                tracing::debug!(error = in_words(&error), "the listener's connection has ended");
                return;
            }
        }
    }
}

async fn position(client: &Client) -> Result<Position, tokio_postgres::Error> {
    client.query_one("SELECT position FROM log", &[]).await?.try_get(0)
}
