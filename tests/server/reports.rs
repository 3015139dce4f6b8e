//! Reports of messages: who may report, who sees the reports, what is kept and when it is deleted.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use teahouse::{
    domain::{AuditPage, ConversationId, Event, EventKind, Report, ReportList, Seq},
    protocol::{ErrorCode, Problem, ServerFrame},
};

use super::support::{TestClient, TestServer, register_user, register_with_role};

/// Reports a message. Returns the status of the response.
async fn report(
    server: &TestServer,
    user: &TestClient,
    conversation: ConversationId,
    seq: Seq,
    reason: &str,
) -> StatusCode {
    post_report(server, user, json!({ "conversation": conversation, "seq": seq, "reason": reason })).await.0
}

/// Sends a report. Returns the response's status and its error code.
async fn post_report(server: &TestServer, user: &TestClient, body: Value) -> (StatusCode, Option<ErrorCode>) {
    let request = server.http(Method::POST, "/api/reports").bearer_auth(user.token()).json(&body);
    let response = request.send().await.expect("a response");
    let status = response.status();
    (status, response.json::<Problem>().await.ok().map(|problem| problem.code))
}

/// Fetches the open reports that this user may see.
async fn reports(server: &TestServer, user: &TestClient) -> Vec<Report> {
    let response = server.http(Method::GET, "/api/reports").bearer_auth(user.token()).send().await.expect("a response");
    let ReportList { reports, open } = response.json().await.expect("reports");
    assert_eq!(open, reports.len() as u64);
    reports
}

async fn close_report(server: &TestServer, user: &TestClient, report: &Report) -> StatusCode {
    let path = format!("/api/reports/{}", report.id);
    server.http(Method::DELETE, &path).bearer_auth(user.token()).send().await.expect("a response").status()
}

/// Posts a form of the admin pages about a report.
async fn post_form(server: &TestServer, user: &TestClient, report: &Report, body: &str) -> (StatusCode, String) {
    let request = server.http(Method::POST, &format!("/admin/reports/{}", report.id)).bearer_auth(user.token());
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.to_owned());
    let response = request.send().await.expect("a response");
    (response.status(), response.text().await.expect("a page"))
}

async fn get_page(server: &TestServer, user: &TestClient, path: &str) -> String {
    let request = server.http(Method::GET, path).bearer_auth(user.token());
    request.send().await.expect("a response").text().await.expect("a page")
}

