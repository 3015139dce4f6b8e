//! Compression of documents that are rendered for each request.

use std::io::Write as _;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};

/// Documents shorter than this, in bytes, are sent as they are: they fit into a packet or two anyway.
const MIN_BYTES: usize = 2 * 1024;

/// Every document is compressed anew, so it must be quick: about two milliseconds for a page.
const BROTLI_QUALITY: u32 = 7;

/// Brotli's window as a power of two, in bytes: longer than most pages.
const BROTLI_WINDOW: u32 = 18;

/// The `Content-Encoding` of a response (RFC 9110 §12.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentEncoding {
    Brotli,
    Gzip,
    Identity,
}

impl ContentEncoding {
    /// The best encoding that the client accepts.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let accepted = values.flat_map(|value| value.split(',')).filter_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next()?;
            let is_refused = parts
                .filter_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
            match name.to_ascii_lowercase().as_str() {
                _ if is_refused => None,
                "br" => Some(Self::Brotli),
                "gzip" | "x-gzip" => Some(Self::Gzip),
                _ => None,
            }
        });
        accepted.fold(Self::Identity, |best, other| match (best, other) {
            (Self::Brotli, _) | (_, Self::Brotli) => Self::Brotli,
            (Self::Gzip, _) | (_, Self::Gzip) => Self::Gzip,
            _ => Self::Identity,
        })
    }

    /// A response that contains this document.
    pub(super) fn respond(self, html: String) -> Response {
        let (body, encoding) = self.compress(html);
        let mut response = Response::new(body.into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn compress(self, html: String) -> (Bytes, Option<&'static str>) {
        let compressed = match self {
            _ if html.len() < MIN_BYTES => None,
            Self::Identity => None,
            Self::Brotli => brotli(&html).map(|compressed| (compressed, "br")),
            Self::Gzip => gzip(&html).map(|compressed| (compressed, "gzip")),
        };
        match compressed {
            Some((compressed, encoding)) => (compressed.into(), Some(encoding)),
            None => (html.into(), None),
        }
    }
}

/// Writing to memory does not fail; if it did, the page would be sent uncompressed.
fn brotli(html: &str) -> Option<Vec<u8>> {
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    compressor.write_all(html.as_bytes()).ok()?;
    Some(compressor.into_inner())
}

fn gzip(html: &str) -> Option<Vec<u8>> {
    let mut compressor = GzEncoder::new(Vec::new(), Compression::fast());
    compressor.write_all(html.as_bytes()).ok()?;
    compressor.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_encoding_is_chosen() {
        let accepted = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().expect("a header"));
            ContentEncoding::accepted(&headers)
        };
        for (value, encoding) in [
            ("gzip, deflate, br, zstd", ContentEncoding::Brotli),
            ("gzip, deflate", ContentEncoding::Gzip),
            ("br;q=0, GZIP;q=0.5", ContentEncoding::Gzip),
            ("br;q=0.0,gzip; q=0", ContentEncoding::Identity),
            ("identity", ContentEncoding::Identity),
            ("", ContentEncoding::Identity),
        ] {
            assert_eq!(accepted(value), encoding, "{value}");
        }
        assert_eq!(ContentEncoding::accepted(&HeaderMap::new()), ContentEncoding::Identity);
    }

    #[test]
    fn a_compressed_page_decompresses_to_itself_and_a_small_one_is_not_compressed() {
        use std::io::Read as _;

        let page = "<p>好</p>".repeat(1_000);
        let (compressed, encoding) = ContentEncoding::Gzip.compress(page.clone());
        let mut read = String::new();
        flate2::read::GzDecoder::new(&*compressed).read_to_string(&mut read).expect("gzip");
        assert_eq!((read.as_str(), encoding), (page.as_str(), Some("gzip")));
        let (compressed, encoding) = ContentEncoding::Brotli.compress(page.clone());
        let mut read = String::new();
        brotli::Decompressor::new(&*compressed, 4_096).read_to_string(&mut read).expect("Brotli");
        assert_eq!((read.as_str(), encoding), (page.as_str(), Some("br")));
        assert_eq!(ContentEncoding::Brotli.compress("<p>".to_owned()), ("<p>".into(), None));
    }
}
