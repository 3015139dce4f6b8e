//! Who may do what to whom: the one table. `docs/protocol.md` shows it; a test prints it and holds the two together.

use crate::{
    domain::{Action, Role},
    server::store::RoleCheck,
};

/// Something that not everybody may do.
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
    /// Whether somebody of the first role may do it to somebody of the second.
    pub(crate) const fn rule(self) -> RoleCheck {
        match self {
            Self::DeleteMessages | Self::SeeSanctions | Self::SeeReports => |actor, _| actor >= Role::Moderator,
            Self::Mute | Self::Remove | Self::Ban => |actor, subject| actor >= Role::Moderator && actor > subject,
            Self::HandleReports => |actor, subject| actor == Role::Owner || actor == Role::Moderator && actor > subject,
            Self::Appoint => |actor, subject| actor == Role::Owner && actor > subject,
            Self::Invite | Self::ReadAudit => |actor, _| actor == Role::Owner,
        }
    }

    /// The right to do this to a user.
    pub(crate) const fn to(action: Action) -> Self {
        match action {
            Action::Mute | Action::Unmute => Self::Mute,
            Action::Remove => Self::Remove,
            Action::Ban | Action::Unban => Self::Ban,
            Action::Appoint => Self::Appoint,
        }
    }

    /// Whether it is somebody's who has no other user in mind.
    pub(crate) fn is_of(self, role: Role) -> bool {
        self.rule()(role, Role::Member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHTS: [(Permission, &str); 10] = [
        (Permission::DeleteMessages, "delete messages of others in rooms"),
        (Permission::Mute, "mute, unmute"),
        (Permission::Remove, "remove from a room or the house"),
        (Permission::Ban, "ban from a room or the house, unban"),
        (Permission::SeeSanctions, "see who is muted or banned"),
        (Permission::SeeReports, "see reported messages"),
        (Permission::HandleReports, "delete reported messages, in directs too; close reports"),
        (Permission::Appoint, "appoint owners, moderators, members"),
        (Permission::Invite, "make, see and revoke invites"),
        (Permission::ReadAudit, "read the audit log"),
    ];

    /// Whom a role has the right over.
    fn over(right: Permission, actor: Role) -> String {
        let below: Vec<_> = Role::ALL.into_iter().filter(|subject| right.rule()(actor, *subject)).collect();
        match (below.len(), below.len() == Role::ALL.len()) {
            (0, _) => "no".into(),
            (_, true) => "yes".into(),
            _ => below.iter().map(|role| format!("{}s", role.name())).collect::<Vec<_>>().join(", "),
        }
    }

    fn table() -> String {
        let mut table = String::from("| who may | member | moderator | owner |\n| --- | --- | --- | --- |\n");
        for (right, words) in RIGHTS {
            let cells: Vec<_> = Role::ALL.into_iter().map(|actor| over(right, actor)).collect();
            table = format!("{table}| {words} | {} |\n", cells.join(" | "));
        }
        table
    }

    #[test]
    fn the_table_of_rights_is_the_one_in_the_documents() {
        println!("{}", table());
        assert!(include_str!("../../../docs/protocol.md").contains(&table()), "docs/protocol.md lacks\n{}", table());
    }

    #[test]
    fn nobody_has_a_right_over_themselves_or_over_those_above() {
        for right in [Permission::Mute, Permission::Remove, Permission::Ban, Permission::Appoint] {
            for actor in Role::ALL {
                for subject in Role::ALL.into_iter().filter(|subject| *subject >= actor) {
                    assert!(!right.rule()(actor, subject), "{right:?} {actor:?} {subject:?}");
                }
            }
        }
    }
}