/// Waits for the event that deletes this message.
async fn await_deletion(client: &mut TestClient, message: Seq) {
    client
        .expect("a deletion", |frame| match frame {
            ServerFrame::Event(Event { kind: EventKind::Deletion { seq }, .. }) if *seq == message => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_report_shows_the_message_with_five_before_and_after() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let mo = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let lobby = ming.lobby().id;
    let mut reported_seq = Seq::ZERO;
    for number in 1..=20 {
        let sent = ming.send_message(&format!("line {number}")).await;
        if number == 10 {
            reported_seq = sent.seq.expect("a sequence number");
        }
    }
    assert_eq!(report(&server, &ling, lobby, reported_seq, " rude\u{1b}[2J\nwords ").await, StatusCode::NO_CONTENT);
    for moderator in [&owner, &mo] {
        let open_reports = reports(&server, moderator).await;
        assert_eq!(open_reports.len(), 1);
        assert_eq!(open_reports[0].reporter.id, ling.user().id);
        assert_eq!(open_reports[0].reason.as_str(), "rude [2J words");
        let bodies: Vec<_> = open_reports[0].messages.iter().map(|message| message.body.as_str()).collect();
        let expected: Vec<_> = (5..=15).map(|number| format!("line {number}")).collect();
        assert_eq!(bodies, expected);
        assert_eq!(open_reports[0].reported().map(|message| message.author.nickname.as_str()), Some("小明"));
    }
    for anybody in [&ming, &ling] {
        let request = server.http(Method::GET, "/api/reports").bearer_auth(anybody.token());
        assert_eq!(request.send().await.expect("a response").status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn repeated_reports_are_one_until_it_is_closed() {
    let server = TestServer::start().await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let sent = ming.send_message("rude words").await;
    let (lobby, seq) = (sent.conversation, sent.seq.expect("a sequence number"));
    for reason in ["first", "second", ""] {
        assert_eq!(report(&server, &ling, lobby, seq, reason).await, StatusCode::NO_CONTENT);
    }
    let open_reports = reports(&server, &owner).await;
    assert_eq!(open_reports.iter().map(|report| report.reason.as_str()).collect::<Vec<_>>(), ["first"]);
    assert_eq!(close_report(&server, &owner, &open_reports[0]).await, StatusCode::NO_CONTENT);
    assert_eq!(close_report(&server, &owner, &open_reports[0]).await, StatusCode::NOT_FOUND);
    assert_eq!(reports(&server, &owner).await, []);
    let audit: AuditPage = serde_json::from_str(&get_page(&server, &owner, "/api/audit").await).expect("entries");
    assert_eq!((audit.entries[0].action.as_str(), &audit.entries[0].actor), ("close_report", &Some(owner.user())));
    // A message may be reported again once its report is closed.
    assert_eq!(report(&server, &ling, lobby, seq, "again").await, StatusCode::NO_CONTENT);
    assert_eq!(reports(&server, &owner).await.len(), 1);
}

#[tokio::test]
async fn only_readable_foreign_messages_can_be_reported() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let direct = ming.open_direct("老板").await.id;
    let private = ming.send_message_to(direct, "between us").await.seq.expect("a sequence number");
    let own = ming.send_message("mine").await;
    let deleted = ming.send_message("gone").await.seq.expect("a sequence number");
    ming.change("delete", own.conversation, deleted, json!({})).await;
    let notice = owner.moderate("unmute", &ming.user(), json!({})).await.seq.expect("a sequence number");
    let (lobby, own) = (own.conversation, own.seq.expect("a sequence number"));
    let report_body = |conversation, seq: Seq| json!({ "conversation": conversation, "seq": seq, "reason": "" });
    for (user, body, status, code) in [
        (&ling, report_body(direct, private), StatusCode::NOT_FOUND, ErrorCode::UnknownConversation),
        (
            &ling,
            report_body(ConversationId::generate(), private),
            StatusCode::NOT_FOUND,
            ErrorCode::UnknownConversation,
        ),
        (&ming, report_body(lobby, own), StatusCode::FORBIDDEN, ErrorCode::Forbidden),
        (&ling, report_body(lobby, deleted), StatusCode::NOT_FOUND, ErrorCode::UnknownMessage),
        (&ling, report_body(lobby, notice), StatusCode::NOT_FOUND, ErrorCode::UnknownMessage),
        (&ling, report_body(lobby, Seq::ZERO), StatusCode::NOT_FOUND, ErrorCode::UnknownMessage),
        (&ling, report_body(lobby, Seq(u64::MAX)), StatusCode::NOT_FOUND, ErrorCode::UnknownMessage),
        (&ling, json!({ "seq": own }), StatusCode::BAD_REQUEST, ErrorCode::BadFrame),
        (
            &ling,
            json!({ "conversation": lobby, "seq": own, "reason": "好".repeat(501) }),
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::MessageTooLong,
        ),
    ] {
        assert_eq!(post_report(&server, user, body.clone()).await, (status, Some(code)), "{body}");
    }
    assert_eq!(reports(&server, &owner).await, []);
}

#[tokio::test]
async fn reports_are_limited_by_user_and_address() {
    let server = TestServer::start().await;
    let (owner, _) = register_user(&server, "老板").await;
    let mut ming = TestClient::guest(&server, "小明").await;
    let mut sent_seqs = Vec::new();
    for number in 0..10 {
        sent_seqs.push(ming.send_message(&format!("line {number}")).await.seq.expect("a sequence number"));
    }
    let lobby = ming.lobby().id;
    let mut accepted = Vec::new();
    for name in ["甲", "乙", "丙"] {
        let guest = TestClient::guest(&server, name).await;
        let mut accepted_of_user = 0_usize;
        for seq in &sent_seqs {
            match report(&server, &guest, lobby, *seq, "").await {
                StatusCode::NO_CONTENT => accepted_of_user += 1,
                refused => assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS),
            }
        }
        accepted.push(accepted_of_user);
    }
    assert_eq!(accepted[0], 6, "accepted of one user");
    assert!(accepted.iter().sum::<usize>() <= 13, "accepted of one address: {accepted:?}");
    assert_eq!(reports(&server, &owner).await.len(), accepted.iter().sum::<usize>());
}

#[tokio::test]
async fn a_reporter_has_at_most_twenty_open_reports() {
    let server = TestServer::start_with(|config| config.unlimited = true).await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let lobby = ming.lobby().id;
    let mut last = Seq::ZERO;
    for number in 0..=20 {
        last = ming.send_message(&format!("line {number}")).await.seq.expect("a sequence number");
        let status = report(&server, &ling, lobby, last, "").await;
        assert_eq!(status, if number < 20 { StatusCode::NO_CONTENT } else { StatusCode::TOO_MANY_REQUESTS });
    }
    let oldest = reports(&server, &owner).await.remove(0);
    assert_eq!(close_report(&server, &owner, &oldest).await, StatusCode::NO_CONTENT);
    assert_eq!(report(&server, &ling, lobby, last, "").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_sees_reports_about_themselves_and_only_owners_those_about_moderators() {
    let server = TestServer::start().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let mut mo = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let other = register_with_role(&server, &mut owner, "管家二", "moderator").await;
    let ling = TestClient::guest(&server, "阿玲").await;
    let sent = mo.send_message("rude words of a moderator").await;
    report(&server, &ling, sent.conversation, sent.seq.expect("a sequence number"), "").await;
    let sent = owner.send_message("rude words of the owner").await;
    report(&server, &ling, sent.conversation, sent.seq.expect("a sequence number"), "").await;

    let reported_bodies = |open_reports: &[Report]| -> Vec<String> {
        let reported = open_reports.iter().filter_map(Report::reported);
        reported.map(|message| message.body.as_str().to_owned()).collect()
    };
    let (of_mo, of_owner) = ("rude words of a moderator", "rude words of the owner");
    assert_eq!(reported_bodies(&reports(&server, &mo).await), [of_owner]);
    assert_eq!(reported_bodies(&reports(&server, &owner).await), [of_mo]);
    let both = reports(&server, &other).await;
    assert_eq!(reported_bodies(&both), [of_mo, of_owner]);
    for about in &both {
        assert_eq!(close_report(&server, &other, about).await, StatusCode::FORBIDDEN, "about an equal or higher role");
    }
    assert_eq!(close_report(&server, &mo, &both[0]).await, StatusCode::FORBIDDEN, "about the closer themself");
    assert_eq!(close_report(&server, &owner, &both[1]).await, StatusCode::NOT_FOUND, "about the closer themself");
    assert_eq!(close_report(&server, &owner, &both[0]).await, StatusCode::NO_CONTENT);

    // The operator sees all reports and can close those that no user may close.
    let output = server.admin(&["reports"]).await;
    assert!(
        output.contains("阿玲 reported a message in a room") && output.contains("老板: rude words of the owner"),
        "{output}"
    );
    server.admin(&["close-report", &both[1].id.to_string()]).await;
    assert_eq!(server.admin(&["reports"]).await, "");
    assert!(server.admin_error(&["close-report", "99"]).await.contains("no such report"));
}

#[tokio::test]
async fn moderators_see_and_delete_a_reported_message_of_a_direct() {
    let server = TestServer::start_with_pages().await;
    let (mut owner, _) = register_user(&server, "老板").await;
    let mo = register_with_role(&server, &mut owner, "管家", "moderator").await;
    let (mut ming, mut ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let direct = ming.open_direct("阿玲").await.id;
    let reported_seq = ming.send_message_to(direct, "a threat").await.seq.expect("a sequence number");
    ling.expect_event("a threat").await;
    assert_eq!(report(&server, &ling, direct, reported_seq, "").await, StatusCode::NO_CONTENT);
    let open_report = reports(&server, &mo).await.remove(0);
    assert!(open_report.direct && !open_report.deleted);

    let html = get_page(&server, &mo, "/admin/reports").await;
    assert!(html.contains("a threat") && html.contains("in a private chat"), "{html}");
    assert_eq!(post_form(&server, &mo, &open_report, "action=delete").await.0, StatusCode::SEE_OTHER);
    await_deletion(&mut ling, reported_seq).await;
    await_deletion(&mut ming, reported_seq).await;
    assert_eq!(server.payloads_containing("a threat"), 0);
    let kept_report = reports(&server, &mo).await.remove(0);
    assert!(kept_report.deleted, "the evidence stays until the report is closed");
    assert_eq!(kept_report.reported().map(|message| message.body.as_str()), Some("a threat"));
    // A report gives moderators no access to the rest of the direct.
    let request = server.http(Method::GET, &format!("/api/conversations/{direct}/messages")).bearer_auth(mo.token());
    assert_eq!(request.send().await.expect("a response").status(), StatusCode::NOT_FOUND);
    assert_eq!(
        post_form(&server, &mo, &open_report, &format!("action=close&up_to={}", open_report.id)).await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(post_form(&server, &mo, &open_report, "action=delete").await.0, StatusCode::NOT_FOUND, "closed");
    assert_eq!(server.count("reports"), 0);
}

#[tokio::test]
async fn a_report_keeps_the_reported_text_until_it_is_closed() {
    let server = TestServer::start().await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let sent = ming.send_message("first version").await;
    let (lobby, seq) = (sent.conversation, sent.seq.expect("a sequence number"));
    report(&server, &ling, lobby, seq, "").await;
    ming.change("edit", lobby, seq, json!({ "body": "second version" })).await;
    let carol = TestClient::guest(&server, "Carol").await;
    report(&server, &carol, lobby, seq, "").await;
    ming.change("delete", lobby, seq, json!({})).await;
    let open_reports = reports(&server, &owner).await;
    let bodies = open_reports.iter().filter_map(Report::reported).map(|message| message.body.as_str());
    assert_eq!(bodies.collect::<Vec<_>>(), ["first version", "second version"]);
    // Closing the newer report closes both, because they are about the same message.
    assert_eq!(close_report(&server, &owner, &open_reports[1]).await, StatusCode::NO_CONTENT);
    assert_eq!(server.count("reports"), 0);
}

#[tokio::test]
async fn a_report_keeps_excerpts_of_the_messages_around_it() {
    let server = TestServer::start().await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let text = "好".repeat(4_000);
    let lobby = ming.lobby().id;
    ming.send_message(&text).await;
    let reported_seq = ming.send_message(&text).await.seq.expect("a sequence number");
    ming.send_message(&text).await;
    report(&server, &ling, lobby, reported_seq, "").await;
    let open_report = reports(&server, &owner).await.remove(0);
    let lengths: Vec<_> = open_report.messages.iter().map(|message| message.body.as_str().chars().count()).collect();
    assert_eq!(lengths, [601, 4_000, 601]);
}

#[tokio::test]
async fn muted_users_can_report_and_reports_survive_a_restart() {
    let server = TestServer::start().await;
    let (mut owner, token) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    let sent = ming.send_message("rude words").await;
    owner.moderate("mute", &ling.user(), json!({})).await;
    let status = report(&server, &ling, sent.conversation, sent.seq.expect("a sequence number"), "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let server = server.restart().await;
    let owner = TestClient::with_token(server.address, &token).await;
    assert_eq!(reports(&server, &owner).await.len(), 1);
}

#[tokio::test]
async fn the_admin_pages_count_open_reports_and_show_messages_as_text() {
    let server = TestServer::start_with_pages().await;
    let (owner, _) = register_user(&server, "老板").await;
    let (mut ming, ling) = (TestClient::guest(&server, "小明").await, TestClient::guest(&server, "阿玲").await);
    assert!(!get_page(&server, &owner, "/admin").await.contains("class=\"count\""));
    let sent = ming.send_message("<b>rude</b>").await;
    report(&server, &ling, sent.conversation, sent.seq.expect("a sequence number"), "<i>why</i>").await;
    assert!(get_page(&server, &owner, "/admin").await.contains("<b class=\"count\">1</b>"));
    let html = get_page(&server, &owner, "/admin/reports").await;
    assert!(html.contains("&lt;b&gt;rude") && html.contains("&lt;i&gt;why"), "{html}");
    assert!(!html.contains("<b>rude") && !html.contains("<i>why"), "{html}");
    let member = get_page(&server, &ling, "/admin/reports").await;
    assert!(!member.contains("rude"), "{member}");
    let open_report = reports(&server, &owner).await.remove(0);
    for body in ["", "action=dance", "action=close", "action=close&up_to=x"] {
        assert_eq!(post_form(&server, &owner, &open_report, body).await.0, StatusCode::BAD_REQUEST, "{body:?}");
    }
    assert_eq!(reports(&server, &owner).await.len(), 1);
}
