//! The time and the ids of a history.

use uuid::Uuid;

use crate::{
    domain::{CommandId, ConversationId, InviteId, SessionId, Timestamp, UserId},
    server::rules::{
        context::{Ids, Now},
        values::{InviteKey, SessionKey},
    },
};

const MINUTE: u64 = 60 * 1_000;

/// When histories begin.
pub(crate) const START: Now = Now {
    server: Timestamp(1_800_000_000_000),
    machine: Timestamp(1_800_000_000_000),
    ahead: 0,
    ahead_since: Timestamp(0),
};

/// `minutes` later.
pub(crate) fn later(now: Now, minutes: u16) -> Now {
    let step = u64::from(minutes) * MINUTE;
    Now { server: Timestamp(now.server.0 + step), machine: Timestamp(now.machine.0 + step), ..now }
}

/// After somebody has set the machine's clock so many hours from the server's.
pub(crate) fn with_machine_ahead(now: Now, hours: i8) -> Now {
    let ahead = i64::from(hours) * 60 * MINUTE.cast_signed();
    let machine = Timestamp(now.server.0.saturating_add_signed(ahead));
    Now { server: now.server, machine, ahead, ahead_since: now.server }
}

/// Ids that sort in the order in which they were made, like generated ones, and are the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct CountedIds {
    last: u64,
    family: u8,
}

impl CountedIds {
    /// Ids of different families are different.
    pub(crate) const fn new(family: u8) -> Self {
        Self { last: 0, family }
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        self.last += 1;
        // Above all generated ids, whose first byte is that of a time.
        Uuid::from_u128(0xf0 << 120 | u128::from(self.family) << 64 | u128::from(self.last))
    }

    pub(crate) fn user(&mut self) -> UserId {
        UserId::from_uuid(self.uuid())
    }

    pub(crate) fn session(&mut self) -> SessionId {
        SessionId::from_uuid(self.uuid())
    }

    pub(crate) fn invite(&mut self) -> InviteId {
        InviteId::from_uuid(self.uuid())
    }

    /// A token's hash. It does not sort in the order in which it was made.
    pub(crate) fn session_key(&mut self) -> SessionKey {
        SessionKey(self.hash())
    }

    pub(crate) fn invite_key(&mut self) -> InviteKey {
        InviteKey(self.hash())
    }

    fn hash(&mut self) -> [u8; 32] {
        self.last += 1;
        let scattered = self.last.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let mut hash = [self.family; 32];
        hash[..8].copy_from_slice(&scattered);
        hash
    }
}

impl Ids for CountedIds {
    fn command(&mut self) -> CommandId {
        CommandId::from_uuid(self.uuid())
    }

    fn conversation(&mut self) -> ConversationId {
        ConversationId::from_uuid(self.uuid())
    }
}
