//! Charging users for commands.

use crate::{
    domain::{ClientAddr, User},
    server::{chat::service::ChatService, error::ChatError},
};

/// A user's command that has been charged for. Every operation that changes data on behalf of a user takes one, and
/// [`ChatService::begin_command`] is the only way to get one, so no endpoint can forget to charge. It serves one command
/// only.
///
/// Exceptions are operations that have a limit of their own or happen once: attempts at passwords, and signing out.
#[derive(Debug)]
pub(in crate::server) struct CommandContext {
    pub(super) user: User,
    pub(super) client_addr: ClientAddr,
}

impl ChatService {
    /// Charges a user, and the address they use, for a command of `bytes` bytes.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] if the user or the address has used up its rate.
    pub(in crate::server) fn begin_command(
        &self,
        user: User,
        client_addr: ClientAddr,
        bytes: usize,
    ) -> Result<CommandContext, ChatError> {
        self.rate_limits.charge_command(user.id, client_addr, bytes)?;
        Ok(CommandContext { user, client_addr })
    }
}
