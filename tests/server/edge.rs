//! The edge: allowed host names and origins, trusted proxies, limits by address, and security headers.

use std::{collections::HashSet, fs, num::NonZeroU32, process::Command, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::json;
use teahouse::protocol::{ErrorCode, Problem};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::support::{Closed, PROGRAM, RawClient, TestClient, TestProcess, TestServer, with_timeout};

/// Sends exactly these bytes. Returns everything the server sends until it closes the connection.
async fn exchange(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("an open stream");
    let mut response = String::new();
    with_timeout("the server to close the connection", stream.read_to_string(&mut response)).await.expect("a response");
    response
}

/// The status of a `GET` request with these headers, each of which ends with CRLF.
async fn status(server: &TestServer, target: &str, headers: &str) -> String {
    let response = exchange(server, &format!("GET {target} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n")).await;
    response.lines().next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Sends `POST /api/session` with additional headers.
async fn create_session(server: &TestServer, nickname: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let request = server.http(Method::POST, "/api/session").json(&json!({ "nickname": nickname }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("a response")
}

fn cookie(response: &reqwest::Response) -> &str {
    response.headers()["set-cookie"].to_str().expect("ASCII")
}

fn trust_loopback(config: &mut teahouse::server::Config) {
    config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
}

#[tokio::test]
async fn a_loopback_server_refuses_other_host_names() {
    let server = TestServer::start().await;
    let port = server.address.port();
    for host in ["localhost", "tea.localhost:1", "127.0.0.1", "[::1]"] {
        assert_eq!(status(&server, "/api/me", &format!("Host: {host}\r\n")).await, "401", "{host}");
    }
    for target in ["/", "/api/me", "/ws", "/some/file.js"] {
        let host = format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n");
        assert_eq!(status(&server, target, &host).await, "421", "{target}");
    }
    for target in ["/healthz", "/readyz"] {
        assert_eq!(status(&server, target, "Host: evil.example\r\n").await, "200", "{target}");
    }
    // The host of an absolute target wins over the `Host` header.
    assert_eq!(status(&server, "http://evil.example/api/me", "Host: localhost\r\n").await, "421");
    for path in ["/ws", "/script"] {
        let refused = RawClient::connect_with(server.address, path, &[("host", "evil.example")]).await;
        assert_eq!(refused.err().expect("a refusal").status(), 421, "{path}");
    }
}

#[tokio::test]
async fn a_request_must_name_exactly_one_host() {
    let server = TestServer::start().await;
    for headers in
        ["", "Host: localhost\r\nHost: localhost\r\n", "Host: a b\r\n", "Host: \r\n", "Host: me@localhost\r\n"]
    {
        assert_eq!(status(&server, "/api/me", headers).await, "400", "{headers:?}");
    }
}

#[tokio::test]
async fn the_wrong_host_gets_an_error_in_the_users_language() {
    let server = TestServer::start().await;
    let problem = server.http(Method::GET, "/api/me").header("host", "evil.example").send().await.expect("a response");
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
    assert_eq!(problem.json::<Problem>().await.expect("a problem").status, 421);
    let page = server.http(Method::GET, "/").header("host", "evil.example").send().await.expect("a response");
    assert_eq!(page.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(page.text().await.expect("a text").contains("--public-url"));
}

#[tokio::test]
async fn a_server_with_a_public_url_answers_only_to_that_host() {
    let server = TestServer::start_with(|config| {
        config.public_url = Some("https://chat.example".parse().expect("an address"));
    })
    .await;
    assert_eq!(status(&server, "/api/me", "Host: Chat.Example\r\n").await, "401");
    for host in ["localhost", "127.0.0.1", "chat.example.evil.example", "sub.chat.example"] {
        assert_eq!(status(&server, "/api/me", &format!("Host: {host}\r\n")).await, "421", "{host}");
    }
    let host_header = ("host", "chat.example");
    for origin in ["http://chat.example", "https://chat.example:81", "null"] {
        assert_eq!(create_session(&server, "小明", &[host_header, ("origin", origin)]).await.status(), 403, "{origin}");
    }
    let created = create_session(&server, "小明", &[host_header, ("origin", "https://chat.example")]).await;
    assert_eq!(created.status(), 201);
    assert!(cookie(&created).starts_with("__Host-teahouse_session="), "the public URL uses TLS");
}

#[tokio::test]
async fn cross_site_requests_change_nothing() {
    let server = TestServer::start_with(|config| config.allow_origin = vec!["https://friend.example".to_owned()]).await;
    let own_origin = format!("http://{}", server.address);
    let before = server.stored_counts();
    for site in ["cross-site", "same-site"] {
        let refused = create_session(&server, "evil", &[("sec-fetch-site", site), ("origin", &own_origin)]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{site}");
        assert_eq!(refused.json::<Problem>().await.expect("a problem").code, ErrorCode::ForeignOrigin);
    }
    for (method, path) in [
        (Method::POST, "/api/session"),
        (Method::DELETE, "/api/session"),
        (Method::PUT, "/api/me/password"),
        (Method::DELETE, "/api/sessions/x"),
        (Method::POST, "/"),
    ] {
        let request = server.http(method.clone(), path).header("sec-fetch-site", "cross-site");
        assert_eq!(request.send().await.expect("a response").status(), 403, "{method} {path}");
    }
    assert_eq!(server.stored_counts(), before);
    assert_eq!(
        create_session(&server, "own", &[("sec-fetch-site", "same-origin"), ("origin", "null")]).await.status(),
        201
    );
    let allowed_origin = [("sec-fetch-site", "cross-site"), ("origin", "https://friend.example")];
    assert_eq!(create_session(&server, "friend", &allowed_origin).await.status(), 201);
    assert_eq!(create_session(&server, "fallback", &[("origin", own_origin.as_str())]).await.status(), 201);
    // A `GET` from another site is allowed, because links from there lead here.
    let request = server.http(Method::GET, "/api/me").header("sec-fetch-site", "cross-site");
    assert_eq!(request.send().await.expect("a response").status(), 401);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = TestServer::start().await;
    for (method, path) in [
        (Method::GET, "/healthz"),
        (Method::GET, "/api/me"),
        (Method::GET, "/api/nothing"),
        (Method::GET, "/no/page"),
        (Method::POST, "/api/session"),
        (Method::GET, "/ws"),
    ] {
        let response = server.http(method, path).send().await.expect("a response");
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        for directive in ["default-src", "object-src", "base-uri", "form-action", "frame-ancestors"] {
            assert!(policy.contains(&format!("{directive} 'none'")), "{path}: {policy}");
        }
        assert!(policy.ends_with("; sandbox"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert!(headers["permissions-policy"].to_str().expect("ASCII").contains("camera=()"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}: no HSTS over plain HTTP");
    }
}

#[tokio::test]
async fn a_401_says_how_to_authenticate() {
    let server = TestServer::start().await;
    let response = server.http(Method::GET, "/api/me").send().await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["www-authenticate"]),
        (401, &"Bearer".parse().expect("ASCII"))
    );
}

#[tokio::test]
async fn a_trusted_proxy_sets_the_scheme() {
    let server = TestServer::start_with(trust_loopback).await;
    let created = create_session(&server, "小明", &[("x-forwarded-proto", "https")]).await;
    assert_eq!(created.headers()["strict-transport-security"], "max-age=31536000");
    let cookie = cookie(&created).to_owned();
    let (name_and_token, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000; Secure");
    let cookie_name = format!("__Host-{}", server.cookie(""));
    let token = name_and_token.strip_prefix(&cookie_name).expect(name_and_token);

    let send_request = async |method: Method, path, cookie: String| {
        let request = server.http(method, path).header("x-forwarded-proto", "https").header("cookie", cookie);
        request.send().await.expect("a response")
    };
    let insecure_cookie = format!("teahouse_session={token}");
    assert_eq!(
        send_request(Method::GET, "/api/me", insecure_cookie).await.status(),
        401,
        "a cookie without `__Host-` could come from a network attacker"
    );
    assert_eq!(send_request(Method::GET, "/api/me", name_and_token.to_owned()).await.status(), 200);
    let sign_out = send_request(Method::DELETE, "/api/session", name_and_token.to_owned()).await;
    let expired_cookie = format!("{cookie_name}; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure");
    assert_eq!(sign_out.headers()["set-cookie"], expired_cookie);
}

#[tokio::test]
async fn a_trusted_proxy_sets_the_host() {
    let server = TestServer::start_with(|config| {
        trust_loopback(config);
        config.public_url = Some("https://chat.example".parse().expect("an address"));
    })
    .await;
    assert_eq!(status(&server, "/api/me", "Host: 127.0.0.1\r\nX-Forwarded-Host: chat.example\r\n").await, "401");
    assert_eq!(status(&server, "/api/me", "Host: chat.example\r\nX-Forwarded-Host: evil.example\r\n").await, "421");
}

#[tokio::test]
async fn forwarding_headers_of_others_are_ignored() {
    let server = TestServer::start_with(|config| {
        config.limits.guests_per_minute = NonZeroU32::MIN;
        config.trusted_proxies = vec!["192.0.2.0/24".parse().expect("a network")];
    })
    .await;
    let forged_headers =
        |client| [("x-forwarded-for", client), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")];
    let created = create_session(&server, "one", &forged_headers("203.0.113.1")).await;
    assert_eq!(created.status(), 201, "the forged host is ignored");
    assert!(cookie(&created).starts_with(&server.cookie("")));
    assert_eq!(
        create_session(&server, "two", &forged_headers("203.0.113.2")).await.status(),
        429,
        "the same address, whatever the headers claim"
    );
}

#[tokio::test]
async fn clients_behind_a_proxy_are_limited_separately() {
    let server = TestServer::start_with(|config| {
        trust_loopback(config);
        config.limits.guests_per_minute = NonZeroU32::MIN;
    })
    .await;
    let create_session = async |nickname, client| {
        create_session(&server, nickname, &[("x-forwarded-for", client)]).await.status().as_u16()
    };
    assert_eq!(create_session("one", "203.0.113.1").await, 201);
    assert_eq!(create_session("two", "203.0.113.2").await, 201);
    assert_eq!(create_session("three", "203.0.113.1").await, 429);
    assert_eq!(
        create_session("four", "198.51.100.1, 203.0.113.1").await,
        429,
        "only the last address, which the proxy added, counts"
    );
}

#[tokio::test]
async fn a_proxy_has_no_connection_limit_and_each_of_its_clients_has() {
    let server = TestServer::start_with(|config| {
        trust_loopback(config);
        config.limits.max_connections_per_address = 1;
    })
    .await;
    let connect = async |client| RawClient::connect_with(server.address, "/ws", &[("x-forwarded-for", client)]).await;
    let first = connect("203.0.113.1").await.expect("an upgrade");
    let _second = connect("203.0.113.2").await.expect("an upgrade");
    assert_eq!(connect("203.0.113.1").await.err().expect("a refusal").status(), 429);
    let response = server.http(Method::GET, "/healthz").send().await.expect("a response");
    assert_eq!(response.status(), 200, "the proxy itself is not throttled");
    drop(first);
    with_timeout("a free connection", async { while connect("203.0.113.1").await.is_err() {} }).await;
}

#[tokio::test]
async fn requests_of_an_address_are_limited() {
    let server =
        TestServer::start_with(|config| config.limits.requests_per_minute = NonZeroU32::new(8).expect("not zero"))
            .await;
    let get = async |path| server.http(Method::GET, path).send().await.expect("a response");
    assert_eq!(get("/api/me").await.status(), 401);
    assert_eq!(get("/api/me").await.status(), 401);
    let refused = get("/api/me").await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Problem = refused.json().await.expect("a problem");
    assert_eq!(problem.code, ErrorCode::RateLimited);
    assert!(problem.retry_after_ms.is_some());
    assert_eq!(get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn a_page_is_charged_like_a_request() {
    let server = TestServer::start_with_pages_and_config(|config| {
        config.limits.requests_per_minute = NonZeroU32::new(20).expect("not zero");
    })
    .await;
    let get = async |path| {
        let request = server.http(Method::GET, path).header("accept-language", "zh-CN");
        request.send().await.expect("a response")
    };
    for (path, status) in [("/", 200), ("/talk/lobby", 200), ("/nothing", 404), ("/admin", 303), ("/", 200)] {
        assert_eq!(get(path).await.status(), status, "{path}");
    }
    for path in ["/", "/talk/lobby", "/nothing", "/admin"] {
        let refused = get(path).await;
        assert_eq!(refused.status(), 429, "{path}");
        assert!(refused.text().await.expect("text").contains("太快"), "in the reader's language");
    }
    assert_eq!(get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn too_large_headers_are_refused() {
    let server = TestServer::start().await;
    let large = "x".repeat(20_000);
    assert_eq!(status(&server, "/healthz", &format!("Host: localhost\r\nLarge: {large}\r\n")).await, "431");
    let many_headers = "Another: x\r\n".repeat(200);
    assert_eq!(status(&server, "/healthz", &format!("Host: localhost\r\n{many_headers}")).await, "431");
    assert!(["414", "431"].contains(&status(&server, &format!("/{large}"), "Host: localhost\r\n").await.as_str()));
}

#[tokio::test]
async fn a_page_is_served_without_waiting_for_the_request_body() {
    let server = TestServer::start_with(|config| {
        config.timing.request_timeout = Duration::from_millis(50);
        config.timing.header_timeout = Duration::from_millis(50);
    })
    .await;
    let response = exchange(&server, "GET /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{").await;
    assert!(response.starts_with("HTTP/1.1 "), "{response}");
}

#[tokio::test]
async fn websockets_work_through_a_proxy() {
    let server = TestServer::start_with(|config| {
        trust_loopback(config);
        config.public_url = Some("https://chat.example".parse().expect("an address"));
    })
    .await;
    let forwarding_headers =
        [("x-forwarded-for", "203.0.113.1"), ("x-forwarded-host", "chat.example"), ("x-forwarded-proto", "https")];
    let connect = async |origin| {
        let headers: Vec<_> = forwarding_headers.into_iter().chain([("origin", origin)]).collect();
        RawClient::connect_with(server.address, "/ws", &headers).await
    };
    assert_eq!(connect("https://evil.example").await.err().expect("a refusal").status(), 403);
    let mut socket = connect("https://chat.example").await.expect("an upgrade");
    socket.send_json(&json!({ "type": "hello", "protocol": 1, "nickname": "小明" })).await;
    assert_eq!(socket.next_json().await["type"], "welcome");
    socket.send_text("{").await;
    with_timeout("an error", async { while socket.next_json().await["code"] != "bad_frame" {} }).await;
    server.start_shutdown();
    assert_eq!(socket.closed().await, Closed::Code(1012));
}

#[tokio::test]
async fn a_client_that_reads_no_answer_is_disconnected() {
    let server = TestServer::start_with(|config| {
        config.unlimited = true;
        config.limits.max_connections = 2;
        config.timing.write_timeout = Duration::from_millis(100);
    })
    .await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let body = "好".repeat(4_000);
    for _ in 0..50 {
        ming.send_message(&body).await;
    }
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let mut slow_reader = socket.connect(server.address).await.expect("a connection");
    // 60 responses of 600 kB, which is more than all buffers on the way hold.
    let token = ming.token();
    let request =
        format!("GET /api/conversations/lobby/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}");
    slow_reader.write_all(format!("{request}\r\n\r\n").repeat(60).as_bytes()).await.expect("an open stream");
    // The limit is two connections.
    let get = async || server.http(Method::GET, "/api/me").send().await.expect("a response").status();
    with_timeout("a free connection", async { while get().await == StatusCode::SERVICE_UNAVAILABLE {} }).await;
    drop(slow_reader);
}

#[tokio::test]
async fn each_page_allows_its_inline_script_with_a_new_nonce() {
    let data = TempDir::new().expect("a folder");
    let process = TestProcess::start(data.path()).await;
    let mut nonces = HashSet::new();
    for path in ["/", "/", "/talk/lobby", "/no/such/page"] {
        let response = reqwest::get(format!("http://{}{path}", process.address)).await.expect("a response");
        let policy = response.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
        let (_, rest) = policy.split_once("script-src 'self' 'nonce-").expect(&policy);
        let (nonce, _) = rest.split_once('\'').expect(&policy);
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        let page = response.text().await.expect("a page");
        assert_eq!(page.matches("<script").count(), page.matches(&format!("nonce=\"{nonce}\">")).count(), "{path}");
        assert!(!page.contains("style=\""), "{path}");
        nonces.insert(nonce.to_owned());
    }
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn files_have_their_media_type_and_reveal_nothing_else() {
    let (data, site) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fs::create_dir(site.path().join("pkg")).expect("a folder");
    for (file, text) in [("pkg/a.css", "p {}"), ("pkg/a.js", "1;"), ("pkg/a.wasm", "\0asm"), ("robots.txt", "茶")] {
        fs::write(site.path().join(file), text).expect("a file");
    }
    fs::write(data.path().join("beside"), "outside the folder").expect("a file");
    let mut program = Command::new(PROGRAM);
    program.env("TEAHOUSE_SITE", site.path());
    let process = TestProcess::start_with_command(program, data.path()).await;
    let send_request =
        |method, path: &str| reqwest::Client::new().request(method, format!("http://{}{path}", process.address));
    for (path, media_type) in [
        ("/pkg/a.css", "text/css; charset=utf-8"),
        ("/pkg/a.js", "text/javascript; charset=utf-8"),
        ("/pkg/a.wasm", "application/wasm"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/no/page", "text/html; charset=utf-8"),
        ("/api/me", "application/problem+json"),
    ] {
        let response = send_request(Method::GET, path).send().await.expect("a response");
        assert_eq!(response.headers()["content-type"], media_type, "{path}");
        assert!(!response.headers().contains_key("server"), "{path}");
    }
    // No directory listings, no files outside the folder, and no files or metrics of the server.
    for path in ["/pkg/", "/pkg", "/../beside", "/%2e%2e/beside", "/pkg/..%2f..%2fbeside", "/.git/config", "/metrics"] {
        let response = send_request(Method::GET, path).send().await.expect("a response");
        assert_eq!(response.status(), 404, "{path}");
        let text = response.text().await.expect("a text");
        assert!(!text.contains("a.css") && !text.contains("outside the folder"), "{path}: {text}");
    }
}

#[tokio::test]
async fn asset_files_are_immutable_under_hashed_names() {
    let (data, site) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    fs::create_dir(site.path().join("pkg")).expect("a folder");
    for (file, text) in
        [("teahouse.css", "p {}"), ("teahouse.js", "1;"), ("teahouse.wasm", "\0asm"), ("other.js", "2;")]
    {
        fs::write(site.path().join("pkg").join(file), text).expect("a file");
    }
    let get = async |process: &TestProcess, path: &str| {
        reqwest::get(format!("http://{}{path}", process.address)).await.expect("a response")
    };
    let admin_page = async |process: &TestProcess| {
        let (client, base_url) = (reqwest::Client::new(), format!("http://{}", process.address));
        let form = format!("nickname=Guest{}", process.address.port());
        let signed_in = client.post(format!("{base_url}/talk/lobby")).body(form).send().await.expect("a response");
        let cookie = signed_in.headers()["set-cookie"].clone();
        let page = client.get(format!("{base_url}/admin")).header("cookie", cookie).send().await.expect("a response");
        page.text().await.expect("a page").replace("/admin.", "")
    };
    let start_and_find_assets = async || {
        let mut program = Command::new(PROGRAM);
        program.env("TEAHOUSE_SITE", site.path());
        let process = TestProcess::start_with_command(program, data.path()).await;
        let page = get(&process, "/").await;
        assert_eq!(page.headers()["cache-control"], "no-store");
        let page = page.text().await.expect("a page");
        let css = fs::read_to_string(site.path().join("pkg/teahouse.css")).expect("a file");
        assert!(page.contains(&format!("<style>{css}</style>")), "{page}");
        // This page has the style sheet inline; the admin page links it.
        let page = page + &admin_page(&process).await;
        let address = |extension: &str| {
            let addresses: HashSet<&str> = page
                .split('"')
                .filter(|text| text.starts_with('/') && text.ends_with(&format!(".{extension}")))
                .collect();
            assert_eq!(addresses.len(), 1, "{extension}: {addresses:?}");
            addresses.into_iter().next().map(str::to_owned).expect("an address")
        };
        let addresses = ["css", "js", "wasm"].map(address);
        (process, addresses)
    };
    let (process, first) = start_and_find_assets().await;
    for (address, text) in first.iter().zip(["p {}", "1;", "\0asm"]) {
        let response = get(&process, address).await;
        assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable", "{address}");
        assert_eq!(response.headers()["vary"], "accept-encoding", "{address}");
        assert_eq!(response.text().await.expect("a file"), text);
    }
    for path in ["/pkg/teahouse.css", "/pkg/other.js"] {
        let response = get(&process, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-cache", "{path}");
    }
    drop(process);

    fs::write(site.path().join("pkg/teahouse.css"), "p { color: red }").expect("a file");
    let (process, second) = start_and_find_assets().await;
    assert_eq!((&second[1..], second[0] == first[0]), (&first[1..], false));
    let replaced = get(&process, &first[0]).await;
    assert_eq!(replaced.status(), 404);
    assert_eq!(replaced.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn unneeded_methods_are_refused() {
    let server = TestServer::start().await;
    for path in ["/", "/api/me", "/api/session", "/ws", "/healthz"] {
        for method in [Method::TRACE, Method::CONNECT, Method::from_bytes(b"TRACK").expect("a method")] {
            let request =
                format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Secret: echo\r\n\r\n");
            let response = exchange(&server, &request).await;
            let status = response.split(' ').nth(1).unwrap_or_default();
            assert!(status.starts_with('4'), "{method} {path}: {response}");
            assert!(!response.contains("echo"), "{method} {path}: {response}");
        }
    }
}

#[tokio::test]
async fn private_answers_are_not_cached() {
    let server = TestServer::start().await;
    let guest = TestClient::guest(&server, "小明").await;
    for path in ["/api/me", "/api/sessions", "/api/conversations", "/api/conversations/lobby/messages", "/api/nothing"]
    {
        let response = server.http(Method::GET, path).bearer_auth(guest.token()).send().await.expect("a response");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    }
}
