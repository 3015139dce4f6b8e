//! The permissions of each role, in one table. `docs/protocol.md` shows it, and a test compares the two.

use crate::{
    domain::{Action, ConversationId, Role, UserId},
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
    /// Pinning messages in a room.
    Pin,
    Remove,
    Ban,
    SeeSanctions,
    SeeReports,
    HandleReports,
    Appoint,
    Invite,
    ReadAudit,
    /// Writing in a room where only moderators write.
    Announce,
    /// Mentioning everyone in a room.
    MentionEveryone,
    /// Setting the name and the topic of a room.
    DescribeRoom,
    /// Setting who can see a room and who may write there; archiving and restoring it.
    GovernRoom,
}

impl Permission {
    /// The check whether a user of the first role has this permission over a user of the second.
    pub(crate) const fn role_check(self) -> RoleCheck {
        match self {
            Self::DeleteMessages
            | Self::Pin
            | Self::SeeSanctions
            | Self::SeeReports
            | Self::Announce
            | Self::MentionEveryone
            | Self::DescribeRoom => |actor, _| actor >= Role::Moderator,
            Self::Mute | Self::Remove | Self::Ban => |actor, subject| actor >= Role::Moderator && actor > subject,
            Self::HandleReports => |actor, subject| actor == Role::Owner || actor == Role::Moderator && actor > subject,
            Self::Appoint => |actor, subject| actor == Role::Owner && actor > subject,
            Self::Invite | Self::ReadAudit | Self::GovernRoom => |actor, _| actor == Role::Owner,
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

    /// Checks that the actor has this permission over another user, by their ranks in a room, or with `None` on the server.
    /// The operator (`None`) may do everything.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`].
    pub(super) fn check_over(
        self,
        facts: &mut dyn Facts,
        room: Option<ConversationId>,
        actor: Option<UserId>,
        subject: UserId,
    ) -> Result<(), Undecided> {
        let Some(actor) = actor else { return Ok(()) };
        let ranks = (rank_in(facts, room, actor)?, rank_in(facts, room, subject)?);
        if self.role_check()(ranks.0, ranks.1) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }
}

/// A user's rank: the role on the server, or in a room the higher one of that and the role there.
pub(super) fn rank_in(facts: &mut dyn Facts, room: Option<ConversationId>, user: UserId) -> Known<Role> {
    let role = role_of(facts, user)?;
    let Some(room) = room else { return Ok(role) };
    Ok(facts.membership(room, user)?.map_or(role, |member| member.role.max(role)))
}

/// A user's present role on the server. Unknown users are members.
pub(super) fn role_of(facts: &mut dyn Facts, user: UserId) -> Known<Role> {
    Ok(facts.user(user)?.map(|facts| facts.user.role).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERMISSIONS: [(Permission, &str); 15] = [
        (Permission::DeleteMessages, "delete messages of others in rooms"),
        (Permission::Pin, "pin messages in rooms"),
        (Permission::Mute, "mute, unmute"),
        (Permission::Remove, "remove from a room or the server"),
        (Permission::Ban, "ban from a room or the server, unban"),
        (Permission::SeeSanctions, "see who is muted or banned"),
        (Permission::SeeReports, "see reported messages"),
        (Permission::HandleReports, "delete reported messages, in directs too; close reports"),
        (Permission::Appoint, "appoint owners, moderators, members, of the server or a room"),
        (Permission::Invite, "make, see and revoke invites"),
        (Permission::ReadAudit, "read the audit log"),
        (Permission::Announce, "write in a room where only moderators write"),
        (Permission::MentionEveryone, "mention everyone in a room"),
        (Permission::DescribeRoom, "set the name and the topic of a room"),
        (Permission::GovernRoom, "set who sees a room and who writes there; archive and restore it"),
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
