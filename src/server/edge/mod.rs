//! The edge: what every request passes first, and every response last.
//!
//! [`http_server`] accepts connections. For each request, [`request_guard`] finds the client's address ([`forwarded`]),
//! checks the `Host` ([`allowed_hosts`]) and the page that the request comes from ([`origins`]), and charges the request to
//! its address. Then it calls the routes, within a time limit, and adds the headers that every response has
//! ([`security_headers`]).

mod allowed_hosts;
mod exposure;
mod forwarded;
mod http_server;
mod origins;
mod request_guard;
mod security_headers;
mod tls;

pub(super) use exposure::exposure_warning;
pub(super) use http_server::HttpServer;
pub(super) use request_guard::RequestGuard;
pub(super) use tls::Certificate;
pub use tls::TlsError;
