//! Parts of a view that follow signals, and what follows from what happens on the page.
//!
//! A closure in a view works as well, but the compiler makes the code that keeps it up to date anew for each closure,
//! and that was a third of what a browser had to load. Handed over as one type, that code exists once.

use std::sync::{Arc, Mutex};

use leptos::{prelude::*, tachys::reactive_graph::SharedReactiveFunction};

use crate::ui::kit::boxed::{Boxed, Boxing as _};

/// A value that follows the signals it reads: a text, or an attribute.
pub(crate) fn live<T>(value: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(value))
}

/// A piece of a view that follows the signals it reads.
pub(crate) fn live_view<V: IntoView + 'static>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> SharedReactiveFunction<Boxed> {
    live(move || view().boxed())
}

/// A piece of a view that follows the signals it reads, and of which what stays the same is not made anew: what is pressed
/// or has the focus.
pub(crate) fn live_in_place<V: IntoView + 'static>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> SharedReactiveFunction<AnyView> {
    live(move || view().into_any())
}

/// A value that is told of only when it becomes another.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn of_one_type<T: PartialEq + Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| value())
    }
    of_one_type(Box::new(value))
}

/// What is done whenever the signals that it reads have changed.
pub(crate) fn effect(deed: impl FnMut() + 'static) {
    fn of_one_type(deed: Box<dyn FnMut()>) {
        Effect::new(deed);
    }
    of_one_type(Box::new(deed));
}

/// What is done when an event comes.
pub(crate) fn on<E>(deed: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(deed)
}
