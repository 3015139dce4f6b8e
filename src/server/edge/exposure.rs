//! What the log says at the start about who can come in.

use std::net::SocketAddr;

use crate::domain::AdmissionPolicy;

/// A sentence, unless only this machine can reach the server.
pub(crate) fn reach(here: SocketAddr, is_tls: bool, has_proxies: bool, entry: AdmissionPolicy) -> Option<String> {
    let address = here.ip().to_canonical();
    if address.is_loopback() {
        return None;
    }
    let port = here.port();
    let whom = if address.is_unspecified() {
        format!("everybody who can reach port {port} of this machine")
    } else {
        format!("everybody who can reach {here}")
    };
    let how = match (is_tls, has_proxies) {
        (true, _) => "over TLS",
        (false, true) => "over plain HTTP, which only its proxies should be able to reach",
        (false, false) => "over plain HTTP: what is said, and who says it, can be read and changed on the way",
    };
    let who = match entry {
        AdmissionPolicy::Open => "anyone who picks a nickname comes in",
        AdmissionPolicy::Invite => "new guests come in by an invite",
        AdmissionPolicy::Registered => "only registered users come in",
    };
    Some(format!("open to {whom}, {how}; {who} (--entry)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_can_come_in() {
        let reach = |here: &str, is_tls, has_proxies| {
            reach(here.parse().expect(here), is_tls, has_proxies, AdmissionPolicy::Open)
        };
        assert_eq!(reach("127.0.0.1:3000", false, false), None);
        assert_eq!(reach("[::1]:3000", false, false), None);
        let words = reach("0.0.0.0:3000", false, false).expect("a warning");
        assert!(words.contains("port 3000 of this machine") && words.contains("plain HTTP"), "{words}");
        assert_eq!(
            reach("192.0.2.1:443", true, false).as_deref(),
            Some(
                "open to everybody who can reach 192.0.2.1:443, over TLS; anyone who picks a nickname comes in (--entry)"
            )
        );
    }

    #[test]
    fn it_says_what_the_door_asks_for() {
        let here = "192.0.2.1:443".parse().expect("an address");
        let words = |entry| reach(here, true, false, entry).expect("a sentence");
        assert!(words(AdmissionPolicy::Invite).ends_with("; new guests come in by an invite (--entry)"));
        assert!(words(AdmissionPolicy::Registered).ends_with("; only registered users come in (--entry)"));
    }
}
