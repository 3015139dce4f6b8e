//! The composer: the form in which the next message of a conversation is written.

mod audience;
mod completion;
mod draft;
mod emoji_button;
mod message_form;
mod pre_boot;
mod reply_note;

pub(crate) use draft::Draft;
pub(crate) use message_form::Composer;
#[cfg(feature = "ssr")]
pub(crate) use pre_boot::textarea_html;
