//! Who may do what to whom: the one table. `docs/protocol.md` shows it; a test prints it and holds the two together.

use crate::domain::{Action, Role};

use super::super::store::Rule;

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
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

impl Right {
    /// Whether somebody of the first role may do it to somebody of the second.
    pub(super) const fn rule(self) -> Rule {
        match self {
            Self::DeleteMessages | Self::SeeSanctions | Self::SeeReports => |actor, _| actor >= Role::Moderator,
            Self::Mute | Self::Remove | Self::Ban => |actor, subject| actor >= Role::Moderator && actor > subject,
            Self::HandleReports => |actor, subject| actor == Role::Owner || actor == Role::Moderator && actor > subject,
            Self::Appoint => |actor, subject| actor == Role::Owner && actor > subject,
            Self::Invite | Self::ReadAudit => |actor, _| actor == Role::Owner,
        }
    }

    /// The right to do this to a user.
    pub(super) const fn to(action: Action) -> Self {
        match action {
            Action::Mute | Action::Unmute => Self::Mute,
            Action::Remove => Self::Remove,
            Action::Ban | Action::Unban => Self::Ban,
            Action::Appoint => Self::Appoint,
        }
    }

    /// Whether it is somebody's who has no other user in mind.
    pub(super) fn is_of(self, role: Role) -> bool {
        self.rule()(role, Role::Member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHTS: [(Right, &str); 10] = [
        (Right::DeleteMessages, "delete messages of others in rooms"),
        (Right::Mute, "mute, unmute"),
        (Right::Remove, "remove from a room or the house"),
        (Right::Ban, "ban from a room or the house, unban"),
        (Right::SeeSanctions, "see who is muted or banned"),
        (Right::SeeReports, "see reported messages"),
        (Right::HandleReports, "delete reported messages, in directs too; close reports"),
        (Right::Appoint, "appoint owners, moderators, members"),
        (Right::Invite, "make, see and revoke invites"),
        (Right::ReadAudit, "read the audit log"),
    ];

    /// Whom a role has the right over.
    fn over(right: Right, actor: Role) -> String {
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
        for right in [Right::Mute, Right::Remove, Right::Ban, Right::Appoint] {
            for actor in Role::ALL {
                for subject in Role::ALL.into_iter().filter(|subject| *subject >= actor) {
                    assert!(!right.rule()(actor, subject), "{right:?} {actor:?} {subject:?}");
                }
            }
        }
    }
}
