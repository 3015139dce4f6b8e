//! How the connection to the server stands.

/// How the connection to the server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Nobody has come in yet, or the session has ended.
    Idle,
    /// The first connection is being made.
    Connecting,
    /// Frames go both ways.
    Online,
    /// The connection was lost and is being made again; what is typed is kept.
    Lost,
    /// The same, and the server said that it is only starting anew.
    Restarting,
}

/// The longest wait before try number `attempt` (from 1), in milliseconds: doubling from half a second to half a
/// minute. The wait itself is a random part of it ('full jitter'), so that a crowd does not come back at once.
pub(crate) fn longest_wait(attempt: u32) -> u32 {
    500u32.saturating_mul(1 << attempt.saturating_sub(1).min(6)).min(30_000)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::longest_wait;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let waits: Vec<u32> = (1..=8).map(longest_wait).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    }
}
