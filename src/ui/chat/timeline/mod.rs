//! The timeline: the messages of the open conversation, their menu, and the scroll position.

mod button_actions;
mod emoji_menu;
mod lazy_menu;
mod loading;
mod menu;
mod menu_actions;
mod menu_content;
mod menu_reaction;
mod message_list;
mod message_row;
mod missed_box;
mod model;
mod mouse;
mod reactions;
mod reply_parts;
mod row_signals;
mod scroll;
mod versions_menu;

pub(super) use message_list::MessageList;
