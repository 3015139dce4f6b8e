//! This user's messages that are on their way into the log.

use crate::{
    domain::{CommandId, ConversationId, Millis},
    protocol::{ClientFrame, ErrorCode},
};

/// A message between the composer and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The command that sends it, the same at every try.
    pub id: CommandId,
    /// Where to.
    pub conversation: ConversationId,
    /// The text, as typed.
    pub body: String,
    /// When it was typed, by this machine's clock.
    pub typed_at: Millis,
    /// How far it has come.
    pub status: OutgoingStatus,
}

/// How far an outgoing message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingStatus {
    /// Sent, or to be sent as soon as there is a connection; whether it arrived is unknown until the ack.
    Pending,
    /// Refused; the author may try again.
    Failed(ErrorCode),
}

/// Messages on their way, in the order in which they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    outgoing: Vec<Outgoing>,
}

impl Outbox {
    /// Puts a message behind those that are there.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.outgoing.push(outgoing);
    }

    /// The message is in the log, or its author gave it up. Gives it back if it was here.
    pub fn remove(&mut self, id: CommandId) -> Option<Outgoing> {
        let place = self.outgoing.iter().position(|outgoing| outgoing.id == id)?;
        Some(self.outgoing.remove(place))
    }

    /// Notes how far a message has come.
    pub fn set_status(&mut self, id: CommandId, status: OutgoingStatus) {
        if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id) {
            outgoing.status = status;
        }
    }

    /// The message that this command sends.
    pub fn get(&self, id: CommandId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.id == id)
    }

    /// What is on its way to one conversation, in order.
    pub fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Outgoing> {
        self.outgoing.iter().filter(move |outgoing| outgoing.conversation == conversation)
    }

    /// What to send on a new connection: everything whose fate is unknown, in order, under its old id.
    pub fn to_resend(&self) -> impl Iterator<Item = ClientFrame> {
        self.outgoing.iter().filter(|outgoing| outgoing.status == OutgoingStatus::Pending).map(Outgoing::command)
    }
}

impl Outgoing {
    /// The command that sends it.
    pub fn command(&self) -> ClientFrame {
        ClientFrame::Send { id: self.id, conversation: self.conversation, body: self.body.clone() }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn outgoing(number: u128) -> Outgoing {
        Outgoing {
            id: CommandId::from_uuid(Uuid::from_u128(number)),
            conversation: ConversationId::from_uuid(Uuid::nil()),
            body: number.to_string(),
            typed_at: Millis(0),
            status: OutgoingStatus::Pending,
        }
    }

    #[test]
    fn what_is_unknown_is_sent_again_in_order_and_what_failed_is_not() {
        let mut outbox = Outbox::default();
        (1..=4).for_each(|number| outbox.push(outgoing(number)));
        outbox.set_status(outgoing(2).id, OutgoingStatus::Failed(ErrorCode::MessageTooLong));
        assert_eq!(outbox.remove(outgoing(3).id), Some(outgoing(3)));
        assert_eq!(outbox.remove(outgoing(3).id), None);
        let again: Vec<ClientFrame> = outbox.to_resend().collect();
        assert_eq!(again, [outgoing(1).command(), outgoing(4).command()]);
    }
}
