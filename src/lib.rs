//! Teahouse: group and private chat that you host yourself. This page is the map of the house.
//!
//! | module | what it holds | where it runs |
//! | --- | --- | --- |
//! | [`domain`] | the vocabulary as types: ids, nicknames, messages, conversations, and their rules | both |
//! | [`protocol`] | every frame and HTTP body, version 1; `docs/protocol.md` tells it to others | both |
//! | [`state`] | what a client knows, as pure reducers: timeline, outbox, presence, unread | both |
//! | [`client`] | the browser's connection and fetches, and the store that the page reads | browser |
//! | [`ui`] | the page: Leptos components, a folder a concept | browser; rendered first by the server |
//! | `server` | store, chat, hub, sockets, HTTP | server |
//! | `page` | where the halves meet: the server renders `ui` for whoever asks, and takes its forms until the program is there | server |
//!
//! Imports go one way, `domain ← protocol ← state ← client ← ui` and `domain, protocol ← server`; a test holds this.
//! The feature `ssr` makes the server, `hydrate` the browser's half, which the package `teahouse-browser`
//! (`src/browser`) makes a WebAssembly module of; `cargo leptos` builds both.
//!
//! # The way of a message
//!
//! 1. `ui::composer` hands what was typed to [`client::Store::put`], which puts it in the [`state::Outbox`] under a new
//!    command id, so that it is shown at once, and has it kept in the browser, where it outlives the page.
//! 2. When it is its turn, the connection writes a [`protocol::ClientFrame::Send`] to the WebSocket.
//! 3. `server::socket` decodes it; `server::chat` decides whether this user may say this there.
//! 4. `server::store` appends it: its writer thread takes what has gathered, gives each event the next `seq`, commits
//!    once, synced to disk, and only then tells of it, in order. A command id that is known gets the first answer again.
//! 5. `server::hub` encodes what was committed once, as WebSocket frames, and hands it to its shards, a thread each. A
//!    shard puts the same bytes into the queue of every connection of its own that hears the conversation, with the
//!    author's `ack`, and then writes each queue to its socket.
//! 6. `client` folds the `event` into the [`state::Timeline`]; the message leaves the outbox, and its row stays the
//!    same row, because it is keyed by the command's id.
//!
//! Edits, deletions and reactions go the same way, and are folded into the message that they change: by the store into
//! what stands beside the log, by [`state::Timeline`] into what is shown.
//!
//! Before the program is there, `ui/early.js` posts what is typed to `page::talk`, which says it through `server::chat`
//! as well, and keeps it for the tab; the outbox then sends it again, under the same id.
//!
//! Who reconnects says in `hello` how far each conversation had come, and gets the rest from the store, or a `reset`.
//!
//! # Where to look
//!
//! A rule about names or texts: [`domain`]. A frame: [`protocol`], then `server::socket` and `client::Store`. What
//! somebody may do: `server::chat`. Who may ask at all: `server::edge`. What is on disk: `server::store` and its
//! migrations. What is on the wire: `server::websocket`. Why it is so: `docs/decisions.md`; what it costs:
//! `docs/performance.md`; how it is run and backed up: `docs/operating.md`.

// A view is one type made of all the elements in it.
#![recursion_limit = "256"]

pub mod client;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod page;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
pub mod state;
pub mod ui;
