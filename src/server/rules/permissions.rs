//! The permissions of each role, in one table. `docs/protocol.md` shows it, and a test compares the two.

use crate::{
    domain::{Action, Role, UserId},
    server::rules::{
        facts::{Facts, Known},
        refusal::Refusal,
        undecided::Undecided,
    },
};

/// Decides from the role of the actor and the role of the subject whether the actor may act.
type RoleCheck = fn(Role, Role) -> bool;

/// Something that not every user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    DeleteMessages,
    Mute,
    Remove,
    Ban,
    SeeSanctions,
    SeeReports,
    HandleReports,
    Appoint,
    Invite,
    ReadAudit,
}

impl Permission {
    /// The check whether a user of the first role has this permission over a user of the second.
    pub(crate) const fn role_check(self) -> RoleCheck {
        match self {
            Self::DeleteMessages | Self::SeeSanctions | Self::SeeReports => |actor, _| actor >= Role::Moderator,
            Self::Mute | Self::Remove | Self::Ban => |actor, subject| actor >= Role::Moderator && actor > subject,
            Self::HandleReports => |actor, subject| actor == Role::Owner || actor == Role::Moderator && actor > subject,
            Self::Appoint => |actor, subject| actor == Role::Owner && actor > subject,
            Self::Invite | Self::ReadAudit => |actor, _| actor == Role::Owner,
        }
    }

    /// The permission that a moderation action needs.
    pub(crate) const fn to(action: Action) -> Self {
        match action {
            Action::Mute | Action::Unmute => Self::Mute,
            Action::Remove => Self::Remove,
            Action::Ban | Action::Unban => Self::Ban,
            Action::Appoint => Self::Appoint,
        }
    }

    /// Whether `role` has this permission at all, before a target is known.
    pub(crate) fn granted_to(self, role: Role) -> bool {
        self.role_check()(role, Role::Member)
    }

    /// Checks that the actor, by their present role, has this permission over a user of the role `subject`. The operator
    /// (`None`) may do everything.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`].
    pub(super) fn check(self, facts: &mut dyn Facts, actor: Option<UserId>, subject: Role) -> Result<(), Undecided> {
        let Some(actor) = actor else { return Ok(()) };
        if self.role_check()(role_of(facts, actor)?, subject) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }
}

/// A user's present role. Unknown users are members.
pub(super) fn role_of(facts: &mut dyn Facts, user: UserId) -> Known<Role> {
    Ok(facts.user(user)?.map(|facts| facts.user.role).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERMISSIONS: [(Permission, &str); 10] = [
        (Permission::DeleteMessages, "delete messages of others in rooms"),
        (Permission::Mute, "mute, unmute"),
        (Permission::Remove, "remove from a room or the server"),
        (Permission::Ban, "ban from a room or the server, unban"),
        (Permission::SeeSanctions, "see who is muted or banned"),
        (Permission::SeeReports, "see reported messages"),
        (Permission::HandleReports, "delete reported messages, in directs too; close reports"),
        (Permission::Appoint, "appoint owners, moderators, members"),
        (Permission::Invite, "make, see and revoke invites"),
        (Permission::ReadAudit, "read the audit log"),
    ];

    /// The roles over which `actor` has the permission, as the table shows them.
    fn cell(permission: Permission, actor: Role) -> String {
        let subjects: Vec<_> =
            Role::ALL.into_iter().filter(|subject| permission.role_check()(actor, *subject)).collect();
        match (subjects.len(), subjects.len() == Role::ALL.len()) {
            (0, _) => "no".into(),
            (_, true) => "yes".into(),
            _ => subjects.iter().map(|role| format!("{}s", role.name())).collect::<Vec<_>>().join(", "),
        }
    }

    fn table() -> String {
        let mut table = String::from("| who may | member | moderator | owner |\n| --- | --- | --- | --- |\n");
        for (permission, description) in PERMISSIONS {
            let cells: Vec<_> = Role::ALL.into_iter().map(|actor| cell(permission, actor)).collect();
            table = format!("{table}| {description} | {} |\n", cells.join(" | "));
        }
        table
    }

    #[test]
    fn the_table_in_the_documents_is_up_to_date() {
        println!("{}", table());
        assert!(include_str!("../../../docs/protocol.md").contains(&table()), "docs/protocol.md lacks\n{}", table());
    }

    #[test]
    fn no_role_has_power_over_itself_or_higher_roles() {
        for permission in [Permission::Mute, Permission::Remove, Permission::Ban, Permission::Appoint] {
            for actor in Role::ALL {
                for subject in Role::ALL.into_iter().filter(|subject| *subject >= actor) {
                    assert!(!permission.role_check()(actor, subject), "{permission:?} {actor:?} {subject:?}");
                }
            }
        }
    }
}
