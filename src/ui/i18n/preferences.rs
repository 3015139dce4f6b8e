//! What the browser remembers, and the frame of the settings.

use crate::ui::i18n::translations::Translations;

pub(crate) struct PreferencesTexts {
    pub(crate) settings: &'static str,
    pub(crate) admin: &'static str,
    pub(crate) language: &'static str,
    pub(crate) theme: &'static str,
    pub(crate) theme_auto: &'static str,
    pub(crate) theme_light: &'static str,
    pub(crate) theme_dark: &'static str,
}

pub(crate) static PREFERENCES: Translations<PreferencesTexts> = Translations {
    english: PreferencesTexts {
        settings: "Settings",
        admin: "Admin",
        language: "Language",
        theme: "Appearance",
        theme_auto: "Auto",
        theme_light: "Light",
        theme_dark: "Dark",
    },
    chinese: PreferencesTexts {
        settings: "设置",
        admin: "管理后台",
        language: "语言",
        theme: "外观",
        theme_auto: "自动",
        theme_light: "浅色",
        theme_dark: "深色",
    },
};
