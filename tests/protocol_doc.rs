//! Tests `docs/protocol.md`: its examples are valid frames, and it leaves out no frame and no code.

use std::{collections::BTreeSet, fmt};

use serde::{
    Serialize,
    de::{
        self, DeserializeOwned, IntoDeserializer,
        value::{MapDeserializer, StrDeserializer},
    },
};
use serde_json::Value;
use teahouse::{
    domain::{
        AuditPage, ChangesPage, Completions, ConversationKind, ConversationList, CurrentUser, DirectoryPage, EventKind,
        MAX_BODY_CHARACTERS, MAX_BODY_CODE_POINTS, MAX_CHARACTER_CODE_POINTS, MAX_CHARACTER_MARKS,
        MAX_NICKNAME_CHARACTERS, MAX_PINS, MAX_REACTIONS, MAX_TOPIC_CHARACTERS, MemberPage, MentionPage,
        MessageHistory, MessagesPage, PinnedMessages, ReportList, ThreadPage, UserKind,
    },
    protocol::{
        BlockList, ClientFrame, CloseCode, DeleteAccountRequest, ErrorCode, InviteCreated, InviteList, InviteRequest,
        MAX_FRAME_BYTES, MAX_LISTED_ONLINE, MAX_REPLAYED_EVENTS, PasswordRequest, Problem, ReportRequest, SanctionList,
        ServerFrame, SessionCreated, SessionList, SessionRequest, SimpleReply, SimpleRequest, SimpleToken,
    },
};

const DOC: &str = include_str!("../docs/protocol.md");

/// A fenced code block whose info string begins with `json`.
struct Example {
    /// The line number of the opening fence, counted from 1.
    line: usize,
    /// The server's type that the example shows: the second word of the info string.
    kind: &'static str,
    /// A field that the server ignores, so that it is not written back: `ignores=FIELD`.
    ignores: Option<&'static str>,
    /// The last line of text before the block.
    label: &'static str,
    text: String,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut label = "";
    let mut lines = DOC.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            label = if line.is_empty() { label } else { line };
            continue;
        };
        let block: Vec<_> = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```").collect();
        let mut words = info.split(' ');
        if words.next() == Some("json") {
            let kind = words.next().unwrap_or_else(|| panic!("line {number}: which type is this an example of?"));
            let ignores = words.next().and_then(|word| word.strip_prefix("ignores="));
            examples.push(Example { line: number, kind, ignores, label, text: block.join("\n") });
        }
    }
    examples
}

impl Example {
    fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("line {}: {error}", self.line))
    }

    /// Parses the example as a `T` and serializes it again: fields that `T` does not know would be missing.
    fn round_trips_as<T: DeserializeOwned + Serialize>(&self) {
        let mut expected = self.value();
        let read: T = serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("line {}: {error}", self.line));
        if let Some(ignored) = self.ignores {
            let field = expected.as_object_mut().and_then(|object| object.remove(ignored));
            assert!(field.is_some(), "line {}: there is no field {ignored} to ignore", self.line);
        }
        let written = serde_json::to_value(read).expect("the protocol's types are plain JSON");
        assert_eq!(written, expected, "line {}", self.line);
    }
}

/// Returns the values of the field `tag` in the examples of a kind.
fn tag_values(kind: &str, tag: &str) -> BTreeSet<String> {
    let examples = examples();
    let values = examples.iter().filter(|example| example.kind == kind).map(Example::value);
    values.filter_map(|value| value.pointer(tag)?.as_str().map(String::from)).collect()
}

/// Returns the first cells of the table whose header begins with `header`, without backticks.
fn first_cells(header: &str) -> BTreeSet<String> {
    let header = format!("| {header} |");
    let table = DOC.lines().skip_while(|line| !line.starts_with(&header)).skip(2);
    let cells = table.map_while(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.map(|cell| cell.trim_matches('`').to_owned()).collect()
}

/// A deserialization error that keeps the variants that serde expected: a list that cannot become outdated.
#[derive(Debug)]
struct Expected(&'static [&'static str]);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {:?}", self.0)
    }
}

impl std::error::Error for Expected {}

