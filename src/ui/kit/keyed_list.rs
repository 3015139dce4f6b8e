//! Lists whose rows keep their DOM nodes when the list changes.

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
    client::ClientStore,
    ui::{
        i18n::Language,
        kit::{boxed::Boxed, reactive::reactive},
    },
};

/// What identifies a row: its kind, and its id among the rows of this kind.
pub(crate) type RowId = (u8, u128);

/// A row, whose view is made only if the list has no row with this key yet.
pub(crate) struct KeyedRow {
    key: RowId,
    view: Box<dyn FnOnce() -> Boxed + Send>,
}

/// A list that follows the signals that its items read. All lists share one type, so that their code exists once.
pub(crate) type KeyedList = SharedReactiveFunction<
    Keyed<KeyedRow, Vec<KeyedRow>, RowId, fn(&KeyedRow) -> RowId, RowBuilder, fn(usize), OwnedView<Boxed>>,
>;

type RowBuilder = Box<dyn Fn(usize, KeyedRow) -> (fn(usize), OwnedView<Boxed>) + Send>;

impl KeyedRow {
    pub(crate) fn new(key: RowId, view: impl FnOnce() -> Boxed + Send + 'static) -> Self {
        Self { key, view: Box::new(view) }
    }
}

/// A list of rows. Leptos' own `For` keeps about 100 bytes for every row that it ever showed, for as long as the list lives.
/// So each row gets its own root owner here, with the contexts that its components need.
pub(crate) fn keyed_list(items: impl Fn() -> Vec<KeyedRow> + Send + 'static) -> KeyedList {
    let (store, language) = (expect_context::<ClientStore>(), expect_context::<RwSignal<Language>>());
    reactive(move || {
        let build_row: RowBuilder = Box::new(move |_, item: KeyedRow| {
            // `new_root` makes the new owner the current one. `with` puts the list's owner back.
            let list_owner = Owner::current().unwrap_or_default();
            let owner = list_owner.with(|| Owner::new_root(Owner::current_shared_context()));
            let view = owner.with(|| {
                provide_context(store);
                provide_context(language);
                (item.view)()
            });
            (drop::<usize> as fn(usize), OwnedView::new_with_owner(view, owner))
        });
        restore_focus();
        keyed(items(), (|item: &KeyedRow| item.key) as fn(&KeyedRow) -> RowId, build_row)
    })
}

/// Gives the focus back to a row that loses it because the list moves the row. Otherwise a keyboard user would have to start
/// again at the top of the page.
fn restore_focus() {
    if cfg!(feature = "ssr") {
        return;
    }
    let in_row = |focused: &Element| focused.closest("li").is_ok_and(|row| row.is_some());
    let Some(focused) = document().active_element().filter(in_row) else { return };
    spawn_local(async move {
        tick().await;
        let now = document().active_element();
        if focused.is_connected() && now.is_none_or(|now| now.tag_name() == "BODY") {
            // The element had the focus before, so it accepts it again.
            drop(focused.unchecked_into::<HtmlElement>().focus());
        }
    });
}
