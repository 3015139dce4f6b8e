//! What an operator can publish: a security contact, and where browsers send their reports.

use std::process::Command;

use reqwest::{Method, StatusCode, header::HeaderMap};
use teahouse::domain::{Timestamp, utc};
use tempfile::TempDir;

use super::support::{PROGRAM, TestClient, TestProcess, TestServer};

const SECURITY_TXT: &str = "/.well-known/security.txt";
const REPORT_URL: &str = "https://reports.example/csp?site=tea";
const DAY: u64 = 24 * 60 * 60 * 1_000;

/// Asserts that the program refuses to start with this option. Returns its error output.
fn startup_error(option: &str, value: &str) -> String {
    let data = TempDir::new().expect("a folder");
    let outcome = Command::new(PROGRAM).args(["serve", option, value, "--data"]).arg(data.path()).output();
    let outcome = outcome.expect("the program");
    assert!(!outcome.status.success(), "{option} {value}");
    String::from_utf8(outcome.stderr).expect("text")
}

fn policy(headers: &HeaderMap) -> &str {
    headers["content-security-policy"].to_str().expect("ASCII")
}

#[tokio::test]
async fn security_txt_follows_rfc_9116() {
    let server = TestServer::start_with(|config| {
        config.security_contact = Some("mailto:security@chat.example".parse().expect("a contact"));
        config.public_url = Some("https://chat.example".parse().expect("an address"));
    })
    .await;
    let response = server.http(Method::GET, SECURITY_TXT).header("host", "chat.example").send().await;
    let response = response.expect("a response");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    let text = response.text().await.expect("a text");
    let field = |name: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let value = values.next().unwrap_or_else(|| panic!("no {name}: {text}"));
        assert_eq!(values.next(), None, "{name} once: {text}");
        value
    };
    assert_eq!(field("Contact"), "mailto:security@chat.example");
    assert_eq!(field("Canonical"), "https://chat.example/.well-known/security.txt");
    assert_eq!(field("Preferred-Languages"), "en, zh");
    let in_days = |days| utc::for_machines(Timestamp(Timestamp::now().0 + days * DAY));
    let expires = field("Expires");
    assert!(*expires > *in_days(90) && *expires < *in_days(365), "expires in some months: {expires}");
}

#[tokio::test]
async fn security_txt_needs_a_contact_and_has_a_canonical_url_only_with_a_public_url() {
    let server = TestServer::start().await;
    let response = server.http(Method::GET, SECURITY_TXT).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::NOT_FOUND);

    let data = TempDir::new().expect("a folder");
    let mut program = Command::new(PROGRAM);
    program.env("TEAHOUSE_SECURITY_CONTACT", "https://chat.example/security");
    let process = TestProcess::start_with_command(program, data.path()).await;
    let response = reqwest::get(format!("http://{}{SECURITY_TXT}", process.address)).await.expect("a response");
    let text = response.text().await.expect("a text");
    assert!(text.starts_with("Contact: https://chat.example/security\n") && !text.contains("Canonical"), "{text}");
}

#[tokio::test]
async fn browsers_report_to_the_configured_url() {
    let server = TestServer::start_with_pages_and_config(|config| {
        config.csp_report_to = Some(REPORT_URL.parse().expect("a URL"));
    })
    .await;
    let ming = TestClient::guest(&server, "小明").await;
    for path in ["/", "/talk/lobby", "/admin", "/no/page"] {
        let response = server.http(Method::GET, path).bearer_auth(ming.token()).send().await.expect("a response");
        let headers = response.headers();
        let policy = policy(headers);
        assert!(policy.ends_with(&format!("; report-uri {REPORT_URL}; report-to csp")), "{path}: {policy}");
        assert_eq!(headers["reporting-endpoints"], format!("csp=\"{REPORT_URL}\""), "{path}");
    }
    let response = server.http(Method::GET, "/api/me").send().await.expect("a response");
    assert!(!policy(response.headers()).contains("report"), "only pages have a policy that reports");
    assert!(!response.headers().contains_key("reporting-endpoints"));
}

#[tokio::test]
async fn without_a_url_browsers_report_nothing() {
    let server = TestServer::start_with_pages().await;
    let response = server.http(Method::GET, "/").send().await.expect("a response");
    assert!(!policy(response.headers()).contains("report"));
    assert!(!response.headers().contains_key("reporting-endpoints"));
}

#[test]
fn contact_and_report_urls_cannot_inject_headers() {
    for value in ["http://reports.example/csp", "https://reports.example/; script-src *", "/csp"] {
        assert!(startup_error("--csp-report-to", value).contains("https://reports.example.org/csp"), "{value}");
    }
    for value in ["security@chat.example", "http://chat.example", "mailto:a@b\nContact: mailto:c@d"] {
        assert!(startup_error("--security-contact", value).contains("mailto:security@example.org"), "{value}");
    }
}
