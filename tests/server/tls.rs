//! The server's own TLS.

use std::{fs, path::Path, sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use teahouse::server::{Config, Server, StartError};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, crypto::ring,
        pki_types::CertificateDer, version,
    },
};
use tokio_tungstenite::{client_async, tungstenite::ClientRequestBuilder};

use super::support::{RawClient, TestServer, with_timeout};

/// A certificate for `localhost` and its key, in a temporary folder.
struct CertificateFiles {
    folder: TempDir,
    current: CertificateDer<'static>,
}

impl CertificateFiles {
    fn issue() -> Self {
        let folder = TempDir::new().expect("a folder");
        let current = write_new_certificate(folder.path());
        Self { folder, current }
    }

    /// Replaces the certificate and returns the old one.
    fn renew(&mut self) -> CertificateDer<'static> {
        std::mem::replace(&mut self.current, write_new_certificate(self.folder.path()))
    }

    fn configure(&self, config: &mut Config) {
        config.tls_cert = Some(self.folder.path().join("cert.pem"));
        config.tls_key = Some(self.folder.path().join("key.pem"));
        config.timing.certificate_interval = Duration::from_millis(10);
    }
}

fn write_new_certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    // Written one after the other, as any tool does: between the two writes they do not match.
    fs::write(folder.join("cert.pem"), cert.pem()).expect("a file");
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("a file");
    cert.der().clone()
}

/// Connects to the server and trusts only this certificate.
async fn connect(
    server: &TestServer,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let name = "localhost".try_into().expect("a name");
    with_timeout("a handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

const ANY_VERSION: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

async fn send_request(mut stream: TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("an open stream");
    let mut response = String::new();
    with_timeout("a response", stream.read_to_string(&mut response)).await.expect("a TLS close notification");
    response
}

#[tokio::test]
async fn https_and_wss_work_with_tls_1_2_and_1_3() {
    let certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| certificate_files.configure(config)).await;
    for version in [&version::TLS12, &version::TLS13] {
        let stream = connect(&server, &certificate_files.current, &[version]).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        let response =
            send_request(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(response.contains("strict-transport-security: max-age=31536000\r\n"), "{response}");
    }

    let stream = connect(&server, &certificate_files.current, ANY_VERSION).await.expect("a handshake");
    let body = json!({ "nickname": "小明" }).to_string();
    let length = body.len();
    let head =
        format!("POST /api/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}");
    let response = send_request(stream, &format!("{head}\r\n\r\n{body}")).await;
    let cookie = response.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    assert!(cookie.starts_with("__Host-teahouse_session=") && cookie.ends_with("; Secure"), "{cookie}");

    let stream = connect(&server, &certificate_files.current, ANY_VERSION).await.expect("a handshake");
    let address = format!("wss://localhost:{}/ws", server.address.port());
    let request = ClientRequestBuilder::new(address.parse().expect("an address"))
        .with_header("Cookie", cookie.split(';').next().expect("a pair"))
        .with_header("Origin", format!("https://localhost:{}", server.address.port()));
    let (socket, _) = with_timeout("an upgrade", Box::pin(client_async(request, stream))).await.expect("an upgrade");
    let mut socket = RawClient { socket };
    socket.send_json(&json!({ "type": "hello", "protocol": 1 })).await;
    assert_eq!(socket.next_json().await["me"]["nickname"], "小明");
}

#[tokio::test]
async fn the_newest_tls_version_and_safe_ciphers_are_chosen() {
    let certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| certificate_files.configure(config)).await;
    let stream = connect(&server, &certificate_files.current, ANY_VERSION).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    // Every cipher suite of the build is authenticated and has forward secrecy.
    let suites = ring::default_provider().cipher_suites;
    assert!(suites.len() > 3);
    for suite in suites {
        let name = format!("{:?}", suite.suite());
        assert!(name.starts_with("TLS13_") || name.contains("_ECDHE_"), "{name}");
        assert!(name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_"), "{name}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let mut certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| certificate_files.configure(config)).await;
    connect(&server, &certificate_files.current, ANY_VERSION).await.expect("a handshake");
    let old = certificate_files.renew();
    with_timeout("the new certificate", async {
        while connect(&server, &certificate_files.current, ANY_VERSION).await.is_err() {}
    })
    .await;
    assert!(connect(&server, &old, ANY_VERSION).await.is_err(), "the old certificate is no longer used");
}

#[tokio::test]
async fn an_unusable_certificate_changes_nothing() {
    let mut certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| certificate_files.configure(config)).await;
    fs::write(certificate_files.folder.path().join("cert.pem"), "no certificate").expect("a file");
    // During these handshakes the server checks the files several times.
    for _ in 0..20 {
        connect(&server, &certificate_files.current, ANY_VERSION).await.expect("the old certificate");
    }
    certificate_files.renew();
    with_timeout("the new certificate", async {
        while connect(&server, &certificate_files.current, ANY_VERSION).await.is_err() {}
    })
    .await;
}

#[tokio::test]
async fn plain_http_is_not_answered_on_a_tls_port() {
    let certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| certificate_files.configure(config)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("an open stream");
    let mut response = Vec::new();
    with_timeout("the server to close the connection", stream.read_to_end(&mut response)).await.expect("an end");
    assert!(!response.starts_with(b"HTTP"), "{response:?}");
}

#[tokio::test]
async fn a_missing_tls_handshake_times_out() {
    let certificate_files = CertificateFiles::issue();
    let server = TestServer::start_with(|config| {
        certificate_files.configure(config);
        config.timing.header_timeout = Duration::from_millis(50);
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    with_timeout("the server to close the connection", stream.read_to_end(&mut Vec::new())).await.expect("an end");
}

#[tokio::test]
async fn a_server_does_not_start_with_an_invalid_certificate() {
    let certificate_files = CertificateFiles::issue();
    let data = TempDir::new().expect("a folder");
    let mut config = Config { data: data.path().to_owned(), ..Config::default() };
    certificate_files.configure(&mut config);
    let other = CertificateFiles::issue();
    config.tls_key = Some(other.folder.path().join("key.pem"));
    assert!(matches!(Server::open(config.clone()).await, Err(StartError::Tls(_))), "the key of another certificate");
    config.tls_key = Some(certificate_files.folder.path().join("nothing.pem"));
    assert!(matches!(Server::open(config).await, Err(StartError::Tls(_))), "a missing key");
}
