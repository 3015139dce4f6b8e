//! The warning at the start about who can reach the server.

use std::net::SocketAddr;

use crate::domain::AdmissionPolicy;

/// Says who can reach the server and who can sign up. Returns `None` if only this machine can reach it.
pub(in crate::server) fn exposure_warning(
    listen: SocketAddr,
    is_tls: bool,
    has_proxies: bool,
    policy: AdmissionPolicy,
) -> Option<String> {
    let address = listen.ip().to_canonical();
    if address.is_loopback() {
        return None;
    }
    let port = listen.port();
    let reachable_by = if address.is_unspecified() {
        format!("everybody who can reach port {port} of this machine")
    } else {
        format!("everybody who can reach {listen}")
    };
    let transport = match (is_tls, has_proxies) {
        (true, _) => "over TLS",
        (false, true) => "over plain HTTP, which only its proxies should be able to reach",
        (false, false) => "over plain HTTP: others on the network can read and change what is sent, and steal sessions",
    };
    let sign_up = match policy {
        AdmissionPolicy::Open => "anyone can sign in with a nickname",
        AdmissionPolicy::Invite => "new guests need an invite",
        AdmissionPolicy::Registered => "only registered users can sign in",
    };
    Some(format!("open to {reachable_by}, {transport}; {sign_up} (--entry)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(listen: &str, is_tls: bool, policy: AdmissionPolicy) -> Option<String> {
        exposure_warning(listen.parse().expect(listen), is_tls, false, policy)
    }

    #[test]
    fn it_says_who_can_reach_the_server() {
        let open = AdmissionPolicy::Open;
        assert_eq!(warning("127.0.0.1:3000", false, open), None);
        assert_eq!(warning("[::1]:3000", false, open), None);
        let text = warning("0.0.0.0:3000", false, open).expect("a warning");
        assert!(text.contains("port 3000 of this machine") && text.contains("plain HTTP"), "{text}");
        assert_eq!(
            warning("192.0.2.1:443", true, open).as_deref(),
            Some(
                "open to everybody who can reach 192.0.2.1:443, over TLS; anyone can sign in with a nickname (--entry)"
            )
        );
    }

    #[test]
    fn it_says_who_can_sign_up() {
        let text = |policy| warning("192.0.2.1:443", true, policy).expect("a warning");
        assert!(text(AdmissionPolicy::Invite).ends_with("; new guests need an invite (--entry)"));
        assert!(text(AdmissionPolicy::Registered).ends_with("; only registered users can sign in (--entry)"));
    }
}
