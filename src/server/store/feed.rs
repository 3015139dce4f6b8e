//! What this process delivers of each commit, on its way to the connections: the entries of the commit log, and beside them
//! whom to answer, which concerns this process alone.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{CommandId, Conversation, ConversationId, Seq, UserId},
    server::{
        rules::EventPosition,
        store::{commit_log::CommitEntry, error::StoreError},
    },
};

/// The connection that gets the reply to a command. The number is the hub's; the store only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo(pub u64);

/// One thing to deliver.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An entry of the commit log.
    Entry(CommitEntry),
    /// An entry of the commit log by which a conversation entered a user's list, with the conversation as the user sees it
    /// at this point of the order.
    Listed(CommitEntry, Box<Conversation>),
    /// The reply to a command of a connection. It comes behind the command's event.
    Reply {
        to: ReplyTo,
        /// The id of the command.
        id: CommandId,
        /// The position of the event, or why the command was refused.
        outcome: Result<EventPosition, StoreError>,
    },
    /// A user has read further. Read marks are not in the commit log: they would be most of it.
    MarkedRead { user: UserId, conversation: ConversationId, seq: Seq },
    /// Sent or dropped when the connections have been told of everything before it.
    Delivered(oneshot::Sender<()>),
}

/// What is to be delivered, in commit order, one `Vec` per commit. The channel is bounded, and the writer does not wait for
/// a slow receiver: it then leaves out the entries of the commit log, which the receiver finds in the log, and sends the rest
/// with a later commit.
pub(crate) type CommitFeed = mpsc::Receiver<Vec<Delivery>>;
