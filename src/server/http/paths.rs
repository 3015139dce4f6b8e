//! Which requests belong to the HTTP API.

use axum::extract::Request;

pub(super) const HEALTHZ: &str = "/healthz";
pub(super) const READYZ: &str = "/readyz";

/// Whether the API answers this path, be it with 404.
pub(in crate::server) fn is_api(request: &Request) -> bool {
    request.uri().path().strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether this is a health check. Those may come with any `Host` or none.
pub(in crate::server) fn is_health(request: &Request) -> bool {
    matches!(request.uri().path(), HEALTHZ | READYZ)
}
