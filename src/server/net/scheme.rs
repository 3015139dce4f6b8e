//! `http` or `https`.

/// Whether there is TLS between the browser and the server. It may end at the server or at a proxy in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Anyone on the network path can read and change what is sent.
    Http,
    /// What is sent is encrypted and authenticated.
    Https,
}

impl Scheme {
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The scheme as it is written in URLs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Parses the scheme of a URL. Case does not matter.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    /// `; Secure` over HTTPS, to be appended to a `Set-Cookie` header.
    pub(crate) const fn secure_attribute(self) -> &'static str {
        match self {
            Self::Http => "",
            Self::Https => "; Secure",
        }
    }
}
