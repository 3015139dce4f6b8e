//! The state of the connection to the server, and the delays between attempts to reconnect.

/// The state of the connection to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Nobody is signed in, or the session has ended.
    Idle,
    /// The first connection is being opened.
    Connecting,
    /// Connected and welcomed.
    Online,
    /// The connection was lost, and the page reconnects. Commands wait in the outbox.
    Lost,
    /// As [`Self::Lost`], and the server said that it is restarting.
    Restarting,
}

/// The maximum delay before attempt number `attempt` (from 1), in milliseconds: it doubles from half a second to half a
/// minute. The actual delay is a random part of it ("full jitter"), so that clients do not all reconnect at once.
pub(super) fn max_reconnect_delay(attempt: u32) -> u32 {
    500u32.saturating_mul(1 << attempt.saturating_sub(1).min(6)).min(30_000)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::max_reconnect_delay;

    #[test]
    fn delays_double_up_to_half_a_minute() {
        let delays: Vec<u32> = (1..=8).map(max_reconnect_delay).collect();
        assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    }
}
