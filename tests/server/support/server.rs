//! A server inside the test process, on a free port and with its own data.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use reqwest::{Method, RequestBuilder, redirect::Policy};
use teahouse::{
    domain::UserId,
    pages,
    server::{Config, PagesApi, RunError, Server},
};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use super::{Database, PROGRAM, TestData, with_timeout};

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) pages_api: PagesApi,
    config: Config,
    data: Arc<TestData>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
    http: reqwest::Client,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server after `configure` has changed the default configuration.
    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let data = Arc::new(TestData::new());
        let mut config = config_of(&data);
        config.timing.presence_interval = Duration::from_millis(20);
        configure(&mut config);
        Self::open(config, data).await
    }

    /// Starts a server on a PostgreSQL database, on which others can be [started](Self::start_beside).
    pub(crate) async fn start_node() -> Self {
        Self::start_node_with(|_| {}).await
    }

    /// Starts a server on a PostgreSQL database after `configure` has changed the default configuration.
    pub(crate) async fn start_node_with(configure: impl FnOnce(&mut Config)) -> Self {
        let data = Arc::new(TestData::new_on_postgres());
        let mut config = config_of(&data);
        config.timing.presence_interval = Duration::from_millis(20);
        configure(&mut config);
        Self::open(config, data).await
    }

    /// Starts another server on the database of this one.
    pub(crate) async fn start_beside(&self) -> Self {
        let config = Config { data: self.config.data.with_extension("beside"), ..self.config.clone() };
        Self::open(config, Arc::clone(&self.data)).await
    }

    /// Starts a server that also renders pages, without the assets that they load.
    pub(crate) async fn start_with_pages() -> Self {
        Self::start_with_pages_and_config(|_| {}).await
    }

    /// Starts a server with pages after `configure` has changed the default configuration.
    pub(crate) async fn start_with_pages_and_config(configure: impl FnOnce(&mut Config)) -> Self {
        let data = Arc::new(TestData::new());
        let mut config = config_of(&data);
        configure(&mut config);
        Self::open_with(config, data, |pages_api| pages::router(pages_api, pages::Assets::empty())).await
    }

    async fn open(config: Config, data: Arc<TestData>) -> Self {
        Self::open_with(config, data, |_| axum::Router::new()).await
    }

    async fn open_with(config: Config, data: Arc<TestData>, pages: impl FnOnce(PagesApi) -> axum::Router) -> Self {
        let server = Server::open(config.clone()).await.expect("a server");
        let pages_api = server.pages_api();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(server.run(listener, pages(pages_api.clone()), shutdown.clone()));
        let http = reqwest::Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build();
        Self { address, pages_api, config, data, shutdown, task, http: http.expect("an HTTP client") }
    }

    /// Stops the server and waits until it has stopped.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        with_timeout("the server to stop", self.task).await.expect("no panic").expect("a clean stop");
    }

    /// Restarts the server with the same data and configuration.
    pub(crate) async fn restart(self) -> Self {
        let (config, data) = (self.config.clone(), Arc::clone(&self.data));
        self.stop().await;
        Self::open(config, data).await
    }

    /// Restarts the server with the same data and a changed configuration.
    pub(crate) async fn restart_with(self, configure: impl FnOnce(&mut Config)) -> Self {
        let (mut config, data) = (self.config.clone(), Arc::clone(&self.data));
        configure(&mut config);
        self.stop().await;
        Self::open(config, data).await
    }

    /// Restarts the server with the data of a backup instead of its own.
    pub(crate) async fn restore_backup(self, backup: &Path) -> Self {
        let (config, data) = (self.config.clone(), Arc::clone(&self.data));
        self.stop().await;
        for file in fs::read_dir(data.folder()).expect("the data") {
            fs::remove_file(file.expect("a file").path()).expect("removed");
        }
        fs::copy(backup, data.folder().join("teahouse.db")).expect("a copy");
        Self::open(config, data).await
    }

    /// Begins to stop the server without waiting, so that a test can observe what connected clients receive.
    pub(crate) fn start_shutdown(&self) {
        self.shutdown.cancel();
    }

    /// The `Cookie` header of a browser with this session token, at an address without a public URL.
    pub(crate) fn cookie(&self, token: &str) -> String {
        format!("teahouse_session_{}={token}", self.address.port())
    }

    /// The configuration of this server.
    pub(crate) fn config(&self) -> Config {
        self.config.clone()
    }

    pub(crate) fn http(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// Sends a request from another loopback address (127.0.0.2 …), which the server sees as another machine.
    pub(crate) fn http_from(&self, from: IpAddr, method: Method, path: &str) -> RequestBuilder {
        let http = reqwest::Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).local_address(from);
        http.build().expect("an HTTP client").request(method, format!("http://{}{path}", self.address))
    }

    /// Counts the stored events and current messages that contain `text`.
    pub(crate) fn payloads_containing(&self, text: &str) -> u32 {
        let text = text.replace('\'', "''");
        self.data.database().number(&format!(
            "SELECT (SELECT count(*) FROM events WHERE instr(CAST(payload AS text), '{text}') > 0)
                  + (SELECT count(*) FROM messages WHERE instr(body, '{text}') > 0)"
        ))
    }

    /// Sets the last use of all sessions, except those of user `except`, to 1970.
    pub(crate) fn age_sessions_except(&self, except: UserId) {
        let id = self.id_literal(except);
        let update = "UPDATE sessions SET seen_at = 1000 WHERE user <> (SELECT number FROM users WHERE id =";
        self.tamper(&format!("{update} {id})")).expect("an update");
    }

    /// Sets the last use of this user's sessions to 1970.
    pub(crate) fn age_sessions_of(&self, nickname: &str) {
        let update = "UPDATE sessions SET seen_at = 1000 WHERE user = (SELECT number FROM users WHERE nickname = ";
        self.tamper(&format!("{update}'{nickname}')")).expect("an update");
    }

    /// Counts a user's sessions without using any of them.
    pub(crate) fn sessions_of(&self, user: UserId) -> u32 {
        let id = self.id_literal(user);
        self.count(&format!("sessions WHERE user = (SELECT number FROM users WHERE id = {id})"))
    }

    /// The stored hash of a user's password.
    pub(crate) fn stored_password_hash(&self, nickname: &str) -> String {
        self.data.database().text(&format!("SELECT password FROM users WHERE nickname = '{nickname}'"))
    }

    /// How the database writes the id of a user in a statement.
    fn id_literal(&self, user: UserId) -> String {
        match self.data.database() {
            Database::Sqlite(_) => format!("x'{}'", user.as_uuid().simple()),
            Database::Postgres(_) => format!("'{user}'"),
        }
    }

    /// Executes statements in SQLite's words directly on the database, to create a state that the program itself would not
    /// create.
    pub(crate) fn tamper(&self, statements: &str) -> Result<(), String> {
        self.data.database().execute(statements)
    }

    /// Runs `teahouse admin` on this server. Returns its standard output.
    pub(crate) async fn admin(&self, command: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run_admin(command).await;
        assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("text")
    }

    /// Runs a `teahouse admin` command that must fail. Returns its standard error.
    pub(crate) async fn admin_error(&self, command: &[&str]) -> String {
        let Output { status, stderr, .. } = self.run_admin(command).await;
        assert!(!status.success(), "{command:?}");
        String::from_utf8(stderr).expect("text")
    }

    async fn run_admin(&self, command: &[&str]) -> Output {
        let mut program = Command::new(PROGRAM);
        program.arg("admin").args(command).arg("--data").arg(&self.config.data);
        with_timeout("the command", spawn_blocking(move || program.output()))
            .await
            .expect("no panic")
            .expect("the program")
    }

    /// Counts the rows of a table, which may be followed by a `WHERE` clause.
    pub(crate) fn count(&self, table: &str) -> u32 {
        self.data.database().number(&format!("SELECT count(*) FROM {table}"))
    }

    /// Counts the stored users, conversations and events.
    pub(crate) fn stored_counts(&self) -> StoredCounts {
        let count = |table| self.count(table);
        // Without the system user.
        StoredCounts { users: count("users") - 1, conversations: count("conversations"), events: count("events") }
    }
}

/// The default configuration, with this data.
fn config_of(data: &TestData) -> Config {
    Config { data: data.folder().to_owned(), store: data.database().url().map(Into::into), ..Config::default() }
}

/// The row counts that a refused request must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredCounts {
    pub(crate) users: u32,
    pub(crate) conversations: u32,
    pub(crate) events: u32,
}
