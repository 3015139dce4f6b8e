//! What holds for the texts of all features.

use crate::{
    domain::{Action, ModerationNotice, Nickname, RoomChange, RoomName, RoomTopic, Scope, User, UserId},
    ui::i18n::{
        in_sentence::InSentence,
        language::Language,
        room_screens::{directory::ROOM_DIRECTORY, members::ROOM_MEMBERS, notices::ROOM_NOTICES},
        settings::SETTINGS,
        texts::Texts,
    },
};

#[test]
fn every_text_isolates_the_names_in_it() {
    let name = InSentence("מיכל");
    for language in Language::ALL {
        let t = Texts::in_language(language);
        let sentences = [
            t.sign_in.try_name,
            t.conversation.private_topic,
            t.conversation.namesake_topic,
            t.composer.user_left_note,
            t.composer.change_recipient,
            t.composer.write_to,
            t.timeline.empty_direct,
            t.recipient.unknown_user,
            t.rooms.write_in,
            t.rooms.writing_in,
            ROOM_DIRECTORY.in_language(language).join_room,
            ROOM_DIRECTORY.in_language(language).nothing_found,
            ROOM_MEMBERS.in_language(language).added,
            ROOM_MEMBERS.in_language(language).actions_for,
            ROOM_MEMBERS.in_language(language).remove_question,
            SETTINGS.in_language(language).leave_question,
        ]
        .map(|of| of(name));
        let of_several = [
            (t.composer.typing)(&[name]),
            (t.composer.typing)(&[InSentence("Bo"), name]),
            (t.timeline.who_reacted)(&[name, InSentence("Bo"), name], 0),
            (t.timeline.who_reacted)(&[name], 3),
        ];
        let rooms = ROOM_NOTICES.in_language(language);
        let user = User::guest(UserId::generate(), Nickname::from_trusted("Bo".into()));
        let (room_name, topic) = (RoomName::from_trusted("מיכל".into()), RoomTopic::from_trusted("מיכל".into()));
        let changes = [
            RoomChange::Joined,
            RoomChange::Archived,
            RoomChange::Renamed { name: room_name },
            RoomChange::Topic { topic },
            RoomChange::Added { user: user.clone() },
        ];
        let notice = ModerationNotice {
            action: Action::Appoint,
            user,
            scope: Scope::Room,
            until: None,
            role: None,
            not_member: false,
        };
        let of_rooms = changes
            .iter()
            .map(|change| (rooms.change)(name, Some(name), change))
            .chain([
                (rooms.moderated)(name, name, &notice),
                (rooms.people_joined)(&[name, InSentence("Bo")], 2),
                (rooms.people_left)(&[name], 0),
                (t.rooms.goes_to_room)(name, name),
            ])
            .collect::<Vec<_>>();
        for text in sentences.iter().chain(&of_several).chain(&of_rooms) {
            assert_eq!(text.matches("מיכל").count(), text.matches("\u{2068}מיכל\u{2069}").count(), "{text}");
            assert!(text.contains("מיכל"));
        }
    }
}
