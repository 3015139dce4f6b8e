//! What outlives the page: one IndexedDB store of texts, which all pages of this browser share.
//!
//! A browser may forbid it (private windows, full disk). Then nothing outlives the page, which is told once, and nothing
//! else changes.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Function;
use leptos::prelude::window;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransactionMode};

use crate::domain::UserId;

#[wasm_bindgen]
extern "C" {
    /// A transaction; web-sys says of this method that it is deprecated, which the standard (Indexed Database API 3.0) does
    /// not.
    type Committing;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &Committing) -> Result<(), JsValue>;
}

const DATABASE: &str = "teahouse";
const OUTBOX: &str = "outbox";

/// How long an answer may take, in milliseconds, before the page goes on without it.
const PATIENCE: u32 = 2_000;

/// The store. `None` of anything means that it did not work; the page goes on without.
pub(crate) struct Storage(IdbDatabase);

impl Storage {
    /// Opens it, and makes it on the first visit.
    pub(crate) async fn open() -> Option<Self> {
        let opening: IdbOpenDbRequest = window().indexed_db().ok()??.open_with_u32(DATABASE, 1).ok()?;
        let making = opening.clone();
        let make = Closure::once_into_js(move || {
            if let Some(database) = making.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok()) {
                // Fails only if it is there, and then this is not called.
                drop(database.create_object_store(OUTBOX));
            }
        });
        opening.set_onupgradeneeded(Some(make.unchecked_ref()));
        answer(&opening).await?.dyn_into().ok().map(Self)
    }

    /// Keeps `text` under `key`, in place of what was there. Begins at once; what is awaited is whether it is done, as far
    /// as that is known in time.
    pub(crate) fn put(&self, key: &str, text: &str) -> impl Future<Output = Option<bool>> + use<> {
        let (text, key) = (JsValue::from_str(text), JsValue::from_str(key));
        let outbox = self.outbox(IdbTransactionMode::Readwrite);
        finished(outbox.and_then(|outbox| outbox.put_with_key(&text, &key).ok()))
    }

    /// Forgets what is kept under `key`. Begins at once, after all that was begun before.
    pub(crate) fn delete(&self, key: &str) -> impl Future<Output = Option<bool>> + use<> {
        let outbox = self.outbox(IdbTransactionMode::Readwrite);
        finished(outbox.and_then(|outbox| outbox.delete(&JsValue::from_str(key)).ok()))
    }

    /// All texts, in the order of their keys.
    pub(crate) async fn all(&self) -> Vec<String> {
        let Some(reading) = self.outbox(IdbTransactionMode::Readonly).and_then(|outbox| outbox.get_all().ok()) else {
            return Vec::new();
        };
        let Some(texts) = answer(&reading).await.filter(js_sys::Array::is_array) else { return Vec::new() };
        js_sys::Array::from(&texts).iter().filter_map(|text| text.as_string()).collect()
    }

    fn outbox(&self, mode: IdbTransactionMode) -> Option<IdbObjectStore> {
        let transaction = self.0.transaction_with_str_and_mode(OUTBOX, mode).ok()?;
        transaction.object_store(OUTBOX).ok()
    }
}

/// A text that all pages of this browser share and can read at once.
pub(crate) struct LocalFlag(String);

impl LocalFlag {
    /// Is there while something of this user's is kept, for `ui/chat/pre_boot.js`, which can't wait for the store to tell: what it
    /// sends would overtake that.
    pub(crate) fn of_outbox(user: UserId) -> Self {
        Self(format!("outbox {user}"))
    }

    /// Tells the other pages who has left, so that they forget as well.
    pub(crate) fn of_leaving() -> Self {
        Self("left".to_owned())
    }

    /// What it was set to.
    pub(crate) fn get(&self) -> Option<String> {
        marks()?.get_item(&self.0).ok()?
    }

    /// Sets it to `to`.
    pub(crate) fn set(&self, to: &str) {
        drop(marks().map(|marks| marks.set_item(&self.0, to)));
    }

    pub(crate) fn remove(&self) {
        drop(marks().map(|marks| marks.remove_item(&self.0)));
    }
}

fn marks() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}

/// What a request comes to.
async fn answer(request: &IdbRequest) -> Option<JsValue> {
    let (done, outcome) = outcome();
    request.set_onsuccess(Some(&done));
    request.set_onerror(Some(&done));
    in_time(outcome).await?;
    request.result().ok()
}

/// Whether a change is kept: with the end of its transaction, not before. `None` while that has not come.
fn finished(request: Option<IdbRequest>) -> impl Future<Output = Option<bool>> {
    let waiting = request.and_then(|request| request.transaction()).map(|transaction| {
        let (done, outcome) = outcome();
        transaction.set_oncomplete(Some(&done));
        transaction.set_onabort(Some(&done));
        // A page that ends now would take a transaction along that has not been told to commit.
        // Where that is not known, or too late, it ends by itself.
        drop(transaction.unchecked_ref::<Committing>().commit());
        (transaction, outcome)
    });
    async move {
        let Some((transaction, outcome)) = waiting else { return Some(false) };
        in_time(outcome).await.map(|()| transaction.error().is_none())
    }
}

/// A function that is called once, perhaps when nobody waits any more, and the call of it.
fn outcome() -> (Function, oneshot::Receiver<()>) {
    let (sender, outcome) = oneshot::channel();
    let done = Closure::once_into_js(move || {
        // Fails if nobody waits any more.
        let _ = sender.send(());
    });
    (done.unchecked_into(), outcome)
}

async fn in_time(outcome: oneshot::Receiver<()>) -> Option<()> {
    match select(outcome, TimeoutFuture::new(PATIENCE)).await {
        Either::Left((outcome, _)) => outcome.ok(),
        Either::Right(_) => None,
    }
}
