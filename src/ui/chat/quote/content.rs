//! What a quote shows. The functions load lazily.

use leptos::prelude::*;

use crate::{
    client::ClientStore,
    domain::{ConversationId, Message, Seq, User},
    markdown::excerpt,
    state::{Original, Timeline},
    ui::{
        i18n::{texts, threads::THREADS},
        kit::boxed::{Boxed, Boxing as _},
    },
};

/// How much of a message a quote shows, in characters. The style sheet cuts it off where the line ends.
const MAX_CHARACTERS: usize = 160;

/// What is known of a message that another one replies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QuotedMessage {
    /// Its author, and the beginning of its text in one line.
    Known(User, String),
    /// It is deleted.
    Deleted,
    /// It is being fetched.
    Requested,
    /// It could not be fetched, or the user has blocked its author.
    Missing,
}

/// The functions that load lazily.
#[derive(Clone, Copy)]
pub(crate) struct QuoteFunctions {
    /// What is known of messages of a conversation, in the given order. It follows signals, and has those fetched that are in no
    /// timeline.
    pub(crate) find: fn(ClientStore, ConversationId, Signal<Timeline>, &[Seq]) -> Vec<QuotedMessage>,
    /// The view of a quote.
    pub(crate) view: fn(&QuotedMessage) -> Boxed,
}

pub(super) const FUNCTIONS: QuoteFunctions = QuoteFunctions { find, view };

fn find(
    store: ClientStore,
    conversation: ConversationId,
    timeline: Signal<Timeline>,
    seqs: &[Seq],
) -> Vec<QuotedMessage> {
    let all: Signal<Timeline> = store.timeline(conversation.into()).into();
    let quote = |message: &Message| quote_of(store, message);
    let loaded = |seq: Seq| {
        let in_timeline = |timeline: &Timeline| timeline.get(seq).map(quote);
        timeline.with(in_timeline).or_else(|| all.with_untracked(in_timeline))
    };
    let found: Vec<(Seq, Option<QuotedMessage>)> = seqs.iter().map(|seq| (*seq, loaded(*seq))).collect();
    let missing: Vec<Seq> = found.iter().filter(|(_, quote)| quote.is_none()).map(|(seq, _)| *seq).collect();
    if !missing.is_empty() && !cfg!(feature = "ssr") {
        store.fetch_originals(conversation, &missing);
    }
    let fetched = |seq: Seq| {
        store.originals().with(|originals| match originals.get(conversation, seq) {
            Some(Original::Known(message)) => quote(message),
            Some(Original::Missing) => QuotedMessage::Missing,
            Some(Original::Requested(_)) | None => QuotedMessage::Requested,
        })
    };
    found.into_iter().map(|(seq, quote)| quote.unwrap_or_else(|| fetched(seq))).collect()
}

fn quote_of(store: ClientStore, message: &Message) -> QuotedMessage {
    if message.deleted {
        return QuotedMessage::Deleted;
    }
    if store.blocks.with(|blocks| blocks.hides(message)) {
        return QuotedMessage::Missing;
    }
    QuotedMessage::Known(message.author.clone(), excerpt(message.body.as_str(), MAX_CHARACTERS))
}

fn view(quote: &QuotedMessage) -> Boxed {
    let (t, own) = (texts(), THREADS.current());
    match quote {
        QuotedMessage::Known(author, line) => view! {
            <b translate="no"><bdi>{t.name_of(&author.nickname).to_owned()}</bdi></b>
            " "
            <span dir="auto">{line.clone()}</span>
        }
        .boxed(),
        QuotedMessage::Deleted => view! { <i>{t.timeline.deleted}</i> }.boxed(),
        QuotedMessage::Requested => view! { <span class="quiet">"…"</span> }.boxed(),
        QuotedMessage::Missing => view! { <i>{own.not_available}</i> }.boxed(),
    }
}
