//! What the server does at regular intervals.

use std::{collections::HashMap, time::Duration};

use tokio::{
    select,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::server::{bus::Bus, chat::ChatService};

/// Makes the configured owner the owner, then ends expired sessions and forgets idle rate limits, every `period`. If several
/// nodes share the store, one of them ends sessions, and at once after it has begun to do so or a node has died; each node saves which are in use there.
pub(super) async fn run_housekeeping(chat: &ChatService, bus: &dyn Bus, period: Duration) {
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
    let mut touched = HashMap::new();
    loop {
        select! {
            _ = ticks.tick() => {}
            () = bus.node_died() => {}
        }
        if bus.is_shared()
            && let Err(error) = chat.touch_connected_sessions(&mut touched).await
        {
            tracing::warn!(%error, "which sessions are in use could not be saved");
        }
        if bus.leads() {
            chat.save_clock().await;
            if let Err(error) = chat.expire().await {
                tracing::warn!(%error, "expired sessions and guests could not be looked for");
            }
            if bus.is_shared() {
                // Whoever began to erase an account may be gone.
                chat.request_erasure();
            }
        }
        chat.forget_idle();
    }
}

/// Deletes guests' messages that are older than the configured retention, every `period`, on one node.
pub(super) async fn run_retention(chat: &ChatService, bus: &dyn Bus, period: Duration) {
    let mut ticks = ticks(period);
    loop {
        ticks.tick().await;
        if !bus.leads() {
            continue;
        }
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
