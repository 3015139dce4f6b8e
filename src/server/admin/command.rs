//! The commands of `teahouse admin`. Their doc comments are its help texts.

use serde::{Deserialize, Serialize};

use crate::domain::{KeptMessages, Role};

/// A command of the operator to a running server.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminCommand {
    /// List all users with their roles.
    List,
    /// List muted and banned users, and banned networks.
    Sanctions,
    /// Show the newest entries of the audit log.
    Audit {
        /// Maximum number of entries.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show open reports of messages, with the messages around them.
    Reports {
        /// Maximum number of reports.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// List messages, newest first: conversation, seq, time, author and beginning of each.
    Messages {
        /// List the messages of this user, in all conversations.
        nickname: Option<String>,
        /// List the messages of this conversation: an id or `lobby`. Default: the Lobby.
        #[arg(long, conflicts_with = "nickname")]
        conversation: Option<String>,
        /// Maximum number of messages.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Close a report, and delete the copies of messages in it.
    CloseReport {
        /// The report's number, as `reports` shows it.
        report: u64,
    },
    /// Delete a message of any conversation, directs included. `messages` shows the arguments.
    DeleteMessage {
        /// The conversation: an id or `lobby`.
        conversation: String,
        /// The message's seq in that conversation.
        seq: u64,
    },
    /// Create a registered user, and print the random password.
    Create {
        /// The new user's nickname.
        nickname: String,
    },
    /// Give a registered user a role.
    Promote {
        /// The user's nickname.
        nickname: String,
        /// The new role.
        #[arg(value_enum, default_value_t = Role::Moderator)]
        role: Role,
    },
    /// Give a registered user a new random password, print it, and end all of the user's sessions.
    ResetPassword {
        /// The user's nickname.
        nickname: String,
    },
    /// End all sessions of a user, or of all guests. A guest's nickname becomes free.
    EndSessions {
        /// The user's nickname.
        #[arg(required_unless_present = "guests")]
        nickname: Option<String>,
        /// End the sessions of all guests.
        #[arg(long, conflicts_with = "nickname")]
        guests: bool,
    },
    /// Print the link by which somebody becomes the owner of a server that has none. It is a secret.
    ClaimToken,
    /// Delete a user's account. The nickname becomes free, and the user's name disappears from all messages.
    DeleteAccount {
        /// The user's nickname.
        nickname: String,
        /// Whether to keep or to delete the user's messages.
        #[arg(long, value_enum, default_value_t = KeptMessages::Keep)]
        messages: KeptMessages,
    },
    /// Forbid a user to write.
    Mute {
        /// The user's nickname.
        nickname: String,
        /// Duration in minutes. Default: until `unmute`.
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Allow a user to write again.
    Unmute {
        /// The user's nickname.
        nickname: String,
    },
    /// Sign a user out everywhere. The user may come back.
    Remove {
        /// The user's nickname.
        nickname: String,
    },
    /// Sign a user out everywhere and keep them out. A guest's ban also keeps out new guests of the same address.
    Ban {
        /// The user's nickname.
        nickname: String,
        /// Duration in minutes. Default: until `unban`.
        #[arg(long)]
        minutes: Option<u32>,
        /// Also end the sessions of all guests of the same address.
        #[arg(long)]
        address: bool,
    },
    /// Keep new users from a network out, and end the sessions of guests who came from it.
    BanNetwork {
        /// The network, for example 203.0.113.0/24.
        network: String,
        /// Duration in minutes. Default: until `unban-network`.
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Allow new users from a network again.
    UnbanNetwork {
        /// The network, for example 203.0.113.0/24.
        network: String,
    },
    /// Allow a user, and new guests of the same address, in again.
    Unban {
        /// The user's nickname.
        nickname: String,
    },
    /// Create an invite link.
    Invite {
        /// After how many minutes the invite expires. Default: never.
        #[arg(long)]
        minutes: Option<u32>,
        /// How many users may sign up with it. Default: any number.
        #[arg(long)]
        uses: Option<u32>,
    },
}
