//! The URL to which browsers report violations of the Content Security Policy.

use std::{fmt, str::FromStr};

use axum::http::Uri;

use crate::server::net::{authority::Authority, scheme::Scheme};

/// An absolute HTTPS URL, or an HTTP URL of this machine. It can be written into a header as it is: it has no character
/// that ends a value there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportUrl(String);

/// The text is not a report URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not like https://reports.example.org/csp: https (http only for this machine), and none of ; , ' \" \\")]
pub struct ReportUrlError;

impl ReportUrl {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReportUrl {
    type Err = ReportUrlError;

    fn from_str(text: &str) -> Result<Self, ReportUrlError> {
        // `;` ends a directive of the policy and `,` a policy, and `Reporting-Endpoints` has the URL in quotes.
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b";,'\"\\#".contains(&byte);
        let uri = text.parse::<Uri>().map_err(|_| ReportUrlError)?;
        let scheme = uri.scheme_str().and_then(Scheme::from_name).ok_or(ReportUrlError)?;
        let authority =
            uri.authority().and_then(|authority| Authority::parse(authority.as_str())).ok_or(ReportUrlError)?;
        let is_safe = scheme == Scheme::Https || authority.is_loopback();
        if is_safe && text.bytes().all(is_allowed) { Ok(Self(text.to_owned())) } else { Err(ReportUrlError) }
    }
}

impl fmt::Display for ReportUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_go_over_https_or_stay_on_this_machine() {
        for text in ["https://reports.example.org", "https://r.example:8443/a/b?c=d", "http://127.0.0.1:9000/csp"] {
            assert_eq!(text.parse::<ReportUrl>().map(|url| url.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "/csp",
            "reports.example.org",
            "http://reports.example.org",
            "ftp://reports.example.org",
            "https://me@reports.example.org/",
            "https://reports.example.org/a;script-src",
            "https://reports.example.org/a,b",
            "https://reports.example.org/a?'",
            "https://reports.example.org/a?\"",
            "https://reports.example.org/a b",
            "https://reports.example.org/a\r\nx: y",
            "https://reports.example.org/#a",
        ] {
            assert_eq!(text.parse::<ReportUrl>(), Err(ReportUrlError), "{text:?}");
        }
    }
}
