//! The texts of the admin pages in each language. They are apart from the chat page's texts because browsers never download
//! them.

mod en;
mod texts;
mod zh;

use crate::ui::Language;

pub(super) use texts::AdminTexts;

/// The texts in a language.
pub(super) fn admin_texts(language: Language) -> &'static AdminTexts {
    match language {
        Language::English => &en::TEXTS,
        Language::Chinese => &zh::TEXTS,
    }
}
