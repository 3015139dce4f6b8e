//! The frames of the simple protocol, for scripts: a WebSocket at `/{nickname}`.

use serde::{Deserialize, Serialize};

use crate::protocol::error::ErrorCode;

/// A message from a client, to one user or to everyone in the Lobby.
///
/// A `username` in it is ignored: the sender is the nickname in the connection's path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimpleRequest {
    /// The nickname of the recipient. Absent or null for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_user: Option<String>,
    /// The message's text.
    pub msg: String,
}

/// The first frame of a client that signs in with a session but cannot send an `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimpleToken {
    /// The session token.
    pub token: String,
}

/// A frame to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SimpleReply {
    /// A user wrote to everyone in the Lobby.
    ToEveryone {
        /// The author's nickname.
        username: String,
        /// The message's text.
        msg: String,
    },
    /// A user wrote to this client's user alone.
    ToYou {
        /// The message's text.
        msg: String,
        /// The author's nickname.
        from_user: String,
    },
    /// A request failed.
    Error {
        /// The cause, for programs.
        error: ErrorCode,
        /// The cause, for people.
        message: String,
    },
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::{option, prelude::*};

    use super::*;

    fn reply() -> impl Strategy<Value = SimpleReply> {
        prop_oneof![
            any::<(String, String)>().prop_map(|(username, msg)| SimpleReply::ToEveryone { username, msg }),
            any::<(String, String)>().prop_map(|(msg, from_user)| SimpleReply::ToYou { msg, from_user }),
            any::<String>().prop_map(|message| SimpleReply::Error { error: ErrorCode::UnknownUser, message }),
        ]
    }

    proptest! {
        #[test]
        fn every_request_round_trips(to_user in option::of(any::<String>()), msg in any::<String>()) {
            let request = SimpleRequest { to_user, msg };
            let text = serde_json::to_string(&request).expect("frames are plain JSON");
            prop_assert_eq!(serde_json::from_str::<SimpleRequest>(&text).expect(&text), request);
        }

        #[test]
        fn every_reply_round_trips(reply in reply()) {
            let text = serde_json::to_string(&reply).expect("frames are plain JSON");
            prop_assert_eq!(serde_json::from_str::<SimpleReply>(&text).expect(&text), reply);
        }
    }

    #[test]
    fn a_claimed_username_is_ignored() {
        let request: SimpleRequest = serde_json::from_str(r#"{"username":"root","msg":"hi"}"#).expect("a request");
        assert_eq!(request, SimpleRequest { to_user: None, msg: "hi".into() });
    }
}
