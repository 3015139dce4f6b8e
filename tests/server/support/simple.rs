//! Clients of the simple protocol, like the tutorial's client.

use serde_json::{Value, json};

use super::{Closed, RawClient, TestServer};

pub(crate) struct SimpleClient {
    pub(crate) raw: RawClient,
}

impl SimpleClient {
    /// Connects and waits until the user is signed in, so that the client receives every later message.
    pub(crate) async fn sign_in(server: &TestServer, path: &str) -> Self {
        let mut client = Self::connect(server, path).await;
        // The protocol does not confirm a sign-in. An error reply to an invalid frame shows that it is complete.
        client.raw.send_text("?").await;
        assert_eq!(client.next_error().await, "bad_frame", "{path}");
        client
    }

    /// Connects without waiting for the sign-in, which may fail.
    pub(crate) async fn connect(server: &TestServer, path: &str) -> Self {
        Self { raw: RawClient::connect(server, path).await }
    }

    /// Reads while `future` runs, so that pings are answered. Panics if a frame arrives.
    pub(crate) async fn read_during<T>(&mut self, future: impl Future<Output = T>) -> T {
        tokio::select! {
            output = future => output,
            frame = self.next() => panic!("unexpected frame: {frame}"),
        }
    }

    /// Sends a message to the Lobby.
    pub(crate) async fn send_message(&mut self, text: &str) {
        self.raw.send_json(&json!({ "username": "whatever it claims", "msg": text })).await;
    }

    pub(crate) async fn send_direct_message(&mut self, nickname: &str, text: &str) {
        self.raw.send_json(&json!({ "to_user": nickname, "msg": text })).await;
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.raw.next_json().await
    }

    /// Returns the code of the next frame, which must be an error.
    pub(crate) async fn next_error(&mut self) -> String {
        let frame = self.next().await;
        assert!(frame["message"].is_string(), "an error has a message: {frame}");
        frame["error"].as_str().unwrap_or_else(|| panic!("not an error: {frame}")).to_owned()
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        self.raw.closed().await
    }
}
