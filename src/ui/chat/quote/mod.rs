//! Quotes: the author and the beginning of a message that another one replies to.

mod content;
mod lazy_quotes;

pub(super) use content::QuotedMessage;
pub(super) use lazy_quotes::LazyQuotes;
