//! Views, effects and event handlers in a form that keeps the WebAssembly small.
//!
//! A view may contain a closure directly. But then the compiler makes the code that updates it again for each closure, which
//! was a third of what a browser had to load. The functions here wrap closures in one type, so that this code exists once.

use std::sync::{Arc, Mutex};

use leptos::{prelude::*, tachys::reactive_graph::SharedReactiveFunction};

use crate::ui::kit::boxed::{Boxed, Boxing as _};

/// A text or an attribute that follows the signals that it reads.
pub(crate) fn reactive<T>(value: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(value))
}

/// A view that follows the signals that it reads. Each change replaces its DOM nodes.
pub(crate) fn reactive_view<V: IntoView + 'static>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> SharedReactiveFunction<Boxed> {
    reactive(move || view().boxed())
}

/// A view that follows the signals that it reads. A change updates its DOM nodes in place, so that an element keeps the focus
/// or a press of the mouse.
pub(crate) fn reactive_in_place<V: IntoView + 'static>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> SharedReactiveFunction<AnyView> {
    reactive(move || view().into_any())
}

/// A derived value that notifies its readers only when it changes.
pub(crate) fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn of_one_type<T: PartialEq + Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| value())
    }
    of_one_type(Box::new(value))
}

/// Runs `action` now, and again whenever a signal that it reads changes. Runs in browsers only.
pub(crate) fn effect(action: impl FnMut() + 'static) {
    fn of_one_type(action: Box<dyn FnMut()>) {
        Effect::new(action);
    }
    of_one_type(Box::new(action));
}

/// An event handler.
pub(crate) fn on<E>(handler: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handler)
}

/// Sets a signal only if its value changes, because `set` always notifies the readers.
pub(crate) fn set_if_changed(signal: RwSignal<bool>, value: bool) {
    if signal.get_untracked() != value {
        signal.set(value);
    }
}
