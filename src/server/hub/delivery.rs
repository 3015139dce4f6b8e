//! Committed news, told to everybody whom they concern, in commit order.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    domain::{Conversation, ConversationId, Seq, UserId},
    protocol::{Change, CloseCode, Event, PlainReply, ServerFrame},
};

use super::{
    super::store::{Committed, Effect, Feed},
    Hub, Item, Speech,
};

/// Delivers until the store closes its feed. Nothing here waits for a connection.
pub(crate) async fn deliver(mut feed: Feed, hub: Arc<Hub>) {
    while let Some(commit) = feed.recv().await {
        for news in commit {
            match news {
                Committed::Event(event) => hub.deliver_event(event),
                Committed::Moderated { event, effect } => {
                    hub.deliver_event(event);
                    hub.carry_out(effect);
                }
                Committed::Opened { views, announced } => hub.deliver_views(views, announced),
                Committed::Read { user, conversation, seq } => hub.deliver_read(user, conversation, seq),
            }
        }
    }
}

impl Hub {
    fn deliver_event(&self, event: Event) {
        let (conversation, seq, author) = (event.conversation, event.seq, event.author.id);
        let plain = self.encode_plainly(&event);
        let Some(full) = Item::encode(&ServerFrame::Event(event)) else { return };
        let full = full.covered_at(conversation, seq);
        self.audiences.for_each(conversation, |connection| match connection.speech {
            Speech::Full => connection.queue.push(full.clone()),
            // Plain clients show what they send themselves.
            Speech::Plain if connection.user.id == author => {}
            Speech::Plain => connection.queue.extend(plain.clone()),
        });
    }

    fn encode_plainly(&self, event: &Event) -> Option<Item> {
        // Plain clients show what comes and forget it: there is nothing of theirs to change.
        let Change::Message { body } = &event.change else { return None };
        let (author, msg) = (event.author.nickname.as_str().to_owned(), body.as_str().to_owned());
        let reply = if event.conversation == self.lobby {
            PlainReply::ToEveryone { username: author, msg }
        } else {
            PlainReply::ToYou { msg, from_user: author }
        };
        Item::encode(&reply)
    }

    /// What was done to a user takes effect on the user's connections.
    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Left(user, room) => {
                let item = Item::encode(&ServerFrame::ConversationRemoved { id: room });
                for connection in self.connections_of(user) {
                    self.unsubscribe(&connection, room);
                    if connection.speech == Speech::Full {
                        connection.queue.extend(item.clone());
                    }
                }
            }
            Effect::Gone(user) => self.close_user(user, CloseCode::Removed),
            // They come back at once, as another one.
            Effect::Changed(user) => self.close_user(user, CloseCode::TooSlow),
        }
    }

    /// The users hear the conversation from now on, starting with what it is.
    fn deliver_views(&self, views: Vec<(UserId, Conversation)>, announced: oneshot::Sender<()>) {
        for (user, view) in views {
            let (id, last_seq) = (view.id, view.last_seq);
            let Some(item) = Item::encode(&ServerFrame::Conversation(view)) else { continue };
            // A welcome that knows of a later event knows more than this view.
            let item = item.covered_at(id, last_seq.next());
            for connection in self.connections_of(user) {
                self.subscribe(&connection, id);
                if connection.speech == Speech::Full {
                    connection.queue.push(item.clone());
                }
            }
        }
        // Whoever asked may have left; everybody else has been told.
        let _ = announced.send(());
    }

    fn deliver_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        let connections = self.connections_of(user);
        let Some(first) = connections.first() else { return };
        let frame = ServerFrame::Read { conversation, user: first.user.clone(), seq };
        let Some(item) = Item::encode(&frame) else { return };
        for connection in connections.iter().filter(|connection| connection.speech == Speech::Full) {
            connection.queue.push(item.clone());
        }
    }
}
