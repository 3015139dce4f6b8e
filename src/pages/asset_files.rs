//! The built page: what `cargo leptos build` makes for browsers to load.

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

use crate::pages::{content_security_policy, render::Packing};

/// What a release build has put into the program; see `build.rs`.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded_site.rs"));

/// Never asked for again under this address (RFC 8246).
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Under an address that stays the same while its content changes.
pub(crate) const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The files that the server serves.
pub struct Assets(pub(crate) AssetSource);

pub(crate) enum AssetSource {
    /// Part of the program, or read at the start.
    Loaded(LoadedAssets),
    /// Being worked on: each file is read when it is asked for.
    Watched(PathBuf),
}

/// Files by their addresses, as `/pkg/teahouse.js`.
#[derive(Default)]
pub(crate) struct LoadedAssets(HashMap<String, Asset>);

/// A file, with what was made of it to be sent in fewer bytes.
#[derive(Clone)]
pub(crate) struct Asset {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    kind: HeaderValue,
    /// The first half of the SHA-256 of what is in it, in hexadecimal.
    hash: String,
    /// Whether another file never has the same address.
    lasts: bool,
}

impl Assets {
    /// The page in `folder`. Without one: that in the program, or where it has none, that which `cargo leptos build` has
    /// left beside it or in `./target/site`.
    pub fn open(folder: Option<PathBuf>) -> Self {
        let folder = match folder {
            None if !EMBEDDED.is_empty() => {
                let files = EMBEDDED.iter().map(|(path, file)| ((*path).to_owned(), Bytes::from_static(file)));
                return Self(AssetSource::Loaded(LoadedAssets::new(files)));
            }
            folder => folder.unwrap_or_else(built_site),
        };
        Self(if content_security_policy::is_watched() {
            AssetSource::Watched(folder)
        } else {
            AssetSource::Loaded(LoadedAssets::read(&folder))
        })
    }

    /// No files at all, as for tests of everything else.
    pub fn empty() -> Self {
        Self(AssetSource::Loaded(LoadedAssets::default()))
    }
}

impl LoadedAssets {
    fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let files: HashMap<String, Bytes> = files.into_iter().collect();
        let packed = |path: &str, ending| files.get(&format!("{path}{ending}")).cloned();
        let asset = |(path, plain): (&String, &Bytes)| {
            let (brotli, gzip) = (packed(path, ".br"), packed(path, ".gz"));
            (
                path.clone(),
                Asset { plain: plain.clone(), brotli, gzip, kind: kind(path), hash: hash(plain), lasts: false },
            )
        };
        Self(files.iter().map(asset).collect())
    }

    /// All files of a folder. What can't be read is missing, and told.
    fn read(folder: &Path) -> Self {
        let mut files = Vec::new();
        if let Err(error) = read_into(&mut files, folder, "") {
            tracing::warn!(%error, folder = %folder.display(), "the page is missing, or a part of it");
        }
        Self::new(files)
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Asset> {
        self.0.get(path)
    }

    /// Gives a file, if it is there, a second address that says what is in it: `/office.0123456789abcdef.css`.
    pub(crate) fn name_by_content(&mut self, path: &mut String) {
        let Some(asset) = self.0.get(path).cloned() else { return };
        let (name, kind) = path.rsplit_once('.').unwrap_or((path, ""));
        *path = format!("{name}.{}.{kind}", short(&asset.hash));
        self.0.insert(path.clone(), Asset { lasts: true, ..asset });
    }

    /// The same for all scripts and programs in `folder`. They name each other, so all of them get one new folder, whose
    /// name says what is in any of them: `/pkg.0123456789abcdef`.
    pub(crate) fn name_folder_by_content(&mut self, folder: &str) -> String {
        let is_of_program = |path: &str| {
            path.strip_prefix(folder).is_some_and(|name| name.starts_with('/'))
                && [".js", ".wasm"].iter().any(|kind| path.ends_with(kind))
        };
        let mut files: Vec<_> = self.0.iter().filter(|(path, _)| is_of_program(path)).collect();
        files.sort_unstable_by_key(|(path, _)| *path);
        let hashes: Vec<String> = files.iter().map(|(path, asset)| format!("{path} {}", asset.hash)).collect();
        let named = format!("{folder}.{}", short(&hash(hashes.join("\n").as_bytes())));
        let files: Vec<_> = files
            .into_iter()
            .map(|(path, asset)| (path.replacen(folder, &named, 1), Asset { lasts: true, ..asset.clone() }))
            .collect();
        self.0.extend(files);
        named
    }
}

impl Asset {
    /// The file as a text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        str::from_utf8(&self.plain).ok()
    }

    /// What is sent to somebody who asks for it: nothing if they have it already (RFC 9110 §13.1.2).
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Response {
        let (body, encoding) = match (Packing::accepted(asked), &self.brotli, &self.gzip) {
            (Packing::Brotli, Some(packed), _) => (packed, Some("br")),
            (Packing::Brotli | Packing::Gzip, _, Some(packed)) => (packed, Some("gzip")),
            _ => (&self.plain, None),
        };
        // Weak, because it is the same for every packing.
        let tag = format!("W/\"{}\"", self.hash);
        let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        let has_it = known.flat_map(|line| line.split(',')).map(str::trim).any(|known| known == tag || known == "*");
        let mut response = if has_it { StatusCode::NOT_MODIFIED.into_response() } else { body.clone().into_response() };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, if self.lasts { FOR_GOOD } else { ASK_AGAIN });
        if let Ok(tag) = tag.try_into() {
            headers.insert(header::ETAG, tag);
        }
        if !has_it {
            headers.insert(header::CONTENT_TYPE, self.kind.clone());
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        response
    }
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

fn kind(path: &str) -> HeaderValue {
    let kind = mime_guess::from_path(path).first_raw();
    HeaderValue::from_static(kind.unwrap_or("application/octet-stream"))
}

/// As much of a hash as stands in an address.
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

    fn asked(headers: &[(header::HeaderName, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_file_is_sent_in_the_fewest_bytes_that_can_be_read() {
        let assets = assets();
        for (path, accepted, encoding, length) in [
            ("/a.js", "gzip, br", Some("br"), "6"),
            ("/a.js", "gzip", Some("gzip"), "4"),
            ("/a.js", "br;q=0, gzip", Some("gzip"), "4"),
            ("/a.js", "identity", None, "5"),
            ("/a.js", "", None, "5"),
            ("/b.svg", "gzip, br", None, "5"),
        ] {
            let answer = assets.get(path).expect("a file").answer(&asked(&[(header::ACCEPT_ENCODING, accepted)]));
            let header = |name| answer.headers().get(name).map(|value: &HeaderValue| value.to_str().expect("a text"));
            assert_eq!(header(header::CONTENT_ENCODING), encoding, "{path} for {accepted:?}");
            assert_eq!(header(header::CONTENT_LENGTH), Some(length), "{path} for {accepted:?}");
            assert_eq!(header(header::VARY), Some("accept-encoding"), "{path} for {accepted:?}");
        }
    }

    #[test]
    fn a_browser_that_has_the_file_is_sent_nothing() {
        let assets = assets();
        let asset = assets.get("/b.svg").expect("a file");
        let tag = asset.answer(&HeaderMap::new()).headers()[header::ETAG].to_str().expect("a text").to_owned();
        for known in [&tag, "*", &format!("\"other\", {tag}")] {
            let answer = asset.answer(&asked(&[(header::IF_NONE_MATCH, known)]));
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(answer.headers()[header::ETAG], tag, "{known}");
        }
        let answer = asset.answer(&asked(&[(header::IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
