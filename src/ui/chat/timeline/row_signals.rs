//! The signals that the row of a message follows.

use leptos::prelude::*;

use crate::ui::{
    chat::{message_view::MessageView, quote::QuotedMessage},
    markdown::FormattingState,
};

/// The signals that the row of a message follows.
///
/// [`TimelineModel::update_rows`](super::model::TimelineModel::update_rows) sets them. The rows do not follow the timeline
/// itself: there are hundreds of rows with a dozen reactive parts each, and every event would check them all. Nor do they
/// follow other signals that outlive them, because these keep an entry for everything that ever followed them.
#[derive(Clone, Copy)]
pub(super) struct RowSignals {
    /// The message.
    pub(super) view: RwSignal<Option<MessageView>>,
    /// Whether author and time show above the message, because it starts a group.
    pub(super) starts_group: RwSignal<bool>,
    /// Whether the menu is at this message.
    pub(super) has_menu: RwSignal<bool>,
    /// How the text shows.
    pub(super) formatting: RwSignal<FormattingState>,
    /// What is known of the message that this one replies to, if it is a reply.
    pub(super) quote: RwSignal<Option<QuotedMessage>>,
    /// Whether the composer edits this message.
    pub(super) is_being_edited: RwSignal<bool>,
}
