//! The page's icons: 24 × 24, strokes of 1.75, in the colour of the text around them.

use leptos::prelude::*;

use crate::ui::kit::boxed::{Boxed, Boxing as _};

/// Defines a function that draws an icon from the path data of an SVG.
macro_rules! icon {
    ($(#[$doc:meta])* $name:ident, $path:literal) => {
        $(#[$doc])*
        pub(crate) fn $name() -> Boxed {
            view! {
                <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"
                    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=$path></path></svg>
            }
            .boxed()
        }
    };
}

icon! {
    /// Teahouse's logo: a cup with steam.
    cup,
    "M4 11h13v3.5a6 6 0 0 1-6 6h-1a6 6 0 0 1-6-6zM17 12.2h1.4a2.5 2.5 0 0 1 0 5h-2M8 8c0-1.6 1.6-1.6 1.6-3.2M12.2 8c0-1.6 1.6-1.6 1.6-3.2"
}
icon! {
    /// A room.
    hash, "M9.5 5 8 19M16 5l-1.5 14M5 9.5h14.5M4.5 14.5H19"
}
icon! {
    /// Settings: two sliders.
    sliders,
    "M4 8h9M17 8h3M4 16h3M11 16h9M15 5.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM9 13.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4z"
}
icon! {
    /// Back to the sidebar.
    back, "M14.5 5.5 8 12l6.5 6.5"
}
icon! {
    /// Opens a list of choices.
    chevron, "m7 10 5 5 5-5"
}
icon! {
    /// Scroll down to the newest message.
    down, "M12 5v13M6.5 12.5 12 18l5.5-5.5"
}
icon! {
    /// Send.
    send, "M4.5 12 20 4.5 15 20l-3.5-6.5zM11.5 13.5 20 4.5"
}
icon! {
    /// Edit a message.
    pencil, "m14.5 6 3.5 3.5M4.5 19.5l1-4.5L16 4.5a2.1 2.1 0 0 1 3 0l.5.5a2.1 2.1 0 0 1 0 3L9 18.5z"
}
icon! {
    /// Delete a message.
    bin, "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5"
}
icon! {
    /// Report a message to the moderators.
    flag, "M6 21V4.5M6 5c3-1.5 5.5 1.5 12 0v8.5c-6.5 1.5-9-1.5-12 0"
}
icon! {
    /// Moderate.
    shield, "M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z"
}
icon! {
    /// Hide a conversation.
    close, "M6.5 6.5l11 11M17.5 6.5l-11 11"
}
icon! {
    /// Block a user.
    block, "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM6.4 6.4l11.2 11.2"
}
icon! {
    /// Show the password.
    eye,
    "M2.5 12S6 5.5 12 5.5s9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z"
}
icon! {
    /// More emoji.
    smile, "M19.5 12a7.5 7.5 0 1 1-6-7.35M9 14.5s1 1.5 3 1.5 3-1.5 3-1.5M9.5 10v.5M14.5 10v.5M19 2.5v5M16.5 5h5"
}
icon! {
    /// Insert an emoji.
    face, "M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM9 14.2s1 1.6 3 1.6 3-1.6 3-1.6M9.5 10v.5M14.5 10v.5"
}
icon! {
    /// A pinned message.
    pin, "M9 4.5h6M10 4.5v5l-3 3.5h10l-3-3.5v-5M12 13v6.5"
}
icon! {
    /// A private room.
    lock, "M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"
}
icon! {
    /// Create a room.
    plus, "M12 5.5v13M5.5 12h13"
}
icon! {
    /// Browse or search.
    search, "M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l4.5 4.5"
}
icon! {
    /// The members of a room.
    people, "M9 5.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM3 19c0-3.4 2.6-5.2 6-5.2s6 1.8 6 5.2M15.5 5.9a3.2 3.2 0 0 1 0 5.6M17.5 14.3c2.1.7 3.5 2.3 3.5 4.7"
}
icon! {
    /// About a room.
    info, "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 11v5M12 7.8v.4"
}
icon! {
    /// Copy a link.
    link, "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"
}
icon! {
    /// A muted conversation: a bell that is crossed out.
    muted, "M9.5 5.2A5 5 0 0 1 17 9.5v3l1.2 2.3M16 16.5H5.5L7 13.5v-4c0-.6.1-1.1.3-1.6M10 19.5h4M4.5 4.5l15 15"
}
icon! {
    /// Hear of a conversation again.
    bell, "M7 13.5v-4a5 5 0 0 1 10 0v4l1.5 3h-13zM10 19.5h4"
}
icon! {
    /// A conversation that is kept at the top of the list.
    to_top, "M5.5 5h13M12 19V9M7.5 13 12 8.5l4.5 4.5"
}
icon! {
    /// More actions.
    more, "M5.5 12h.01M12 12h.01M18.5 12h.01"
}
icon! {
    /// A mention.
    at, "M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM15.5 8.5v4.8c0 1.5 1 2.2 2 2.2 1.6 0 2.5-1.6 2.5-3.5a8 8 0 1 0-3.2 6.4"
}
icon! {
    /// Reply to a message.
    reply, "M10 6.5 4.5 12l5.5 5.5M5 12h8.5a6 6 0 0 1 6 6v.5"
}
icon! {
    /// A thread.
    thread, "M5 5.5h14v9.5h-7.5L7 19v-4H5zM9 9h6M9 12h4"
}
icon! {
    /// Unread messages.
    unread, "M4.5 6.5h9M4.5 6.5v11h15v-7M4.5 7l7.5 6 3-2.4M18.5 4.2a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.6z"
}
