//! What the text of a message is formatted as. Pure: nothing here knows of views.

pub(crate) mod links;

/// Whether a text may have formatting. Cheap, because the page asks it of each message before it has the code to format one.
pub(crate) fn may_be_formatted(text: &str) -> bool {
    text.contains("://")
}
