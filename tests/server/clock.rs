//! A wrong clock, and setting the clock, must not end sessions or delete data too early.

use std::{
    fs::{self, File},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::Command,
};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use teahouse::{
    domain::{MessagesPage, Timestamp},
    protocol::SessionCreated,
};
use tempfile::TempDir;

use super::support::{FakeClock, PASSWORD, PROGRAM, TestClient, TestProcess, TestServer, only_on_sqlite, with_timeout};

const DAY: i64 = 24 * 60 * 60;

/// An address in a banned network.
const BANNED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5));

/// A machine that runs the program with a clock that the test can set.
struct Machine {
    folder: TempDir,
    clock: FakeClock,
    options: &'static [(&'static str, &'static str)],
    /// `None` while the program is stopped.
    process: Option<TestProcess>,
}

/// The session tokens of three users, and an invite.
struct Users {
    guest: String,
    registered: String,
    muted: String,
    invite: String,
}

impl Machine {
    async fn start(options: &'static [(&'static str, &'static str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = FakeClock::new(folder.path());
        let mut machine = Self { folder, clock, options, process: None };
        machine.switch_on().await;
        machine
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn switch_on(&mut self) {
        let mut program = self.clock.program();
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        program.env("TEAHOUSE_UNLIMITED", "true").envs(self.options.iter().copied()).stderr(log);
        self.process = Some(TestProcess::start_with_command(program, &self.data()).await);
    }

    async fn switch_off(&mut self) {
        let process = self.process.take().expect("a server that runs");
        process.signal("TERM");
        assert!(process.exit().await.success());
    }

    fn process(&self) -> &TestProcess {
        self.process.as_ref().expect("a server that runs")
    }

    fn http_from(&self, from: IpAddr, method: Method, path: &str) -> RequestBuilder {
        let client = Client::builder().local_address(from).build().expect("a client");
        client.request(method, format!("http://{}{path}", self.process().address))
    }

    fn http(&self, method: Method, path: &str) -> RequestBuilder {
        self.http_from(Ipv4Addr::LOCALHOST.into(), method, path)
    }

    async fn sign_in(&self, body: Value) -> reqwest::Response {
        self.http(Method::POST, "/api/session").json(&body).send().await.expect("a response")
    }

    /// Creates a guest. Returns the session token.
    async fn guest(&self, nickname: &str) -> String {
        let response = self.sign_in(json!({ "nickname": nickname })).await;
        let created: SessionCreated = response.json().await.expect("a session");
        // Use the token once, because the nickname of a guest who never returns is freed after ten minutes.
        assert!(self.has_session(&created.token).await);
        created.token
    }

    async fn has_session(&self, token: &str) -> bool {
        let response = self.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("a response");
        response.status() == StatusCode::OK
    }

    fn admin(&self, command: &[&str]) -> String {
        let mut program = Command::new(PROGRAM);
        let output = program.arg("admin").args(command).arg("--data").arg(self.data()).output().expect("the program");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Executes SQL directly on the database. The server must be stopped.
    fn tamper(&self, statement: &str) {
        let db = Connection::open(self.data().join("teahouse.db")).expect("the database");
        db.execute_batch(statement).expect(statement);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    async fn create_users(&self, minutes: &str) -> Users {
        let guest = self.guest("小明").await;
        let registered = self.guest("阿玲").await;
        let set_password = self.http(Method::PUT, "/api/me/password").bearer_auth(&registered);
        let set_password = set_password.json(&json!({ "password": PASSWORD })).send().await.expect("a response");
        assert_eq!(set_password.status(), StatusCode::NO_CONTENT);
        let muted = self.guest("troll").await;
        self.admin(&["mute", "troll", "--minutes", minutes]);
        self.admin(&["ban-network", &format!("{BANNED}/32"), "--minutes", minutes]);
        let invite_link = self.admin(&["invite", "--minutes", minutes]);
        let invite = invite_link.trim().rsplit('=').next().expect("a token").to_owned();
        Users { guest, registered, muted, invite }
    }

    /// Sends a message to the Lobby. Returns `None` for an ack, or the error code and `retry_after_ms`.
    async fn message_error(&self, token: &str) -> Option<(String, u64)> {
        let mut client = TestClient::with_token(self.process().address, token).await;
        let lobby = client.lobby().id;
        let id = client.send_without_waiting(lobby, "hello").await;
        client
            .expect("a reply", |frame| match frame {
                teahouse::protocol::ServerFrame::Ack { id: acked, .. } if *acked == id => Some(None),
                teahouse::protocol::ServerFrame::Error(error) if error.id == Some(id) => {
                    Some(Some((error.code.name().to_owned(), error.retry_after_ms.unwrap_or_default())))
                }
                _ => None,
            })
            .await
    }

    /// Asserts that all sessions and nicknames are still valid, and that the mute, the ban and the invite of an hour still
    /// hold.
    async fn assert_unchanged(&self, users: &Users, newcomer: &str) {
        assert!(self.has_session(&users.guest).await, "a guest");
        assert!(self.has_session(&users.registered).await, "a registered user");
        for name in ["小明", "阿玲", "troll"] {
            let refused = self.sign_in(json!({ "nickname": name })).await;
            assert_eq!(refused.status(), StatusCode::CONFLICT, "{name} is taken");
        }
        let (code, wait) = self.message_error(&users.muted).await.expect("an error");
        assert_eq!(code, "muted");
        // After a restart, time continues from where it was last saved, which is a little earlier.
        assert!((1..=61 * 60_000).contains(&wait), "{wait} ms left of an hour");
        let invited = json!({ "nickname": newcomer, "password": PASSWORD, "invite": users.invite });
        assert_eq!(self.sign_in(invited).await.status(), StatusCode::CREATED, "an invite for an hour");
        let banned = self.http_from(BANNED, Method::POST, "/api/session").json(&json!({ "nickname": "x" }));
        assert_eq!(banned.send().await.expect("a response").status(), StatusCode::FORBIDDEN);
    }

    /// Waits for the housekeeping after a start: it frees the nickname of the guest whose session has expired.
    async fn wait_for_housekeeping(&self, nickname: &str) {
        with_timeout("housekeeping", async {
            while self.sign_in(json!({ "nickname": nickname })).await.status() != StatusCode::CREATED {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn expire_session_sql(nickname: &str) -> String {
    format!("UPDATE sessions SET seen_at = 1000 WHERE user = (SELECT number FROM users WHERE nickname = '{nickname}')")
}

#[tokio::test]
async fn setting_the_clock_ends_no_session() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let machine = Machine::start(&[]).await;
    let users = machine.create_users("60").await;
    machine.assert_unchanged(&users, "before").await;
    let days = [400, 20, -400, 8, -20_000, 36_500, -2];
    for (number, days) in days.into_iter().enumerate() {
        machine.clock.set(days * DAY);
        machine.assert_unchanged(&users, &format!("newcomer {number}")).await;
    }
    machine.clock.set(0);
    machine.assert_unchanged(&users, "after").await;
    let warnings = machine.log().matches("further from when the server last ran").count();
    assert_eq!(warnings, days.len(), "{}", machine.log());
}

#[tokio::test]
async fn a_wrong_clock_after_a_restart_ends_no_session() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let mut machine = Machine::start(&[]).await;
    let users = machine.create_users("60").await;
    for (number, days) in [400, -400, 8, 40, 0].into_iter().enumerate() {
        let expired = format!("long gone {number}");
        machine.guest(&expired).await;
        machine.switch_off().await;
        machine.tamper(&expire_session_sql(&expired));
        machine.clock.set(days * DAY);
        machine.switch_on().await;
        machine.wait_for_housekeeping(&expired).await;
        machine.assert_unchanged(&users, &format!("newcomer {number}")).await;
    }
    assert_eq!(machine.log().matches("further from when the server last ran").count(), 4, "{}", machine.log());
}

#[tokio::test]
async fn data_without_a_saved_clock_survives_a_wrong_one() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let mut machine = Machine::start(&[]).await;
    let users = machine.create_users("60").await;
    machine.guest("long gone").await;
    machine.switch_off().await;
    machine.tamper(&expire_session_sql("long gone"));
    // As an upgrade leaves the data of a version that did not save its clock.
    machine.tamper(
        "UPDATE meta SET ran_at = (SELECT max(seen_at) FROM sessions); DELETE FROM clock_offsets WHERE since > 0",
    );
    machine.clock.set(400 * DAY);
    machine.switch_on().await;
    machine.wait_for_housekeeping("long gone").await;
    machine.assert_unchanged(&users, "newcomer").await;
}

#[tokio::test]
async fn plausible_clock_steps_count() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let mut machine = Machine::start(&[]).await;
    let users = machine.create_users("60").await;
    assert!(machine.message_error(&users.muted).await.is_some());
    // As if the machine had been suspended for two hours, or its clock had been slow.
    machine.clock.set(2 * 60 * 60);
    assert_eq!(machine.message_error(&users.muted).await, None);
    machine.admin(&["mute", "troll", "--minutes", "1440"]);
    assert!(machine.message_error(&users.muted).await.is_some());
    // As if the machine had been off over a long weekend.
    machine.switch_off().await;
    machine.clock.set(4 * DAY);
    machine.switch_on().await;
    assert_eq!(machine.message_error(&users.muted).await, None);
    assert!(machine.has_session(&users.guest).await);
    assert_eq!(machine.log().matches("further from when the server last ran").count(), 0, "{}", machine.log());
}

#[tokio::test]
async fn moderators_see_end_times_by_their_own_clock() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let machine = Machine::start(&[]).await;
    machine.clock.set(400 * DAY);
    let users = machine.create_users("60").await;
    let owner = machine.guest("Olga").await;
    let claim = machine.admin(&["claim-token"]);
    let claim = claim.trim().rsplit('=').next().expect("a token").to_owned();
    let set_password = machine.http(Method::PUT, "/api/me/password").bearer_auth(&owner);
    let set_password =
        set_password.json(&json!({ "password": PASSWORD, "claim": claim })).send().await.expect("a response");
    assert_eq!(set_password.status(), StatusCode::NO_CONTENT);

    let get = async |path: &str| {
        let response = machine.http(Method::GET, path).bearer_auth(&owner).send().await.expect("a response");
        response.json::<Value>().await.expect("JSON")
    };
    let server_time = Timestamp::now().0 + 400 * 24 * 60 * 60_000;
    let is_within_the_hour =
        |at: &Value| at.as_u64().is_some_and(|at| at > server_time - 60_000 && at < server_time + 61 * 60_000);
    let sanctions = get("/api/sanctions").await;
    assert!(is_within_the_hour(&sanctions["sanctions"][0]["until"]), "{sanctions}");
    let invites = get("/api/invites").await;
    for field in ["created_at", "expires_at"] {
        assert!(is_within_the_hour(&invites["invites"][0][field]), "{invites}");
    }
    let sessions = get("/api/sessions").await;
    for field in ["created_at", "seen_at"] {
        assert!(is_within_the_hour(&sessions["sessions"][0][field]), "{sessions}");
    }
    let audit = get("/api/audit").await;
    let mute = audit["entries"].as_array().expect("entries").iter().find(|entry| entry["action"] == "mute");
    assert!(is_within_the_hour(&mute.expect("a mute")["until"]), "{audit}");
    assert!(machine.message_error(&users.muted).await.is_some());
}

#[tokio::test]
async fn setting_the_clock_deletes_nothing() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let mut machine = Machine::start(&[("TEAHOUSE_GUEST_MESSAGE_DAYS", "30"), ("TEAHOUSE_AUDIT_DAYS", "30")]).await;
    let guest = machine.guest("小明").await;
    for _ in 0..2 {
        assert_eq!(machine.message_error(&guest).await, None, "acked");
    }
    machine.admin(&["mute", "小明", "--minutes", "1"]);
    let entries = machine.admin(&["audit"]);
    machine.switch_off().await;
    machine.tamper("UPDATE events SET at = 1000 WHERE seq = 1");
    for days in [400, -400, 20] {
        machine.clock.set(days * DAY);
        machine.switch_on().await;
        let deleted = async || {
            let path = "/api/conversations/lobby/messages";
            let response = machine.http(Method::GET, path).bearer_auth(&guest).send().await.expect("a response");
            let page: MessagesPage = response.json().await.expect("a page");
            page.messages.iter().filter(|message| message.notice.is_none()).map(|m| m.deleted).collect::<Vec<_>>()
        };
        with_timeout("retention", async {
            while !deleted().await[0] {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(deleted().await, [true, false], "{days} days");
        assert_eq!(machine.admin(&["audit"]), entries, "{days} days");
        machine.switch_off().await;
    }
}

#[tokio::test]
async fn a_client_learns_the_servers_time() {
    if only_on_sqlite("the clock of nodes is the database's") {
        return;
    }
    let server = TestServer::start().await;
    let before = Timestamp::now();
    let guest = TestClient::guest(&server, "小明").await;
    let at = guest.welcome.at.expect("a time");
    assert!((before..=Timestamp::now()).contains(&at), "{at:?}");
}
