//! What the page asks of its connection.

use crate::protocol::ClientFrame;

/// How many commands may wait for the socket, which takes them at once while it is open.
pub(super) const COMMAND_QUEUE: usize = 256;

/// A command to the task that keeps the connection.
pub(super) enum ConnectionCommand {
    /// Send this frame, if there is a connection. Frames of the outbox are sent again on the next connection.
    Send(ClientFrame),
    /// The network or the reader is back: reconnect at once if the connection is lost, and check it if it seems alive.
    Wake,
    /// Close the connection and do not reconnect.
    Stop,
}
