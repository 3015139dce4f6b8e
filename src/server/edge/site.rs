//! Where a browser sees the server.

use crate::server::edge::{PublicUrl, Scheme, allowed_hosts::RequestedHost};

/// The scheme and the port that stand in a browser's address bar, or would if they were not the usual ones. Browsers keep
/// cookies by host name alone: what tells two servers of one host apart is the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub(crate) scheme: Scheme,
    pub(crate) port: u16,
}

impl Site {
    /// By the public URL, or else as the server was called.
    pub(super) fn new(scheme: Scheme, public: Option<&PublicUrl>, called: Option<&RequestedHost>) -> Self {
        let called = public.map(|public| &public.called).or(called);
        Self { scheme, port: called.and_then(|called| called.port).unwrap_or(scheme.default_port()) }
    }

    /// Whether no port stands in its address.
    pub(crate) const fn has_default_port(self) -> bool {
        self.port == self.scheme.default_port()
    }
}
