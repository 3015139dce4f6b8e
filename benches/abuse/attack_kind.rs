//! The kinds of attacks.

use clap::ValueEnum;

/// What a group of attackers does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttackKind {
    /// Open a WebSocket and never send a hello.
    Silent,
    /// Connect from one address and send nothing.
    Crowd,
    /// Send the request head byte by byte.
    Slow,
    /// Send a hello and never read.
    Deaf,
    /// Send messages as fast as possible.
    Commands,
    /// Send invalid frames as fast as possible.
    Noise,
    /// Sign in as new guests as fast as possible.
    Joins,
    /// Send messages of 64 KiB.
    Big,
    /// Send frames of more than 64 KiB.
    TooBig,
    /// Send messages whose characters have as many combining marks as the server allows.
    Marks,
    /// Sign in as a new guest again and again, and write to a user in private.
    Directs,
    /// Post forms of 255 kB without a session.
    Forms,
    /// Resume again and again with a cursor far in the past.
    Returns,
    /// Connect from a few addresses in different networks and send nothing.
    Idle,
}

impl AttackKind {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How many attackers do this at the same time.
    pub(crate) const fn attackers(self) -> usize {
        match self {
            Self::Silent => 2_000,
            Self::Crowd => 1_000,
            Self::Slow => 200,
            Self::Deaf => 50,
            Self::Commands | Self::Joins | Self::Directs | Self::Forms => 20,
            Self::Noise | Self::Big | Self::TooBig | Self::Marks => 5,
            Self::Returns => 18,
            Self::Idle => 6_000,
        }
    }
}
