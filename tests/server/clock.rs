//! The machine's clock is wrong, and is set: nobody is thrown out by it, and nothing is deleted before its time.

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

use super::support::{FakeClock, PASSWORD, PROGRAM, TestClient, TestProcess, TestServer, with_timeout};

const DAY: i64 = 24 * 60 * 60;

/// From where nobody may come.
const BANNED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5));

/// The program on a machine whose clock can be set.
struct Machine {
    folder: TempDir,
    clock: FakeClock,
    options: &'static [(&'static str, &'static str)],
    /// `None` while it is off.
    process: Option<TestProcess>,
}

/// Who is in, by their tokens.
struct People {
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

    async fn come_in(&self, body: Value) -> reqwest::Response {
        self.http(Method::POST, "/api/session").json(&body).send().await.expect("an answer")
    }

    /// A new guest's token.
    async fn guest(&self, nickname: &str) -> String {
        let answer = self.come_in(json!({ "nickname": nickname })).await;
        let created: SessionCreated = answer.json().await.expect("a session");
        // Back with the token, or the name would be free in ten minutes.
        assert!(self.is_in(&created.token).await);
        created.token
    }

    async fn is_in(&self, token: &str) -> bool {
        let answer = self.http(Method::GET, "/api/me").bearer_auth(token).send().await.expect("an answer");
        answer.status() == StatusCode::OK
    }

