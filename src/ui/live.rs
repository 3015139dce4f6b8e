//! Parts of a view that follow signals.
//!
//! A closure in a view works as well, but the compiler makes the code that keeps it up to date anew for each closure,
//! and that was a third of what a browser had to load. Handed over as one type, that code exists once.

use std::sync::{Arc, Mutex};

use leptos::{prelude::*, tachys::reactive_graph::SharedReactiveFunction};

/// A value that follows the signals it reads: a text, or an attribute.
pub(super) fn live<T>(value: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(value))
}

/// A piece of a view that follows the signals it reads.
pub(super) fn live_view<V: IntoView + 'static>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> SharedReactiveFunction<AnyView> {
    live(move || view().into_any())
}
