//! Identifiers, positions and timestamps, as types that cannot be mixed up.

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
            /// Wraps a UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }

            /// A new id, which sorts after those generated before (UUIDv7, RFC 9562).
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
                // `try_parse` gives no reason for a failure. Callers do not need it, and it is code for the browser to load.
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_newtype! {
    /// Identifies a user for ever, whatever happens to the nickname.
    UserId
}
uuid_newtype! {
    /// Identifies a room or a direct.
    ConversationId
}
uuid_newtype! {
    /// Identifies a command. The client chooses it; repeating a command with the same id has no second effect.
    CommandId
}
uuid_newtype! {
    /// Identifies a session to its user. It is not the session token: knowing it does not give access.
    SessionId
}
uuid_newtype! {
    /// Identifies an invite. It is not the token: knowing it does not let anybody sign up.
    InviteId
}
uuid_newtype! {
    /// Identifies one history of the store. Cursors of another epoch are meaningless.
    Epoch
}

impl UserId {
    /// The server itself: the author of what the operator does, and of deletions by retention.
    pub const SYSTEM: Self = Self(Uuid::nil());
}

impl ConversationId {
    /// When the conversation was created: ids that servers generate begin with their time (UUIDv7, RFC 9562).
    pub const fn created_at(&self) -> Timestamp {
        let (first_half, _) = self.0.as_u64_pair();
        Timestamp(first_half >> 16)
    }
}

impl CommandId {
    /// An id that stands for the message at `seq` where its command id does not matter. Generated ids are never that small.
    pub const fn of_position(seq: Seq) -> Self {
        Self(Uuid::from_u128(seq.0 as u128))
    }

    /// A new random id (UUIDv4), as other clients may choose it.
    #[cfg(feature = "ssr")]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// A new id by the given time (UUIDv7, RFC 9562). Such ids are cheap for the store's index, because they mostly sort after
    /// earlier ones. Their random part keeps them unique whatever the clock says.
    pub fn new_at(now: Timestamp) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&Uuid::new_v4().as_bytes()[6..]);
        Self(uuid::Builder::from_unix_timestamp_millis(now.0, &random).into_uuid())
    }
}

/// An event's position in its conversation: 1, 2, 3 … in commit order, without gaps. 0 is before the first event.
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

/// A time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The current time by this machine's clock. A clock before 1970 counts as 1970.
    #[cfg(feature = "ssr")]
    pub fn now() -> Self {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}