    fn admin(&self, command: &[&str]) -> String {
        let mut program = Command::new(PROGRAM);
        let output = program.arg("admin").args(command).arg("--data").arg(self.data()).output().expect("the program");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Does to the database, while the server is off, what no program of ours does.
    fn tamper(&self, statement: &str) {
        let db = Connection::open(self.data().join("teahouse.db")).expect("the database");
        db.execute_batch(statement).expect(statement);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    async fn people(&self, minutes: &str) -> People {
        let guest = self.guest("小明").await;
        let registered = self.guest("阿玲").await;
        let set = self.http(Method::PUT, "/api/me/password").bearer_auth(&registered);
        let set = set.json(&json!({ "password": PASSWORD })).send().await.expect("an answer");
        assert_eq!(set.status(), StatusCode::NO_CONTENT);
        let muted = self.guest("troll").await;
        self.admin(&["mute", "troll", "--minutes", minutes]);
        self.admin(&["ban-network", &format!("{BANNED}/32"), "--minutes", minutes]);
        let link = self.admin(&["invite", "--minutes", minutes]);
        let invite = link.trim().rsplit('=').next().expect("a token").to_owned();
        People { guest, registered, muted, invite }
    }

    /// What becomes of a message to the Lobby: `None`, or the code of the refusal and how long it will last.
    async fn refusal(&self, token: &str) -> Option<(String, u64)> {
        let mut client = TestClient::with_token(self.process().address, token).await;
        let lobby = client.lobby().id;
        let id = client.send_without_waiting(lobby, "hello").await;
        client
            .expect("an answer", |frame| match frame {
                teahouse::protocol::ServerFrame::Ack { id: acked, .. } if *acked == id => Some(None),
                teahouse::protocol::ServerFrame::Error(error) if error.id == Some(id) => {
                    Some(Some((error.code.name().to_owned(), error.retry_after_ms.unwrap_or_default())))
                }
                _ => None,
            })
            .await
    }

    /// Everybody is in as before, and what was to hold for an hour holds.
    async fn is_as_before(&self, people: &People, newcomer: &str) {
        assert!(self.is_in(&people.guest).await, "a guest");
        assert!(self.is_in(&people.registered).await, "a registered user");
        for name in ["小明", "阿玲", "troll"] {
            let taken = self.come_in(json!({ "nickname": name })).await;
            assert_eq!(taken.status(), StatusCode::CONFLICT, "{name} is somebody's");
        }
        let (code, wait) = self.refusal(&people.muted).await.expect("a refusal");
        assert_eq!(code, "muted");
        // A restart takes up the time where it was last written down, which is a little earlier.
        assert!((1..=61 * 60_000).contains(&wait), "{wait} ms of an hour");
        let invited = json!({ "nickname": newcomer, "password": PASSWORD, "invite": people.invite });
        assert_eq!(self.come_in(invited).await.status(), StatusCode::CREATED, "an invite for an hour");
        let banned = self.http_from(BANNED, Method::POST, "/api/session").json(&json!({ "nickname": "x" }));
        assert_eq!(banned.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    }

    /// Waits until housekeeping has come by after the start: the name is free of a guest who was away for ever.
    async fn has_kept_house(&self, nickname: &str) {
        with_timeout("housekeeping", async {
            while self.come_in(json!({ "nickname": nickname })).await.status() != StatusCode::CREATED {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn age(nickname: &str) -> String {
    format!("UPDATE sessions SET seen_at = 1000 WHERE user = (SELECT id FROM users WHERE nickname = '{nickname}')")
}

#[tokio::test]
async fn setting_the_clock_ends_no_session() {
    let machine = Machine::start(&[]).await;
    let people = machine.people("60").await;
    machine.is_as_before(&people, "before").await;
    let days = [400, 20, -400, 8, -20_000, 36_500, -2];
    for (number, days) in days.into_iter().enumerate() {
        machine.clock.set(days * DAY);
        machine.is_as_before(&people, &format!("newcomer {number}")).await;
    }
    machine.clock.set(0);
    machine.is_as_before(&people, "after").await;
    let told = machine.log().matches("further from when the server last ran").count();
    assert_eq!(told, days.len(), "{}", machine.log());
}

#[tokio::test]
async fn a_wrong_clock_after_a_restart_ends_no_session() {
    let mut machine = Machine::start(&[]).await;
    let people = machine.people("60").await;
    for (number, days) in [400, -400, 8, 40, 0].into_iter().enumerate() {
        let gone = format!("long gone {number}");
        machine.guest(&gone).await;
        machine.switch_off().await;
        machine.tamper(&age(&gone));
        machine.clock.set(days * DAY);
        machine.switch_on().await;
        machine.has_kept_house(&gone).await;
        machine.is_as_before(&people, &format!("newcomer {number}")).await;
    }
    assert_eq!(machine.log().matches("further from when the server last ran").count(), 4, "{}", machine.log());
}

#[tokio::test]
async fn data_without_a_saved_clock_survives_a_wrong_one() {
    let mut machine = Machine::start(&[]).await;
    let people = machine.people("60").await;
    machine.guest("long gone").await;
    machine.switch_off().await;
    machine.tamper(&age("long gone"));
    // As an older program has left it.
    machine.tamper("ALTER TABLE meta DROP COLUMN ran_at; DROP TABLE clock_offsets; PRAGMA user_version = 16;");
    machine.clock.set(400 * DAY);
    machine.switch_on().await;
    machine.has_kept_house("long gone").await;
    machine.is_as_before(&people, "newcomer").await;
}

#[tokio::test]
async fn plausible_clock_steps_count() {
    let mut machine = Machine::start(&[]).await;
    let people = machine.people("60").await;
    assert!(machine.refusal(&people.muted).await.is_some());
    // The machine slept for two hours, or its clock was slow.
    machine.clock.set(2 * 60 * 60);
    assert_eq!(machine.refusal(&people.muted).await, None);
    machine.admin(&["mute", "troll", "--minutes", "1440"]);
    assert!(machine.refusal(&people.muted).await.is_some());
    // It was off over a long weekend.
    machine.switch_off().await;
    machine.clock.set(4 * DAY);
    machine.switch_on().await;
    assert_eq!(machine.refusal(&people.muted).await, None);
    assert!(machine.is_in(&people.guest).await);
    assert_eq!(machine.log().matches("further from when the server last ran").count(), 0, "{}", machine.log());
}

#[tokio::test]
async fn moderators_see_end_times_by_their_own_clock() {
    let machine = Machine::start(&[]).await;
    machine.clock.set(400 * DAY);
    let people = machine.people("60").await;
    let owner = machine.guest("Olga").await;
    let claim = machine.admin(&["claim-token"]);
    let claim = claim.trim().rsplit('=').next().expect("a token").to_owned();
    let set = machine.http(Method::PUT, "/api/me/password").bearer_auth(&owner);
    let set = set.json(&json!({ "password": PASSWORD, "claim": claim })).send().await.expect("an answer");
    assert_eq!(set.status(), StatusCode::NO_CONTENT);

    let get = async |path: &str| {
        let answer = machine.http(Method::GET, path).bearer_auth(&owner).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")
    };
    let there = Timestamp::now().0 + 400 * 24 * 60 * 60_000;
    let is_within_the_hour = |at: &Value| at.as_u64().is_some_and(|at| at > there - 60_000 && at < there + 61 * 60_000);
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
    assert!(machine.refusal(&people.muted).await.is_some());
}

#[tokio::test]
async fn setting_the_clock_deletes_nothing() {
    let mut machine = Machine::start(&[("TEAHOUSE_GUEST_MESSAGE_DAYS", "30"), ("TEAHOUSE_AUDIT_DAYS", "30")]).await;
    let guest = machine.guest("小明").await;
    for _ in 0..2 {
        assert_eq!(machine.refusal(&guest).await, None, "it is said");
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
            let answer = machine.http(Method::GET, path).bearer_auth(&guest).send().await.expect("an answer");
            let page: MessagesPage = answer.json().await.expect("a page");
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
    let server = TestServer::start().await;
    let before = Timestamp::now();
    let guest = TestClient::guest(&server, "小明").await;
    let at = guest.welcome.at.expect("a time");
    assert!((before..=Timestamp::now()).contains(&at), "{at:?}");
}
