//! Clients of the simple protocol, as the tutorial's are.

use serde_json::{Value, json};

use super::{Closed, RawClient, TestServer};

pub(crate) struct SimpleClient {
    pub(crate) raw: RawClient,
}

impl SimpleClient {
    /// A client that is in: what is said from now on comes to it.
    pub(crate) async fn sign_in(server: &TestServer, path: &str) -> Self {
        let mut client = Self::connect(server, path).await;
        // The protocol does not answer an entrance; what answers a frame has let its sender in.
        client.raw.send_text("?").await;
        assert_eq!(client.next_error().await, "bad_frame", "{path}");
        client
    }

    /// A client of which it is open whether it gets in.
    pub(crate) async fn connect(server: &TestServer, path: &str) -> Self {
        Self { raw: RawClient::connect(server, path).await }
    }

    /// Reads, and so answers pings, while something else happens.
    pub(crate) async fn read_during<T>(&mut self, meanwhile: impl Future<Output = T>) -> T {
        tokio::select! {
            done = meanwhile => done,
            frame = self.next() => panic!("nothing was to come but {frame} did"),
        }
    }

    pub(crate) async fn send_message(&mut self, text: &str) {
        self.raw.send_json(&json!({ "username": "whatever it claims", "msg": text })).await;
    }

    pub(crate) async fn send_direct_message(&mut self, nickname: &str, text: &str) {
        self.raw.send_json(&json!({ "to_user": nickname, "msg": text })).await;
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.raw.next_json().await
    }

    /// The code of the error that comes next.
    pub(crate) async fn next_error(&mut self) -> String {
        let frame = self.next().await;
        assert!(frame["message"].is_string(), "an error has words: {frame}");
        frame["error"].as_str().unwrap_or_else(|| panic!("no error: {frame}")).to_owned()
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        self.raw.closed().await
    }
}
