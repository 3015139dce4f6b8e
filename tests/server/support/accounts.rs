//! Users with passwords.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use teahouse::protocol::{Problem, SessionCreated};

use super::{Closed, TestClient, TestServer};

pub(crate) const PASSWORD: &str = "correct horse";

/// Asks `PUT /api/me/password` as the owner of this token.
pub(crate) async fn set_password(server: &TestServer, token: &str, body: Value) -> StatusCode {
    let request = server.http(Method::PUT, "/api/me/password").bearer_auth(token).json(&body);
    request.send().await.expect("an answer").status()
}

pub(crate) async fn sign_in(server: &TestServer, nickname: &str, password: &str) -> Result<SessionCreated, Problem> {
    let body = json!({ "nickname": nickname, "password": password });
    let answer = server.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer");
    if answer.status() == StatusCode::CREATED {
        Ok(answer.json().await.expect("a session"))
    } else {
        Err(answer.json().await.expect("a problem"))
    }
}

/// A user with a password, and the token of the session in which it was set. The first one owns the server, where nobody
/// else is to: they show the claim token.
pub(crate) async fn register_user(server: &TestServer, nickname: &str) -> (TestClient, String) {
    let guest = TestClient::guest(server, nickname).await;
    let token = guest.token().to_owned();
    let body = json!({ "password": PASSWORD, "claim": server.pages_api.claim_token().await });
    assert_eq!(set_password(server, &token, body).await, StatusCode::NO_CONTENT);
    (TestClient::with_token(server.address, &token).await, token)
}

/// Gives somebody a role; they come back with it.
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
