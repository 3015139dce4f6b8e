//! What the store is told when an account is to be deleted.

use crate::{
    domain::{KeptMessages, UserId},
    server::store::accounts::PasswordHash,
};

/// An account that is to be deleted.
#[derive(Debug)]
pub(crate) struct DeleteAccount {
    pub user: UserId,
    pub verified: Verified,
    pub messages: KeptMessages,
}

/// How it is known that the account is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// Its user has shown this password; comparing took a while.
    Password(PasswordHash),
    /// A guest has nothing to show but the session.
    Guest,
    /// It is done on the host, where everything is allowed.
    ByHost,
}
