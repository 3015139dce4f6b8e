//! The reader's language, theme and other preferences, as a request shows them.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use crate::{
    server::{self, Scheme},
    ui::{
        Language, MessagePreferences, Theme,
        context::message_preferences::{ENTER_COOKIE, FORMATTING_COOKIE, OFF},
    },
};

/// The language that was just chosen, or that of the cookie, or the one that the browser prefers.
pub(super) fn language(chosen: Option<Language>, headers: &HeaderMap) -> Language {
    let remembered = || cookie(headers, "teahouse_language", Language::from_tag);
    let preferred = || Language::from_accept_language(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    chosen.or_else(remembered).or_else(preferred).unwrap_or_default()
}

/// The theme that the cookie names, or else the system's.
pub(super) fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, "teahouse_theme", Theme::from_name).unwrap_or_default()
}

/// How messages are shown and sent, as cookies say.
pub(super) fn message_preferences(headers: &HeaderMap) -> MessagePreferences {
    let is_on = |name| cookie(headers, name, |value| Some(value != OFF)).unwrap_or(true);
    MessagePreferences { shows_formatting: is_on(FORMATTING_COOKIE), enter_sends: is_on(ENTER_COOKIE) }
}

/// Stores a language that was chosen by a link in a cookie, for a year.
pub(super) fn remember_language(chosen: Option<Language>, scheme: Scheme, response: &mut Response) {
    let Some(language) = chosen else { return };
    let secure = scheme.secure_attribute();
    let cookie = format!("teahouse_language={}; Path=/; Max-Age=31536000; SameSite=Lax{secure}", language.tag());
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The first cookie of this name that `read` understands.
fn cookie<T>(headers: &HeaderMap, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    server::cookie_values(headers, name).find_map(|value| read(str::from_utf8(value).ok()?))
}
