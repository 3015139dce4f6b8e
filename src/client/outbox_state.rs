//! The state of the outbox, and the changes that its storage has to make.

use futures_channel::mpsc;

use crate::{
    domain::{CommandId, Timestamp},
    state::Outgoing,
};

/// A change of the stored outbox.
pub(super) enum OutboxChange {
    /// Store a command, then send it when it is next.
    Put(Outgoing),
    /// Remove a command that is in the log, or that was discarded.
    Remove(Outgoing),
    /// All messages that pre-boot sent have been put into the outbox, so their own record can be deleted.
    PreBootMessagesAdded,
    /// Other pages may have closed: adopt the commands that they have left.
    AdoptOrphans,
    /// The user leaves: remove all of their commands.
    Clear,
}

/// How far sending has got.
#[derive(Default)]
pub(super) struct OutboxState {
    /// [`Outgoing::typed_at`] of the newest command.
    pub(super) last_typed_at: Timestamp,
    /// The command that was sent on this connection and is not answered yet.
    pub(super) in_flight: Option<CommandId>,
    /// Whether the commands of closed pages have been adopted. New commands come after them, so nothing is sent before.
    pub(super) has_adopted_orphans: bool,
    /// Leads to the task that stores the outbox.
    pub(super) storage: Option<mpsc::UnboundedSender<OutboxChange>>,
}
