//! What a node tells the others at the moment, as messages of `NOTIFY`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, from_str, from_value, to_string, to_value};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    server::{
        bus::{bus_trait::TypingSignal, postgres::connection::BusError},
        clock::machine_time,
    },
};

/// PostgreSQL takes 8,000 bytes.
const MAX_MESSAGE_BYTES: usize = 7_000;

/// What was told longer ago, in milliseconds, is not of interest any more. A node that was frozen gets such messages.
const MAX_AGE_MS: u64 = 5_000;

/// One message.
#[derive(Debug, Serialize, Deserialize)]
struct SignalMessage {
    /// The bus that tells it, which hears its own messages, too.
    from: Uuid,
    /// When, by the database's clock.
    at: u64,
    typing: Vec<Value>,
}

/// Encodes signals in as few messages as possible.
fn encode(from: Uuid, signals: &[TypingSignal]) -> Vec<String> {
    let mut messages = Vec::new();
    let mut message = SignalMessage { from, at: machine_time().0, typing: Vec::new() };
    let mut bytes = 0;
    let mut finish = |message: &mut SignalMessage| {
        messages.extend(to_string(message).ok());
        message.typing.clear();
    };
    for signal in signals.iter().filter_map(|signal| to_value(signal).ok()) {
        let length = signal.to_string().len() + 1;
        if bytes + length > MAX_MESSAGE_BYTES && bytes > 0 {
            finish(&mut message);
            bytes = 0;
        }
        bytes += length;
        message.typing.push(signal);
    }
    if bytes > 0 {
        finish(&mut message);
    }
    messages
}

/// Decodes a message of another node. A newer version may say what this one does not understand.
pub(super) fn decode(own: Uuid, message: &str) -> Vec<TypingSignal> {
    let Ok(SignalMessage { from, at, typing }) = from_str(message) else { return Vec::new() };
    let Timestamp(now) = machine_time();
    if from == own || at + MAX_AGE_MS < now {
        return Vec::new();
    }
    typing.into_iter().filter_map(|signal| from_value(signal).ok()).collect()
}

/// Tells the other nodes.
pub(super) async fn send(client: &Client, from: Uuid, signals: &[TypingSignal]) -> Result<(), BusError> {
    for message in encode(from, signals) {
        client.execute("SELECT pg_notify('teahouse_typing', $1)", &[&message]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ConversationId, Nickname, User, UserId};

    fn signal(number: usize) -> TypingSignal {
        let nickname = Nickname::parse(&format!("小明 {number}")).expect("a nickname");
        TypingSignal { conversation: ConversationId::generate(), user: User::guest(UserId::generate(), nickname) }
    }

    #[test]
    fn many_signals_are_told_in_messages_that_postgresql_takes() {
        let signals: Vec<_> = (0..100).map(signal).collect();
        let messages = encode(Uuid::new_v4(), &signals);
        assert!(messages.len() > 1 && messages.iter().all(|message| message.len() < 8_000));
        let own = Uuid::new_v4();
        let heard: Vec<_> = messages.iter().flat_map(|message| decode(own, message)).collect();
        assert_eq!(heard, signals);
    }

    #[test]
    fn a_node_ignores_its_own_messages_old_ones_and_what_it_does_not_understand() {
        let (own, other) = (Uuid::new_v4(), Uuid::new_v4());
        let [message] = &encode(other, &[signal(1)])[..] else { panic!("one message") };
        assert_eq!(decode(own, message).len(), 1);
        assert_eq!(decode(other, message), []);
        let old = SignalMessage { from: other, at: machine_time().0 - 2 * MAX_AGE_MS, typing: vec![Value::Null] };
        assert_eq!(decode(own, &to_string(&old).expect("JSON")), []);
        let new = message.replace("\"typing\":[", "\"typing\":[{\"kind\":\"dancing\"},");
        assert_eq!(decode(own, &new).len(), 1);
        assert_eq!(decode(own, "tea"), []);
    }
}
