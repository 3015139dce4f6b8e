//! From the store's feed to the shards: encodes what was committed, in commit order.

use std::{collections::HashMap, mem, sync::Arc};

use crate::{
    domain::{CommandId, ConversationId, Event, UserId},
    protocol::{CloseCode, ServerFrame, SimpleReply},
    server::{
        error::ChatError,
        hub::{
            batch::{DeliveryOp, ShardSenders},
            connections::{Connection, Dialect},
            encoded::{EncodedFrame, EventBatchBuilder, Privacy},
            registry::Hub,
        },
        store::{CommitFeed, Committed, ConnectionEffect, EventPosition, StoreError},
    },
};

/// Delivers until the store closes its feed. Never waits for a connection.
pub(crate) async fn deliver(mut feed: CommitFeed, hub: Arc<Hub>, shards: ShardSenders) {
    while let Some(commit) = feed.recv().await {
        let mut batch = DeliveryBatchBuilder::new(&hub);
        commit.into_iter().for_each(|committed| batch.add(committed));
        shards.send(batch.finish()).await;
    }
}

/// Turns one commit into the operations of a delivery batch.
struct DeliveryBatchBuilder<'a> {
    hub: &'a Hub,
    operations: Vec<DeliveryOp>,
    /// Event batches that still accept events.
    open: Vec<EventBatchBuilder>,
    /// The index in `open` of each conversation's newest event batch.
    newest: HashMap<ConversationId, usize>,
    /// A buffer for JSON.
    json: Vec<u8>,
    /// Whether to encode events for the simple protocol.
    with_simple: bool,
}

impl<'a> DeliveryBatchBuilder<'a> {
    fn new(hub: &'a Hub) -> Self {
        let with_simple = hub.has_simple_connections();
        Self { hub, operations: Vec::new(), open: Vec::new(), newest: HashMap::new(), json: Vec::new(), with_simple }
    }

    fn add(&mut self, committed: Committed) {
        match committed {
            Committed::Event(event) => self.add_event(event, Privacy::Public),
            Committed::DirectMessage(event) => self.add_event(event, Privacy::Private),
            Committed::Reply { to: reply_to, id, outcome } => {
                if let Some(connection) = self.hub.find(reply_to) {
                    let reply = encode_reply(&connection, id, outcome);
                    self.operations.push(DeliveryOp::Reply(connection, reply));
                }
            }
            Committed::Moderated { event, effect } => {
                self.add_event(event, Privacy::Public);
                self.close_event_batches();
                match effect {
                    ConnectionEffect::None => {}
                    ConnectionEffect::LeftRoom(user, room) => self.unsubscribe(user, room),
                    ConnectionEffect::SignedOut(users) => {
                        let close = |user| DeliveryOp::CloseUser(user, CloseCode::Removed);
                        self.operations.extend(users.into_iter().map(close));
                    }
                    // The clients reconnect at once, with the new profile.
                    ConnectionEffect::MustReconnect(user) => {
                        self.operations.push(DeliveryOp::CloseUser(user, CloseCode::COME_BACK));
                    }
                }
            }
            Committed::ConversationsChanged { views, announced } => {
                self.close_event_batches();
                let views = views.into_iter().filter_map(|(user, view)| {
                    let (id, last_seq) = (view.id, view.last_seq);
                    let frame = EncodedFrame::encode(&ServerFrame::Conversation(view))?;
                    // A welcome that includes a later event is newer than this view.
                    Some((user, id, frame.superseded_at(id, last_seq.next())))
                });
                self.operations.push(DeliveryOp::Conversations { views: views.collect(), _announced: announced });
            }
            Committed::ConversationsRemoved(all) => {
                self.close_event_batches();
                all.into_iter().for_each(|(user, conversation)| self.unsubscribe(user, conversation));
            }
            Committed::BlockChanged { user, other, blocked } => {
                self.send_to_user(user, &ServerFrame::Block { user: other, on: blocked });
            }
            Committed::SessionEnded { user, session, reason } => {
                self.close_event_batches();
                self.operations.push(DeliveryOp::CloseSession { user, session, code: reason.into() });
            }
            // The clients reconnect at once, with the new profile.
            Committed::ProfileChanged(user) => {
                self.close_event_batches();
                self.operations.push(DeliveryOp::CloseUser(user, CloseCode::COME_BACK));
            }
            Committed::Delivered(delivered) => {
                self.close_event_batches();
                self.operations.push(DeliveryOp::Delivered { _delivered: delivered });
            }
            Committed::Batch(all) => all.into_iter().for_each(|committed| self.add(committed)),
            Committed::MarkedRead { user, conversation, seq } => {
                let connections = self.hub.connections_of(user);
                let Some(first) = connections.first() else { return };
                self.send_to_user(user, &ServerFrame::Read { conversation, user: first.user.clone(), seq });
            }
        }
    }

