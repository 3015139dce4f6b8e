//! Web Locks, which the pages of this browser share: a page holds its own lock while a user is signed in there.
//!
//! Browsers have them in secure contexts only. A page over plain HTTP from another machine is none.

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

/// Holds a lock until the guard is dropped or the page closes. Returns `None` if the browser has no locks.
pub(crate) fn hold(name: &str) -> Option<LockGuard> {
    let mut release = None;
    let held = Promise::new(&mut |resolve, _| release = Some(resolve));
    let granted = Closure::new(move |_| held.clone());
    let is_requested = request(name, &Object::new(), &granted).is_ok();
    granted.forget();
    release.filter(|_| is_requested).map(LockGuard)
}

/// Acquires a lock; waits for it unless `only_if_available`. The lock is held until the guard is dropped.
pub(crate) async fn acquire(name: &str, only_if_available: bool) -> Option<LockGuard> {
    let (sender, granted) = oneshot::channel();
    let sender = RefCell::new(Some(sender));
    let callback = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |lock: JsValue| {
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let guard = release.filter(|_| !lock.is_null()).map(LockGuard);
        if guard.is_none() {
            drop(sender.take());
            return Promise::resolve(&JsValue::NULL);
        }
        match sender.take() {
            // Fails if the receiver is gone; dropping the guard then releases the lock.
            Some(sender) => drop(sender.send(guard)),
            None => drop(guard),
        }
        held
    });
    let options = Object::new();
    // Setting a property of a plain object can't fail.
    drop(Reflect::set(&options, &"ifAvailable".into(), &only_if_available.into()));
    // The promise resolves when the lock is released; the callback says when it is granted.
    drop(request(name, &options, &callback).ok()?);
    granted.await.ok().flatten()
}

/// A held lock, which is released on drop.
pub(crate) struct LockGuard(Function);

impl Drop for LockGuard {
    fn drop(&mut self) {
        drop(self.0.call0(&JsValue::UNDEFINED));
    }
}
