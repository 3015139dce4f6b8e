//! Access to the functions of quotes, which load lazily.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, TimelineId},
    domain::Seq,
    state::Timeline,
    ui::{
        chat::quote::content::{FUNCTIONS, QuoteFunctions, QuotedMessage},
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
        },
    },
};

lazy!(chat: QUOTES, load_quotes, fill_quotes, QuoteFunctions = FUNCTIONS);

/// Quotes, as soon as the code for them has loaded. The server has it at once. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyQuotes(Lazy<QuoteFunctions>);

impl LazyQuotes {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&QUOTES, load_quotes))
    }

    fn functions(self) -> Option<QuoteFunctions> {
        if cfg!(feature = "ssr") { Some(FUNCTIONS) } else { self.0.get_tracked() }
    }

    /// What is known of messages that others reply to, in the given order; nothing as long as the code has not loaded.
    pub(crate) fn find(
        self,
        store: ClientStore,
        id: TimelineId,
        timeline: Signal<Timeline>,
        seqs: &[Seq],
    ) -> Vec<QuotedMessage> {
        let functions = self.functions().filter(|_| !seqs.is_empty());
        functions.map(|functions| (functions.find)(store, id.conversation, timeline, seqs)).unwrap_or_default()
    }

    /// The view of a quote.
    pub(crate) fn view(self, quote: &QuotedMessage) -> Boxed {
        self.functions().map_or_else(|| ().boxed(), |functions| (functions.view)(quote))
    }
}
