//! The cookies of a request.

use axum::http::{HeaderMap, header};

/// The values of all cookies called `name`, in the order of the request.
///
/// Values are bytes: other programs on this host set cookies too, in any encoding, and browsers send them along.
pub(crate) fn cookie_values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let pairs =
        headers.get_all(header::COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn cookies_of_other_programs_are_ignored_whatever_their_encoding() {
        for (line, found) in [
            ("", vec![]),
            ("ours=1", vec!["1"]),
            ("theme=茶; ours=1", vec!["1"]),
            ("ours=1; 茶=茶", vec!["1"]),
            ("x=\u{ff}\u{80};ours=1;", vec!["1"]),
            ("a=b=c; ours=1==; ours=2", vec!["1==", "2"]),
            ("ours2=x; xours=y; ours =z; Ours=w", vec![]),
            ("no pair; ;;=; ours=", vec![""]),
            ("\tours=1\t; other=\"; ours=2\"", vec!["1", "2\""]),
            ("ours", vec![]),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).expect(line));
            let values: Vec<&[u8]> = cookie_values(&headers, "ours").collect();
            assert_eq!(values, found.iter().map(|value| value.as_bytes()).collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn cookies_may_come_in_several_headers() {
        let mut headers = HeaderMap::new();
        for line in [b"a=1; ours=2".as_slice(), b"\xe8\x8c\xb6=\xff", b"ours=3"] {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).expect("a header"));
        }
        assert_eq!(cookie_values(&headers, "ours").collect::<Vec<_>>(), [b"2", b"3"]);
    }
}
