//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness.

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{
    domain::{Timestamp, utc},
    server::{
        App,
        net::{public_url::PublicUrl, security_contact::SecurityContact},
    },
};

const PATH: &str = "/.well-known/security.txt";

/// How long an answer may be taken for true: less than a year, as the RFC recommends.
const VALID_DAYS: u64 = 180;

const DAY: u64 = 24 * 60 * 60 * 1_000;

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