    fn add_event(&mut self, event: Event, privacy: Privacy) {
        let conversation = event.conversation;
        let index = self.newest.get(&conversation).copied().filter(|index| !self.open[*index].is_full());
        let index = index.unwrap_or_else(|| {
            self.open.push(EventBatchBuilder::new(conversation, self.with_simple));
            self.newest.insert(conversation, self.open.len() - 1);
            self.open.len() - 1
        });
        self.open[index].add(event, privacy, &mut self.json);
    }

    fn send_to_user(&mut self, user: UserId, frame: &ServerFrame) {
        self.operations.extend(EncodedFrame::encode(frame).map(|frame| DeliveryOp::ToUser(user, frame)));
    }

    fn unsubscribe(&mut self, user: UserId, conversation: ConversationId) {
        let frame = EncodedFrame::encode(&ServerFrame::ConversationRemoved { id: conversation });
        self.operations.push(DeliveryOp::Unsubscribe(user, conversation, frame));
    }

    /// Moves all open event batches to the operations. Must come before each operation that changes subscriptions.
    fn close_event_batches(&mut self) {
        self.newest.clear();
        let open = mem::take(&mut self.open);
        self.operations.extend(open.into_iter().map(|batch| DeliveryOp::Events(Arc::new(batch.finish()))));
    }

    fn finish(mut self) -> Vec<DeliveryOp> {
        self.close_event_batches();
        self.operations
    }
}

/// The answer to a command, in the dialect of the connection that sent it. The simple protocol answers failures only.
fn encode_reply(
    connection: &Connection,
    id: CommandId,
    outcome: Result<EventPosition, StoreError>,
) -> Option<EncodedFrame> {
    match (outcome, connection.dialect) {
        (Ok(EventPosition { conversation, seq, at }), Dialect::Full) => {
            EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: Some(seq), at })
        }
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::{
        domain::{Body, EventKind, Nickname, Seq, Timestamp, User},
        server::{
            hub::connections::ConnectionOrigin,
            net::{client_addr::ClientAddr, shard_index::ShardIndex},
        },
    };

    fn message(author: &User) -> Event {
        Event {
            conversation: ConversationId::generate(),
            seq: Seq(1),
            at: Timestamp(0),
            author: author.clone(),
            id: CommandId::generate(),
            kind: EventKind::Message { body: Body::parse("hi").expect("a body") },
        }
    }

    #[test]
    fn the_simple_protocol_shows_only_messages_of_directs_as_private() {
        let hub = Arc::new(Hub::new(1, None, 1_024));
        let ming = User::guest(UserId::generate(), Nickname::parse("小明").expect("a nickname"));
        let origin = ConnectionOrigin {
            session: None,
            client_addr: ClientAddr::from(IpAddr::from([127, 0, 0, 1])),
            dialect: Dialect::Simple,
            shard: ShardIndex::default(),
        };
        let _connection = hub.register(ming.clone(), origin).expect("no limit");
        let simple_frame = |committed| {
            let mut batch = DeliveryBatchBuilder::new(&hub);
            batch.add(committed);
            let operations = batch.finish();
            let [DeliveryOp::Events(events)] = operations.as_slice() else { panic!("{operations:?}") };
            // Behind a header of two bytes.
            serde_json::from_slice::<SimpleReply>(&events.simple.bytes[2..]).expect("a frame")
        };
        let (name, msg) = (ming.nickname.as_str().to_owned(), "hi".to_owned());

        let in_a_room = simple_frame(Committed::Event(message(&ming)));
        assert_eq!(in_a_room, SimpleReply::ToEveryone { username: name.clone(), msg: msg.clone() });
        let in_a_direct = simple_frame(Committed::DirectMessage(message(&ming)));
        assert_eq!(in_a_direct, SimpleReply::ToYou { msg, from_user: name });
    }
}
