//! Deleting an account.

use crate::{
    domain::{KeptMessages, UserId},
    server::store::accounts::PasswordHash,
};

/// An account to be deleted.
#[derive(Debug)]
pub(crate) struct DeleteAccount {
    pub user: UserId,
    pub authorization: DeletionAuthorization,
    pub messages: KeptMessages,
}

/// What allows the deletion of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeletionAuthorization {
    /// The user gave the password with this hash. The store checks that it is still the user's: comparing takes time.
    Password(PasswordHash),
    /// A guest has nothing but the session.
    Guest,
    /// The operator, who may do everything.
    Operator,
}
