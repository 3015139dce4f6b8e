//! Identifiers and positions that cannot be mixed up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes any UUID as an id of this kind.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself, for storage.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }

            /// A new id that sorts after those made before (UUIDv7, RFC 9562).
            #[cfg(feature = "ssr")]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Says only that it is none, as everybody who asks wants to know; the reasons are code to be loaded.
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_newtype! {
    /// Names a user, for ever, whatever becomes of the nickname.
    UserId
}
uuid_newtype! {
    /// Names a room or a direct.
    ConversationId
}
uuid_newtype! {
    /// Made by the client for each command: repeating a command under the same id has no second effect.
    CommandId
}
uuid_newtype! {
    /// Names a session to its user. Not the token: who knows this id can't use the session.
    SessionId
}
uuid_newtype! {
    /// Names an invite. Not the token: who knows this id can't come in by it.
    InviteId
}
uuid_newtype! {
    /// Names one history of the store; cursors of another epoch mean nothing.
    Epoch
}

impl UserId {
    /// The author of what is done on the host: the house itself.
    pub const SYSTEM: Self = Self(Uuid::nil());
}

impl CommandId {
    /// Stands in for the id of a message whose command's id does not matter. No random id is so small.
    pub const fn of_position(seq: Seq) -> Self {
        Self(Uuid::from_u128(seq.0 as u128))
    }

    /// A new random id, as clients of others may make one (UUIDv4).
    #[cfg(feature = "ssr")]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// A new id, as a browser makes one for each command by its clock: one that sorts after those made before, which is
    /// what the store's index likes (UUIDv7, RFC 9562). By chance two are never equal, whatever the clock says.
    pub fn new_at(now: Timestamp) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&Uuid::new_v4().as_bytes()[6..]);
        Self(uuid::Builder::from_unix_timestamp_millis(now.0, &random).into_uuid())
    }
}

/// An event's position in its conversation: 1, 2, 3 …, in commit order, without gaps. 0 is 'before the first'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment in milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The present moment by this machine's clock; a clock before 1970 counts as 1970.
    #[cfg(feature = "ssr")]
    pub fn now() -> Self {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}
