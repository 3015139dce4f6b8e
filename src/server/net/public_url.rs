//! The URL at which users reach the server.

use std::{fmt, str::FromStr};

use axum::http::Uri;

use crate::server::net::{authority::Authority, scheme::Scheme};

/// A scheme, a host and perhaps a port, without a path: `https://chat.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    authority: Authority,
}

/// The text is not a public URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not like https://chat.example.org: a scheme, a host, perhaps a port, and nothing else")]
pub struct PublicUrlError;

impl PublicUrl {
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether this URL has the given origin (RFC 6454 §4). A missing port means the default port.
    pub(crate) fn has_origin(&self, scheme: Scheme, authority: &Authority) -> bool {
        self.scheme == scheme && self.authority.is_same(authority, scheme)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let uri = text.trim().parse::<Uri>().map_err(|_| PublicUrlError)?;
        let scheme = uri.scheme_str().and_then(Scheme::from_name).ok_or(PublicUrlError)?;
        let authority =
            uri.authority().and_then(|authority| Authority::parse(authority.as_str())).ok_or(PublicUrlError)?;
        let is_origin = uri.path() == "/" && uri.query().is_none();
        if is_origin { Ok(Self { scheme, authority }) } else { Err(PublicUrlError) }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.name(), self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        for text in ["https://chat.example.org", "http://Chat.Example.org:8080/", "https://[2001:db8::1]"] {
            assert!(text.parse::<PublicUrl>().is_ok(), "{text}");
        }
        for text in
            ["chat.example.org", "ftp://chat.example.org", "https://a@b", "https://a/b", "https://a/?b", "https://"]
        {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text}");
        }
    }
}
