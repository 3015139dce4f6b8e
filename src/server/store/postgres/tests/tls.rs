//! Connecting by TLS. The tests' PostgreSQL speaks none, but a proxy in front of it does.

use std::{fs, path::Path, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    spawn,
};
use tokio_postgres::config::Host;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};
use tokio_util::task::AbortOnDropHandle;

use crate::server::store::{
    clock_source::SystemClock,
    postgres::{
        connect::Database,
        postgres_store::PostgresStore,
        tests::{
            nodes::{say, sign_up},
            test_database::TestDatabase,
        },
    },
    store_trait::Lifecycle as _,
};

/// What a client sends to ask for TLS: its length, and the request's code (PostgreSQL's documentation, 'Message Formats').
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A proxy with the certificate of `localhost`. Its end closes all connections.
struct TlsProxy {
    database: TestDatabase,
    port: u16,
    /// The certificate that signed the proxy's.
    folder: TempDir,
    _accepting: AbortOnDropHandle<()>,
}

impl TlsProxy {
    async fn start() -> Self {
        let database = TestDatabase::with_tables().await;
        let config = database.database().config;
        let Some(Host::Tcp(host)) = config.get_hosts().first() else { panic!("the tests' PostgreSQL listens on TCP") };
        let address = (host.clone(), config.get_ports().first().copied().unwrap_or(5432));
        let CertifiedKey { cert, signing_key } = new_certificate();
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("ca.pem"), cert.pem()).expect("a file");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let accepting = spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                spawn(pass(client, acceptor.clone(), address.clone()));
            }
        });
        Self { database, port, folder, _accepting: AbortOnDropHandle::new(accepting) }
    }

    fn ca(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The database by this name of the proxy.
    fn database(&self, host: &str, ca: Option<&Path>) -> Database {
        let config = self.database.database().config;
        let (user, name) = (config.get_user().expect("a user"), config.get_dbname().expect("a database"));
        let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
        let port = self.port;
        let address = format!("postgres://{user}:{password}@{host}:{port}/{name}?sslmode=require&hostaddr=127.0.0.1");
        Database::parse(&address, ca).expect("an address")
    }
}

fn new_certificate() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
}

/// Passes bytes both ways, encrypted on the client's side only.
async fn pass(mut client: TcpStream, acceptor: TlsAcceptor, address: (String, u16)) {
    let mut request = [0; 8];
    client.read_exact(&mut request).await.expect("a request");
    assert_eq!(request, SSL_REQUEST, "nothing is sent before TLS");
    client.write_all(b"S").await.expect("a connection");
    // A client that does not trust the certificate goes away here.
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let mut database = TcpStream::connect(&address).await.expect("the database");
    drop(copy_bidirectional(&mut client, &mut database).await);
}

/// Why the database could not be opened.
async fn failure(database: Database) -> String {
    match PostgresStore::open(database, Arc::new(SystemClock)).await {
        Ok(_) => panic!("the store was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_store_is_used_by_tls_if_the_certificate_is_trusted() {
    let proxy = TlsProxy::start().await;
    let database = proxy.database("localhost", Some(&proxy.ca()));
    let (store, _feed) = PostgresStore::open(database, Arc::new(SystemClock)).await.expect("a store");
    let ming = sign_up(&store, "小明").await;
    assert_eq!(say(&store, &ming, "encrypted").await, 1);
    store.close().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let proxy = TlsProxy::start().await;
    let system = failure(proxy.database("localhost", None)).await;
    assert!(system.contains("certificate"), "{system}");

    let other = proxy.folder.path().join("other.pem");
    fs::write(&other, new_certificate().cert.pem()).expect("a file");
    let other = failure(proxy.database("localhost", Some(&other))).await;
    assert!(other.contains("certificate"), "{other}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let proxy = TlsProxy::start().await;
    let failure = failure(proxy.database("db.example.org", Some(&proxy.ca()))).await;
    assert!(failure.contains("not valid for name"), "{failure}");
}

#[tokio::test]
async fn without_tls_at_the_database_a_store_that_requires_it_is_not_opened() {
    let database = TestDatabase::with_tables().await;
    let mut config = database.database();
    config.config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let failure = failure(config).await;
    assert!(failure.contains("TLS"), "{failure}");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let (empty, absent) = (folder.path().join("empty.pem"), folder.path().join("absent.pem"));
    fs::write(&empty, "no certificate\n").expect("a file");
    for path in [&empty, &absent] {
        let error = Database::parse("postgres://me@localhost/teahouse?sslmode=require", Some(path));
        let error = error.expect_err("no certificates").to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}
