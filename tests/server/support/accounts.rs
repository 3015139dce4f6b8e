//! Registering users and signing them in.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::protocol::{Problem, SessionCreated};

use super::{Closed, TestClient, TestServer};

/// The password of all registered test users.
pub(crate) const PASSWORD: &str = "correct horse";

/// Sends `PUT /api/me/password` with this session token.
pub(crate) async fn set_password(server: &TestServer, token: &str, body: Value) -> StatusCode {
    let request = server.http(Method::PUT, "/api/me/password").bearer_auth(token).json(&body);
    request.send().await.expect("a response").status()
}

/// Signs in with a password over HTTP.
pub(crate) async fn sign_in(server: &TestServer, nickname: &str, password: &str) -> Result<SessionCreated, Problem> {
    let body = json!({ "nickname": nickname, "password": password });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    if response.status() == StatusCode::CREATED {
        Ok(response.json().await.expect("a session"))
    } else {
        Err(response.json().await.expect("a problem"))
    }
}

/// Registers a user with [`PASSWORD`]. Returns the client and its session token. On a server without an owner, the user
/// becomes the owner with the claim token.
pub(crate) async fn register_user(server: &TestServer, nickname: &str) -> (TestClient, String) {
    let guest = TestClient::guest(server, nickname).await;
    let token = guest.token().to_owned();
    let body = json!({ "password": PASSWORD, "claim": server.pages_api.claim_token().await });
    assert_eq!(set_password(server, &token, body).await, StatusCode::NO_CONTENT);
    (TestClient::with_token(server.address, &token).await, token)
}

/// Registers a user and has `owner` appoint them to `role`. Returns a new connection, which already has the role.
pub(crate) async fn register_with_role(
    server: &TestServer,
    owner: &mut TestClient,
    nickname: &str,
    role: &str,
) -> TestClient {
    let (client, token) = register_user(server, nickname).await;
    owner.moderate("appoint", &client.user(), json!({ "role": role })).await;
    assert_eq!(client.closed().await, Closed::Code(1013));
    TestClient::with_token(server.address, &token).await
}
