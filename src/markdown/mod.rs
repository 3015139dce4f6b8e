//! What the text of a message is formatted as: bold, lists, code and so on, in the Markdown that people type in chats. Pure:
//! nothing here knows of views.

mod blocks;
mod characters;
mod code_block;
mod emphasis;
mod excerpt;
pub(crate) mod highlight;
mod inlines;
mod links;
mod list;
pub(crate) mod marking;
mod mentions;
mod nodes;
mod place;
mod signs;
mod table;
mod target;
#[cfg(all(test, feature = "ssr"))]
mod tests;

pub use blocks::parse;
pub(crate) use code_block::{ends_in_code, is_fence};
pub(crate) use excerpt::excerpt;
pub use mentions::{parse_with_mentions, plain_with_mentions};
pub use nodes::{Alignment, Block, Inline, Link, Table, visible_text};
pub(crate) use signs::is_long;
pub use signs::may_be_formatted;
