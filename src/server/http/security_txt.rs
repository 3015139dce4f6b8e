//! `/.well-known/security.txt` (RFC 9116): where to report a vulnerability.

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{
    domain::{Timestamp, utc},
    server::{
        clock::machine_time,
        net::{public_url::PublicUrl, security_contact::SecurityContact},
        state::AppState,
    },
};

const PATH: &str = "/.well-known/security.txt";

/// How long the file is valid: less than a year, as RFC 9116 §2.5.5 recommends.
const VALID_DAYS: u64 = 180;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The route, if a contact is configured.
pub(super) fn router(contact: Option<SecurityContact>, public_url: Option<PublicUrl>) -> Router<Arc<AppState>> {
    match contact {
        Some(contact) => {
            Router::new().route(PATH, get(async move || security_txt(&contact, public_url.as_ref(), machine_time())))
        }
        None => Router::new(),
    }
}

fn security_txt(contact: &SecurityContact, public_url: Option<&PublicUrl>, now: Timestamp) -> String {
    // Counted from midnight, so that the answer stays the same for a day.
    let expires = utc::for_machines(Timestamp((now.0 / DAY_MS + VALID_DAYS) * DAY_MS));
    let canonical = public_url.map(|url| format!("Canonical: {url}{PATH}\n")).unwrap_or_default();
    format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en, zh\n{canonical}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_stays_the_same_for_a_day() {
        let contact = "mailto:security@example.org".parse().expect("a contact");
        let public_url = "https://chat.example.org".parse().expect("an address");
        // 2026-11-24, in the evening.
        let text = security_txt(&contact, Some(&public_url), Timestamp(1_795_551_693_123));
        assert_eq!(
            text,
            "Contact: mailto:security@example.org\nExpires: 2027-05-23T00:00:00Z\nPreferred-Languages: en, zh\n\
             Canonical: https://chat.example.org/.well-known/security.txt\n"
        );
        assert_eq!(security_txt(&contact, Some(&public_url), Timestamp(1_795_478_400_000)), text);
        assert_ne!(security_txt(&contact, Some(&public_url), Timestamp(1_795_478_399_999)), text);
    }
}
