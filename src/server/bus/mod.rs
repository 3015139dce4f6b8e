//! What the nodes that share a store tell each other beside the commit log: who is online where, who is typing, and which of
//! them does the work that one node does for all.
//!
//! Nothing of this is a promise. What gets lost here is repaired by itself, or matters only at the moment; everything else is
//! in the commit log, which every node follows.
//!
//! A [`Bus`] runs beside delivery, and never makes it wait. It knows the connections of this process as a [`LocalNode`].
//!
//! | file | what it holds |
//! | --- | --- |
//! | `bus_trait` | [`Bus`], and [`LocalNode`], which a bus serves |
//! | `alone` | the bus of a server that shares its store with no other |
//! | `postgres` | the bus of nodes that share a PostgreSQL database |

mod alone;
mod bus_trait;
mod postgres;

pub(super) use alone::Alone;
pub(super) use bus_trait::{Bus, LocalNode, NodeId, TypingSignal, UserOnNode};
pub(super) use postgres::PostgresBus;
