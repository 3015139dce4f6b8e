//! One drawn set: 24 × 24, strokes of 1.75, in the colour of the text beside them.

use leptos::prelude::*;

fn icon(paths: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round"
            stroke-linejoin="round" aria-hidden="true">
            <path d=paths/>
        </svg>
    }
}

/// The house's mark: a cup with steam.
pub(super) fn cup() -> impl IntoView {
    icon(
        "M4 11h13v3.5a6 6 0 0 1-6 6h-1a6 6 0 0 1-6-6zM17 12.2h1.4a2.5 2.5 0 0 1 0 5h-2M8 8c0-1.6 1.6-1.6 1.6-3.2M12.2 8c0-1.6 1.6-1.6 1.6-3.2",
    )
}

/// A room.
pub(super) fn hash() -> impl IntoView {
    icon("M9.5 5 8 19M16 5l-1.5 14M5 9.5h14.5M4.5 14.5H19")
}

/// Settings: two sliders.
pub(super) fn sliders() -> impl IntoView {
    icon(
        "M4 8h9M17 8h3M4 16h3M11 16h9M15 5.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM9 13.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4z",
    )
}

/// Back to the list.
pub(super) fn back() -> impl IntoView {
    icon("M14.5 5.5 8 12l6.5 6.5")
}

/// There is a choice behind it.
pub(super) fn chevron() -> impl IntoView {
    icon("m7 10 5 5 5-5")
}

/// Down to the newest.
pub(super) fn down() -> impl IntoView {
    icon("M12 5v13M6.5 12.5 12 18l5.5-5.5")
}

/// Send.
pub(super) fn send() -> impl IntoView {
    icon("M4.5 12 20 4.5 15 20l-3.5-6.5zM11.5 13.5 20 4.5")
}
