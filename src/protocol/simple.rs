//! The simple protocol's frames, for scripts: a WebSocket on `/{nickname}`.

use serde::{Deserialize, Serialize};

use super::ErrorCode;

/// What a simple-protocol client sends: to one user where `to_user` names one, else to everyone in the Lobby.
///
/// A `username` that it claims is ignored: the socket's own nickname counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimpleRequest {
    /// Whom to write to; absent or null for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_user: Option<String>,
    /// The text.
    pub msg: String,
}

/// The first frame of a simple-protocol client that has a session and could not show it as a header: it comes in as that user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimpleToken {
    /// The session's.
    pub token: String,
}

/// What a simple-protocol client receives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SimpleReply {
    /// Somebody wrote to everyone.
    ToEveryone {
        /// Who.
        username: String,
        /// What.
        msg: String,
    },
    /// Somebody wrote to this client alone.
    ToYou {
        /// What.
        msg: String,
        /// Who.
        from_user: String,
    },
    /// A request could not be carried out.
    Error {
        /// Why, for programs.
        error: ErrorCode,
        /// Why, for people.
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
