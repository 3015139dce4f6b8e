//! The scheme and port under which a browser sees the server.

use crate::server::net::{authority::Authority, public_url::PublicUrl, scheme::Scheme};

/// The scheme and port of the URL in the browser's address bar. Browsers share cookies between all ports of a host, so
/// the cookies of two servers on one host are told apart by the port in their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub(crate) scheme: Scheme,
    pub(crate) port: u16,
}

impl Site {
    /// Takes the port from the public URL if one is configured, otherwise from the request's `Host`.
    pub(crate) fn new(scheme: Scheme, public_url: Option<&PublicUrl>, requested: Option<&Authority>) -> Self {
        let authority = public_url.map(PublicUrl::authority).or(requested);
        Self { scheme, port: authority.and_then(|authority| authority.port).unwrap_or(scheme.default_port()) }
    }

    /// Whether the port is the default one of the scheme, which browsers leave out of the address bar.
    pub(crate) const fn has_default_port(self) -> bool {
        self.port == self.scheme.default_port()
    }
}
