//! The edge: what every request passes before anything else looks at it, and every answer on its way out.
//!
//! Who asks ([`forwarded`]), by which name the server was called ([`allowed_hosts`]), from which page ([`origins`]); then the
//! routes, in limited time; and last the headers that every answer has ([`security_headers`]).
//!
//! Every request is charged to its address before anything of it is done, and before its body is read: here the HTTP API,
//! WebSockets, and what is refused here; pages and files in `page`, which alone can tell them apart. Health checks are free.
//! What an answer has in bytes is charged when it is known.

pub(crate) mod allowed_hosts;
mod exposure;
mod forwarded;
pub(crate) mod http_server;
mod origins;
mod report_url;
mod security_headers;
mod site;
mod tls;

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
    protocol::ErrorCode,
    server::{
        chat::{ChatError, ChatService, SecurityEvent},
        config::Config,
        edge::{
            allowed_hosts::{AllowedHosts, RequestedHost},
            forwarded::{Proxies, Unbelieved},
            origins::Origins,
        },
        http::{self, ApiError},
        net::{
            client_addr::ClientAddr,
            connection_limiter::{ConnectionPermit, Occupancy},
            shard_index::ShardIndex,
        },
        socket,
    },
};

pub use crate::server::net::public_url::{PublicUrl, PublicUrlError};
pub use crate::server::net::scheme::Scheme;
pub(super) use forwarded::parse_network;
pub use report_url::{ReportUrl, ReportUrlError};
pub use site::Site;
pub use tls::TlsError;

pub(super) use crate::server::edge::allowed_hosts::HostError;
pub(super) use crate::server::edge::exposure::reach;
pub(super) use origins::ForeignOrigin;
pub(super) use tls::Certificate;

/// What is known of a connection before its first request.
#[derive(Debug)]
pub(super) struct ConnectionInfo {
    /// The other end of the TCP connection: a client, or a proxy.
    pub(super) address: IpAddr,
    /// Whether the TLS is our own.
    pub(super) is_tls: bool,
    pub(super) entry: Arc<ConnectionPermit>,
    /// Which shard serves it.
    pub(super) shard: ShardIndex,
}

/// The rules of the edge, and the routes behind it.
pub(super) struct Edge {
    router: Router,
    chat: Arc<ChatService>,
    hosts: AllowedHosts,
    origins: Origins,
    proxies: Proxies,
    /// Those who say for whom they speak, and are not believed.
    unbelieved: Unbelieved,
    /// What everybody sees, whatever lies between.
    public: Option<PublicUrl>,
    /// For a request to come to its end and be answered.
    longest: Duration,
}

impl Edge {
    /// `here` is where the server listens.
    pub(super) fn new(router: Router, chat: Arc<ChatService>, config: &Config, here: IpAddr) -> Self {
        let public = config.public_url.as_ref();
        Self {
            router,
            chat,
            hosts: AllowedHosts::new(public, here),
            origins: Origins::new(public, &config.allow_origin),
            proxies: Proxies::new(&config.trusted_proxies),
            unbelieved: Unbelieved::default(),
            public: public.cloned(),
            longest: config.timing.request,
        }
    }

