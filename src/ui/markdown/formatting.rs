//! Formats messages as soon as the code for it has loaded.

use leptos::prelude::*;

use crate::{
    domain::Mention,
    markdown::may_be_formatted,
    ui::{
        context::message_preferences::MessagePreferences,
        kit::{
            boxed::{Boxed, Boxing as _},
            lazy::{Lazy, lazy},
        },
        markdown::{blocks::formatted, highlighter::Highlighter},
    },
};

type Format = fn(&str, &[Mention], bool, Highlighter) -> Boxed;

lazy!(markdown: FORMATTED, load_formatted, fill_formatted, Format = formatted);

/// The formatting of messages. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct Formatting {
    format: Lazy<Format>,
    highlighter: Highlighter,
    preferences: RwSignal<MessagePreferences>,
}

/// How messages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormattingState {
    /// As typed, because the code that formats them has not loaded.
    Loading,
    /// As typed but for their links, as the reader wants it.
    Plain,
    /// Formatted.
    Formatted,
}

impl Formatting {
    pub(crate) fn new() -> Self {
        Self {
            format: Lazy::new(&FORMATTED, load_formatted),
            highlighter: Highlighter::new(),
            preferences: expect_context(),
        }
    }

    /// Fetches the code without waiting for the page to be idle, if this text needs it.
    pub(crate) fn prepare(self, text: &str, mentions: &[Mention]) {
        if cfg!(feature = "ssr") || mentions.is_empty() && !may_be_formatted(text) {
            return;
        }
        self.format.load();
        if text.contains("```") {
            self.highlighter.load();
        }
    }

    /// How messages show now. Tracks the loading and the reader's choice as signals.
    pub(crate) fn state(self) -> FormattingState {
        let is_loaded = cfg!(feature = "ssr") || self.format.get_tracked().is_some();
        match self.preferences.get().shows_formatting {
            _ if !is_loaded => FormattingState::Loading,
            true => FormattingState::Formatted,
            false => FormattingState::Plain,
        }
    }

    /// The view of a text.
    pub(crate) fn view(self, text: &str, mentions: &[Mention], state: FormattingState) -> Boxed {
        let format = if cfg!(feature = "ssr") { Some(formatted as Format) } else { self.format.get() };
        let may_differ = !mentions.is_empty() || may_be_formatted(text);
        match format.filter(|_| state != FormattingState::Loading && may_differ) {
            Some(format) => format(text, mentions, state == FormattingState::Plain, self.highlighter),
            None => text.to_owned().boxed(),
        }
    }
}
