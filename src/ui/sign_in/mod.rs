//! The sign-in page: a nickname to start with, or a nickname and its password.

mod form;
mod page;

pub(super) use page::SignInPage;
