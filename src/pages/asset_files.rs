//! The files that `cargo leptos build` makes for browsers: where they come from, their hashes, and their HTTP responses.

use std::{
    collections::HashMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use crate::pages::content_encoding::ContentEncoding;

/// The files that a release build embeds into the server; see `build.rs`.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded_site.rs"));

/// For a file whose address contains its hash: browsers never request it again (RFC 8246).
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For a file that may change under its address: browsers check for a new version each time.
pub(super) const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The files that the server serves.
pub struct Assets(pub(super) AssetSource);

pub(super) enum AssetSource {
    /// Held in memory: embedded in the server, or read when it starts.
    Loaded(LoadedAssets),
    /// In a folder that `cargo leptos watch` keeps up to date. Each request reads its file anew.
    Watched(PathBuf),
}

/// Files by the path of their address, such as `/pkg/teahouse.js`.
#[derive(Default)]
pub(super) struct LoadedAssets(HashMap<String, Asset>);

/// A file, with its compressed forms.
#[derive(Clone)]
pub(super) struct Asset {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    content_type: HeaderValue,
    /// The first half of the content's SHA-256, in hexadecimal.
    hash: String,
    /// Whether its address contains its hash, so that it never changes under that address.
    is_immutable: bool,
}

impl Assets {
    /// The files in `folder`. If it is `None`: the embedded ones, or in a build without them those that `cargo leptos build`
    /// left beside the program or in `./target/site`.
    pub fn open(folder: Option<PathBuf>) -> Self {
        let folder = match folder {
            None if !EMBEDDED.is_empty() => {
                let files = EMBEDDED.iter().map(|(path, file)| ((*path).to_owned(), Bytes::from_static(file)));
                return Self(AssetSource::Loaded(LoadedAssets::new(files)));
            }
            folder => folder.unwrap_or_else(built_site),
        };
        Self(if is_watched() { AssetSource::Watched(folder) } else { AssetSource::Loaded(LoadedAssets::read(&folder)) })
    }

    /// No files at all, for tests that need none.
    pub fn empty() -> Self {
        Self(AssetSource::Loaded(LoadedAssets::default()))
    }
}

impl LoadedAssets {
    fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let files: HashMap<String, Bytes> = files.into_iter().collect();
        let compressed = |path: &str, extension| files.get(&format!("{path}{extension}")).cloned();
        let asset = |(path, plain): (&String, &Bytes)| {
            let asset = Asset {
                plain: plain.clone(),
                brotli: compressed(path, ".br"),
                gzip: compressed(path, ".gz"),
                content_type: content_type(path),
                hash: hash(plain),
                is_immutable: false,
            };
            (path.clone(), asset)
        };
        Self(files.iter().map(asset).collect())
    }

    /// All files of a folder. If reading fails, the rest is missing, and the log says so.
    fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        if let Err(error) = read_into(&mut files, folder, "") {
            tracing::warn!(%error, folder = %folder.display(), "files of the page are missing");
        }
        Self::new(files)
    }

    pub(super) fn get(&self, path: &str) -> Option<&Asset> {
        self.0.get(path)
    }

    /// Serves a file under a second path that contains its hash, such as `/admin.0123456789abcdef.css`, and puts that into
    /// `path`. Does nothing if the file is missing.
    pub(super) fn add_hashed_path(&mut self, path: &mut String) {
        let Some(asset) = self.0.get(path).cloned() else { return };
        let (name, extension) = path.rsplit_once('.').unwrap_or((path, ""));
        *path = format!("{name}.{}.{extension}", short(&asset.hash));
        self.0.insert(path.clone(), Asset { is_immutable: true, ..asset });
    }

    /// Serves all scripts and WebAssembly modules of `folder` in a second folder, such as `/pkg.0123456789abcdef`, and
    /// returns its path. They refer to each other by name, so they share one hash of all their contents.
    pub(super) fn add_hashed_folder(&mut self, folder: &str) -> String {
        let is_code = |path: &str| {
            path.strip_prefix(folder).is_some_and(|name| name.starts_with('/'))
                && [".js", ".wasm"].iter().any(|extension| path.ends_with(extension))
        };
        let mut files: Vec<_> = self.0.iter().filter(|(path, _)| is_code(path)).collect();
        files.sort_unstable_by_key(|(path, _)| *path);
        let lines: Vec<String> = files.iter().map(|(path, asset)| format!("{path} {}", asset.hash)).collect();
        let hashed = format!("{folder}.{}", short(&hash(lines.join("\n").as_bytes())));
        let files: Vec<_> = files
            .into_iter()
            .map(|(path, asset)| (path.replacen(folder, &hashed, 1), Asset { is_immutable: true, ..asset.clone() }))
            .collect();
        self.0.extend(files);
        hashed
    }
}

