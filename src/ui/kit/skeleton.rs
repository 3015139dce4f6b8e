//! What stands for a list until it has come.

use leptos::prelude::*;

use crate::ui::kit::boxed::{Boxed, Boxing as _};

/// Grey rows, and `label` for screen readers: that something is loading.
pub(crate) fn skeleton(label: &'static str) -> Boxed {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{label}</span><i></i><i></i><i></i>
        </div>
    }
    .boxed()
}
