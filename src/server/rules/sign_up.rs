//! Signing up: guests and registered users.

use std::cmp::Reverse;

use crate::{
    domain::{ClientAddr, Nickname, NicknameKey, Role, Seq, Timestamp, User},
    server::rules::{
        account::{becomes_owner, make_owner},
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{Facts, InviteFacts, Known, MarkFacts},
        mutation::{AuditRow, Mutation, NewUserRow},
        networks::check_network,
        refusal::Refusal,
        sanctions::check_not_banned,
        undecided::Undecided,
        values::{GuestMark, InviteKey, ListKey, NewPassword, NewSession, SanctionKind, SanctionScope},
    },
};

/// The numbers that are tried after a taken nickname when a free one is suggested.
const SUGGESTED_NUMBERS: std::ops::Range<u32> = 2..100;

/// Creates a user, who becomes a member of the Lobby, with everything there marked as read. Returns the user's role.
#[derive(Clone, Debug)]
pub(crate) struct CreateUser {
    /// A guest; `password` makes it a registered user.
    pub user: User,
    pub key: NicknameKey,
    /// `None` for a client of the simple protocol, whose nickname is released when its connection closes, and for a user
    /// whom the operator creates.
    pub session: Option<NewSession>,
    /// `None` for a user whom the operator creates.
    pub address: Option<ClientAddr>,
    /// The invite to use up; `None` if none is required.
    pub invite: Option<InviteKey>,
    /// `None` for a guest.
    pub password: Option<NewPassword>,
    /// How many nicknames the guests of one address may hold at a time; `None`: no limit.
    pub max_names_per_address: Option<u32>,
}

impl Command for CreateUser {
    type Output = Role;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Role>, Undecided> {
        let now = context.now.server;
        if let Some(address) = self.address {
            check_network(facts, address, now)?;
            self.check_names_per_address(facts, address)?;
        }
        // Before the checks of the nickname: without a valid invite, nobody finds out which nicknames are taken or banned.
        let invite = self.invite.map(|key| valid_invite(facts, key, now)).transpose()?;
        let inherited = match self.address {
            Some(address) => inherited_sanctions(facts, &self.key, address, now)?,
            None => Vec::new(),
        };
        if facts.user_with_nickname(&self.key)?.is_some() {
            return Err(Refusal::NicknameTaken { suggestion: suggest_nickname(facts, &self.user.nickname)? }.into());
        }
        let becomes_owner = match &self.password {
            Some(password) => becomes_owner(facts, password.ownership)?,
            None => false,
        };
        let lobby = facts.conversation(context.lobby)?;
        let user = self.user.id;

        let mut draft = DecisionDraft::default();
        draft.push(Mutation::CreateUser(NewUserRow {
            id: user,
            nickname: self.user.nickname.clone(),
            key: self.key.clone(),
            created_at: now,
            // The addresses of registered users are not kept.
            address: self.address.filter(|_| self.password.is_none()),
            invited: invite.is_some(),
        }));
        draft.log(Entry::SignedUp { user, registered: self.password.is_some() });
        if let Some(InviteFacts { id: invite, .. }) = invite {
            draft.push(Mutation::UseInvite(invite));
            draft.log(Entry::InviteUsed { invite, user });
        }
        if let Some(password) = &self.password {
            draft.push(Mutation::SetPassword { user, hash: password.hash.clone() });
        }
        if becomes_owner {
            make_owner(&mut draft, user, context.now);
        }
        if let Some(session) = &self.session {
            draft.push(Mutation::BeginSession { user, session: session.clone(), at: now });
        } else if self.password.is_some() {
            // A registered user without a session: the operator creates the account.
            let (at, subject) = (context.now.machine, Some(user));
            draft.push(Mutation::Audit(AuditRow { at, action: "create_user", subject, ..AuditRow::default() }));
        }
        for MarkFacts { user: origin, sanction } in &inherited {
            let (scope, kind, until) = (sanction.scope, sanction.kind, sanction.until);
            draft.push(Mutation::SetSanction { user, scope, kind, until, origin: Some(*origin) });
            draft.log(Entry::SanctionBegan { user, room: scope.0, sanction: kind, until, origin: Some(*origin) });
        }
        let sanctions: Vec<_> = inherited.iter().map(|mark| mark.sanction).collect();
        if check_not_banned(&sanctions, SanctionScope::room(context.lobby), now).is_ok() {
            // New users can read what was written before, and have none of it unread.
            draft.push(Mutation::AddMember {
                conversation: context.lobby,
                user,
                role: Role::Member,
                read_seq: lobby.map_or(Seq::ZERO, |lobby| lobby.newest.0),
                joined_at: now,
                listed: Some(ListKey::ROOM),
            });
            draft.log(Entry::Joined { user, room: context.lobby });
        }
        Ok(draft.finish(if becomes_owner { Role::Owner } else { Role::Member }))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

impl CreateUser {
    /// Checks that guests of this address have fewer nicknames than allowed.
    fn check_names_per_address(&self, facts: &mut dyn Facts, address: ClientAddr) -> Result<(), Undecided> {
        let Some(limit) = self.max_names_per_address.filter(|_| self.password.is_none()) else { return Ok(()) };
        let names = facts.guests_from(address)?.len();
        if names < limit as usize { Ok(()) } else { Err(Refusal::TooManyGuests.into()) }
    }
}

/// An invite with which somebody can sign up now.
fn valid_invite(facts: &mut dyn Facts, key: InviteKey, now: Timestamp) -> Result<InviteFacts, Undecided> {
    let invite = facts.invite_by_key(key)?.filter(|invite| invite.is_valid(now));
    Ok(invite.ok_or(Refusal::InvalidInvite)?)
}

/// The sanctions that a new user inherits by nickname or address, at most one in each scope and of each kind: the one that
/// ends last.
///
/// # Errors
/// [`Refusal::Banned`] if the nickname or the address is banned from the server.
fn inherited_sanctions(
    facts: &mut dyn Facts,
    key: &NicknameKey,
    address: ClientAddr,
    now: Timestamp,
) -> Result<Vec<MarkFacts>, Undecided> {
    let mut marks =
        facts.marked_sanctions(&[GuestMark::Nickname(key.as_str().to_owned()), GuestMark::Address(address)])?;
    marks.retain(|mark| mark.sanction.until.is_none_or(|until| until > now));
    marks.sort_by_key(|MarkFacts { user, sanction }| {
        let ends = sanction.until.map_or(u64::MAX, |until| until.0);
        (sanction.scope, sanction.kind, Reverse(ends), *user)
    });
    marks.dedup_by_key(|mark| (mark.sanction.scope, mark.sanction.kind));
    let is_server_ban =
        |mark: &&MarkFacts| mark.sanction.scope == SanctionScope::SERVER && mark.sanction.kind == SanctionKind::Ban;
    match marks.iter().find(is_server_ban) {
        Some(ban) => Err(Refusal::Banned { until: ban.sanction.until }.into()),
        None => Ok(marks),
    }
}

/// Finds a free nickname: the taken one with a number. `None` if the first hundred are taken as well.
fn suggest_nickname(facts: &mut dyn Facts, taken: &Nickname) -> Known<Option<Nickname>> {
    for number in SUGGESTED_NUMBERS {
        let candidate = taken.numbered(number);
        if facts.user_with_nickname(&candidate.key())?.is_none() {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}
