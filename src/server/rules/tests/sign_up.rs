//! Signing up: who is let in, and the sanctions that new guests inherit.

use crate::{
    domain::{CommandId, InviteId, Nickname, Role, Timestamp, User},
    server::rules::{
        BanNetwork, CreateInvite, CreateUser, Entry, InviteKey, Moderate, ModerationAction, NewPassword, OwnerGrant,
        PasswordHash, Refusal, SanctionKind, SanctionScope, Undecided,
        tests::scene::{BEGINNING, Logged, Scene, client},
    },
};

const MINUTE: u64 = 60_000;

fn later(minutes: u64) -> Timestamp {
    Timestamp(BEGINNING.0 + minutes * MINUTE)
}

fn refused(refusal: Refusal) -> Result<Role, Undecided> {
    Err(Undecided::Refused(refusal))
}

impl Scene {
    /// The operator acts on a user in the Lobby, or on the whole server.
    fn sanction(&mut self, user: &User, scope: SanctionScope, action: ModerationAction) {
        let (id, addresses) = (CommandId::generate(), Vec::new());
        let whole_address = false;
        self.run(Moderate { actor: None, id, room: scope.0, subject: user.id, action, addresses, whole_address });
    }

    fn sign_up(&mut self, nickname: &str, address: &str) -> Result<Role, Undecided> {
        let stranger = self.stranger(nickname, address);
        self.try_run(stranger)
    }
}

#[test]
fn a_nickname_that_is_taken_comes_with_a_free_one() {
    let mut it = Scene::new();
    it.guest("Ann", "192.0.2.1");
    it.guest("Ann2", "192.0.2.1");
    let suggestion = Nickname::parse("ann3").ok();
    assert_eq!(it.sign_up("ann", "192.0.2.2"), refused(Refusal::NicknameTaken { suggestion }));
}

#[test]
fn without_a_valid_invite_nobody_finds_out_which_nicknames_are_taken() {
    let mut it = Scene::new();
    it.guest("Ann", "192.0.2.1");
    let (id, key) = (InviteId::generate(), InviteKey([1; 32]));
    it.run(CreateInvite { id, key, actor: None, expires_at: Some(later(10)), max_uses: Some(1) });
    let invited = |it: &mut Scene, nickname, key| {
        let stranger = it.stranger(nickname, "192.0.2.2");
        it.try_run(CreateUser { invite: Some(key), ..stranger })
    };
    assert_eq!(invited(&mut it, "Ann", InviteKey([2; 32])), refused(Refusal::InvalidInvite));
    assert!(matches!(
        invited(&mut it, "Ann", key),
        Err(Undecided::Refused(Refusal::NicknameTaken { suggestion: Some(_) }))
    ));
    // The refusal has not used it up.
    assert_eq!(invited(&mut it, "Ben", key), Ok(Role::Member));
    assert_eq!(invited(&mut it, "Cy", key), refused(Refusal::InvalidInvite));
}

#[test]
fn a_new_guest_inherits_the_sanction_that_ends_last() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    it.sanction(&ann, SanctionScope::SERVER, ModerationAction::Mute(Some(later(10))));
    it.sanction(&ben, SanctionScope::SERVER, ModerationAction::Mute(Some(later(20))));
    let eve = it.guest("Eve", "192.0.2.1");
    let muted = |it: &Scene| {
        let row = it.state.sanctions.get(&(eve.id, SanctionScope::SERVER, SanctionKind::Mute));
        row.map(|row| (row.until, row.origin))
    };
    assert_eq!(muted(&it), Some((Some(later(20)), Some(ben.id))));
    // It ends with the sanction that it is a copy of.
    it.sanction(&ann, SanctionScope::SERVER, ModerationAction::Unmute);
    assert_eq!(muted(&it), Some((Some(later(20)), Some(ben.id))));
    it.sanction(&ben, SanctionScope::SERVER, ModerationAction::Unmute);
    assert_eq!(muted(&it), None);
}

