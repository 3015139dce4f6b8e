//! The browser decodes the server's frames with a decoder of its own (`protocol/from_json.rs`), which agrees with serde.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use teahouse::{
    domain::{
        ChangesPage, Completions, ConversationList, MentionPage, MessageHistory, MessagesPage, PinnedMessages,
        ThreadPage,
    },
    protocol::{FromJson, Problem, ServerFrame, SessionCreated},
};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    agree::<ServerFrame>(text);
    agree::<MessagesPage>(text);
    agree::<ThreadPage>(text);
    agree::<PinnedMessages>(text);
    agree::<MessageHistory>(text);
    agree::<ChangesPage>(text);
    agree::<MentionPage>(text);
    agree::<Completions>(text);
    agree::<ConversationList>(text);
    agree::<SessionCreated>(text);
    agree::<Problem>(text);
}

/// What both read is the same. What only one reads, as an error code of a newer server or an array in the place of an
/// object, is read by both once it is written as the server would.
fn agree<T: FromJson + Serialize + DeserializeOwned + Debug + PartialEq>(text: &str) {
    let (browser, serde) = (T::from_json(text), serde_json::from_str::<T>(text).ok());
    if browser.is_some() && serde.is_some() {
        assert_eq!(browser, serde);
    }
    for value in [browser, serde].into_iter().flatten() {
        // What a newer server says happened can't be written by this one.
        let Ok(written) = serde_json::to_string(&value) else { continue };
        assert_eq!(T::from_json(&written).as_ref(), Some(&value));
        assert_eq!(serde_json::from_str::<T>(&written).ok().as_ref(), Some(&value));
    }
}
