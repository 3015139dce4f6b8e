//! Lazily loaded code.
//!
//! A build with the feature `split` moves such code into chunks: files of their own, which the browser fetches when the page
//! is idle, or when an event needs one earlier; a large one only then. In any other build the code is there from the beginning.

use std::{future::Future, pin::Pin, sync::OnceLock};

#[cfg(feature = "split")]
use leptos::wasm_split::SplitLoaderError;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast as _, closure::Closure};

use crate::{
    client::{ClientStore, ConnectionStatus},
    ui::{
        i18n::Texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::effect,
        },
    },
};

/// A chunk could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotLoaded;

#[cfg(feature = "split")]
impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// The fetching of a chunk.
pub(crate) type Loading = Pin<Box<dyn Future<Output = Result<(), NotLoaded>>>>;

/// A value, usually a function, whose code is in a chunk. A handle: copies share the same state.
///
/// A chunk that could not be fetched is fetched again when it is needed, and when the connection is back.
#[derive(Clone, Copy)]
pub(crate) struct Lazy<F: 'static> {
    value: &'static OnceLock<F>,
    chunk: Chunk,
}

impl<F: Copy + Send + Sync + 'static> Lazy<F> {
    /// Takes the cell that `load` fills; [`lazy!`](crate::ui::kit::lazy) defines both. The chunk is fetched when the page is
    /// idle, because the network may be down by the time when it is needed.
    pub(crate) fn new(value: &'static OnceLock<F>, load: fn() -> Loading) -> Self {
        let lazy = Self::on_demand(value, load);
        lazy.chunk.load_when_idle();
        lazy
    }

    /// Like [`new`](Self::new), for a large chunk that not everybody needs: an event fetches it.
    pub(crate) fn on_demand(value: &'static OnceLock<F>, load: fn() -> Loading) -> Self {
        Self { value, chunk: Chunk::new(load, value.get().is_some()) }
    }

    /// Fetches the chunk, unless it is loaded or on its way. Tries again after a failure.
    pub(crate) fn load(self) {
        self.chunk.load();
    }

    /// The value, if the chunk is loaded.
    pub(crate) fn get(self) -> Option<F> {
        self.value.get().copied()
    }

    /// Like [`get`](Self::get), and tracks the loading as a signal.
    pub(crate) fn get_tracked(self) -> Option<F> {
        self.chunk.state.track();
        self.get()
    }

    /// Calls `action` with the value once the chunk is loaded, at once if it is; or with `None` if it could not be fetched.
    pub(crate) fn when_loaded(self, action: impl FnOnce(Option<F>) + 'static) {
        if let value @ Some(_) = self.get() {
            self.chunk.state.try_set(LazyState::Loaded);
            return action(value);
        }
        self.chunk.fetch(Box::new(move || action(self.get())));
    }

    /// Makes a view from the value once the chunk is loaded. Until then it is empty, or an error if the chunk could not be
    /// fetched.
    pub(crate) fn view(self, t: &Texts, view: impl FnOnce(F) -> Boxed) -> Boxed {
        self.get_tracked().map_or_else(|| self.chunk.problem(t), view)
    }
}

/// The fetching of a chunk for one [`Lazy`].
#[derive(Clone, Copy)]
struct Chunk {
    load: fn() -> Loading,
    state: RwSignal<LazyState>,
}

#[derive(Clone, Copy, PartialEq)]
enum LazyState {
    Absent,
    Loading,
    Loaded,
    Failed,
}

impl Chunk {
    fn new(load: fn() -> Loading, is_loaded: bool) -> Self {
        let state = if is_loaded { LazyState::Loaded } else { LazyState::Absent };
        let (store, chunk) = (expect_context::<ClientStore>(), Self { load, state: RwSignal::new(state) });
        effect(move || {
            if store.connection_status.get() == ConnectionStatus::Online
                && chunk.state.try_get_untracked() == Some(LazyState::Failed)
            {
                chunk.load();
            }
        });
        chunk
    }

    fn load_when_idle(self) {
        effect(move || {
            if self.state.try_get_untracked() == Some(LazyState::Absent) {
                when_idle(move || self.load());
            }
        });
    }

    fn load(self) {
        if matches!(self.state.try_get_untracked(), Some(LazyState::Absent | LazyState::Failed)) {
            self.state.set(LazyState::Loading);
            self.fetch(Box::new(|| ()));
        }
    }

    /// Calls `then` when the chunk has come, or could not be fetched.
    fn fetch(self, then: Box<dyn FnOnce()>) {
        spawn_local(async move {
            let loaded = (self.load)().await;
            self.state.try_set(if loaded.is_ok() { LazyState::Loaded } else { LazyState::Failed });
            then();
        });
    }

    fn problem(self, t: &Texts) -> Boxed {
        if self.state.get() == LazyState::Failed {
            view! { <p class="problem small" role="alert">{t.errors.unreachable}</p> }.boxed()
        } else {
            ().boxed()
        }
    }
}

/// Runs `action` when the browser has nothing more urgent to do.
fn when_idle(action: impl FnOnce() + 'static) {
    let action = Closure::once_into_js(action);
    // Safari has no idle callbacks. A timer that is due at once still lets the browser render first.
    if window().request_idle_callback(action.unchecked_ref()).is_err() {
        // Setting a timer cannot fail.
        drop(window().set_timeout_with_callback(action.unchecked_ref()));
    }
}

/// `lazy!(chat: ACCOUNT, load_account, fill_account, fn() -> Boxed = account)` moves the function `account` into the
/// chunk `chat`, with everything that only the functions in this chunk need. `Lazy::new(&ACCOUNT, load_account)` gives
/// access to it. A list of files in `style` may follow, whose rules only this function needs: `, styles "account.css"`.
macro_rules! lazy {
    ($chunk:ident: $cell:ident, $load:ident, $fill:ident, $kind:ty = $value:expr $(, styles $($style:literal),+)?) => {
        static $cell: std::sync::OnceLock<$kind> = std::sync::OnceLock::new();

        #[cfg_attr(
                            feature = "split",
                            leptos::wasm_split::wasm_split($chunk, wasm_split_path = ::leptos::wasm_split, fallible)
                        )]
        fn $fill() -> Result<(), $crate::ui::kit::lazy::NotLoaded> {
            $cell.get_or_init(|| {
                $($(
                    $crate::ui::kit::styles::adopt(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/style/", $style)));
                )+)?
                $value
            });
            Ok(())
        }

        fn $load() -> $crate::ui::kit::lazy::Loading {
            Box::pin(async {
                #[cfg(feature = "split")]
                let filled = $fill().await;
                #[cfg(not(feature = "split"))]
                let filled = $fill();
                filled
            })
        }
    };
}
pub(crate) use lazy;
