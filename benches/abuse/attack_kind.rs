//! The kinds of attacks.

use clap::ValueEnum;

/// What some of them do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AttackKind {
    /// Open a WebSocket, and never say hello.
    Silent,
    /// Connect, and say nothing at all, all from one address.
    Crowd,
    /// Send their headers byte by byte.
    Slow,
    /// Say hello, and never read.
    Deaf,
    /// Send messages as fast as they can.
    Commands,
    /// Send frames that are none, as fast as they can.
    Noise,
    /// Come in as new guests, as fast as they can.
    Joins,
    /// Send messages of 64 KiB.
    Big,
    /// Send frames of more than 64 KiB.
    TooBig,
    /// Send messages whose characters carry as many marks as are let through.
    Marks,
    /// Come in as somebody new again and again, and write to one of the people in private.
    Directs,
    /// Post forms of 255 kB without a session.
    Forms,
    /// Come back again and again as if they had missed nearly everything.
    Returns,
    /// Connect from a few addresses, each of a network of its own, and say nothing at all.
    Idle,
}

impl AttackKind {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How many do it at a time.
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
