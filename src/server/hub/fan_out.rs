//! Committed news, encoded once and handed to the shards, in commit order.

use std::{collections::HashMap, mem, sync::Arc};

use tokio::sync::mpsc;

use crate::{
    domain::{CommandId, ConversationId, Event},
    protocol::{CloseCode, ServerFrame, SimpleReply},
    server::{
        chat::ChatError,
        hub::{
            Connection, Dialect, Hub,
            encoded::{EncodedFrame, EventBatchBuilder},
            shard_loop::{DeliveryBatch, DeliveryOp},
        },
        store::{Committed, ConnectionEffect, EventPosition, Feed, StoreError},
    },
};

/// How many turns may wait for a shard; then delivery waits for it, and the store for that.
pub(crate) const TURNS: usize = 4;

/// The way to all shards.
#[derive(Clone, Debug)]
pub(crate) struct Shards(pub(crate) Vec<mpsc::Sender<DeliveryBatch>>);

impl Shards {
    /// Hands a turn to all.
    pub(crate) async fn take(&self, steps: Vec<DeliveryOp>) {
        let turn = Arc::new(steps);
        for shard in &self.0 {
            if shard.send(Arc::clone(&turn)).await.is_err() {
                // It ends only with the server.
                tracing::debug!("a shard has ended");
            }
        }
    }
}

/// Delivers until the store closes its feed. Nothing here waits for a connection.
pub(crate) async fn deliver(mut feed: Feed, hub: Arc<Hub>, shards: Shards) {
    while let Some(commit) = feed.recv().await {
        let mut turn = DeliveryBatchBuilder::new(&hub);
        commit.into_iter().for_each(|news| turn.add(news));
        shards.take(turn.finish()).await;
    }
}

/// A turn that grows.
struct DeliveryBatchBuilder<'a> {
    hub: &'a Hub,
    steps: Vec<DeliveryOp>,
    /// One a conversation.
    runs: Vec<EventBatchBuilder>,
    /// Where each conversation's run is.
    places: HashMap<ConversationId, usize>,
    /// What JSON is written to.
    text: Vec<u8>,
    is_for_plain: bool,
}

impl<'a> DeliveryBatchBuilder<'a> {
    fn new(hub: &'a Hub) -> Self {
        let is_for_plain = hub.has_plain_clients();
        Self { hub, steps: Vec::new(), runs: Vec::new(), places: HashMap::new(), text: Vec::new(), is_for_plain }
    }

    fn add(&mut self, news: Committed) {
        match news {
            Committed::Event(event) => self.event(event),
            Committed::Answer { asker, id, outcome } => {
                if let Some(connection) = self.hub.find(asker) {
                    let item = answer(&connection, id, outcome);
                    self.steps.push(DeliveryOp::Reply(connection, item));
                }
            }
            Committed::Moderated { event, effect } => {
                self.event(event);
                self.end_runs();
                match effect {
                    ConnectionEffect::None => {}
                    ConnectionEffect::Left(user, room) => {
                        let item = EncodedFrame::encode(&ServerFrame::ConversationRemoved { id: room });
                        self.steps.push(DeliveryOp::Unsubscribe(user, room, item));
                    }
                    ConnectionEffect::Gone(users) => {
                        self.steps
                            .extend(users.into_iter().map(|user| DeliveryOp::CloseUser(user, CloseCode::Removed)));
                    }
                    // They come back at once, as another one.
                    ConnectionEffect::Changed(user) => {
                        self.steps.push(DeliveryOp::CloseUser(user, CloseCode::COME_BACK))
                    }
                }
            }
            Committed::Opened { views, announced } => {
                self.end_runs();
                let views = views.into_iter().filter_map(|(user, view)| {
                    let (id, last_seq) = (view.id, view.last_seq);
                    let item = EncodedFrame::encode(&ServerFrame::Conversation(view))?;
                    // A welcome that knows of a later event knows more than this view.
                    Some((user, id, item.superseded_at(id, last_seq.next())))
                });
                self.steps.push(DeliveryOp::Conversations { views: views.collect(), _announced: announced });
            }
            Committed::Removed(all) => {
                self.end_runs();
                self.steps.extend(all.into_iter().map(|(user, id)| {
                    DeliveryOp::Unsubscribe(user, id, EncodedFrame::encode(&ServerFrame::ConversationRemoved { id }))
                }));
            }
            Committed::Blocked { user, other, on } => {
                let item = EncodedFrame::encode(&ServerFrame::Block { user: other, on });
                self.steps.extend(item.map(|item| DeliveryOp::ToUser(user, item)));
            }
            Committed::Several(all) => all.into_iter().for_each(|news| self.add(news)),
            Committed::Read { user, conversation, seq } => {
                let connections = self.hub.connections_of(user);
                let Some(first) = connections.first() else { return };
                let frame = ServerFrame::Read { conversation, user: first.user.clone(), seq };
                self.steps.extend(EncodedFrame::encode(&frame).map(|item| DeliveryOp::ToUser(user, item)));
            }
        }
    }

    fn event(&mut self, event: Event) {
        let conversation = event.conversation;
        let place = self.places.get(&conversation).copied().filter(|place| !self.runs[*place].is_full());
        let place = place.unwrap_or_else(|| {
            let is_lobby = conversation == self.hub.lobby;
            self.runs.push(EventBatchBuilder::new(conversation, is_lobby, self.is_for_plain));
            self.places.insert(conversation, self.runs.len() - 1);
            self.runs.len() - 1
        });
        self.runs[place].add(event, &mut self.text);
    }

    /// What follows changes who hears what.
    fn end_runs(&mut self) {
        self.places.clear();
        let runs = mem::take(&mut self.runs);
        self.steps.extend(runs.into_iter().map(|run| DeliveryOp::Events(Arc::new(run.finish()))));
    }

    fn finish(mut self) -> Vec<DeliveryOp> {
        self.end_runs();
        self.steps
    }
}

/// What the asker is told, if anything.
fn answer(connection: &Connection, id: CommandId, outcome: Result<EventPosition, StoreError>) -> Option<EncodedFrame> {
    match (outcome, connection.dialect) {
        (Ok(EventPosition { conversation, seq, at }), Dialect::Full) => {
            EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: Some(seq), at })
        }
        // Plain clients hear of what went wrong only.
        (Ok(_), Dialect::Simple) => None,
        (Err(error), Dialect::Full) => {
            EncodedFrame::encode(&ServerFrame::Error(ChatError::from(error).frame(Some(id))))
        }
        (Err(error), Dialect::Simple) => {
            let error = ChatError::from(error);
            EncodedFrame::encode(&SimpleReply::Error { error: error.code(), message: error.to_string() })
        }
    }
}
