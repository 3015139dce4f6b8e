//! The address by which everybody reaches the server.

use std::{fmt, str::FromStr};

use axum::http::Uri;

use crate::server::edge::{Scheme, allowed_hosts::RequestedHost};

/// `https://chat.example.org`, perhaps with a port; nothing behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    pub(crate) called: RequestedHost,
}

/// Not such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not like https://chat.example.org: a scheme, a host, perhaps a port, and nothing else")]
pub struct PublicUrlError;

impl PublicUrl {
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether these are the same, a default port or not.
    pub(crate) fn is_origin(&self, scheme: Scheme, called: &RequestedHost) -> bool {
        self.scheme == scheme && self.called.is_same(called, scheme)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let uri = text.trim().parse::<Uri>().map_err(|_| PublicUrlError)?;
        let scheme = uri.scheme_str().and_then(Scheme::from_name).ok_or(PublicUrlError)?;
        let called =
            uri.authority().and_then(|authority| RequestedHost::parse(authority.as_str())).ok_or(PublicUrlError)?;
        let is_bare = uri.path() == "/" && uri.query().is_none();
        if is_bare { Ok(Self { scheme, called }) } else { Err(PublicUrlError) }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.name(), self.called)
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