#[test]
fn sanctions_that_are_over_are_not_inherited() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    it.sanction(&ann, SanctionScope::SERVER, ModerationAction::Ban(Some(later(10))));
    assert_eq!(it.sign_up("Eve", "192.0.2.1"), refused(Refusal::Banned { until: Some(later(10)) }));
    assert_eq!(it.sign_up("Ann", "192.0.2.9"), refused(Refusal::Banned { until: Some(later(10)) }));
    it.pass(10 * MINUTE);
    assert_eq!(it.sign_up("Ann", "192.0.2.1"), Ok(Role::Member));
}

#[test]
fn a_guest_who_inherits_a_ban_from_the_lobby_does_not_join_it() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    let lobby = it.lobby;
    it.sanction(&ann, SanctionScope::room(lobby), ModerationAction::Ban(None));
    let eve = it.guest("Eve", "192.0.2.1");
    let logged = it.logged();
    assert!(!it.state.members.contains_key(&(lobby, eve.id)));
    let inherited = Entry::SanctionBegan {
        user: eve.id,
        room: Some(lobby),
        sanction: SanctionKind::Ban,
        until: None,
        origin: Some(ann.id),
    };
    assert_eq!(logged, [Entry::SignedUp { user: eve.id, registered: false }, inherited].map(Logged::Entry));
}

#[test]
fn only_a_registered_user_s_ban_from_the_server_is_inherited_and_by_address_alone() {
    let mut it = Scene::new();
    let ann = it.registered("Ann", Role::Member);
    it.sanction(&ann, SanctionScope::SERVER, ModerationAction::Mute(None));
    assert_eq!(it.sign_up("Eve", "192.0.2.200"), Ok(Role::Member));
    assert_eq!(it.state.sanctions.len(), 1, "Ann's own");
    let from_there = vec![client("192.0.2.200")];
    let (id, action) = (CommandId::generate(), ModerationAction::Ban(None));
    it.run(Moderate {
        actor: None,
        id,
        room: None,
        subject: ann.id,
        action,
        addresses: from_there,
        whole_address: false,
    });
    assert_eq!(it.sign_up("Fay", "192.0.2.200"), refused(Refusal::Banned { until: None }));
    assert!(matches!(it.sign_up("Ann", "192.0.2.1"), Err(Undecided::Refused(Refusal::NicknameTaken { .. }))));
}

#[test]
fn a_banned_network_keeps_everybody_out_while_it_lasts() {
    let mut it = Scene::new();
    it.guest("Ann", "192.0.2.1");
    let network = "192.0.2.0/24".parse().expect("a network");
    assert_eq!(it.run(BanNetwork { network, until: Some(later(1)) }), 1, "Ann is signed out");
    assert_eq!(it.sign_up("Ann", "192.0.2.7"), refused(Refusal::Banned { until: Some(later(1)) }));
    assert_eq!(it.sign_up("Ann", "192.0.3.7"), Ok(Role::Member));
    it.pass(MINUTE);
    assert_eq!(it.sign_up("Ben", "192.0.2.7"), Ok(Role::Member));
}

#[test]
fn nicknames_are_counted_by_the_address_of_guests() {
    let mut it = Scene::new();
    it.guest("Ann", "192.0.2.1");
    let limited = |it: &mut Scene, nickname, password| {
        let stranger = it.stranger(nickname, "192.0.2.1");
        it.try_run(CreateUser { max_names_per_address: Some(1), password, ..stranger })
    };
    assert_eq!(limited(&mut it, "Ben", None), refused(Refusal::TooManyGuests));
    let password = NewPassword { hash: PasswordHash("x".into()), ownership: OwnerGrant::Never };
    assert_eq!(limited(&mut it, "Ben", Some(password)), Ok(Role::Member));
    assert_eq!(it.state.users.values().filter(|user| user.address == Some(client("192.0.2.1"))).count(), 1);
}

#[test]
fn only_the_first_claim_makes_an_owner() {
    let mut it = Scene::new();
    let claim = |it: &mut Scene, nickname: &str| {
        let stranger = it.stranger(nickname, "192.0.2.1");
        let password = NewPassword { hash: PasswordHash("x".into()), ownership: OwnerGrant::IfUnowned };
        it.try_run(CreateUser { password: Some(password), ..stranger })
    };
    assert_eq!(claim(&mut it, "Ann"), Ok(Role::Owner));
    assert_eq!(claim(&mut it, "Ben"), refused(Refusal::Owned));
}
