//! What a step means that is about accounts, moderation or housekeeping.

use std::collections::HashSet;

use crate::{
    domain::{KeptMessages, Reason, Role, Timestamp, User, UserId},
    server::rules::{
        account::{ReleaseNickname, ReplacePasswordHash, SetPassword},
        account_deletion::{DeleteAccount, DeletionAuthorization, EraseBatch},
        clock::SaveClock,
        context::Ids as _,
        expiry::{EndGuests, Expire, Retention},
        invites::{CreateInvite, RevokeInvite},
        moderation::{Moderate, ModerationAction},
        networks::{BanNetwork, UnbanNetwork},
        reports::{ExpireReports, HandleReport, ReportAction, ReportMessage},
        retention::ExpireMessages,
        sessions::{BeginSession, EndSession, EndSessions, TouchSession},
        sign_up::CreateUser,
        tests::{
            any_command::AnyCommand,
            resolve::{MINUTE, Resolver, address, nickname, pick},
            step::{Pick, Step},
        },
        values::{NewPassword, NewSession, OwnerGrant, PasswordHash},
    },
};

const NETWORKS: [&str; 3] = ["192.0.2.0/24", "198.51.100.1/32", "2001:db8::/32"];

impl Resolver<'_> {
    fn until(&self, until: Pick) -> Option<Timestamp> {
        let minutes = [None, Some(10), Some(90), Some(600)][usize::from(until) % 4]?;
        Some(Timestamp(self.now.server.0 + minutes * MINUTE))
    }

    fn before(&self, minutes: u16) -> Timestamp {
        Timestamp(self.now.server.0 - u64::from(minutes) * MINUTE)
    }

    fn new_session(&mut self, pick_address: Pick) -> NewSession {
        let (key, id) = (self.ids.session_key(), self.ids.session());
        NewSession {
            key,
            id,
            agent: "a browser".into(),
            used: pick_address.is_multiple_of(3),
            address: Some(address(pick_address)),
        }
    }

    fn new_password(&mut self, owner: bool) -> NewPassword {
        let ownership = if owner { OwnerGrant::IfUnowned } else { OwnerGrant::Never };
        NewPassword { hash: PasswordHash(self.ids.uuid().to_string()), ownership }
    }

    pub(super) fn moderating(&mut self, step: &Step) -> Option<AnyCommand> {
        let network = |network| pick(network, &NETWORKS).expect("some").parse().expect("a network");
        Some(match *step {
            Step::Moderate { actor, subject, place, action, until, whole_address } => {
                let until = self.until(until);
                let actions = [
                    ModerationAction::Mute(until),
                    ModerationAction::Unmute,
                    ModerationAction::Remove,
                    ModerationAction::Ban(until),
                    ModerationAction::Unban,
                    ModerationAction::Appoint(Role::Moderator),
                    ModerationAction::Appoint(Role::Owner),
                    ModerationAction::Appoint(Role::Member),
                ];
                let actor = actor.and_then(|actor| self.user(actor));
                let room_of = |place| match &actor {
                    Some(actor) => self.place_of(actor.id, place),
                    None => self.place(place),
                };
                let room = place.and_then(room_of);
                Moderate {
                    actor,
                    id: self.ids.command(),
                    room,
                    subject: self.user_id(subject)?,
                    action: *pick(action, &actions)?,
                    addresses: if whole_address { vec![address(action)] } else { Vec::new() },
                    whole_address,
                }
                .into()
            }
            Step::CreateInvite { actor, until, limited } => CreateInvite {
                id: self.ids.invite(),
                key: self.ids.invite_key(),
                actor: actor.and_then(|actor| self.user_id(actor)),
                expires_at: self.until(until),
                max_uses: limited.then_some(2),
            }
            .into(),
            Step::RevokeInvite { actor, invite } => {
                let invites: Vec<_> = self.state.invites.keys().copied().collect();
                RevokeInvite { actor: actor.and_then(|actor| self.user_id(actor)), id: *pick(invite, &invites)? }.into()
            }
            Step::BanNetwork { network: banned, until } => {
                BanNetwork { network: network(banned), until: self.until(until) }.into()
            }
            Step::UnbanNetwork { network: banned } => UnbanNetwork(network(banned)).into(),
            Step::Report { user, place, seq } => {
                let reporter = self.user_id(user)?;
                let conversation = self.place_of(reporter, place)?;
                let (seq, reason) = (self.seq(conversation, seq), Reason::parse("rude").expect("a reason"));
                ReportMessage { reporter, conversation, seq, reason, max_open: 3 }.into()
            }
            Step::HandleReport { actor, report, close } => {
                let reports: Vec<u64> = self.state.reports.keys().copied().collect();
                let report = *pick(report, &reports)?;
                let action =
                    if close { ReportAction::Close { up_to: report + 1 } } else { ReportAction::DeleteMessage };
                HandleReport { actor: actor.and_then(|actor| self.user(actor)), report, action }.into()
            }
            _ => return None,
        })
    }

    pub(super) fn accounts(&mut self, step: &Step) -> Option<AnyCommand> {
        let sessions: Vec<_> = self.state.sessions.values().map(|row| (row.key, row.id, row.user)).collect();
        Some(match *step {
            Step::SignUp { name, address: place, registered, session, invite, owner } => {
                let nickname = nickname(name);
                let invites: Vec<_> = self.state.invites.values().map(|invite| invite.key).collect();
                CreateUser {
                    key: nickname.key(),
                    user: User::guest(self.ids.user(), nickname),
                    session: session.then(|| self.new_session(place)),
                    address: Some(address(place)),
                    invite: invite.and_then(|invite| pick(invite, &invites)).copied(),
                    password: registered.then(|| self.new_password(owner)),
                    max_names_per_address: Some(3),
                }
                .into()
            }
            Step::BeginSession { user } => {
                let user = self.user_id(user)?;
                let verified = self.state.users[&user].password.clone()?;
                BeginSession { user, verified, session: self.new_session(3) }.into()
            }
            Step::EndSession { session, by_key } => {
                let (key, id, user) = *pick(session, &sessions)?;
                if by_key { EndSession::ByKey(key) } else { EndSession::ById(user, id) }.into()
            }
            Step::EndSessions { user } => EndSessions(self.user_id(user)?).into(),
            Step::TouchSession { session } => TouchSession(pick(session, &sessions)?.1).into(),
            Step::SetPassword { user, keep, owner } => {
                let user = self.user_id(user)?;
                let kept = sessions.iter().find(|(.., owner)| *owner == user).map(|(_, id, _)| *id);
                SetPassword { user, password: self.new_password(owner), keep: kept.filter(|_| keep) }.into()
            }
            Step::ReplaceHash { user } => {
                let user = self.user_id(user)?;
                let before = self.state.users[&user].password.clone()?;
                ReplacePasswordHash { user, before, after: self.new_password(false).hash }.into()
            }
            Step::ReleaseNickname { user } => {
                let is_simple = |id: &UserId| !sessions.iter().any(|(.., user)| user == id);
                ReleaseNickname(self.user(user).filter(|user| !user.registered && is_simple(&user.id))?.id).into()
            }
            Step::DeleteAccount { user, as_operator, messages } => {
                let user = self.user_id(user)?;
                let password = self.state.users[&user].password.clone();
                let own = password.map_or(DeletionAuthorization::Guest, DeletionAuthorization::Password);
                let authorization = if as_operator { DeletionAuthorization::Operator } else { own };
                let messages = if messages { KeptMessages::Delete } else { KeptMessages::Keep };
                DeleteAccount { user, authorization, messages }.into()
            }
            _ => return self.housekeeping(step),
        })
    }

    fn housekeeping(&mut self, step: &Step) -> Option<AnyCommand> {
        Some(match *step {
            Step::EraseBatch => EraseBatch.into(),
            Step::Expire { minutes, online, retention } => {
                let before = self.before(minutes);
                let kept = Some(before).filter(|_| retention);
                let connected: HashSet<_> =
                    self.state.sessions.values().map(|row| row.id).take(online.into()).collect();
                Expire {
                    connected_sessions: connected,
                    touch_cutoff: before,
                    online_users: self.user_id(online).into_iter().collect(),
                    guest_cutoff: before,
                    unused_guest_cutoff: before,
                    session_cutoff: before,
                    idle_cutoff: before,
                    ended_session_cutoff: before,
                    retention: Retention { address_cutoff: kept, audit_cutoff: kept },
                }
                .into()
            }
            Step::ExpireMessages { place, minutes } => {
                ExpireMessages { conversation: self.place(place)?, before: self.before(minutes) }.into()
            }
            Step::ExpireReports { minutes } => ExpireReports(self.before(minutes)).into(),
            Step::EndGuests => EndGuests.into(),
            Step::SaveClock => SaveClock.into(),
            _ => return None,
        })
    }
}
