//! What the server does at regular intervals.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::server::chat::ChatService;

/// Makes the configured owner the owner, then ends expired sessions and forgets idle rate limits, every `period`.
pub(super) async fn run_housekeeping(chat: &ChatService, period: Duration) {
    match chat.install_owner().await {
        Ok(true) => {}
        Ok(false) => {
            tracing::info!(
                "nobody owns this server: whoever opens the link of 'teahouse admin claim-token' can; 'teahouse admin promote NAME owner' settles it as well"
            );
        }
        Err(error) => tracing::warn!(%error, "the owner of the server could not be checked"),
    }
    let mut ticks = ticks(period);
    loop {
        ticks.tick().await;
        chat.save_clock().await;
        if let Err(error) = chat.expire().await {
            tracing::warn!(%error, "expired sessions and guests could not be looked for");
        }
        chat.forget_idle();
    }
}

/// Deletes guests' messages that are older than the configured retention, every `period`.
pub(super) async fn run_retention(chat: &ChatService, period: Duration) {
    let mut ticks = ticks(period);
    loop {
        ticks.tick().await;
        if let Err(error) = chat.expire_messages().await {
            tracing::warn!(%error, "messages that are too old were not deleted");
        }
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
