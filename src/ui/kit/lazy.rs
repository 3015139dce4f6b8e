//! Code that a browser does not need at once: a build with the feature `split` puts it into a file of its own, which is
//! fetched as soon as the page has begun. In any other build it is there from the start.

use std::{future::Future, pin::Pin, sync::OnceLock};

#[cfg(feature = "split")]
use leptos::wasm_split::SplitLoaderError;
use leptos::{prelude::*, task::spawn_local};

use crate::ui::{
    i18n::Texts,
    kit::{
        boxed::{Boxed, Boxing as _},
        reactive::effect,
    },
};

/// The file could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotLoaded;

#[cfg(feature = "split")]
impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// Fetches a file.
pub(crate) type Loading = Pin<Box<dyn Future<Output = Result<(), NotLoaded>>>>;

/// A function in the lazy file. A handle: copies are the same function.
#[derive(Clone, Copy)]
pub(crate) struct Lazy<F: 'static> {
    function: &'static OnceLock<F>,
    load: fn() -> Loading,
    state: RwSignal<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Absent,
    Loading,
    Loaded,
    Failed,
}

impl<F: Copy + Send + Sync + 'static> Lazy<F> {
    /// `function` is set by `load`; see [`lazy!`](crate::ui::kit::lazy).
    pub(crate) fn new(function: &'static OnceLock<F>, load: fn() -> Loading) -> Self {
        let state = if function.get().is_some() { State::Loaded } else { State::Absent };
        let lazy = Self { function, load, state: RwSignal::new(state) };
        // Before it is needed: the connection may be gone by then. Effects run in browsers only.
        effect(move || lazy.load());
        lazy
    }

    /// Fetches the file, unless it is there or on its way.
    pub(crate) fn load(self) {
        if matches!(self.state.try_get_untracked(), Some(State::Absent | State::Failed)) {
            self.state.set(State::Loading);
            self.later(|_| {});
        }
    }

    /// The function, if it is there.
    pub(crate) fn get(self) -> Option<F> {
        self.function.get().copied()
    }

    /// The same, and follows it.
    pub(crate) fn follow(self) -> Option<F> {
        self.state.track();
        self.get()
    }

    /// Does something when the file is there, or could not be fetched.
    pub(crate) fn later(self, then: impl FnOnce(Option<F>) + 'static) {
        spawn_local(async move {
            let loaded = (self.load)().await;
            self.state.try_set(if loaded.is_ok() { State::Loaded } else { State::Failed });
            then(self.get());
        });
    }

    /// What the function makes of it when it is there; until then nothing, or the news that it could not be fetched.
    pub(crate) fn view(self, t: &Texts, view: impl FnOnce(F) -> Boxed) -> Boxed {
        match (self.state.get(), self.get()) {
            (_, Some(function)) => view(function),
            (State::Failed, None) => view! { <p class="problem small" role="alert">{t.unreachable}</p> }.boxed(),
            (_, None) => ().boxed(),
        }
    }
}

/// `lazy!(ACCOUNT, load_account, fill_account, fn() -> Boxed = account)` puts the function `account` into the lazy file;
/// `Lazy::new(&ACCOUNT, load_account)` is the way to it.
macro_rules! lazy {
    ($cell:ident, $load:ident, $fill:ident, $kind:ty = $function:expr) => {
        static $cell: std::sync::OnceLock<$kind> = std::sync::OnceLock::new();

        #[cfg_attr(
                            feature = "split",
                            leptos::wasm_split::wasm_split(lazy, wasm_split_path = ::leptos::wasm_split, fallible)
                        )]
        fn $fill() -> Result<(), $crate::ui::kit::lazy::NotLoaded> {
            $cell.get_or_init(|| $function);
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
