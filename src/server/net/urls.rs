//! URLs of this server that users pass on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::server::net::{public_url::PublicUrl, scheme::Scheme};

/// The sign-in page with an invite filled in.
pub(crate) fn invite_url(base_url: &str, token: &str) -> String {
    format!("{base_url}/?invite={token}")
}

/// The sign-in page for claiming ownership of a server that has no owner.
pub(crate) fn claim_url(base_url: &str, token: &str) -> String {
    format!("{base_url}/?claim={token}")
}

/// The server's URL as the sender of a request knows it: the public URL if one is configured, otherwise where the
/// request was sent to.
pub(crate) fn base_url_of_request(public_url: Option<&PublicUrl>, headers: &HeaderMap, scheme: Scheme) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (public_url, text(header::ORIGIN)) {
        (Some(public_url), _) => public_url.to_string(),
        // Behind a proxy the browser knows the scheme and the host better than the server does. It may also send `null`.
        (None, Some(origin)) if origin.contains("://") => origin.to_owned(),
        (None, _) => format!("{}://{}", scheme.name(), text(header::HOST).unwrap_or_default()),
    }
}

/// The server's URL as far as the server itself knows: the public URL if one is configured, otherwise the address that it
/// listens on.
pub(crate) fn base_url_of_listener(public_url: Option<&PublicUrl>, listen: SocketAddr, scheme: Scheme) -> String {
    match public_url {
        Some(public_url) => public_url.to_string(),
        // `0.0.0.0` means all addresses of this machine; 127.0.0.1 is one that a browser can open.
        None if listen.ip().is_unspecified() => {
            format!("{}://{}", scheme.name(), SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port()))
        }
        None => format!("{}://{listen}", scheme.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public_url() -> PublicUrl {
        "https://chat.example.org".parse().expect("a URL")
    }

    #[test]
    fn a_link_made_for_a_request_has_the_origin_that_the_browser_uses() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "tea.example:3000".parse().expect("a header"));
        assert_eq!(base_url_of_request(None, &headers, Scheme::Http), "http://tea.example:3000");
        headers.insert(header::ORIGIN, "null".parse().expect("a header"));
        assert_eq!(base_url_of_request(None, &headers, Scheme::Https), "https://tea.example:3000");
        headers.insert(header::ORIGIN, "https://tea.example".parse().expect("a header"));
        assert_eq!(base_url_of_request(None, &headers, Scheme::Http), "https://tea.example");
        assert_eq!(base_url_of_request(Some(&public_url()), &headers, Scheme::Http), "https://chat.example.org");
    }

    #[test]
    fn a_link_made_on_the_machine_has_the_public_url_or_the_address_listened_on() {
        let listen = |text: &str| text.parse::<SocketAddr>().expect(text);
        let url = |text: &str, scheme| base_url_of_listener(None, listen(text), scheme);
        let with_public = base_url_of_listener(Some(&public_url()), listen("127.0.0.1:3000"), Scheme::Http);
        assert_eq!(with_public, "https://chat.example.org");
        assert_eq!(url("192.0.2.1:3000", Scheme::Http), "http://192.0.2.1:3000");
        assert_eq!(url("[2001:db8::1]:443", Scheme::Https), "https://[2001:db8::1]:443");
        assert_eq!(url("0.0.0.0:3000", Scheme::Http), "http://127.0.0.1:3000");
    }
}