impl Asset {
    /// The content as text, if it is UTF-8.
    pub(super) fn text(&self) -> Option<&str> {
        str::from_utf8(&self.plain).ok()
    }

    /// The response to a request with these headers: 304 without a body if the client has the file already (RFC 9110
    /// §13.1.2).
    pub(super) fn respond(&self, request: &HeaderMap) -> Response {
        let (body, encoding) = match (ContentEncoding::accepted(request), &self.brotli, &self.gzip) {
            (ContentEncoding::Brotli, Some(compressed), _) => (compressed, Some("br")),
            (ContentEncoding::Brotli | ContentEncoding::Gzip, _, Some(compressed)) => (compressed, Some("gzip")),
            _ => (&self.plain, None),
        };
        // A weak tag, because it is the same for every encoding.
        let tag = format!("W/\"{}\"", self.hash);
        let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let has_it = known.flat_map(|value| value.split(',')).map(str::trim).any(|known| known == tag || known == "*");
        let mut response = if has_it { StatusCode::NOT_MODIFIED.into_response() } else { body.clone().into_response() };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, if self.is_immutable { IMMUTABLE } else { REVALIDATE });
        if let Ok(tag) = tag.try_into() {
            headers.insert(header::ETAG, tag);
        }
        if !has_it {
            headers.insert(header::CONTENT_TYPE, self.content_type.clone());
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        response
    }
}

/// Whether `cargo leptos watch` started the server.
pub(super) fn is_watched() -> bool {
    env::var_os("LEPTOS_WATCH").is_some()
}

fn built_site() -> PathBuf {
    let beside = || {
        let program = env::current_exe().ok()?;
        let folder = program.parent()?;
        [folder.join("site"), folder.parent()?.join("site")].into_iter().find(|site| site.is_dir())
    };
    beside().unwrap_or_else(|| PathBuf::from("target/site"))
}

fn read_into(files: &mut Vec<(String, Bytes)>, folder: &Path, address: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, address) = (entry.path(), format!("{address}/{}", entry.file_name().to_string_lossy()));
        if path.is_dir() {
            read_into(files, &path, &address)?;
        } else {
            files.push((address, fs::read(path)?.into()));
        }
    }
    Ok(())
}

fn content_type(path: &str) -> HeaderValue {
    let content_type = mime_guess::from_path(path).first_raw();
    HeaderValue::from_static(content_type.unwrap_or("application/octet-stream"))
}

/// The part of a hash that is used in addresses.
fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn hash(file: &[u8]) -> String {
    let start = Sha256::digest(file).iter().take(16).fold(0, |hash, byte| hash << 8 | u128::from(*byte));
    format!("{start:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> LoadedAssets {
        let files = [("/a.js", "plain"), ("/a.js.br", "brotli"), ("/a.js.gz", "gzip"), ("/b.svg", "plain")];
        LoadedAssets::new(files.map(|(path, text)| (path.to_owned(), Bytes::from(text))))
    }

    fn headers(headers: &[(header::HeaderName, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_file_is_sent_in_the_best_encoding_that_the_client_accepts() {
        let assets = assets();
        for (path, accepted, encoding, length) in [
            ("/a.js", "gzip, br", Some("br"), "6"),
            ("/a.js", "gzip", Some("gzip"), "4"),
            ("/a.js", "br;q=0, gzip", Some("gzip"), "4"),
            ("/a.js", "identity", None, "5"),
            ("/a.js", "", None, "5"),
            ("/b.svg", "gzip, br", None, "5"),
        ] {
            let response = assets.get(path).expect("a file").respond(&headers(&[(header::ACCEPT_ENCODING, accepted)]));
            let header = |name| response.headers().get(name).map(|value: &HeaderValue| value.to_str().expect("a text"));
            assert_eq!(header(header::CONTENT_ENCODING), encoding, "{path} for {accepted:?}");
            assert_eq!(header(header::CONTENT_LENGTH), Some(length), "{path} for {accepted:?}");
            assert_eq!(header(header::VARY), Some("accept-encoding"), "{path} for {accepted:?}");
        }
    }

    #[test]
    fn a_client_that_has_the_file_gets_304() {
        let assets = assets();
        let asset = assets.get("/b.svg").expect("a file");
        let tag = asset.respond(&HeaderMap::new()).headers()[header::ETAG].to_str().expect("a text").to_owned();
        for known in [&tag, "*", &format!("\"other\", {tag}")] {
            let response = asset.respond(&headers(&[(header::IF_NONE_MATCH, known)]));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(response.headers()[header::ETAG], tag, "{known}");
        }
        let response = asset.respond(&headers(&[(header::IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(response.status(), StatusCode::OK);
    }
}
