//! Components and helpers that know nothing of the screens they are used on.

pub(crate) mod avatar;
pub(crate) mod boxed;
pub(crate) mod caret;
pub(crate) mod clipboard;
pub(crate) mod dom;
pub(crate) mod form_request;
pub(crate) mod icons;
pub(crate) mod keyed_list;
pub(crate) mod lazy;
pub(crate) mod password_field;
pub(crate) mod reactive;
pub(crate) mod sentence;
pub(crate) mod skeleton;
pub(crate) mod styles;
pub(crate) mod time_format;
pub(crate) mod user_name;