    /// Whether this is a proxy that is believed, and that many clients stand behind.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.trust(address)
    }

    fn public_scheme(&self) -> Option<Scheme> {
        self.public.as_ref().map(|public| public.scheme())
    }

    /// Answers a request, whatever it is.
    pub(super) async fn pass(&self, wire: &ConnectionInfo, mut request: Request) -> Response {
        let is_proxied = self.trusts(wire.address);
        if !is_proxied {
            self.unbelieved.look_at(wire.address, request.headers());
        }
        let peer = ClientAddr::from(self.proxies.client(wire.address, request.headers()));
        let forwarded = is_proxied.then(|| forwarded::scheme(request.headers())).flatten();
        let is_https = wire.is_tls || [self.public_scheme(), forwarded].contains(&Some(Scheme::Https));
        let scheme = if is_https { Scheme::Https } else { Scheme::Http };

        let called = RequestedHost::by(&request, is_proxied);
        let site = Site::new(scheme, self.public.as_ref(), called.as_ref().ok());

        let mut response = match self.admit(wire, peer, site, called, is_proxied, &request) {
            Ok(()) => {
                request.extensions_mut().insert(peer);
                request.extensions_mut().insert(site);
                request.extensions_mut().insert(wire.shard);
                let is_api = http::is_api(&request);
                let response = self.answer(request).await;
                if is_api {
                    self.chat.note_answer(peer, length(&response));
                }
                response
            }
            Err(refused) => {
                self.chat.note(Some(peer), SecurityEvent::Refused(refused.code().name()));
                refusal(&request, refused)
            }
        };
        security_headers::put_on(&mut response, scheme);
        if wire.entry.standing == Occupancy::TurnedAway {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// A connection was closed without a word.
    pub(super) fn note_no_room(&self, peer: ClientAddr) {
        self.chat.note(Some(peer), SecurityEvent::NoRoom);
    }

    fn admit(
        &self,
        wire: &ConnectionInfo,
        peer: ClientAddr,
        site: Site,
        called: Result<RequestedHost, HostError>,
        is_proxied: bool,
        request: &Request,
    ) -> Result<(), ApiError> {
        let asks_for_socket = asks_for_socket(request);
        let is_health = http::is_health(request) && !asks_for_socket;
        match wire.entry.standing {
            Occupancy::Excess => return Err(too_many_connections()),
            Occupancy::TurnedAway if !is_health => return Err(ChatError::Busy.into()),
            Occupancy::Usual | Occupancy::TurnedAway => {}
        }
        if is_health {
            return Ok(());
        }
        let is_right = self.check(request, called, site.scheme);
        if asks_for_socket {
            self.chat.charge_upgrade(peer)?;
        } else if is_right.is_err() || http::is_api(request) {
            self.chat.charge_request(peer, 0)?;
        }
        is_right?;
        if asks_for_socket && is_proxied && !wire.entry.belongs_to(peer) {
            return Err(too_many_connections());
        }
        Ok(())
    }

    /// Whether it was sent by the right name, and from the right page.
    fn check(
        &self,
        request: &Request,
        called: Result<RequestedHost, HostError>,
        scheme: Scheme,
    ) -> Result<(), ApiError> {
        let called = called?;
        self.hosts.check(&called)?;
        if request.uri().path() == socket::WS_PATH || !request.method().is_safe() {
            self.origins.check(request.headers(), &called, scheme)?;
        } else if socket::simple_ws_nickname(request).is_some() {
            self.origins.check_plain(request.headers(), &called, scheme)?;
        }
        Ok(())
    }

    /// Without a limit, a body that never comes would be waited for as long as the peer likes.
    async fn answer(&self, request: Request) -> Response {
        match timeout(self.longest, self.router.clone().oneshot(request)).await {
            Ok(response) => response.into_response(),
            Err(_elapsed) => {
                let words = "the request took too long".to_owned();
                let answer = ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BadFrame, words);
                // What may still come of it is not the next request.
                ([(header::CONNECTION, "close")], answer).into_response()
            }
        }
    }
}

/// How many bytes an answer has, if it was made as a whole.
fn length(response: &Response) -> usize {
    response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}

fn too_many_connections() -> ApiError {
    let words = "too many connections from this address".to_owned();
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, words)
}

/// Whether somebody wants a WebSocket, of either protocol.
fn asks_for_socket(request: &Request) -> bool {
    request.uri().path() == socket::WS_PATH || socket::simple_ws_nickname(request).is_some()
}

/// In the words of whoever asked: a problem for programs, a line of text for people. What is refused here is not worth
/// keeping a connection for.
fn refusal(request: &Request, refused: ApiError) -> Response {
    let for_programs = http::is_api(request) || asks_for_socket(request) || !request.method().is_safe();
    let answer = if for_programs { refused.into_response() } else { refused.into_text() };
    ([(header::CONNECTION, "close")], answer).into_response()
}
