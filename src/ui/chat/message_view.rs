//! Messages as their reader sees them: with what the reader has done that is not in the log yet.

use leptos::prelude::*;

use crate::{
    client::Store,
    domain::{Body, CommandId, ConversationId, Message, Seq, trimmed},
    protocol::ErrorCode,
    state::{Outbox, OutboxCommand, Outgoing, OutgoingStatus, Timeline},
};

/// A message, and what became of what the reader did to it.
#[derive(Clone, PartialEq)]
pub(crate) struct MessageView {
    /// The message; at `Seq(0)`, which no log has, before it is in the log.
    pub(crate) message: Message,
    /// How far it is, or the reader's last change to it.
    pub(crate) fate: DeliveryStatus,
}

/// How far something is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum DeliveryStatus {
    /// In the log.
    Done,
    /// Waits for its turn, or for a connection.
    Pending,
    /// Sent, but not answered.
    Sending,
    /// Refused; may be tried again by this command's id.
    Failed(CommandId, ErrorCode),
}

/// The message that this command sent, or sends.
pub(crate) fn seen(
    store: Store,
    conversation: ConversationId,
    timeline: Signal<Timeline>,
    id: CommandId,
) -> Option<MessageView> {
    let in_log = timeline.with(|timeline| timeline.by_id(id).cloned());
    let me = store.me.with(|me| me.as_ref().map(|me| me.user()))?;
    store.outbox.with(|outbox| {
        if let Some(mut message) = in_log {
            // What it says of its author may be older than their password.
            let author = &mut message.author;
            author.registered |= store.presence.with(|presence| presence.is_registered(author.id));
            store.blocks.with(|blocks| blocks.clean(&mut message));
            outbox.show_changes(conversation, &mut message, &me);
            let fate = fate_of_changes(outbox, conversation, message.seq);
            return Some(MessageView { message, fate });
        }
        let outgoing = outbox.get(id)?;
        let message = Message {
            seq: Seq(0),
            id,
            at: outgoing.typed_at,
            author: me,
            body: Body::from_trusted(trimmed(outgoing.body()?).to_owned()),
            revision: Seq(0),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
        };
        Some(MessageView { message, fate: fate(outgoing) })
    })
}

/// The reader's own last message in the log that still says something.
pub(crate) fn last_of_mine(store: Store, conversation: ConversationId) -> Option<Message> {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user()))?;
    let timeline = store.timeline(conversation);
    timeline.with(|timeline| {
        store.outbox.with(|outbox| {
            let mine = timeline.messages().rev().filter(|message| message.author.id == me.id).cloned();
            let mut as_seen = mine.map(|mut message| {
                outbox.show_changes(conversation, &mut message, &me);
                message
            });
            as_seen.find(Message::is_said)
        })
    })
}

/// What failed, or else what is still on its way. A reaction on its way is not worth a word.
fn fate_of_changes(outbox: &Outbox, conversation: ConversationId, seq: Seq) -> DeliveryStatus {
    let mut all = DeliveryStatus::Done;
    for outgoing in outbox.changes_to(conversation, seq) {
        match fate(outgoing) {
            failed @ DeliveryStatus::Failed(..) => return failed,
            _ if matches!(outgoing.deed, OutboxCommand::React { .. }) => {}
            fate => all = fate,
        }
    }
    all
}

fn fate(outgoing: &Outgoing) -> DeliveryStatus {
    match outgoing.status {
        OutgoingStatus::Pending => DeliveryStatus::Pending,
        OutgoingStatus::Unknown | OutgoingStatus::Saved(_) => DeliveryStatus::Sending,
        OutgoingStatus::Failed(code) => DeliveryStatus::Failed(outgoing.id, code),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            Action, CurrentUser, Event, EventKind, MessagesPage, ModerationNotice, Nickname, Role, Scope, Timestamp,
            User, UserId, UserKind,
        },
        state::PageRange,
    };

    #[test]
    fn a_moderator_s_notice_is_not_what_they_said_last() {
        let owner = Owner::new();
        owner.with(|| {
            let me = CurrentUser {
                id: UserId::generate(),
                nickname: Nickname::parse("Olga").expect("a nickname"),
                kind: UserKind::Registered,
                role: Role::Owner,
            };
            let (author, conversation) = (me.user(), ConversationId::generate());
            let event = |seq: u64, kind| Event {
                conversation,
                seq: Seq(seq),
                at: Timestamp(seq),
                author: author.clone(),
                id: CommandId::from_uuid(Uuid::from_u128(seq.into())),
                kind,
            };
            let notice = ModerationNotice {
                action: Action::Mute,
                user: User::guest(UserId::generate(), Nickname::parse("Bob").expect("a nickname")),
                scope: Scope::Room,
                until: None,
                role: None,
            };
            let body = Body::parse("Quiet, please").expect("a body");
            let store = Store::new(Some(me));
            store.timeline(conversation).update(|timeline| {
                timeline
                    .take_in(PageRange::Newest, MessagesPage { messages: Vec::new(), as_of: Seq::ZERO, more: false });
                timeline.apply(&event(1, EventKind::Message { body: body.clone() }));
                timeline.apply(&event(2, EventKind::Notice(notice)));
            });

            assert_eq!(last_of_mine(store, conversation).map(|message| message.body), Some(body));
        });
    }
}