impl de::Error for Expected {
    fn custom<T: fmt::Display>(message: T) -> Self {
        panic!("cannot read the variants: {message}")
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

/// A name that no variant has.
const UNKNOWN_VARIANT: &str = "?";

fn variants_of(names: Result<impl fmt::Debug, Expected>) -> BTreeSet<String> {
    names.expect_err("no variant has this name").0.iter().map(ToString::to_string).collect()
}

/// Returns the variant names of an enum that is serialized as a string.
fn names<T: DeserializeOwned + fmt::Debug>() -> BTreeSet<String> {
    let name: StrDeserializer<'_, Expected> = UNKNOWN_VARIANT.into_deserializer();
    variants_of(T::deserialize(name))
}

/// Returns the variant names of an enum that is serialized as an object with its name in the field `tag`.
fn tagged_names<T: DeserializeOwned + fmt::Debug>(tag: &str) -> BTreeSet<String> {
    variants_of(T::deserialize(MapDeserializer::new(std::iter::once((tag, UNKNOWN_VARIANT)))))
}

#[test]
fn every_example_is_read_or_written_by_the_server() {
    for example in examples() {
        match example.kind {
            "client" => example.round_trips_as::<ClientFrame>(),
            "server" => example.round_trips_as::<ServerFrame>(),
            "simple-request" => example.round_trips_as::<SimpleRequest>(),
            "simple-token" => example.round_trips_as::<SimpleToken>(),
            "simple-reply" => example.round_trips_as::<SimpleReply>(),
            "session-request" => example.round_trips_as::<SessionRequest>(),
            "session-created" => example.round_trips_as::<SessionCreated>(),
            "password-request" => example.round_trips_as::<PasswordRequest>(),
            "delete-account-request" => example.round_trips_as::<DeleteAccountRequest>(),
            "sessions" => example.round_trips_as::<SessionList>(),
            "me" => example.round_trips_as::<CurrentUser>(),
            "conversations" => example.round_trips_as::<ConversationList>(),
            "rooms" => example.round_trips_as::<DirectoryPage>(),
            "members" => example.round_trips_as::<MemberPage>(),
            "blocks" => example.round_trips_as::<BlockList>(),
            "messages" => example.round_trips_as::<MessagesPage>(),
            "thread" => example.round_trips_as::<ThreadPage>(),
            "mentions" => example.round_trips_as::<MentionPage>(),
            "completions" => example.round_trips_as::<Completions>(),
            "pins" => example.round_trips_as::<PinnedMessages>(),
            "history" => example.round_trips_as::<MessageHistory>(),
            "changes" => example.round_trips_as::<ChangesPage>(),
            "report-request" => example.round_trips_as::<ReportRequest>(),
            "reports" => example.round_trips_as::<ReportList>(),
            "sanctions" => example.round_trips_as::<SanctionList>(),
            "audit" => example.round_trips_as::<AuditPage>(),
            "invite-request" => example.round_trips_as::<InviteRequest>(),
            "invite-created" => example.round_trips_as::<InviteCreated>(),
            "invites" => example.round_trips_as::<InviteList>(),
            "problem" => example.round_trips_as::<Problem>(),
            kind => panic!("line {}: unknown type {kind}", example.line),
        }
    }
}

#[test]
fn every_example_names_its_sender_and_its_type() {
    for example in examples() {
        let sender = match example.kind {
            "client"
            | "simple-request"
            | "simple-token"
            | "session-request"
            | "password-request"
            | "invite-request"
            | "report-request"
            | "delete-account-request" => "Client → server",
            _ => "Server → client",
        };
        assert!(example.label.contains(sender), "line {}: begin with {sender:?}", example.line);
        if let Some(frame) = example.value().get("type").and_then(Value::as_str).filter(|_| example.kind != "problem") {
            assert!(example.label.contains(&format!("`{frame}`")), "line {}: name the frame", example.line);
        }
    }
}

#[test]
fn every_frame_has_an_example() {
    assert_eq!(tag_values("client", "/type"), tagged_names::<ClientFrame>("type"));
    assert_eq!(tag_values("server", "/type"), tagged_names::<ServerFrame>("type"));
    assert_eq!(tag_values("server", "/event/kind"), tagged_names::<EventKind>("kind"));
    assert_eq!(&tag_values("server", "/me/kind") | &tag_values("me", "/kind"), names::<UserKind>());
    let conversations = &tag_values("server", "/kind") | &tag_values("server", "/conversations/0/kind");
    assert_eq!(conversations, tagged_names::<ConversationKind>("kind"));
}

#[test]
fn every_kind_of_simple_reply_has_an_example() {
    let mut forms = BTreeSet::new();
    for example in examples().iter().filter(|example| example.kind == "simple-reply") {
        forms.insert(match serde_json::from_str(&example.text).expect("checked above") {
            SimpleReply::ToEveryone { .. } => "to everyone",
            SimpleReply::ToYou { .. } => "to you",
            SimpleReply::Error { .. } => "error",
        });
    }
    assert_eq!(forms.len(), 3, "only {forms:?}");
}

#[test]
fn every_error_code_has_a_row() {
    assert_eq!(first_cells("code"), names::<ErrorCode>());
}

#[test]
fn every_close_code_has_a_row() {
    // A new variant does not compile until it is part of this chain.
    let next = |code| match code {
        CloseCode::BadWebSocket => Some(CloseCode::NotUtf8),
        CloseCode::NotUtf8 => Some(CloseCode::TooBig),
        CloseCode::TooBig => Some(CloseCode::Restarting),
        CloseCode::Restarting => Some(CloseCode::TooSlow),
        CloseCode::TooSlow => Some(CloseCode::ProtocolError),
        CloseCode::ProtocolError => Some(CloseCode::SessionEnded),
        CloseCode::SessionEnded => Some(CloseCode::Removed),
        CloseCode::Removed => Some(CloseCode::NoHello),
        CloseCode::NoHello => Some(CloseCode::NicknameTaken),
        CloseCode::NicknameTaken => Some(CloseCode::PasswordChanged),
        CloseCode::PasswordChanged => Some(CloseCode::SessionExpired),
        CloseCode::SessionExpired => Some(CloseCode::GuestsEnded),
        CloseCode::GuestsEnded => Some(CloseCode::TooMany),
        CloseCode::TooMany => None,
    };
    let codes = std::iter::successors(Some(CloseCode::BadWebSocket), |code| next(*code));
    assert_eq!(first_cells("close code"), codes.map(|code| code.number().to_string()).collect());
}

/// Asserts that the table row that begins with `limit` has `value` as its first number.
fn assert_limit(limit: &str, value: impl TryInto<u64>) {
    let row = DOC.lines().find_map(|line| line.strip_prefix(&format!("| {limit}")));
    let cell = row.and_then(|row| row.split("| ").nth(1));
    let number: Option<String> =
        cell.map(|cell| cell.replace(',', "").chars().take_while(char::is_ascii_digit).collect());
    assert_eq!(number, value.try_into().ok().map(|value| value.to_string()), "{limit}");
}

#[test]
fn every_documented_limit_is_in_force() {
    assert_limit("largest frame", MAX_FRAME_BYTES);
    assert_limit("nickname", MAX_NICKNAME_CHARACTERS);
    assert_limit("message", MAX_BODY_CHARACTERS);
    assert_limit("code points of a message", MAX_BODY_CODE_POINTS);
    assert_limit("code points of a character", MAX_CHARACTER_CODE_POINTS);
    assert_limit("marks on a character", MAX_CHARACTER_MARKS);
    assert_limit("events replayed", MAX_REPLAYED_EVENTS);
    assert_limit("different reactions", MAX_REACTIONS);
    assert_limit("pinned messages", u64::try_from(MAX_PINS).expect("a small number"));
    assert_limit("users listed", MAX_LISTED_ONLINE);
    assert_limit("topic", MAX_TOPIC_CHARACTERS);
}

#[cfg(feature = "ssr")]
#[test]
fn every_documented_default_limit_is_the_one_of_the_server() {
    let limits = teahouse::server::Limits::default();
    assert_limit("commands of a user", limits.commands_per_minute.get());
    assert_limit("frames of any kind", limits.frames_per_minute.get());
    assert_limit("wrong passwords from an address", limits.sign_ins_per_minute.get());
    assert_limit("requests of an address", limits.requests_per_minute.get());
    assert_limit("new guests", limits.guests_per_minute.get());
    assert_limit("nicknames of guests", limits.guests_per_address.get());
    assert_limit("WebSockets of a user", limits.max_connections_per_user);
    assert_limit("connections of an address", limits.max_connections_per_address);
    assert_limit("connections of a network", limits.max_connections_per_network);
    assert_limit("`hello` of a user", limits.hellos_per_minute.get());
    assert_limit("bytes that a user is sent", limits.answer_bytes_per_minute.get());
    assert_limit("bytes of files", limits.file_bytes_per_minute.get());
    assert_limit("connections of the server", limits.max_connections);
    assert_limit("bytes waiting", limits.send_queue_bytes);
}
