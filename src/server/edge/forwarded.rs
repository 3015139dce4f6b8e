//! What a trusted proxy says about the client behind it: `X-Forwarded-For`, `-Proto` and `-Host`.
//!
//! Anybody can write these headers, so they count only from the addresses that the owner named. RFC 7239's `Forwarded`
//! is not read: a proxy sends one or the other, and two sources that can disagree are one too many.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

use super::Scheme;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// By which a proxy says for whom it speaks. The last two count from nobody; they only show that there is one.
const FORS: [HeaderName; 3] = [FOR, header::FORWARDED, HeaderName::from_static("x-real-ip")];

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub(super) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(super) fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    pub(super) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who speaks through `peer`. Each proxy appends the address that it heard from, so only what trusted ones wrote
    /// counts: from the right, the first address that is not trusted. Where a proxy wrote nonsense, it is the proxy.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let mut client = peer;
        let lines = headers.get_all(FOR).iter().collect::<Vec<_>>();
        for entry in lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            match str::from_utf8(entry).ok().and_then(|entry| parse_address(entry.trim())) {
                Some(address) => client = address,
                None => return peer,
            }
            if !self.trust(client) {
                break;
            }
        }
        client
    }
}

/// Requests that say for whom they come, from addresses that are not believed. Either somebody tries whether they are, or
/// the server stands behind a proxy that its owner has not named, and all its people count as one.
#[derive(Debug, Default)]
pub(super) struct Unbelieved(AtomicU64);

impl Unbelieved {
    /// Warns of the first one, and then of each that makes ten times as many: anybody can send them.
    pub(super) fn look_at(&self, address: IpAddr, headers: &HeaderMap) {
        let Some(header) = FORS.into_iter().find(|name| headers.contains_key(name)) else { return };
        if let Some(many) = self.worth_a_line() {
            tracing::warn!(
                %address,
                %header,
                many,
                "somebody who is no trusted proxy says for whom a request comes, and is not believed; if it is your proxy, \
                 name it with --trusted-proxies, or all who come through it count as one address"
            );
        }
    }

    /// How many there were with this one, if that is to be told.
    fn worth_a_line(&self) -> Option<u64> {
        let many = self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        (many == 10_u64.pow(many.ilog10())).then_some(many)
    }
}

/// How the nearest proxy was asked.
pub(super) fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    Scheme::from_name(last(headers, &PROTO)?)
}

/// By which name it was asked.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    last(headers, &HOST)
}

/// The nearest proxy wrote last.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back().map(HeaderValue::to_str)?.ok()?;
    line.rsplit(',').next().map(str::trim)
}

/// Some proxies write a port too.
fn parse_address(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    entry.parse().ok().or_else(bare).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// `10.0.0.0/8`, or a single address.
///
/// # Errors
/// What is neither.
pub(in crate::server) fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let single = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    text.parse().or_else(|_| single()).map_err(|_| "neither an address nor a network like 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> Proxies {
        Proxies::new(&["10.0.0.0/8", "::1", "127.0.0.1"].map(|network| parse_network(network).expect(network)))
    }

    fn headers(lines: &[String]) -> HeaderMap {
        lines.iter().map(|line| (FOR, line.parse().expect("a value"))).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    fn client(peer: &str, lines: &[&str]) -> IpAddr {
        proxies().client(address(peer), &headers(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()))
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        assert_eq!(client("10.0.0.1", &["192.0.2.7"]), address("192.0.2.7"));
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 192.0.2.7, 10.9.9.9"]), address("192.0.2.7"));
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9", "192.0.2.7", "10.9.9.9"]), address("192.0.2.7"));
        assert_eq!(client("::1", &["[2001:db8::1]:4711"]), address("2001:db8::1"));
        assert_eq!(client("::1", &["[2001:db8::1]"]), address("2001:db8::1"));
        assert_eq!(client("10.0.0.1", &["::ffff:192.0.2.7"]), address("192.0.2.7"));
        // All of them are the owner's: the furthest one asks.
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), address("10.0.0.3"));
    }

    #[test]
    fn nonsense_from_a_proxy_makes_it_the_client() {
        for line in ["", "unknown", "192.0.2.7, ", "192.0.2.7; drop", "_hidden, 10.0.0.3", "192.0.2.999"] {
            assert_eq!(client("10.0.0.1", &[line]), address("10.0.0.1"), "{line}");
        }
        assert_eq!(client("10.0.0.1", &[]), address("10.0.0.1"));
        // What lies beyond the client is the client's own invention, and not looked at.
        assert_eq!(client("10.0.0.1", &["nonsense, 192.0.2.7"]), address("192.0.2.7"));
    }

    #[test]
    fn who_is_not_believed_is_warned_of_a_few_times_however_often_they_try() {
        let unbelieved = Unbelieved::default();
        let told: Vec<u64> = (0..123_456).filter_map(|_| unbelieved.worth_a_line()).collect();
        assert_eq!(told, [1, 10, 100, 1_000, 10_000, 100_000]);
    }

    #[test]
    fn the_nearest_proxy_s_word_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(PROTO, "http, HTTPS".parse().expect("a value"));
        headers.insert(HOST, "evil.example, chat.example".parse().expect("a value"));
        assert_eq!((scheme(&headers), host(&headers)), (Some(Scheme::Https), Some("chat.example")));
        headers.insert(PROTO, "gopher".parse().expect("a value"));
        assert_eq!(scheme(&headers), None);
    }

    proptest! {
        #[test]
        fn strangers_are_never_believed(peer: u32, lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            let peer = IpAddr::from(peer.to_be_bytes());
            prop_assume!(!proxies().trust(peer));
            prop_assert_eq!(proxies().client(peer, &headers(&lines)), peer);
        }

        #[test]
        fn any_header_names_somebody(lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            proxies().client(address("10.0.0.1"), &headers(&lines));
        }

        #[test]
        fn what_a_client_writes_itself_changes_nothing(
            forged in prop::collection::vec("[ -~&&[^,]]{0,20}", 0..5),
            real: u32,
            hops in prop::collection::vec(any::<[u8; 3]>(), 0..3),
        ) {
            let real = IpAddr::from(real.to_be_bytes());
            prop_assume!(!proxies().trust(real));
            let hops = hops.into_iter().map(|[b, c, d]| IpAddr::from([10, b, c, d]).to_string());
            let line = forged.into_iter().chain([real.to_string()]).chain(hops).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(proxies().client(address("10.0.0.1"), &headers(&[line])), real);
        }
    }
}
