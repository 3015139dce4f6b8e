//! A table of texts in every language.

use leptos::prelude::*;

use crate::ui::i18n::language::Language;

/// The texts of one feature in every language. `T` is a struct with a field for each text, so that a missing text, or a
/// missing language, does not compile.
pub(crate) struct Translations<T: 'static> {
    pub(super) english: T,
    pub(super) chinese: T,
}

impl<T> Translations<T> {
    /// The texts in a language.
    pub(crate) fn in_language(&self, language: Language) -> &T {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }

    /// The texts in the language that the reader has chosen. This does not track the signal: choosing another language
    /// renders the whole page again.
    pub(crate) fn current(&self) -> &T {
        self.in_language(expect_context::<RwSignal<Language>>().get_untracked())
    }
}
