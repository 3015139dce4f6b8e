//! Links to this server that people hand on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::server::edge::{PublicUrl, Scheme};

/// The way in for whoever has this invite.
pub(crate) fn invite_url(base: &str, token: &str) -> String {
    format!("{base}/?invite={token}")
}

/// The way in for whoever is to own a server without an owner.
pub(crate) fn claim_url(base: &str, token: &str) -> String {
    format!("{base}/?claim={token}")
}

/// Where the server is found, as the one who asks has found it: by its public URL, or else by where the page came from.
pub(crate) fn base_for(public: Option<&PublicUrl>, headers: &HeaderMap, scheme: Scheme) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (public, text(header::ORIGIN)) {
        (Some(public), _) => public.to_string(),
        // A browser says so itself; it knows better than a server behind a proxy. 'null' says nothing.
        (None, Some(origin)) if origin.contains("://") => origin.to_owned(),
        (None, _) => format!("{}://{}", scheme.name(), text(header::HOST).unwrap_or_default()),
    }
}

/// Where the server is found, as far as itself knows: by its public URL, or else where it listens.
pub(crate) fn base_at(public: Option<&PublicUrl>, here: SocketAddr, scheme: Scheme) -> String {
    match public {
        Some(public) => public.to_string(),
        // No address to go to; this machine's own is one of those that are meant.
        None if here.ip().is_unspecified() => {
            format!("{}://{}", scheme.name(), SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), here.port()))
        }
        None => format!("{}://{here}", scheme.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> PublicUrl {
        "https://chat.example.org".parse().expect("an address")
    }

    #[test]
    fn a_link_leads_to_where_people_find_the_server() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "tea.example:3000".parse().expect("a header"));
        assert_eq!(base_for(None, &headers, Scheme::Http), "http://tea.example:3000");
        headers.insert(header::ORIGIN, "null".parse().expect("a header"));
        assert_eq!(base_for(None, &headers, Scheme::Https), "https://tea.example:3000");
        headers.insert(header::ORIGIN, "https://tea.example".parse().expect("a header"));
        assert_eq!(base_for(None, &headers, Scheme::Http), "https://tea.example");
        assert_eq!(base_for(Some(&public()), &headers, Scheme::Http), "https://chat.example.org");
    }

    #[test]
    fn a_link_from_the_host_leads_to_the_public_url_or_to_where_the_server_listens() {
        let here = |text: &str| text.parse::<SocketAddr>().expect(text);
        assert_eq!(base_at(Some(&public()), here("127.0.0.1:3000"), Scheme::Http), "https://chat.example.org");
        assert_eq!(base_at(None, here("192.0.2.1:3000"), Scheme::Http), "http://192.0.2.1:3000");
        assert_eq!(base_at(None, here("[2001:db8::1]:443"), Scheme::Https), "https://[2001:db8::1]:443");
        assert_eq!(base_at(None, here("0.0.0.0:3000"), Scheme::Http), "http://127.0.0.1:3000");
    }
}
