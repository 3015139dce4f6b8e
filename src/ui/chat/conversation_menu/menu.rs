//! The button that opens a conversation's menu.

use leptos::{
    ev::{FocusEvent, KeyboardEvent, MouseEvent},
    prelude::*,
};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

use crate::{
    domain::ConversationId,
    ui::{
        chat::conversation_menu::actions::actions,
        i18n::texts,
        kit::{
            boxed::{Boxed, Boxing as _},
            dom::focus_by_id,
            icons,
            lazy::{Lazy, lazy},
            reactive::{on, reactive, reactive_view},
        },
    },
};

type Actions = fn(ConversationId, Callback<()>) -> Boxed;

lazy!(chat: ACTIONS, load_actions, fill_actions, Actions = actions);

/// The actions of conversations. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyActions(Lazy<Actions>);

impl LazyActions {
    pub(crate) fn new() -> Self {
        Self(Lazy::new(&ACTIONS, load_actions))
    }
}

/// A button that opens the menu of a conversation. `place` says where the button is, and begins the ids of the elements;
/// `label` names the conversation.
pub(crate) fn menu_button(
    conversation: ConversationId,
    lazy: LazyActions,
    place: &'static str,
    label: impl Fn() -> String + Send + Sync + 'static,
) -> Boxed {
    fn of_one_type(
        conversation: ConversationId,
        lazy: LazyActions,
        place: &'static str,
        label: Box<dyn Fn() -> String + Send + Sync>,
    ) -> Boxed {
        let is_open = RwSignal::new(false);
        let (button, label) = (format!("{place}-menu-{conversation}"), StoredValue::new(label));
        let label = move || label.with_value(|label| label());
        let own_id = button.clone();
        let close = Callback::new(move |()| {
            is_open.set(false);
            focus_by_id(&button);
        });
        let toggle = move |_: MouseEvent| {
            lazy.0.load();
            is_open.update(|is_open| *is_open = !*is_open);
        };
        let on_key_down = move |event: KeyboardEvent| {
            if event.key() == "Escape" && is_open.get_untracked() {
                event.prevent_default();
                event.stop_propagation();
                close.run(());
            }
        };
        // A click elsewhere closes the menu, and so does Tab.
        let on_focus_out = move |event: FocusEvent| {
            let menu = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
            let next = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            if menu.is_some_and(|menu| !menu.contains(next.as_ref())) {
                is_open.set(false);
            }
        };
        let menu = move || {
            is_open.get().then(|| {
                let actions = lazy.0.view(texts(), |actions| actions(conversation, close));
                // A press on the menu must not take the focus out of it. Safari gives buttons no focus.
                view! {
                    <div class="menu" role="group" tabindex="-1" aria-label=label()>{actions}</div>
                }
            })
        };
        view! {
            <div class="menu-place" on:keydown=on(on_key_down) on:focusout=on(on_focus_out)>
                <button
                    type="button"
                    id=own_id
                    class="icon-button"
                    aria-label=reactive(label)
                    title=reactive(label)
                    aria-expanded=reactive(move || is_open.get().to_string())
                    on:click=on(toggle)
                >
                    {icons::more()}
                </button>
                {reactive_view(menu)}
            </div>
        }
        .boxed()
    }
    of_one_type(conversation, lazy, place, Box::new(label))
}
