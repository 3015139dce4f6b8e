//! How to reach the operator about a vulnerability.

use std::{fmt, str::FromStr};

use axum::http::Uri;

/// A `mailto:`, `https:` or `tel:` URI, for `security.txt` (RFC 9116 §2.5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityContact(String);

/// The text is not a security contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not like mailto:security@example.org, https://example.org/security or tel:+1-201-555-0123")]
pub struct SecurityContactError;

impl FromStr for SecurityContact {
    type Err = SecurityContactError;

    fn from_str(text: &str) -> Result<Self, SecurityContactError> {
        // No line breaks, and nothing that a URI cannot have (RFC 3986 §2).
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        let (scheme, rest) = text.split_once(':').ok_or(SecurityContactError)?;
        let has_address = match scheme {
            "mailto" => rest.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
            "tel" => rest.bytes().any(|byte| byte.is_ascii_digit()),
            "https" => text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty())),
            _ => false,
        };
        if has_address && text.bytes().all(is_allowed) { Ok(Self(text.to_owned())) } else { Err(SecurityContactError) }
    }
}

impl fmt::Display for SecurityContact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_a_uri_with_an_address() {
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
}
