//! The writer's end of the commit feed. It does not wait for a slow receiver.

use std::mem;

use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::server::store::feed::Delivery;

/// How many deliveries are kept for a slow receiver. Then the writer waits for it after all.
const MAX_KEPT: usize = 65_536;

/// The sender of the commit feed.
#[derive(Debug)]
pub(crate) struct FeedSender {
    channel: Sender<Vec<Delivery>>,
    /// What did not fit into the channel and is not in the commit log.
    kept: Vec<Delivery>,
}

impl FeedSender {
    pub(crate) fn new(channel: Sender<Vec<Delivery>>) -> Self {
        Self { channel, kept: Vec::new() }
    }

    /// Whether something waits for room in the channel.
    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Sends what was kept, and then `deliveries`. If the channel is full, leaves out the entries of the commit log, which
    /// the receiver finds there, and keeps the rest.
    pub(crate) fn send(&mut self, deliveries: Vec<Delivery>) {
        let mut all = mem::take(&mut self.kept);
        if all.is_empty() {
            all = deliveries;
        } else {
            all.extend(deliveries);
        }
        if all.is_empty() {
            return;
        }
        match self.channel.try_send(all) {
            Ok(()) => {}
            Err(TrySendError::Full(mut all)) => {
                all.retain(|delivery| !matches!(delivery, Delivery::Entry(_) | Delivery::Listed(..)));
                if all.len() <= MAX_KEPT {
                    self.kept = all;
                } else if self.channel.blocking_send(all).is_err() {
                    tracing::debug!("the receiver of the commit feed is gone");
                }
            }
            // Without a receiver there are no connections.
            Err(TrySendError::Closed(_)) => tracing::debug!("the receiver of the commit feed is gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        domain::{CommandId, Timestamp, UserId},
        server::{
            rules::Entry,
            store::{
                commit_log::{Change, CommitEntry, Position},
                error::StoreError,
                feed::ReplyTo,
            },
        },
    };

    fn entry(position: u64) -> Delivery {
        let change = Change::Entry(Entry::SignedUp { user: UserId::SYSTEM, registered: false });
        Delivery::Entry(CommitEntry { position: Position(position), at: Timestamp(1), change })
    }

    fn reply(to: u64) -> Delivery {
        Delivery::Reply { to: ReplyTo(to), id: CommandId::generate(), outcome: Err(StoreError::Unavailable) }
    }

    /// The position of an entry, or the receiver of a reply.
    fn number(delivery: Delivery) -> u64 {
        match delivery {
            Delivery::Entry(entry) => entry.position.0,
            Delivery::Reply { to, .. } => to.0,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_slow_receiver_misses_entries_of_the_log_and_nothing_else() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut feed = FeedSender::new(sender);
        feed.send(vec![entry(1), reply(101)]);
        feed.send(vec![entry(2), reply(102)]);
        feed.send(vec![entry(3), reply(103)]);
        assert!(feed.has_kept());
        let mut next = async || receiver.recv().await.expect("deliveries").into_iter().map(number).collect::<Vec<_>>();
        assert_eq!(next().await, [1, 101]);
        feed.send(vec![entry(4), reply(104)]);
        assert_eq!(next().await, [102, 103, 4, 104]);
        assert!(!feed.has_kept());
    }
}
