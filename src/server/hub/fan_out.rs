//! From the commit log to the shards: encodes each entry that concerns connections, in order.

use std::{collections::HashMap, mem, sync::Arc};

use crate::{
    domain::{CommandId, Conversation, ConversationId, EndReason, Event, UserId},
    protocol::{ServerFrame, SimpleReply},
    server::{
        error::ChatError,
        hub::{
            batch::{DeliveryOp, ProfileChange, ShardSenders},
            connections::{Connection, Dialect},
            encoded::{EncodedFrame, EventBatchBuilder, Privacy},
            log_follower::LogFollower,
            lookups::{LookedUp, Lookups},
            registry::Hub,
        },
        rules::{Entry, EventPosition},
        store::{Change, CommitEntry, CommitFeed, Delivery, Store, StoreError},
    },
};

/// Delivers what is committed from now on, until the store closes its feed. Never waits for a connection.
pub(crate) async fn deliver(feed: CommitFeed, store: Arc<dyn Store>, hub: Arc<Hub>, shards: ShardSenders) {
    let mut lookups = Lookups::new(Arc::clone(&store), Arc::clone(&hub));
    let mut log = LogFollower::new(feed, Arc::<dyn Store>::clone(&store));
    while let Some(deliveries) = log.next().await {
        let mut batch = DeliveryBatchBuilder::new(&hub, store.lobby());
        for delivery in deliveries {
            let looked_up = lookups.look_up(&mut log, &delivery).await;
            batch.add(delivery, looked_up);
        }
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
    /// The only room of which the simple protocol tells.
    lobby: ConversationId,
}

impl<'a> DeliveryBatchBuilder<'a> {
    fn new(hub: &'a Hub, lobby: ConversationId) -> Self {
        let with_simple = hub.has_simple_connections();
        let (operations, open, newest, json) = (Vec::new(), Vec::new(), HashMap::new(), Vec::new());
        Self { hub, operations, open, newest, json, with_simple, lobby }
    }

    fn add(&mut self, delivery: Delivery, looked_up: Option<LookedUp>) {
        match delivery {
            Delivery::Entry(CommitEntry { change: Change::Event { event, direct }, .. }) => {
                self.add_event(event, if direct { Privacy::Private } else { Privacy::Public });
            }
            Delivery::Entry(CommitEntry { change: Change::Entry(entry), .. }) => self.add_entry(entry, looked_up),
            Delivery::Listed(CommitEntry { change, .. }, view) => {
                let Change::Entry(Entry::Listed { user, conversation }) = change else { return };
                // A welcome that includes a later event is newer than this view.
                let next_seq = view.last_seq.next();
                self.subscribe(user, *view, |frame| frame.superseded_at(conversation, next_seq));
            }
            Delivery::Reply { to: reply_to, id, outcome } => {
                if let Some(connection) = self.hub.find(reply_to) {
                    let reply = encode_reply(&connection, id, outcome);
                    self.operations.push(DeliveryOp::Reply(connection, reply));
                }
            }
            Delivery::MarkedRead { user, .. } if looked_up.is_some() => self.show(user, looked_up),
            Delivery::MarkedRead { user, conversation, seq } => {
                let connections = self.hub.connections_of(user);
                let Some(first) = connections.first() else { return };
                self.send_to_user(user, &ServerFrame::Read { conversation, user: first.user.clone(), seq });
            }
            Delivery::Delivered(delivered) => {
                if !delivered.is_closed() {
                    self.operations.push(DeliveryOp::Delivered { _delivered: delivered });
                }
            }
        }
    }

    fn add_entry(&mut self, entry: Entry, looked_up: Option<LookedUp>) {
        match (entry, looked_up) {
            // Read from the log, later than it was listed: the events since then follow, although the view includes them.
            (Entry::Listed { user, .. }, Some(LookedUp::View(view))) => self.subscribe(user, *view, |frame| frame),
            (Entry::Unlisted { user, conversation } | Entry::Left { user, room: conversation }, _) => {
                self.unsubscribe(user, conversation);
            }
            (Entry::ConversationSet { user, .. }, looked_up) => self.show(user, looked_up),
            (Entry::Block { user, on, .. }, Some(LookedUp::User(other))) => {
                self.send_to_user(user, &ServerFrame::Block { user: other, on });
            }
            (Entry::SessionEnded { user, session, reason }, looked_up) => {
                self.close_event_batches();
                let code = reason.into();
                let later = if let Some(LookedUp::Sessions(later)) = looked_up { later } else { Vec::new() };
                self.operations.push(match (session, reason) {
                    // The notice of the removal reaches the user first.
                    (None, EndReason::Removed) => DeliveryOp::CloseUser { user, code, later },
                    _ => DeliveryOp::CloseSession { user, session, code, later },
                });
            }
            (Entry::Registered { user }, _) => self.close_outdated(user, ProfileChange::Registered),
            (Entry::RoleChanged { user, role }, _) => self.close_outdated(user, ProfileChange::Role(role)),
            (
                Entry::Listed { .. }
                | Entry::Block { .. }
                | Entry::SignedUp { .. }
                | Entry::NicknameReleased { .. }
                | Entry::Joined { .. }
                | Entry::DirectCreated { .. }
                | Entry::DirectDeleted { .. }
                | Entry::ThreadMuted { .. }
                | Entry::SanctionBegan { .. }
                | Entry::SanctionLifted { .. }
                | Entry::NetworkBanned { .. }
                | Entry::NetworkUnbanned { .. }
                | Entry::InviteCreated { .. }
                | Entry::InviteUsed { .. }
                | Entry::InviteRevoked { .. }
                | Entry::Other,
                _,
            ) => {}
        }
    }

    fn add_event(&mut self, event: Event, privacy: Privacy) {
        let conversation = event.conversation;
        let index = self.newest.get(&conversation).copied().filter(|index| !self.open[*index].is_full());
        let index = index.unwrap_or_else(|| {
            let is_for_simple = privacy == Privacy::Private || conversation == self.lobby;
            self.open.push(EventBatchBuilder::new(conversation, self.with_simple && is_for_simple));
            self.newest.insert(conversation, self.open.len() - 1);
            self.open.len() - 1
        });
        self.open[index].add(event, privacy, &mut self.json);
    }

    fn send_to_user(&mut self, user: UserId, frame: &ServerFrame) {
        self.operations.extend(EncodedFrame::encode(frame).map(|frame| DeliveryOp::ToUser(user, frame)));
    }

    /// Sends a user's connections how a conversation looks now.
    fn show(&mut self, user: UserId, looked_up: Option<LookedUp>) {
        let Some(LookedUp::View(view)) = looked_up else { return };
        let (conversation, last_seq) = (view.id, view.last_seq);
        let frame = EncodedFrame::encode(&ServerFrame::Conversation(*view));
        let frame = frame.map(|frame| frame.outdated_after(conversation, last_seq));
        self.operations.extend(frame.map(|frame| DeliveryOp::ToUser(user, frame)));
    }

    fn subscribe(&mut self, user: UserId, view: Conversation, mark: impl FnOnce(EncodedFrame) -> EncodedFrame) {
        self.close_event_batches();
        let conversation = view.id;
        let frame = EncodedFrame::encode(&ServerFrame::Conversation(view)).map(mark);
        self.operations.extend(frame.map(|frame| DeliveryOp::Subscribe(user, conversation, frame)));
    }

    fn unsubscribe(&mut self, user: UserId, conversation: ConversationId) {
        self.close_event_batches();
        let frame = EncodedFrame::encode(&ServerFrame::ConversationRemoved { id: conversation })
            .map(|frame| frame.ending(conversation));
        self.operations.push(DeliveryOp::Unsubscribe(user, conversation, frame));
    }

    fn close_outdated(&mut self, user: UserId, change: ProfileChange) {
        self.close_event_batches();
        self.operations.push(DeliveryOp::CloseOutdated(user, change));
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
        domain::{Body, ClientAddr, EventKind, Nickname, Role, Seq, SessionId, Timestamp, User},
        server::{hub::connections::ConnectionOrigin, net::shard_index::ShardIndex, store::Position},
    };

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(1, None, 1_024))
    }

    fn user(nickname: &str) -> User {
        User::guest(UserId::generate(), Nickname::parse(nickname).expect("a nickname"))
    }

    fn message(author: &User) -> Event {
        Event {
            conversation: ConversationId::generate(),
            seq: Seq(1),
            at: Timestamp(0),
            author: author.clone(),
            id: CommandId::generate(),
            kind: EventKind::message(Body::parse("hi").expect("a body")),
        }
    }

    fn delivery(change: Change) -> Delivery {
        Delivery::Entry(CommitEntry { position: Position(1), at: Timestamp(0), change })
    }

    #[test]
    fn the_simple_protocol_shows_only_messages_of_directs_as_private() {
        let hub = hub();
        let ming = user("小明");
        let origin = ConnectionOrigin {
            session: None,
            client_addr: ClientAddr::from(IpAddr::from([127, 0, 0, 1])),
            dialect: Dialect::Simple,
            shard: ShardIndex::default(),
        };
        let _connection = hub.register(ming.clone(), origin).expect("no limit");
        let simple_frame = |direct| {
            let said = message(&ming);
            let mut batch = DeliveryBatchBuilder::new(&hub, said.conversation);
            batch.add(delivery(Change::Event { event: said, direct }), None);
            let operations = batch.finish();
            let [DeliveryOp::Events(events)] = operations.as_slice() else { panic!("{operations:?}") };
            // Behind a header of two bytes.
            serde_json::from_slice::<SimpleReply>(&events.simple.bytes[2..]).expect("a frame")
        };
        let (name, msg) = (ming.nickname.as_str().to_owned(), "hi".to_owned());

        assert_eq!(simple_frame(false), SimpleReply::ToEveryone { username: name.clone(), msg: msg.clone() });
        assert_eq!(simple_frame(true), SimpleReply::ToYou { msg, from_user: name });

        let mut batch = DeliveryBatchBuilder::new(&hub, ConversationId::generate());
        batch.add(delivery(Change::Event { event: message(&ming), direct: false }), None);
        let operations = batch.finish();
        let [DeliveryOp::Events(events)] = operations.as_slice() else { panic!("{operations:?}") };
        assert!(events.simple.bytes.is_empty(), "of rooms besides the Lobby it tells nothing");
    }

    #[test]
    fn what_changes_subscriptions_or_closes_connections_comes_behind_the_events_before_it() {
        let hub = hub();
        let ming = user("小明");
        let (user, room, session) = (ming.id, ConversationId::generate(), SessionId::generate());
        let ended = |session, reason| Entry::SessionEnded { user, session, reason };
        for (entry, operation) in [
            (Entry::Left { user, room }, "Unsubscribe("),
            (Entry::Unlisted { user, conversation: room }, "Unsubscribe("),
            (Entry::Registered { user }, "CloseOutdated("),
            (Entry::RoleChanged { user, role: Role::Owner }, "CloseOutdated("),
            (ended(None, EndReason::Removed), "CloseUser "),
            (ended(None, EndReason::SignedOut), "CloseSession "),
            (ended(Some(session), EndReason::Removed), "CloseSession "),
        ] {
            let mut batch = DeliveryBatchBuilder::new(&hub, ConversationId::generate());
            for change in [
                Change::Event { event: message(&ming), direct: false },
                Change::Entry(entry.clone()),
                Change::Event { event: message(&ming), direct: false },
            ] {
                batch.add(delivery(change), None);
            }
            let operations = batch.finish();
            let [DeliveryOp::Events(_), between, DeliveryOp::Events(_)] = operations.as_slice() else {
                panic!("{entry:?}: {operations:?}");
            };
            let between = format!("{between:?}");
            assert!(between.starts_with(operation), "{entry:?}: {between}");
        }
    }
}
