//! The checks that every request passes before a route sees it.
//!
//! Every request is charged to its address before anything else is done for it, and before its body is read. API requests,
//! WebSocket upgrades and refused requests are charged here. Pages and files are charged in `pages`, which alone can tell
//! them apart. Health checks are free. The bytes of a response are charged once they are known.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::HttpBody as _,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::{
    domain::ClientAddr,
    protocol::ErrorCode,
    server::{
        chat::{ChatService, SecurityEvent},
        config::Config,
        edge::{
            allowed_hosts::{AllowedHosts, HostError, requested_authority},
            forwarded::{self, TrustedProxies, UntrustedProxyWarnings},
            origins::AllowedOrigins,
            security_headers::add_security_headers,
        },
        error::ChatError,
        http::{self},
        net::{
            authority::Authority,
            connection_limiter::{ConnectionPermit, PermitStatus},
            public_url::PublicUrl,
            scheme::Scheme,
            shard_index::ShardIndex,
            site::Site,
        },
        problem::ApiError,
        socket,
    },
};

/// What is known about a connection before its first request.
#[derive(Debug)]
pub(super) struct ConnectionInfo {
    /// The other end of the TCP connection: a client or a proxy.
    pub(super) remote_ip: IpAddr,
    /// Whether TLS ends at this server.
    pub(super) is_tls: bool,
    pub(super) permit: Arc<ConnectionPermit>,
    /// The shard whose thread serves the connection.
    pub(super) shard: ShardIndex,
}

/// Checks requests and passes them to the routes.
pub(in crate::server) struct RequestGuard {
    router: Router,
    chat: Arc<ChatService>,
    allowed_hosts: AllowedHosts,
    allowed_origins: AllowedOrigins,
    trusted_proxies: TrustedProxies,
    untrusted_proxy_warnings: UntrustedProxyWarnings,
    public_url: Option<PublicUrl>,
    /// How long a request may take, from its head to its response.
    request_timeout: Duration,
}

impl RequestGuard {
    /// `listen_ip` is the address that the server listens on.
    pub(in crate::server) fn new(router: Router, chat: Arc<ChatService>, config: &Config, listen_ip: IpAddr) -> Self {
        let public_url = config.public_url.as_ref();
        Self {
            router,
            chat,
            allowed_hosts: AllowedHosts::new(public_url, listen_ip),
            allowed_origins: AllowedOrigins::new(public_url, &config.allow_origin),
            trusted_proxies: TrustedProxies::new(&config.trusted_proxies),
            untrusted_proxy_warnings: UntrustedProxyWarnings::default(),
            public_url: public_url.cloned(),
            request_timeout: config.timing.request_timeout,
        }
    }

    /// Whether connections from `remote_ip` carry requests of many clients.
    pub(super) fn is_trusted_proxy(&self, remote_ip: IpAddr) -> bool {
        self.trusted_proxies.contain(remote_ip)
    }

