//! The list of texts that each language provides.

use crate::{
    domain::{Action, Role, User},
    pages::admin::time_left::TimeLeft,
    protocol::ErrorCode,
    ui::i18n::InSentence,
};

/// The texts of the admin pages. Those with a number or a name in them are functions.
pub(in crate::pages::admin) struct AdminTexts {
    // Frame
    pub(in crate::pages::admin) title: &'static str,
    pub(in crate::pages::admin) back_to_chat: &'static str,
    pub(in crate::pages::admin) no_access: &'static str,
    pub(in crate::pages::admin) moderators_only: &'static str,
    pub(in crate::pages::admin) owners_only: &'static str,
    pub(in crate::pages::admin) no_such_user: &'static str,
    pub(in crate::pages::admin) unavailable: &'static str,

    // List of users
    pub(in crate::pages::admin) users: &'static str,
    pub(in crate::pages::admin) all_users: &'static str,
    pub(in crate::pages::admin) search_label: &'static str,
    pub(in crate::pages::admin) search: &'static str,
    pub(in crate::pages::admin) first_of_many: fn(usize) -> String,
    pub(in crate::pages::admin) sanctions: &'static str,
    pub(in crate::pages::admin) guest: &'static str,
    /// The names of `member`, `moderator` and `owner`.
    pub(in crate::pages::admin) roles: [&'static str; 3],

    // Sanctions
    pub(in crate::pages::admin) muted: &'static str,
    pub(in crate::pages::admin) banned: &'static str,
    pub(in crate::pages::admin) unmute: &'static str,
    pub(in crate::pages::admin) unban: &'static str,
    pub(in crate::pages::admin) in_the_lobby: &'static str,
    pub(in crate::pages::admin) on_the_server: &'static str,
    pub(in crate::pages::admin) until_lifted: &'static str,
    pub(in crate::pages::admin) time_left: fn(TimeLeft) -> String,
    pub(in crate::pages::admin) until: fn(&str) -> String,
    /// A duration in minutes.
    pub(in crate::pages::admin) duration: fn(u32) -> String,

    // Moderation of one user
    pub(in crate::pages::admin) is_you: &'static str,
    pub(in crate::pages::admin) no_permission: &'static str,
    pub(in crate::pages::admin) scope: &'static str,
    pub(in crate::pages::admin) duration_label: &'static str,
    pub(in crate::pages::admin) role: &'static str,
    pub(in crate::pages::admin) mute: &'static str,
    pub(in crate::pages::admin) mute_effect: fn(InSentence) -> String,
    pub(in crate::pages::admin) mute_guest_effect: &'static str,
    pub(in crate::pages::admin) remove: &'static str,
    pub(in crate::pages::admin) remove_effect: fn(InSentence) -> String,
    pub(in crate::pages::admin) remove_guest_effect: &'static str,
    pub(in crate::pages::admin) ban: &'static str,
    pub(in crate::pages::admin) ban_effect: fn(InSentence) -> String,
    pub(in crate::pages::admin) ban_server_effect: &'static str,
    pub(in crate::pages::admin) ban_address: &'static str,
    pub(in crate::pages::admin) appoint: &'static str,
    pub(in crate::pages::admin) appoint_effect: fn(InSentence) -> String,
    pub(in crate::pages::admin) done: fn(Action) -> &'static str,
    pub(in crate::pages::admin) failed: &'static str,
    /// The reason for a refusal; empty where the chat page's text for the error fits.
    pub(in crate::pages::admin) error: fn(ErrorCode) -> &'static str,

    // Reports
    pub(in crate::pages::admin) reports: &'static str,
    pub(in crate::pages::admin) reports_intro: &'static str,
    pub(in crate::pages::admin) no_reports: &'static str,
    pub(in crate::pages::admin) first_reports: fn(usize, u64) -> String,
    pub(in crate::pages::admin) reported_a_message: &'static str,
    pub(in crate::pages::admin) in_a_direct: &'static str,
    pub(in crate::pages::admin) no_reason: &'static str,
    pub(in crate::pages::admin) excerpt: &'static str,
    pub(in crate::pages::admin) reported_message: &'static str,
    pub(in crate::pages::admin) edited: &'static str,
    pub(in crate::pages::admin) message_deleted: &'static str,
    pub(in crate::pages::admin) delete_message: &'static str,
    pub(in crate::pages::admin) close_report: &'static str,
    pub(in crate::pages::admin) view_author: fn(InSentence) -> String,
    pub(in crate::pages::admin) owners_only_report: &'static str,
    pub(in crate::pages::admin) report_closed: &'static str,
    pub(in crate::pages::admin) reported_message_deleted: &'static str,

    // Invites
    pub(in crate::pages::admin) invites: &'static str,
    pub(in crate::pages::admin) policy_open: &'static str,
    pub(in crate::pages::admin) policy_invite: &'static str,
    pub(in crate::pages::admin) policy_registered: &'static str,
    pub(in crate::pages::admin) new_invite: &'static str,
    pub(in crate::pages::admin) invite_effect: &'static str,
    pub(in crate::pages::admin) valid_for: &'static str,
    pub(in crate::pages::admin) no_expiry: &'static str,
    pub(in crate::pages::admin) max_uses: &'static str,
    pub(in crate::pages::admin) no_limit: &'static str,
    pub(in crate::pages::admin) create_invite: &'static str,
    pub(in crate::pages::admin) invite_created: &'static str,
    pub(in crate::pages::admin) shown_once: &'static str,
    pub(in crate::pages::admin) qr_code: &'static str,
    pub(in crate::pages::admin) valid_invites: &'static str,
    pub(in crate::pages::admin) no_invites: &'static str,
    /// How often an invite was used, and how often it can be used at most.
    pub(in crate::pages::admin) uses: fn(u32, Option<u32>) -> String,
    pub(in crate::pages::admin) revoke: &'static str,
    pub(in crate::pages::admin) revoked: &'static str,

    // Audit log
    pub(in crate::pages::admin) audit: &'static str,
    pub(in crate::pages::admin) audit_intro: &'static str,
    pub(in crate::pages::admin) audit_empty: &'static str,
    pub(in crate::pages::admin) older: &'static str,
    pub(in crate::pages::admin) newest: &'static str,
    pub(in crate::pages::admin) operator: &'static str,
    /// The verb for an action of the audit log, between the names of who did it and to whom.
    pub(in crate::pages::admin) audit_action: fn(&str) -> &str,
}

impl AdminTexts {
    /// A role's name.
    pub(in crate::pages::admin) fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Member => self.roles[0],
            Role::Moderator => self.roles[1],
            Role::Owner => self.roles[2],
        }
    }

    /// The role of a registered user, or that a user is a guest.
    pub(in crate::pages::admin) fn role_or_guest(&self, user: &User) -> &'static str {
        if user.registered { self.role(user.role) } else { self.guest }
    }
}
