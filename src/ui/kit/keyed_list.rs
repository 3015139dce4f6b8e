//! Lists whose rows stay the same rows.

use leptos::{
    prelude::*,
    tachys::{
        reactive_graph::{OwnedView, SharedReactiveFunction},
        view::keyed::{Keyed, keyed},
    },
    task::{spawn_local, tick},
};

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use crate::{
    client::Store,
    ui::{
        Language,
        kit::{boxed::Boxed, reactive::live},
    },
};

/// What makes a row the same row: which kind it is of, and which one of these.
pub(crate) type Key = (u8, u128);

/// A row that is to be there.
pub(crate) struct KeyedRow {
    key: Key,
    view: Box<dyn FnOnce() -> Boxed + Send>,
}

/// A list that follows the signals its items read. Of one type, as all that is [`live()`], so that its code exists once.
pub(crate) type List = SharedReactiveFunction<
    Keyed<KeyedRow, Vec<KeyedRow>, Key, fn(&KeyedRow) -> Key, RowBuilder, fn(usize), OwnedView<Boxed>>,
>;

type RowBuilder = Box<dyn Fn(usize, KeyedRow) -> (fn(usize), OwnedView<Boxed>) + Send>;

impl KeyedRow {
    pub(crate) fn new(key: Key, view: impl FnOnce() -> Boxed + Send + 'static) -> Self {
        Self { key, view: Box::new(view) }
    }
}

/// A list of these items. Leptos' own, `For`, remembers every row that there ever was for as long as the list is there,
/// a hundred bytes each; so here each row is the root of its own world, in which its components find what they look for.
pub(crate) fn list(items: impl Fn() -> Vec<KeyedRow> + Send + 'static) -> List {
    let (store, language) = (expect_context::<Store>(), expect_context::<RwSignal<Language>>());
    live(move || {
        let row: RowBuilder = Box::new(move |_, item: KeyedRow| {
            // Making a root sets it as the current one; it shall be that for the row alone.
            let here = Owner::current().unwrap_or_default();
            let owner = here.with(|| Owner::new_root(Owner::current_shared_context()));
            let view = owner.with(|| {
                provide_context(store);
                provide_context(language);
                (item.view)()
            });
            (drop::<usize> as fn(usize), OwnedView::new_with_owner(view, owner))
        });
        keep_focus();
        keyed(items(), (|item: &KeyedRow| item.key) as fn(&KeyedRow) -> Key, row)
    })
}

/// A row that moves loses the focus, and whoever goes through the list by keyboard would begin anew: it gets it back.
fn keep_focus() {
    if cfg!(feature = "ssr") {
        return;
    }
    let in_row = |focused: &Element| focused.closest("li").is_ok_and(|row| row.is_some());
    let Some(focused) = document().active_element().filter(in_row) else { return };
    spawn_local(async move {
        tick().await;
        let now = document().active_element();
        if focused.is_connected() && now.is_none_or(|now| now.tag_name() == "BODY") {
            // Whatever had the focus can have it.
            drop(focused.unchecked_into::<HtmlElement>().focus());
        }
    });
}
