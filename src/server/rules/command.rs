//! The [`Command`] trait.

use crate::server::rules::{context::Context, decision::Decision, facts::Facts, undecided::Undecided};

/// Something that a user, a moderator, the operator or the server itself wants changed.
pub(crate) trait Command: Send + 'static {
    /// What the caller gets once the command is durable.
    type Output: Send + 'static;

    /// Decides what the command changes, by facts that include everything decided before it.
    ///
    /// # Errors
    /// [`Undecided::Refused`] if a rule forbids it; [`Undecided::NoFacts`] if a fact could not be read. Either way it
    /// changes nothing.
    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Self::Output>, Undecided>;

    /// Whether it is refused while the disk quota is used up, unless it changes nothing. Moderation and whatever frees
    /// space is not.
    fn takes_room(&self) -> bool {
        false
    }
}
