//! What a trusted proxy says about a request: `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
//!
//! Anyone can write these headers, so they count only from proxies that the operator named. The `Forwarded` header
//! (RFC 7239) is not read: a proxy sends one or the other, and two sources could contradict each other.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

use crate::server::net::scheme::Scheme;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The headers that show that a request came through a proxy. The last two are never believed.
const PROXY_HEADERS: [HeaderName; 3] = [X_FORWARDED_FOR, header::FORWARDED, HeaderName::from_static("x-real-ip")];

/// The networks of the proxies whose headers are believed.
#[derive(Clone, Debug)]
pub(super) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    pub(super) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client behind `remote_ip`. Each proxy appends the address that it was connected from, so only
    /// entries of trusted proxies count: the client is the first address from the right that is not a trusted proxy. If an
    /// entry before that is malformed, the proxy itself counts as the client.
    pub(super) fn client_ip(&self, remote_ip: IpAddr, headers: &HeaderMap) -> IpAddr {
        let remote_ip = remote_ip.to_canonical();
        if !self.contain(remote_ip) {
            return remote_ip;
        }
        let mut client = remote_ip;
        let values = headers.get_all(X_FORWARDED_FOR).iter().collect::<Vec<_>>();
        for entry in values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
            match str::from_utf8(entry).ok().and_then(|entry| parse_address(entry.trim())) {
                Some(address) => client = address,
                None => return remote_ip,
            }
            if !self.contain(client) {
                break;
            }
        }
        client
    }
}

/// Warns of proxy headers from addresses that are not trusted proxies. Either a client forges them, or the server is
/// behind a proxy that the operator has not named, and all its clients count as one address.
#[derive(Debug, Default)]
pub(super) struct UntrustedProxyWarnings(AtomicU64);

impl UntrustedProxyWarnings {
    /// Logs the 1st, 10th, 100th … request with proxy headers. Anyone can send them, so not all are logged.
    pub(super) fn warn_if_forwarded(&self, address: IpAddr, headers: &HeaderMap) {
        let Some(header) = PROXY_HEADERS.into_iter().find(|name| headers.contains_key(name)) else { return };
        if let Some(count) = self.count_to_log() {
            tracing::warn!(
                %address,
                %header,
                count,
                "an address that is no trusted proxy sends a proxy's header, which is ignored; if it is your proxy, name \
                 it with --trusted-proxies, otherwise all its clients count as one address"
            );
        }
    }

    /// Counts one more request. Returns the count if it is a power of ten.
    fn count_to_log(&self) -> Option<u64> {
        let count = self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        (count == 10_u64.pow(count.ilog10())).then_some(count)
    }
}

/// The scheme of the request to the nearest proxy.
pub(super) fn forwarded_scheme(headers: &HeaderMap) -> Option<Scheme> {
    Scheme::from_name(last_value(headers, &X_FORWARDED_PROTO)?)
}

/// The host, and perhaps the port, of the request to the nearest proxy.
pub(super) fn forwarded_host(headers: &HeaderMap) -> Option<&str> {
    last_value(headers, &X_FORWARDED_HOST)
}

/// The last entry of a list header, which the nearest proxy wrote.
fn last_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back().map(HeaderValue::to_str)?.ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// Some proxies write a port too.
fn parse_address(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(bare).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(&["10.0.0.0/8", "::1/128", "127.0.0.1/32"].map(|network| network.parse().expect(network)))
    }

    fn headers(lines: &[String]) -> HeaderMap {
        lines.iter().map(|line| (X_FORWARDED_FOR, line.parse().expect("a value"))).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    fn client(remote_ip: &str, lines: &[&str]) -> IpAddr {
        proxies()
            .client_ip(address(remote_ip), &headers(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()))
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        assert_eq!(client("10.0.0.1", &["192.0.2.7"]), address("192.0.2.7"));
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 192.0.2.7, 10.9.9.9"]), address("192.0.2.7"));
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9", "192.0.2.7", "10.9.9.9"]), address("192.0.2.7"));
        assert_eq!(client("::1", &["[2001:db8::1]:4711"]), address("2001:db8::1"));
        assert_eq!(client("::1", &["[2001:db8::1]"]), address("2001:db8::1"));
        assert_eq!(client("10.0.0.1", &["::ffff:192.0.2.7"]), address("192.0.2.7"));
        // If all are trusted proxies, the furthest one is the client.
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), address("10.0.0.3"));
    }

    #[test]
    fn a_proxy_that_sends_a_malformed_header_counts_as_the_client() {
        for line in ["", "unknown", "192.0.2.7, ", "192.0.2.7; drop", "_hidden, 10.0.0.3", "192.0.2.999"] {
            assert_eq!(client("10.0.0.1", &[line]), address("10.0.0.1"), "{line}");
        }
        assert_eq!(client("10.0.0.1", &[]), address("10.0.0.1"));
        // Entries to the left of the client are the client's own, and are not read.
        assert_eq!(client("10.0.0.1", &["nonsense, 192.0.2.7"]), address("192.0.2.7"));
    }

    #[test]
    fn forged_proxy_headers_are_logged_a_few_times_however_often_they_come() {
        let warnings = UntrustedProxyWarnings::default();
        let logged: Vec<u64> = (0..123_456).filter_map(|_| warnings.count_to_log()).collect();
        assert_eq!(logged, [1, 10, 100, 1_000, 10_000, 100_000]);
    }

    #[test]
    fn the_entry_of_the_nearest_proxy_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_PROTO, "http, HTTPS".parse().expect("a value"));
        headers.insert(X_FORWARDED_HOST, "evil.example, chat.example".parse().expect("a value"));
        assert_eq!((forwarded_scheme(&headers), forwarded_host(&headers)), (Some(Scheme::Https), Some("chat.example")));
        headers.insert(X_FORWARDED_PROTO, "gopher".parse().expect("a value"));
        assert_eq!(forwarded_scheme(&headers), None);
    }

    proptest! {
        #[test]
        fn untrusted_addresses_are_never_believed(remote_ip: u32, lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            let remote_ip = IpAddr::from(remote_ip.to_be_bytes());
            prop_assume!(!proxies().contain(remote_ip));
            prop_assert_eq!(proxies().client_ip(remote_ip, &headers(&lines)), remote_ip);
        }

        #[test]
        fn no_header_makes_it_panic(lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            proxies().client_ip(address("10.0.0.1"), &headers(&lines));
        }

        #[test]
        fn entries_that_a_client_forges_change_nothing(
            forged in prop::collection::vec("[ -~&&[^,]]{0,20}", 0..5),
            real: u32,
            hops in prop::collection::vec(any::<[u8; 3]>(), 0..3),
        ) {
            let real = IpAddr::from(real.to_be_bytes());
            prop_assume!(!proxies().contain(real));
            let hops = hops.into_iter().map(|[b, c, d]| IpAddr::from([10, b, c, d]).to_string());
            let line = forged.into_iter().chain([real.to_string()]).chain(hops).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(proxies().client_ip(address("10.0.0.1"), &headers(&[line])), real);
        }
    }
}
