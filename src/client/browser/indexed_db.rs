//! IndexedDB: one object store of texts, which all pages of this browser share and which outlives them.
//!
//! A browser may forbid it (private windows, full disk). Then nothing outlives the page; the user is warned once, and
//! nothing else changes.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Function;
use leptos::prelude::window;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransactionMode};

#[wasm_bindgen]
extern "C" {
    /// A transaction. web-sys calls its method `commit` deprecated; the standard (Indexed Database API 3.0) does not.
    type CommitTransaction;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &CommitTransaction) -> Result<(), JsValue>;
}

const DATABASE: &str = "teahouse";
const OUTBOX: &str = "outbox";

/// How long to wait for a result, in milliseconds, before the page continues without it.
const TIMEOUT: u32 = 2_000;

/// The database. Where a method returns `None`, it did not work, and the page continues without.
pub(crate) struct Storage(IdbDatabase);

impl Storage {
    /// Opens the database, and creates it on the first visit.
    pub(crate) async fn open() -> Option<Self> {
        let request: IdbOpenDbRequest = window().indexed_db().ok()??.open_with_u32(DATABASE, 1).ok()?;
        let upgrade_request = request.clone();
        let create = Closure::once_into_js(move || {
            if let Some(database) =
                upgrade_request.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok())
            {
                // Fails only if the object store exists, and then this is not called.
                drop(database.create_object_store(OUTBOX));
            }
        });
        request.set_onupgradeneeded(Some(create.unchecked_ref()));
        request_result(&request).await?.dyn_into().ok().map(Self)
    }

    /// Stores `text` under `key`, replacing an earlier text. It begins before the future is polled; the future returns
    /// whether it is done, or `None` if that is not known in time.
    pub(crate) fn put(&self, key: &str, text: &str) -> impl Future<Output = Option<bool>> + use<> {
        let (text, key) = (JsValue::from_str(text), JsValue::from_str(key));
        let outbox = self.outbox(IdbTransactionMode::Readwrite);
        transaction_completed(outbox.and_then(|outbox| outbox.put_with_key(&text, &key).ok()))
    }

    /// Deletes the text under `key`. As for [`Self::put`], it begins at once, after all earlier changes.
    pub(crate) fn delete(&self, key: &str) -> impl Future<Output = Option<bool>> + use<> {
        let outbox = self.outbox(IdbTransactionMode::Readwrite);
        transaction_completed(outbox.and_then(|outbox| outbox.delete(&JsValue::from_str(key)).ok()))
    }

    /// All texts, in the order of their keys.
    pub(crate) async fn all(&self) -> Vec<String> {
        let Some(request) = self.outbox(IdbTransactionMode::Readonly).and_then(|outbox| outbox.get_all().ok()) else {
            return Vec::new();
        };
        let Some(texts) = request_result(&request).await.filter(js_sys::Array::is_array) else { return Vec::new() };
        js_sys::Array::from(&texts).iter().filter_map(|text| text.as_string()).collect()
    }

    fn outbox(&self, mode: IdbTransactionMode) -> Option<IdbObjectStore> {
        let transaction = self.0.transaction_with_str_and_mode(OUTBOX, mode).ok()?;
        transaction.object_store(OUTBOX).ok()
    }
}

/// The result of a request.
async fn request_result(request: &IdbRequest) -> Option<JsValue> {
    let (callback, called) = callback_once();
    request.set_onsuccess(Some(&callback));
    request.set_onerror(Some(&callback));
    within_timeout(called).await?;
    request.result().ok()
}

/// Whether the transaction of a change has completed; `None` if that is not known in time.
fn transaction_completed(request: Option<IdbRequest>) -> impl Future<Output = Option<bool>> {
    let waiting = request.and_then(|request| request.transaction()).map(|transaction| {
        let (callback, called) = callback_once();
        transaction.set_oncomplete(Some(&callback));
        transaction.set_onabort(Some(&callback));
        // If the page closes now, a transaction is lost unless it was told to commit. Where `commit` is missing, or comes too
        // late, the transaction commits by itself.
        drop(transaction.unchecked_ref::<CommitTransaction>().commit());
        (transaction, called)
    });
    async move {
        let Some((transaction, called)) = waiting else { return Some(false) };
        within_timeout(called).await.map(|()| transaction.error().is_none())
    }
}

/// A JavaScript function to be called once, and a receiver that resolves when it is called.
fn callback_once() -> (Function, oneshot::Receiver<()>) {
    let (sender, called) = oneshot::channel();
    let callback = Closure::once_into_js(move || {
        // Fails if the receiver was dropped after a timeout.
        let _ = sender.send(());
    });
    (callback.unchecked_into(), called)
}

async fn within_timeout(called: oneshot::Receiver<()>) -> Option<()> {
    match select(called, TimeoutFuture::new(TIMEOUT)).await {
        Either::Left((called, _)) => called.ok(),
        Either::Right(_) => None,
    }
}
