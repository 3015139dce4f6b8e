//! What the office says, in each language. Apart from the page's texts, because a browser's half never needs it.

mod en;
mod zh;

use super::{
    super::{Language, i18n::InSentence},
    time::Left,
};
use crate::{
    domain::{Action, Role, User},
    protocol::ErrorCode,
};

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::Chinese => &zh::WORDS,
    }
}

/// What the office says. Functions where a number or a name belongs inside.
pub(super) struct Words {
    pub(super) office: &'static str,
    pub(super) back: &'static str,
    pub(super) closed: &'static str,
    pub(super) closed_why: &'static str,
    pub(super) owners_only: &'static str,
    pub(super) nobody: &'static str,
    pub(super) not_now: &'static str,

    pub(super) people: &'static str,
    pub(super) everybody: &'static str,
    pub(super) find: &'static str,
    pub(super) search: &'static str,
    pub(super) first_of_many: fn(usize) -> String,
    pub(super) in_force: &'static str,
    pub(super) guest: &'static str,
    pub(super) roles: [&'static str; 3],

    pub(super) muted: &'static str,
    pub(super) banned: &'static str,
    pub(super) unmute: &'static str,
    pub(super) unban: &'static str,
    pub(super) in_the_lobby: &'static str,
    pub(super) in_the_house: &'static str,
    pub(super) until_lifted: &'static str,
    pub(super) left: fn(Left) -> String,
    pub(super) until: fn(&str) -> String,
    pub(super) span: fn(u32) -> String,

    pub(super) that_is_you: &'static str,
    pub(super) no_power: &'static str,
    pub(super) where_: &'static str,
    pub(super) how_long: &'static str,
    pub(super) role: &'static str,
    pub(super) mute: &'static str,
    pub(super) mute_means: fn(InSentence) -> String,
    pub(super) mute_guest_means: &'static str,
    pub(super) remove: &'static str,
    pub(super) remove_means: fn(InSentence) -> String,
    pub(super) remove_guest_means: &'static str,
    pub(super) ban: &'static str,
    pub(super) ban_means: fn(InSentence) -> String,
    pub(super) ban_also_means: &'static str,
    pub(super) ban_address: &'static str,
    pub(super) appoint: &'static str,
    pub(super) appoint_means: fn(InSentence) -> String,
    pub(super) done: fn(Action) -> &'static str,
    pub(super) not_done: &'static str,
    /// Empty where the page's own words will do.
    pub(super) refused: fn(ErrorCode) -> &'static str,

    pub(super) reports: &'static str,
    pub(super) reports_mean: &'static str,
    pub(super) no_reports: &'static str,
    pub(super) first_reports: fn(usize, u64) -> String,
    pub(super) has_reported: &'static str,
    pub(super) in_a_direct: &'static str,
    pub(super) no_reason: &'static str,
    pub(super) excerpt: &'static str,
    pub(super) this_one: &'static str,
    pub(super) edited: &'static str,
    pub(super) message_deleted: &'static str,
    pub(super) delete_reported: &'static str,
    pub(super) close_report: &'static str,
    pub(super) about_author: fn(InSentence) -> String,
    pub(super) owners_handle: &'static str,
    pub(super) report_closed: &'static str,
    pub(super) report_deleted: &'static str,

    pub(super) invites: &'static str,
    pub(super) entry_open: &'static str,
    pub(super) entry_invite: &'static str,
    pub(super) entry_registered: &'static str,
    pub(super) new_invite: &'static str,
    pub(super) invite_means: &'static str,
    pub(super) valid_for: &'static str,
    pub(super) for_ever: &'static str,
    pub(super) lets_in: &'static str,
    pub(super) no_limit: &'static str,
    pub(super) make_invite: &'static str,
    pub(super) made: &'static str,
    pub(super) shown_once: &'static str,
    pub(super) qr: &'static str,
    pub(super) valid_invites: &'static str,
    pub(super) no_invites: &'static str,
    pub(super) uses_of: fn(u32, Option<u32>) -> String,
    pub(super) revoke: &'static str,
    pub(super) revoked: &'static str,

    pub(super) audit: &'static str,
    pub(super) audit_means: &'static str,
    pub(super) nothing_done: &'static str,
    pub(super) older: &'static str,
    pub(super) newest: &'static str,
    pub(super) host: &'static str,
    pub(super) deed: fn(&str) -> &str,
}

impl Words {
    /// A role's name.
    pub(super) fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Member => self.roles[0],
            Role::Moderator => self.roles[1],
            Role::Owner => self.roles[2],
        }
    }

    /// What somebody is here.
    pub(super) fn standing(&self, user: &User) -> &'static str {
        if user.registered { self.role(user.role) } else { self.guest }
    }
}
