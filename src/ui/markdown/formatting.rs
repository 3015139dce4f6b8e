//! Formats messages as soon as the code for it has loaded.

use leptos::prelude::*;

use crate::{
    client::{ClientStore, ConnectionStatus},
    markdown::may_be_formatted,
    ui::{
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
            reactive::effect,
        },
        markdown::view::formatted,
    },
};

lazy!(markdown: FORMATTED, load_formatted, fill_formatted, fn(&str) -> Boxed = formatted);

/// The formatting of messages. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Formatting(Lazy<fn(&str) -> Boxed>);

impl Formatting {
    pub(crate) fn new(store: ClientStore) -> Self {
        let lazy = Lazy::new(&FORMATTED, load_formatted);
        effect(move || {
            if store.connection_status.get() == ConnectionStatus::Online {
                lazy.load_again();
            }
        });
        Self(lazy)
    }

    /// Fetches the code without waiting for the page to be idle, if this text needs it.
    pub(crate) fn prepare(self, text: &str) {
        if !cfg!(feature = "ssr") && may_be_formatted(text) {
            self.0.load();
        }
    }

    /// The view of a text, and whether it is formatted. Until the code has loaded, the text shows as typed; this tracks the
    /// loading as a signal.
    pub(crate) fn view(self, text: &str) -> (Boxed, bool) {
        let format = may_be_formatted(text).then(|| self.format()).flatten();
        match format {
            Some(format) => (format(text), true),
            None => (text.to_owned().boxed(), false),
        }
    }

    fn format(self) -> Option<fn(&str) -> Boxed> {
        if cfg!(feature = "ssr") {
            return Some(formatted);
        }
        // Not tracked once it has loaded, because the signal would keep an entry for each row.
        self.0.get().or_else(|| self.0.get_tracked())
    }
}
