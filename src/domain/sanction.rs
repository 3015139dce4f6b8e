//! Sanctions: mutes and bans that are in force.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConversationId, Timestamp},
    moderation::Action,
    user::User,
};

/// A mute or a ban that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanction {
    /// The sanctioned user.
    pub user: User,
    /// [`Action::Mute`] or [`Action::Ban`].
    pub action: Action,
    /// The room it applies to; `None` for the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it ends by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
