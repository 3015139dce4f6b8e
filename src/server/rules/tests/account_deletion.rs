//! Deleting accounts: what others learn of it, and what is left in the log.

use crate::{
    domain::{CommandId, ConversationId, EndReason, EventKind, KeptMessages, Role, RoomChange, User},
    server::rules::{
        DeleteAccount, DeletionAuthorization, Entry, EraseBatch, Moderate, ModerationAction, OpenDirect, PasswordHash,
        Refusal, UserRef,
        tests::scene::{Logged, Scene},
    },
};

impl Scene {
    fn direct(&mut self, opener: &User, other: &User) -> ConversationId {
        self.run(OpenDirect { opener: opener.id, target: UserRef::Id(other.id) }).conversation
    }

    fn erase_all(&mut self) -> u32 {
        let mut batches = 0;
        while self.run(EraseBatch) {
            batches += 1;
        }
        batches
    }
}

fn delete(user: &User, messages: KeptMessages) -> DeleteAccount {
    DeleteAccount { user: user.id, authorization: DeletionAuthorization::Guest, messages }
}

#[test]
fn everybody_is_told_and_the_own_connections_last() {
    let mut it = Scene::new();
    let (ann, ben, cy) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"), it.guest("Cy", "192.0.2.1"));
    let (lobby, used, unused) = (it.lobby, it.direct(&ann, &ben), it.direct(&cy, &ann));
    it.write(&ann, used, "hi");
    let owner = it.registered("Olga", Role::Member);
    let room = it.room(&owner, &[&ann]);
    it.run(delete(&ann, KeptMessages::Keep));
    let end = Entry::SessionEnded { user: ann.id, session: None, reason: EndReason::SignedOut };
    let expected = [
        Logged::Event(room, EventKind::Room(RoomChange::Left)),
        Logged::Entry(Entry::NicknameReleased { user: ann.id }),
        Logged::Entry(Entry::Unlisted { user: cy.id, conversation: unused }),
        Logged::Entry(Entry::DirectDeleted { direct: unused }),
        Logged::Entry(Entry::Listed { user: ben.id, conversation: used }),
        Logged::Event(lobby, EventKind::AccountDeleted),
        Logged::Event(room, EventKind::AccountDeleted),
        Logged::Event(used, EventKind::AccountDeleted),
        Logged::Entry(end),
    ];
    let mut logged = it.logged();
    // Nothing depends on which of the two directs comes first.
    logged[2..5].sort_by_key(|logged| expected.iter().position(|other| other == logged));
    assert_eq!(logged, expected);
    assert!(it.state.users[&ann.id].nickname.is_former());
    assert_eq!(it.try_run(delete(&ann, KeptMessages::Keep)), Err(Refusal::UnknownUser.into()));
}

#[test]
fn messages_are_deleted_in_batches_and_what_others_write_stays() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let lobby = it.lobby;
    for _ in 0..100 {
        it.write(&ann, lobby, "from Ann");
    }
    let kept = it.write(&ben, lobby, "from Ben").seq;
    it.write(&ann, lobby, "from Ann");
    it.run(delete(&ann, KeptMessages::Delete));
    // A hundred fill the first batch, so it does not know that it is not the last one.
    assert_eq!(it.erase_all(), 2);
    let lobby = &it.state.conversations[&lobby];
    let left: Vec<_> = lobby.messages().filter(|(seq, _)| !lobby.is_deleted(*seq)).map(|(seq, _)| seq).collect();
    assert_eq!(left, [kept]);
}

#[test]
fn the_direct_of_a_deleted_account_leaves_the_other_s_list_with_its_last_message() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.1"));
    let direct = it.direct(&ann, &ben);
    it.write(&ann, direct, "hi");
    it.run(delete(&ann, KeptMessages::Delete));
    assert!(it.state.members[&(direct, ben.id)].listed.is_some());
    it.erase_all();
    assert!(it.state.members[&(direct, ben.id)].listed.is_none());
}

#[test]
fn the_last_owner_cannot_leave_except_by_the_operator() {
    let mut it = Scene::new();
    let ann = it.registered("Ann", Role::Owner);
    let by = |authorization| DeleteAccount { user: ann.id, authorization, messages: KeptMessages::Keep };
    let password = |text: &str| by(DeletionAuthorization::Password(PasswordHash(text.into())));
    assert_eq!(it.try_run(by(DeletionAuthorization::Guest)), Err(Refusal::WrongPassword.into()));
    assert_eq!(it.try_run(password("another")), Err(Refusal::WrongPassword.into()));
    assert_eq!(it.try_run(password("Ann")), Err(Refusal::LastOwner.into()));
    it.run(by(DeletionAuthorization::Operator));
}

#[test]
fn the_room_of_a_deleted_account_goes_to_the_moderator_or_to_whoever_joined_first() {
    let mut it = Scene::new();
    let [ann, ben, cy, dee] = ["Ann", "Ben", "Cy", "Dee"].map(|name| it.registered(name, Role::Member));
    let guest = it.guest("Eve", "192.0.2.1");
    let room = it.room(&ann, &[&guest, &ben, &cy, &dee]);
    let (id, action, addresses) = (CommandId::generate(), ModerationAction::Appoint(Role::Moderator), Vec::new());
    let actor = Some(ann.clone());
    it.run(Moderate { actor, id, room: Some(room), subject: dee.id, action, addresses, whole_address: false });
    for (gone, heir) in [(&ann, &dee), (&dee, &ben), (&ben, &cy)] {
        let authorization = DeletionAuthorization::Operator;
        it.run(DeleteAccount { user: gone.id, authorization, messages: KeptMessages::Keep });
        assert_eq!(it.state.members[&(room, heir.id)].role, Role::Owner);
        let notices = it.logged().into_iter().filter_map(|logged| match logged {
            Logged::Event(place, EventKind::Notice(notice)) if place == room => Some((notice.user.id, notice.role)),
            _ => None,
        });
        assert_eq!(notices.collect::<Vec<_>>(), [(heir.id, Some(Role::Owner))]);
    }
    // A guest can't be an owner.
    it.run(DeleteAccount { user: cy.id, authorization: DeletionAuthorization::Operator, messages: KeptMessages::Keep });
    assert_eq!(it.state.members[&(room, guest.id)].role, Role::Member);
}

#[test]
fn the_name_disappears_from_notices() {
    let mut it = Scene::new();
    let (lobby, ann) = (it.lobby, it.guest("Ann", "192.0.2.1"));
    let (id, action, addresses) = (CommandId::generate(), ModerationAction::Mute(None), Vec::new());
    it.run(Moderate { actor: None, id, room: None, subject: ann.id, action, addresses, whole_address: false });
    it.run(delete(&ann, KeptMessages::Keep));
    it.erase_all();
    let names = it.state.conversations[&lobby].events.iter().filter_map(|event| match &event.kind {
        EventKind::Notice(notice) => Some(notice.user.nickname.as_str()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), [""]);
}
