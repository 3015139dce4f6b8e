//! Messages as the user sees them: the log, with the user's own changes that are still in the outbox applied.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{Body, CommandId, ConversationId, Message, Reply, Seq, trimmed},
    protocol::ErrorCode,
    state::{Outbox, OutboxCommand, Outgoing, OutgoingStatus, Timeline},
};

/// A message with the outbox applied.
#[derive(Clone, PartialEq)]
pub(super) struct MessageView {
    /// The message. A message that is not in the log yet has `Seq(0)`, which no log contains.
    pub(super) message: Message,
    /// The status of the message itself, or of the user's last change to it.
    pub(super) status: DeliveryStatus,
}

/// How far the delivery of a command has come.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum DeliveryStatus {
    /// The command is in the log.
    Done,
    /// The command waits for the commands before it, or for a connection.
    Pending,
    /// The command was sent and not acknowledged yet.
    Sending,
    /// The server refused the command with this id. The user may retry or discard it.
    Failed(CommandId, ErrorCode),
}

/// The message that the command `id` sent, from the log or from the outbox.
pub(super) fn message_view(
    store: ClientStore,
    conversation: ConversationId,
    timeline: Signal<Timeline>,
    id: CommandId,
) -> Option<MessageView> {
    let in_log = timeline.with(|timeline| timeline.by_id(id).cloned());
    let me = store.me.with(|me| me.as_ref().map(|me| me.user()))?;
    store.outbox.with(|outbox| {
        if let Some(mut message) = in_log {
            // The author may have registered since the message was fetched.
            let author = &mut message.author;
            author.registered |= store.presence.with(|presence| presence.is_registered(author.id));
            store.blocks.with(|blocks| blocks.remove_reactions(&mut message));
            outbox.apply_changes(conversation, &mut message, &me);
            let status = status_of_changes(outbox, conversation, message.seq);
            return Some(MessageView { message, status });
        }
        let outgoing = outbox.get(id)?;
        let thread = |to: Seq| timeline.with(|it| it.get(to)?.reply.map(|reply| reply.thread)).unwrap_or(to);
        let message = Message {
            seq: Seq(0),
            id,
            at: outgoing.typed_at,
            author: me,
            body: Body::from_trusted(trimmed(outgoing.body()?).to_owned()),
            mentions: Vec::new(),
            reply: outgoing.reply_to().map(|to| Reply { to, thread: thread(to) }),
            replies: 0,
            pinned: false,
            revision: Seq(0),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
            room: None,
        };
        Some(MessageView { message, status: delivery_status(outgoing) })
    })
}

/// The user's last message in the log that is not deleted.
pub(super) fn last_own_message(
    store: ClientStore,
    conversation: ConversationId,
    timeline: Signal<Timeline>,
) -> Option<Message> {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user()))?;
    timeline.with(|timeline| {
        store.outbox.with(|outbox| {
            let own = timeline.messages().rev().filter(|message| message.author.id == me.id).cloned();
            let mut with_changes = own.map(|mut message| {
                outbox.apply_changes(conversation, &mut message, &me);
                message
            });
            with_changes.find(Message::has_text)
        })
    })
}

/// The status of the user's changes to a message: the first failure, otherwise the last change that is on its way. A reaction
/// on its way shows no status.
fn status_of_changes(outbox: &Outbox, conversation: ConversationId, seq: Seq) -> DeliveryStatus {
    let mut last = DeliveryStatus::Done;
    for outgoing in outbox.changes_to(conversation, seq) {
        match delivery_status(outgoing) {
            failed @ DeliveryStatus::Failed(..) => return failed,
            _ if matches!(outgoing.command, OutboxCommand::React { .. }) => {}
            status => last = status,
        }
    }
    last
}

fn delivery_status(outgoing: &Outgoing) -> DeliveryStatus {
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
    fn a_moderation_notice_is_not_the_last_own_message() {
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
                not_member: false,
            };
            let body = Body::parse("Quiet, please").expect("a body");
            let store = ClientStore::new(Some(me));
            let timeline = store.timeline(conversation.into());
            timeline.update(|timeline| {
                timeline.apply_page(
                    PageRange::Newest,
                    MessagesPage { messages: Vec::new(), as_of: Seq::ZERO, more: false },
                );
                timeline.apply(&event(1, EventKind::message(body.clone())));
                timeline.apply(&event(2, EventKind::Notice(notice)));
            });

            assert_eq!(last_own_message(store, conversation, timeline.into()).map(|message| message.body), Some(body));
        });
    }
}
