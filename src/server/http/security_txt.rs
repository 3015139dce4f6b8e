//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness.

use std::{fmt, str::FromStr, sync::Arc};

use axum::{Router, http::Uri, routing::get};

use super::super::{App, edge::PublicUrl};
use crate::domain::{Timestamp, utc};

const PATH: &str = "/.well-known/security.txt";

/// How long an answer may be taken for true: less than a year, as the RFC recommends.
const VALID_DAYS: u64 = 180;

const DAY: u64 = 24 * 60 * 60 * 1_000;

/// How whoever looks after the server can be reached: a `mailto:`, `https:` or `tel:` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityContact(String);

/// Not such a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not like mailto:security@example.org, https://example.org/security or tel:+1-201-555-0123")]
pub struct SecurityContactError;

impl FromStr for SecurityContact {
    type Err = SecurityContactError;

    fn from_str(text: &str) -> Result<Self, SecurityContactError> {
        // Nothing that ends the line or is no part of a URI (RFC 3986 §2).
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        let (scheme, rest) = text.split_once(':').ok_or(SecurityContactError)?;
        let is_one = match scheme {
            "mailto" => rest.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
            "tel" => rest.bytes().any(|byte| byte.is_ascii_digit()),
            "https" => text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty())),
            _ => false,
        };
        if is_one && text.bytes().all(is_plain) { Ok(Self(text.to_owned())) } else { Err(SecurityContactError) }
    }
}

impl fmt::Display for SecurityContact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The route, if there is a contact.
pub(super) fn router(contact: Option<SecurityContact>, public: Option<PublicUrl>) -> Router<Arc<App>> {
    match contact {
        Some(contact) => {
            Router::new().route(PATH, get(async move || write(&contact, public.as_ref(), Timestamp::now())))
        }
        None => Router::new(),
    }
}

fn write(contact: &SecurityContact, public: Option<&PublicUrl>, now: Timestamp) -> String {
    // All who ask on one day get the same.
    let expires = utc::for_machines(Timestamp((now.0 / DAY + VALID_DAYS) * DAY));
    let canonical = public.map(|public| format!("Canonical: {public}{PATH}\n")).unwrap_or_default();
    format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en, zh\n{canonical}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_uri_that_somebody_can_be_reached_by() {
        for text in ["mailto:security@example.org", "https://example.org/security?a=b", "tel:+1-201-555-0123"] {
            assert_eq!(text.parse::<SecurityContact>().map(|contact| contact.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "security@example.org",
            "http://example.org",
            "https:///security",
            "mailto:",
            "mailto:@example.org",
            "tel:",
            "javascript:alert(1)",
            "mailto:a@example.org\nExpires: 2000-01-01T00:00:00Z",
            "mailto:a b@example.org",
            "mailto:安全@example.org",
        ] {
            assert_eq!(text.parse::<SecurityContact>(), Err(SecurityContactError), "{text:?}");
        }
    }

    #[test]
    fn all_who_ask_on_one_day_are_told_the_same() {
        let contact = "mailto:security@example.org".parse().expect("a contact");
        let public = "https://chat.example.org".parse().expect("an address");
        // 2026-11-24, in the evening.
        let text = write(&contact, Some(&public), Timestamp(1_795_551_693_123));
        assert_eq!(
            text,
            "Contact: mailto:security@example.org\nExpires: 2027-05-23T00:00:00Z\nPreferred-Languages: en, zh\n\
             Canonical: https://chat.example.org/.well-known/security.txt\n"
        );
        assert_eq!(write(&contact, Some(&public), Timestamp(1_795_478_400_000)), text);
        assert_ne!(write(&contact, Some(&public), Timestamp(1_795_478_399_999)), text);
    }
}
