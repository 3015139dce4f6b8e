//! What holds for the texts of all features.

use crate::ui::i18n::{in_sentence::InSentence, language::Language, settings::SETTINGS, texts::Texts};

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
            SETTINGS.in_language(language).leave_question,
        ]
        .map(|of| of(name));
        let of_several = [
            (t.composer.typing)(&[name]),
            (t.composer.typing)(&[InSentence("Bo"), name]),
            (t.timeline.who_reacted)(&[name, InSentence("Bo"), name], 0),
            (t.timeline.who_reacted)(&[name], 3),
        ];
        for text in sentences.iter().chain(&of_several) {
            assert_eq!(text.matches("מיכל").count(), text.matches("\u{2068}מיכל\u{2069}").count(), "{text}");
            assert!(text.contains("מיכל"));
        }
    }
}
