//! Where documents are made: beside the threads that deliver messages, and only so many at a time.
//!
//! To render and pack one takes some milliseconds, in which a thread does nothing else. So it is done on threads for work
//! that blocks, at most as many at once as leave one core to the messages. Others wait for their turn, not too many and not
//! for ever, before anything is read for them.

use std::{io::Write as _, sync::Arc, thread, time::Duration};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, write::GzEncoder};
use leptos::prelude::{IntoView, Owner, RenderHtml as _};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use crate::{protocol::ErrorCode, server::PageError};

/// How many may wait: all of a school that comes for the first time.
const WAITING: usize = 512;

/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Less than this is not worth packing: it fits into a packet or two.
const SMALL: usize = 2 * 1024;

/// Documents are made anew each time, so what packs them must be quick: a millisecond for a page.
const BROTLI_QUALITY: u32 = 5;

/// How far back Brotli looks, as a power of two: farther than most pages are long.
const BROTLI_WINDOW: u32 = 18;

/// The turns at making documents.
#[derive(Clone)]
pub(crate) struct Renders {
    at_once: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A turn, taken before what is to be shown is read.
pub(crate) struct RenderTurn {
    _permit: OwnedSemaphorePermit,
}

/// How an answer may be packed (RFC 9110 §12.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Brotli,
    Gzip,
    None,
}

impl Renders {
    /// So many at once that one core is left.
    pub(crate) fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::with(cores.saturating_sub(1).max(1), WAITING)
    }

    fn with(at_once: usize, waiting: usize) -> Self {
        Self { at_once: Arc::new(Semaphore::new(at_once)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// If too many wait, or it takes too long.
    pub(crate) async fn turn(&self) -> Result<RenderTurn, PageError> {
        let busy = PageError { status: StatusCode::SERVICE_UNAVAILABLE, code: ErrorCode::RateLimited };
        let _waiting = self.waiting.try_acquire().map_err(|_| busy)?;
        match timeout(PATIENCE, Arc::clone(&self.at_once).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(RenderTurn { _permit: permit }),
            _ => Err(busy),
        }
    }
}

impl RenderTurn {
    /// Makes a document of what `view` gives, as an answer that is packed already.
    pub(crate) async fn render<V: IntoView>(
        self,
        packing: Packing,
        view: impl FnOnce() -> V + Send + 'static,
    ) -> Response {
        let html = move || packing.answer(Owner::new_root(None).with(|| view().into_view().to_html()));
        self.run(html).await.unwrap_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }

    /// `None` if it panicked. The turn lasts as long as the work, also when nobody waits for that any more.
    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let done = spawn_blocking(move || {
            let done = work();
            drop(self);
            done
        });
        done.await.inspect_err(|error| tracing::error!(%error, "a page could not be rendered")).ok()
    }
}

impl Packing {
    /// The best that the one who asks can unpack.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        let accepted = lines.flat_map(|line| line.split(',')).filter_map(|entry| {
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
        accepted.fold(Self::None, |best, other| match (best, other) {
            (Self::Brotli, _) | (_, Self::Brotli) => Self::Brotli,
            (Self::Gzip, _) | (_, Self::Gzip) => Self::Gzip,
            _ => Self::None,
        })
    }

    fn answer(self, html: String) -> Response {
        let (body, encoding) = self.pack(html);
        let mut response = Response::new(body.into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn pack(self, html: String) -> (Bytes, Option<&'static str>) {
        let packed = match self {
            _ if html.len() < SMALL => None,
            Self::None => None,
            Self::Brotli => brotli(&html).map(|packed| (packed, "br")),
            Self::Gzip => gzip(&html).map(|packed| (packed, "gzip")),
        };
        match packed {
            Some((packed, encoding)) => (packed.into(), Some(encoding)),
            None => (html.into(), None),
        }
    }
}

/// Writing to memory does not fail; if it did, the page would go unpacked.
fn brotli(html: &str) -> Option<Vec<u8>> {
    let mut packer = brotli::CompressorWriter::new(Vec::new(), 16 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    packer.write_all(html.as_bytes()).ok()?;
    Some(packer.into_inner())
}

fn gzip(html: &str) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(html.as_bytes()).ok()?;
    packer.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use leptos::prelude::*;

    use super::*;

    #[tokio::test]
    async fn a_page_that_is_being_rendered_holds_up_nothing_on_its_thread() {
        // One thread, as every shard has.
        let renders = Renders::with(1, 1);
        let (delivered, waiting) = mpsc::channel();
        let turn = renders.turn().await.expect("a turn");
        let rendering = tokio::spawn(turn.render(Packing::None, move || {
            waiting.recv().expect("this page needs what happens meanwhile");
            view! { <p>"done"</p> }
        }));
        tokio::task::yield_now().await;
        delivered.send(()).expect("somebody who waits for it");
        assert_eq!(rendering.await.expect("a page").status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn only_so_many_pages_are_rendered_at_a_time_and_only_so_many_wait() {
        let renders = Renders::with(1, 1);
        let first = renders.turn().await.expect("a turn");
        let second = renders.turn();
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(renders.turn().await.err().map(|refused| refused.status), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(first.run(|| 1).await, Some(1));
        second.await.expect("the turn that was given back");
    }

    #[tokio::test]
    async fn a_page_that_panics_gives_its_turn_back() {
        let renders = Renders::with(1, 1);
        let turn = renders.turn().await.expect("a turn");
        let answer = turn.render(Packing::None, || -> () { panic!("a page that can't be made") }).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        renders.turn().await.expect("the turn that was given back");
    }

    #[test]
    fn a_page_is_packed_as_the_one_who_asks_can_unpack() {
        let accepted = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, line.parse().expect("a header"));
            Packing::accepted(&headers)
        };
        for (line, packing) in [
            ("gzip, deflate, br, zstd", Packing::Brotli),
            ("gzip, deflate", Packing::Gzip),
            ("br;q=0, GZIP;q=0.5", Packing::Gzip),
            ("br;q=0.0,gzip; q=0", Packing::None),
            ("identity", Packing::None),
            ("", Packing::None),
        ] {
            assert_eq!(accepted(line), packing, "{line}");
        }
        assert_eq!(Packing::accepted(&HeaderMap::new()), Packing::None);
    }

    #[test]
    fn a_packed_page_is_what_it_was_and_a_small_one_is_left_alone() {
        use std::io::Read as _;

        let page = "<p>好</p>".repeat(1_000);
        let (packed, encoding) = Packing::Gzip.pack(page.clone());
        let mut read = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut read).expect("gzip");
        assert_eq!((read.as_str(), encoding), (page.as_str(), Some("gzip")));
        let (packed, encoding) = Packing::Brotli.pack(page.clone());
        let mut read = String::new();
        brotli::Decompressor::new(&*packed, 4_096).read_to_string(&mut read).expect("Brotli");
        assert_eq!((read.as_str(), encoding), (page.as_str(), Some("br")));
        assert_eq!(Packing::Brotli.pack("<p>".to_owned()), ("<p>".into(), None));
    }
}
