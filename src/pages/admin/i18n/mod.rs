//! The texts of the admin pages, in each language. Apart from the page's texts, because browsers never load them.

mod en;
mod zh;

use crate::{
    domain::{Action, Role, User},
    pages::admin::views::time::TimeLeft,
    protocol::ErrorCode,
    ui::{Language, i18n::InSentence},
};

/// The words of a language.
pub(crate) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::Chinese => &zh::WORDS,
    }
}

/// The texts of the admin pages. Functions where a number or a name belongs inside.
pub(crate) struct Words {
    pub(crate) office: &'static str,
    pub(crate) back: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) closed_why: &'static str,
    pub(crate) owners_only: &'static str,
    pub(crate) nobody: &'static str,
    pub(crate) not_now: &'static str,

    pub(crate) people: &'static str,
    pub(crate) everybody: &'static str,
    pub(crate) find: &'static str,
    pub(crate) search: &'static str,
    pub(crate) first_of_many: fn(usize) -> String,
    pub(crate) in_force: &'static str,
    pub(crate) guest: &'static str,
    pub(crate) roles: [&'static str; 3],

    pub(crate) muted: &'static str,
    pub(crate) banned: &'static str,
    pub(crate) unmute: &'static str,
    pub(crate) unban: &'static str,
    pub(crate) in_the_lobby: &'static str,
    pub(crate) in_the_house: &'static str,
    pub(crate) until_lifted: &'static str,
    pub(crate) left: fn(TimeLeft) -> String,
    pub(crate) until: fn(&str) -> String,
    pub(crate) span: fn(u32) -> String,

    pub(crate) that_is_you: &'static str,
    pub(crate) no_power: &'static str,
    pub(crate) where_: &'static str,
    pub(crate) how_long: &'static str,
    pub(crate) role: &'static str,
    pub(crate) mute: &'static str,
    pub(crate) mute_means: fn(InSentence) -> String,
    pub(crate) mute_guest_means: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_means: fn(InSentence) -> String,
    pub(crate) remove_guest_means: &'static str,
    pub(crate) ban: &'static str,
    pub(crate) ban_means: fn(InSentence) -> String,
    pub(crate) ban_also_means: &'static str,
    pub(crate) ban_address: &'static str,
    pub(crate) appoint: &'static str,
    pub(crate) appoint_means: fn(InSentence) -> String,
    pub(crate) done: fn(Action) -> &'static str,
    pub(crate) not_done: &'static str,
    /// Empty where the page's own words will do.
    pub(crate) refused: fn(ErrorCode) -> &'static str,

    pub(crate) reports: &'static str,
    pub(crate) reports_mean: &'static str,
    pub(crate) no_reports: &'static str,
    pub(crate) first_reports: fn(usize, u64) -> String,
    pub(crate) has_reported: &'static str,
    pub(crate) in_a_direct: &'static str,
    pub(crate) no_reason: &'static str,
    pub(crate) excerpt: &'static str,
    pub(crate) this_one: &'static str,
    pub(crate) edited: &'static str,
    pub(crate) message_deleted: &'static str,
    pub(crate) delete_reported: &'static str,
    pub(crate) close_report: &'static str,
    pub(crate) about_author: fn(InSentence) -> String,
    pub(crate) owners_handle: &'static str,
    pub(crate) report_closed: &'static str,
    pub(crate) report_deleted: &'static str,

    pub(crate) invites: &'static str,
    pub(crate) entry_open: &'static str,
    pub(crate) entry_invite: &'static str,
    pub(crate) entry_registered: &'static str,
    pub(crate) new_invite: &'static str,
    pub(crate) invite_means: &'static str,
    pub(crate) valid_for: &'static str,
    pub(crate) for_ever: &'static str,
    pub(crate) lets_in: &'static str,
    pub(crate) no_limit: &'static str,
    pub(crate) make_invite: &'static str,
    pub(crate) made: &'static str,
    pub(crate) shown_once: &'static str,
    pub(crate) qr: &'static str,
    pub(crate) valid_invites: &'static str,
    pub(crate) no_invites: &'static str,
    pub(crate) uses_of: fn(u32, Option<u32>) -> String,
    pub(crate) revoke: &'static str,
    pub(crate) revoked: &'static str,

    pub(crate) audit: &'static str,
    pub(crate) audit_means: &'static str,
    pub(crate) nothing_done: &'static str,
    pub(crate) older: &'static str,
    pub(crate) newest: &'static str,
    pub(crate) host: &'static str,
    pub(crate) deed: fn(&str) -> &str,
}

impl Words {
    /// A role's name.
    pub(crate) fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Member => self.roles[0],
            Role::Moderator => self.roles[1],
            Role::Owner => self.roles[2],
        }
    }

    /// What somebody is here.
    pub(crate) fn standing(&self, user: &User) -> &'static str {
        if user.registered { self.role(user.role) } else { self.guest }
    }
}
