//! Locks between the pages of this browser (Web Locks): a page holds its own for as long as somebody is signed in there.
//!
//! Browsers have them in secure contexts only, which a page over plain HTTP from another machine is not.

use std::cell::RefCell;

use futures_channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request(
        name: &str,
        options: &JsValue,
        granted: &Closure<dyn FnMut(JsValue) -> Promise>,
    ) -> Result<Promise, JsValue>;
}

/// Holds the lock until what it gives is dropped, or the page ends. `None` where there are no locks.
pub(crate) fn hold(name: &str) -> Option<Held> {
    let mut release = None;
    let held = Promise::new(&mut |resolve, _| release = Some(resolve));
    let granted = Closure::new(move |_| held.clone());
    let is_requested = request(name, &Object::new(), &granted).is_ok();
    granted.forget();
    release.filter(|_| is_requested).map(Held)
}

/// Waits until the lock is free, if it has to; `Some` while it is held, until what it gives is dropped.
pub(crate) async fn take(name: &str, at_once: bool) -> Option<Held> {
    let (sender, granted) = oneshot::channel();
    let sender = RefCell::new(Some(sender));
    let callback = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |lock: JsValue| {
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let held_by = release.filter(|_| !lock.is_null()).map(Held);
        if held_by.is_none() {
            drop(sender.take());
            return Promise::resolve(&JsValue::NULL);
        }
        match sender.take() {
            // Nobody waits any more if this fails; then dropping it frees the lock.
            Some(sender) => drop(sender.send(held_by)),
            None => drop(held_by),
        }
        held
    });
    let options = Object::new();
    // Setting a property of a plain object can't fail.
    drop(Reflect::set(&options, &"ifAvailable".into(), &at_once.into()));
    // It ends with the lock, which is told by the callback.
    drop(request(name, &options, &callback).ok()?);
    granted.await.ok().flatten()
}

/// A lock that is held. Dropping it frees the lock.
pub(crate) struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.call0(&JsValue::UNDEFINED));
    }
}