    /// Checks a request and answers it.
    pub(super) async fn handle(&self, connection: &ConnectionInfo, mut request: Request) -> Response {
        let is_proxied = self.is_trusted_proxy(connection.remote_ip);
        if !is_proxied {
            self.untrusted_proxy_warnings.warn_if_forwarded(connection.remote_ip, request.headers());
        }
        let client = ClientAddr::from(self.trusted_proxies.client_ip(connection.remote_ip, request.headers()));
        let scheme = self.scheme(connection, &request, is_proxied);
        let authority = requested_authority(&request, is_proxied);
        let site = Site::new(scheme, self.public_url.as_ref(), authority.as_ref().ok());

        let mut response = match self.check(connection, client, scheme, authority, is_proxied, &request) {
            Ok(()) => {
                request.extensions_mut().insert(client);
                request.extensions_mut().insert(site);
                request.extensions_mut().insert(connection.shard);
                let is_api = http::is_api(&request);
                let response = self.call_routes(request).await;
                if is_api {
                    self.chat.charge_answer(client, body_bytes(&response));
                }
                response
            }
            Err(error) => {
                self.chat.log_security_event(Some(client), SecurityEvent::Refused(error.code().name()));
                refusal(&request, error)
            }
        };
        add_security_headers(&mut response, scheme);
        if connection.permit.status == PermitStatus::ServerFull {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Logs that a connection was dropped without an answer.
    pub(super) fn log_dropped_connection(&self, client: ClientAddr) {
        self.chat.log_security_event(Some(client), SecurityEvent::NoRoom);
    }

    /// The scheme that the browser uses, wherever TLS ends.
    fn scheme(&self, connection: &ConnectionInfo, request: &Request, is_proxied: bool) -> Scheme {
        let public = self.public_url.as_ref().map(PublicUrl::scheme);
        let forwarded = is_proxied.then(|| forwarded::forwarded_scheme(request.headers())).flatten();
        let is_https = connection.is_tls || [public, forwarded].contains(&Some(Scheme::Https));
        if is_https { Scheme::Https } else { Scheme::Http }
    }

    /// Checks the connection's permit, the host and the origin, and charges the request.
    fn check(
        &self,
        connection: &ConnectionInfo,
        client: ClientAddr,
        scheme: Scheme,
        authority: Result<Authority, HostError>,
        is_proxied: bool,
        request: &Request,
    ) -> Result<(), ApiError> {
        let is_upgrade = is_socket_request(request);
        let is_health_check = http::is_health(request) && !is_upgrade;
        match connection.permit.status {
            PermitStatus::OverAddressLimit => return Err(too_many_connections()),
            PermitStatus::ServerFull if !is_health_check => return Err(ChatError::Busy.into()),
            PermitStatus::Granted | PermitStatus::ServerFull => {}
        }
        if is_health_check {
            return Ok(());
        }
        let checked = self.check_host_and_origin(request, authority, scheme);
        if is_upgrade {
            self.chat.charge_upgrade(client)?;
        } else if checked.is_err() || http::is_api(request) {
            self.chat.charge_request(client, 0)?;
        }
        checked?;
        if is_upgrade && is_proxied && !connection.permit.assign_client(client) {
            return Err(too_many_connections());
        }
        Ok(())
    }

    fn check_host_and_origin(
        &self,
        request: &Request,
        authority: Result<Authority, HostError>,
        scheme: Scheme,
    ) -> Result<(), ApiError> {
        let authority = authority?;
        self.allowed_hosts.check(&authority)?;
        if request.uri().path() == socket::WS_PATH || !request.method().is_safe() {
            self.allowed_origins.check(request.headers(), &authority, scheme)?;
        } else if socket::simple_ws_nickname(request).is_some() {
            self.allowed_origins.check_simple_protocol(request.headers(), &authority, scheme)?;
        }
        Ok(())
    }

    /// Calls the routes. The time limit also ends the wait for a body that never arrives.
    async fn call_routes(&self, request: Request) -> Response {
        match timeout(self.request_timeout, self.router.clone().oneshot(request)).await {
            Ok(response) => response.into_response(),
            Err(_elapsed) => {
                let message = "the request took too long".to_owned();
                let error = ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BadFrame, message);
                // The rest of the body may still arrive, and would be read as the next request.
                ([(header::CONNECTION, "close")], error).into_response()
            }
        }
    }
}

/// The length of a response's body, or 0 if the body is a stream of unknown length.
fn body_bytes(response: &Response) -> usize {
    response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}

fn too_many_connections() -> ApiError {
    let message = "too many connections from this address".to_owned();
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, message)
}

/// Whether the request is for a WebSocket of either protocol.
fn is_socket_request(request: &Request) -> bool {
    request.uri().path() == socket::WS_PATH || socket::simple_ws_nickname(request).is_some()
}

/// The response to a refused request: problem details for programs, a line of text for people. It closes the connection,
/// which is not worth keeping for such a client.
fn refusal(request: &Request, error: ApiError) -> Response {
    let is_from_program = http::is_api(request) || is_socket_request(request) || !request.method().is_safe();
    let response = if is_from_program { error.into_response() } else { error.into_text() };
    ([(header::CONNECTION, "close")], response).into_response()
}
