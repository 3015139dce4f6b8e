//! The bus of a server that shares its store with no other.

use std::{future::pending, sync::Arc};

use async_trait::async_trait;

use crate::server::bus::bus_trait::{Bus, LocalNode, TypingSignal};

/// There are no other nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alone;

#[async_trait]
impl Bus for Alone {
    fn leads(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn tell_typing(&self, _: &TypingSignal) {}

    async fn node_died(&self) {
        pending::<()>().await;
    }

    async fn run(&self, _: Arc<dyn LocalNode>) {
        pending::<()>().await;
    }
}
