//! What whoever owns the machine tells the running server: `teahouse admin`, by a Unix socket in the data folder.
//!
//! One command a connection: a line of JSON each way.

use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener as BlockingListener, UnixStream as BlockingStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader as AsyncBufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::{
    domain::{
        Action, AuditEntry, ConversationId, KeptMessages, Message, Nickname, Report, Role, Sanction, Seq, SessionId,
        Timestamp, User, UserId, utc,
    },
    protocol::{CloseCode, InviteRequest},
    server::{
        App,
        chat::ChatError,
        net::{ip_network::parse_ip_network, urls},
        store::{BannedNetwork, Placed, ReportAction},
    },
};

/// More than any command needs.
const LONGEST_COMMAND: u64 = 4 * 1024;

/// What the Lobby is called.
const LOBBY: &str = "lobby";

/// How much of a message is shown, in code points.
const LONGEST_BEGIN: usize = 60;

/// How long a command may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be asked of a running server.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminCommand {
    /// List who has a nickname, with roles.
    List,
    /// List who is muted or banned.
    Sanctions,
    /// Show the newest entries of the audit log.
    Audit {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show open reports of messages, with the messages around them.
    Reports {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// List messages, the newest first: where each stands, by whom it is, and how it begins.
    Messages {
        /// Whose, in all conversations.
        nickname: Option<String>,
        /// Of which conversation, by its id or `lobby`; the Lobby if neither is given.
        #[arg(long, conflicts_with = "nickname")]
        conversation: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Close a report: what it kept of the messages is gone.
    CloseReport {
        /// Its number in `reports`.
        report: u64,
    },
    /// Delete a message, in a talk of two as well. `messages` tells where it stands.
    DeleteMessage {
        /// The conversation, by its id or `lobby`.
        conversation: String,
        /// The message's place in it.
        seq: u64,
    },
    /// Make a registered user, with a random password that is printed.
    Create {
        /// What the user is called.
        nickname: String,
    },
    /// Give a registered user a role.
    Promote {
        /// Who.
        nickname: String,
        /// Which.
        #[arg(value_enum, default_value_t = Role::Moderator)]
        role: Role,
    },
    /// Give a registered user a random password, which is printed, and end all of their sessions.
    ResetPassword {
        /// Who.
        nickname: String,
    },
    /// End all sessions of a user, or of all guests; a guest gives the nickname back.
    EndSessions {
        /// Who.
        #[arg(required_unless_present = "guests")]
        nickname: Option<String>,
        /// All guests.
        #[arg(long, conflicts_with = "nickname")]
        guests: bool,
    },
    /// Print the link by which somebody can own a server that nobody owns. It is a secret.
    ClaimToken,
    /// Delete a user's account: the nickname is free, and nobody is named by it any more.
    DeleteAccount {
        /// Who.
        nickname: String,
        /// What becomes of the user's messages.
        #[arg(long, value_enum, default_value_t = KeptMessages::Keep)]
        messages: KeptMessages,
    },
    /// Let a user read, but not write.
    Mute {
        /// Who.
        nickname: String,
        /// For how long; until `unmute` if not given.
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Let a user write again.
    Unmute {
        /// Who.
        nickname: String,
    },
    /// Make a user leave; they may come back.
    Remove {
        /// Who.
        nickname: String,
    },
    /// Make a user leave and keep them out; with a guest, also new guests from the same address.
    Ban {
        /// Who.
        nickname: String,
        /// For how long; until `unban` if not given.
        #[arg(long)]
        minutes: Option<u32>,
        /// End the sessions of all guests of the same address, too.
        #[arg(long)]
        address: bool,
    },
    /// Keep everybody new from a network out, and end the sessions of guests who came from there.
    BanNetwork {
        /// Which, as 203.0.113.0/24.
        network: String,
        /// For how long; until `unban-network` if not given.
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Let people in from a network again.
    UnbanNetwork {
        /// Which.
        network: String,
    },
    /// Let a user, and new guests from the same address, in again.
    Unban {
        /// Who.
        nickname: String,
    },
    /// Make a link that lets people in.
    Invite {
        /// After how many minutes it ends; never if not given.
        #[arg(long)]
        minutes: Option<u32>,
        /// How many it lets in; as many as come if not given.
        #[arg(long)]
        uses: Option<u32>,
    },
}

/// What the server answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AdminAnswer {
    /// It is done; what there is to say.
    Done(String),
    /// It is not done; why.
    Refused(String),
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody listens in that data folder.
    #[error("no server is running on {folder} ({error})")]
    NoServer {
        /// The data folder.
        folder: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The connection broke.
    #[error("the server did not answer: {0}")]
    NoAnswer(io::Error),
    /// The server says why.
    #[error("{0}")]
    Refused(String),
}

fn socket_in(data: &Path) -> PathBuf {
    data.join("admin.sock")
}

/// Asks the server that runs on the data folder; gives what it has to say.
///
/// # Errors
/// [`AdminError`] if there is none, or if it refuses.
pub fn ask(data: &Path, command: &AdminCommand) -> Result<String, AdminError> {
    let stream = BlockingStream::connect(socket_in(data))
        .map_err(|error| AdminError::NoServer { folder: data.to_owned(), error })?;
    let answer = exchange(stream, command).map_err(AdminError::NoAnswer)?;
    match answer {
        AdminAnswer::Done(words) => Ok(for_terminal(&words)),
        AdminAnswer::Refused(words) => Err(AdminError::Refused(for_terminal(&words))),
    }
}

/// A text in which nothing is left that a terminal would obey, or that would show its reader something else than it is:
/// names and messages are strangers'.
fn for_terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let is_obeyed = c.general_category_group() == GeneralCategoryGroup::Other;
        // What joins emoji is no danger.
        if is_obeyed && !matches!(c, '\n' | '\u{200d}') {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn exchange(mut stream: BlockingStream, command: &AdminCommand) -> io::Result<AdminAnswer> {
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// The socket. It is gone when this is dropped, so that nobody knocks at a house that is closed.
#[derive(Debug)]
pub(super) struct AdminSocket {
    listener: BlockingListener,
    path: PathBuf,
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the administrator's socket is not to be removed");
        }
    }
}

/// Makes the socket. Whoever may not use the data folder's files may not connect. Without it the server does as well.
pub(super) fn bind(data: &Path) -> Option<AdminSocket> {
    let path = socket_in(data);
    // It has its name when nobody else may use it any more, and takes the place of what a server that was killed left. The
    // folder is ours, or we would not be here.
    let unfinished = data.join("admin.sock.unfinished");
    drop(fs::remove_file(&unfinished));
    let listener = BlockingListener::bind(&unfinished).and_then(|listener| {
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        fs::rename(&unfinished, &path)?;
        Ok(listener)
    });
    let listener = listener
        .inspect_err(|error| {
            tracing::warn!(%error, path = %path.display(), "`teahouse admin` will not reach this server");
        })
        .ok()?;
    Some(AdminSocket { listener, path })
}

/// Takes commands until it is dropped. `address` is where the server is found.
pub(super) async fn serve(app: Arc<App>, administration: Option<AdminSocket>, address: String) {
    let Some(administration) = administration else { return };
    let Ok(listener) = administration.listener.try_clone().and_then(UnixListener::from_std) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                app.tasks.spawn(answer(Arc::clone(&app), address.clone(), stream));
            }
            Err(error) => {
                tracing::warn!(%error, "an administrator could not connect");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(app: Arc<App>, address: String, mut stream: UnixStream) {
    let (reading, mut writing) = stream.split();
    let mut line = String::new();
    let mut reading = AsyncBufReader::new(reading.take(LONGEST_COMMAND));
    let answer = match timeout(PATIENCE, reading.read_line(&mut line)).await {
        Ok(Ok(_)) => match serde_json::from_str(&line) {
            Ok(command) => match carry_out(&app, &address, command).await {
                Ok(words) => AdminAnswer::Done(words),
                Err(error) => AdminAnswer::Refused(error.to_string()),
            },
            Err(error) => AdminAnswer::Refused(format!("this server does not know that command: {error}")),
        },
        Ok(Err(_)) | Err(_) => return,
    };
    let Ok(mut bytes) = serde_json::to_vec(&answer) else { return };
    bytes.push(b'\n');
    if let Err(error) = writing.write_all(&bytes).await {
        tracing::debug!(%error, "an administrator did not wait for the answer");
    }
}

async fn carry_out(app: &App, address: &str, command: AdminCommand) -> Result<String, ChatError> {
    let chat = &app.chat;
    let done = async |nickname: &str, action, minutes, role| {
        let user = chat.moderate_by_name(nickname, action, minutes, role, false).await?;
        Ok(format!("{}: {}\n", user.nickname.as_str(), action.name()))
    };
    match command {
        AdminCommand::List => Ok(chat.users().await?.iter().map(describe).collect()),
        AdminCommand::Sanctions => {
            let users = chat.all_sanctions().await?;
            let networks = chat.banned_networks().await?;
            Ok(users.iter().map(describe_sanction).chain(networks.iter().map(describe_network)).collect())
        }
        AdminCommand::Audit { limit } => {
            Ok(chat.newest_audit(limit).await?.entries.iter().map(describe_entry).collect())
        }
        AdminCommand::Reports { limit } => {
            Ok(chat.all_reports(limit).await?.reports.iter().map(describe_report).collect())
        }
        AdminCommand::CloseReport { report } => {
            chat.handle_report(None, report, ReportAction::Close { up_to: report }).await?;
            Ok(format!("report {report}: closed\n"))
        }
        AdminCommand::Messages { nickname, conversation, limit } => {
            let conversation = find_conversation(app, conversation.as_deref().unwrap_or(LOBBY))?;
            let found = chat.look_up(conversation, nickname.as_deref(), limit).await?;
            Ok(found.iter().map(|placed| describe_message(placed, chat.lobby())).collect())
        }
        AdminCommand::DeleteMessage { conversation, seq } => {
            chat.delete_message(find_conversation(app, &conversation)?, Seq(seq)).await?;
            Ok(format!("{conversation} {seq}: deleted\n"))
        }
        AdminCommand::Create { nickname } => {
            let (user, password) = chat.create_registered(&nickname).await?;
            Ok(format!("{}: the password is {password}\n", user.nickname.as_str()))
        }
        AdminCommand::Promote { nickname, role } => done(&nickname, Action::Appoint, None, Some(role)).await,
        AdminCommand::ResetPassword { nickname } => {
            let (user, password, ended) = chat.reset_password(&nickname).await?;
            close_sessions(app, user.id, &ended, CloseCode::PasswordChanged);
            Ok(format!("{}: the password is {password}\n", user.nickname.as_str()))
        }
        AdminCommand::EndSessions { guests: true, .. } => {
            let guests = chat.end_guests().await?;
            guests.iter().for_each(|guest| app.hub.close_user(*guest, CloseCode::GuestsEnded));
            Ok(format!("{} guests: their sessions have ended\n", guests.len()))
        }
        AdminCommand::ClaimToken => match chat.claim_token().await? {
            Some(token) => Ok(format!("{}\n", urls::claim_url(address, &token))),
            None => Err(ChatError::BadMeasure("the server has an owner, or its configuration names one")),
        },
        AdminCommand::EndSessions { nickname: None, .. } => Err(ChatError::BadMeasure("whose sessions?")),
        AdminCommand::EndSessions { nickname: Some(nickname), .. } => {
            let (user, ended) = chat.end_sessions(&nickname).await?;
            if user.registered {
                close_sessions(app, user.id, &ended, CloseCode::SessionEnded);
            } else {
                // The name is free now; a simple-protocol client has it for as long as its socket lives, without a session.
                app.hub.close_user(user.id, CloseCode::SessionEnded);
            }
            Ok(format!("{}: {} sessions ended\n", user.nickname.as_str(), ended.len()))
        }
        AdminCommand::DeleteAccount { nickname, messages } => {
            let user = chat.delete_account_of(&nickname, messages).await?;
            app.hub.close_user(user.id, CloseCode::SessionEnded);
            Ok(format!("{}: the account is deleted\n", user.nickname.as_str()))
        }
        AdminCommand::Mute { nickname, minutes } => done(&nickname, Action::Mute, minutes, None).await,
        AdminCommand::Unmute { nickname } => done(&nickname, Action::Unmute, None, None).await,
        AdminCommand::Remove { nickname } => done(&nickname, Action::Remove, None, None).await,
        AdminCommand::Ban { nickname, minutes, address } => {
            let user = chat.moderate_by_name(&nickname, Action::Ban, minutes, None, address).await?;
            Ok(format!("{}: {}\n", user.nickname.as_str(), Action::Ban.name()))
        }
        AdminCommand::BanNetwork { network, minutes } => {
            let network = network_of(&network)?;
            let guests = chat.ban_network(network, minutes).await?;
            guests.iter().for_each(|guest| app.hub.close_user(*guest, CloseCode::Removed));
            Ok(format!("{network}: ban; the sessions of {} guests have ended\n", guests.len()))
        }
        AdminCommand::UnbanNetwork { network } => {
            let network = network_of(&network)?;
            chat.unban_network(network).await?;
            Ok(format!("{network}: unban\n"))
        }
        AdminCommand::Unban { nickname } => done(&nickname, Action::Unban, None, None).await,
        AdminCommand::Invite { minutes, uses } => {
            let (_, token) = chat.invite(None, &InviteRequest { minutes, uses }).await?;
            Ok(format!("{}\n", urls::invite_url(address, &token)))
        }
    }
}

/// What somebody is called, as far as they are.
fn called(nickname: &Nickname) -> &str {
    if nickname.is_former() { "(former user)" } else { nickname.as_str() }
}

/// A network as limits count: for IPv6, a /64 at least.
fn network_of(text: &str) -> Result<IpNet, ChatError> {
    const NO_NETWORK: ChatError = ChatError::BadMeasure("neither an address nor a network like 203.0.113.0/24");
    let network = parse_ip_network(text).map_err(|_| NO_NETWORK)?;
    let network = match network {
        IpNet::V6(network) if network.prefix_len() > 64 => {
            IpNet::new(network.addr().into(), 64).map_err(|_| NO_NETWORK)?
        }
        other => other,
    };
    Ok(network.trunc())
}

fn close_sessions(app: &App, user: UserId, ended: &[SessionId], why: CloseCode) {
    for session in ended {
        app.hub.close_session(user, *session, why);
    }
}

fn find_conversation(app: &App, name: &str) -> Result<ConversationId, ChatError> {
    if name == LOBBY { Ok(app.chat.lobby()) } else { name.parse().map_err(|_| ChatError::UnknownConversation) }
}

/// A line that begins with what `delete-message` asks for.
fn describe_message(Placed { conversation, message }: &Placed, lobby: ConversationId) -> String {
    let place = if *conversation == lobby { LOBBY.to_owned() } else { conversation.to_string() };
    let Message { seq, at, author, body, deleted, notice, .. } = message;
    let mut begin: String =
        body.as_str().chars().take(LONGEST_BEGIN).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if begin.len() < body.as_str().len() {
        begin.push('…');
    }
    let words = match notice {
        Some(notice) => format!("({} {})", notice.action.name(), notice.user.nickname.as_str()),
        None if *deleted => "(deleted)".to_owned(),
        None => begin,
    };
    format!("{place} {seq} {} {}: {words}\n", utc::in_full(*at), author.nickname.as_str())
}

fn describe(user: &User) -> String {
    let kind = if user.registered { user.role.name() } else { "guest" };
    format!("{kind:<10} {} {}\n", user.id, user.nickname.as_str())
}

fn describe_sanction(sanction: &Sanction) -> String {
    let Sanction { user, action, conversation, until } = sanction;
    format!("{:<5} {} {}{}\n", action.name(), called(&user.nickname), place(*conversation), end(*until))
}

fn describe_network(BannedNetwork { network, until }: &BannedNetwork) -> String {
    format!("{:<5} {network}{}\n", Action::Ban.name(), end(*until))
}

fn describe_entry(entry: &AuditEntry) -> String {
    let AuditEntry { id, at, actor, action, subject, conversation, until, detail } = entry;
    let name = |user: &Option<User>, nobody: &str| {
        user.as_ref().map_or_else(|| nobody.to_owned(), |user| called(&user.nickname).to_owned())
    };
    let mut line = format!("{id} {} {}: {action}", utc::in_full(*at), name(actor, "the host"));
    // Writing to a string can't fail.
    let _ = write!(line, " {}{}{}", name(subject, ""), place(*conversation), end(*until));
    let _ = writeln!(line, " {}", detail.as_deref().unwrap_or_default());
    line
}

/// A report, and its messages a line each; `>` marks the one that was reported.
fn describe_report(report: &Report) -> String {
    let Report { id, at, reporter, reason, direct, seq, deleted, messages, .. } = report;
    let (place, gone) = (if *direct { "a direct" } else { "a room" }, if *deleted { ", deleted since" } else { "" });
    let (reporter, reason) = (called(&reporter.nickname), reason.as_str());
    let mut lines = format!("{id} {} {reporter} reported a message in {place}{gone}: {reason}\n", utc::in_full(*at));
    for message in messages {
        let mark = if message.seq == *seq { '>' } else { ' ' };
        // A terminal takes control characters for commands.
        let body: String = message.body.as_str().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a string can't fail.
        let _ = writeln!(lines, "  {mark} {} {}: {body}", utc::in_full(message.at), called(&message.author.nickname));
    }
    lines
}

fn place(room: Option<ConversationId>) -> String {
    room.map(|room| format!(" in {room}")).unwrap_or_default()
}

fn end(until: Option<Timestamp>) -> String {
    until.map(|until| format!(" until {}", utc::in_full(until))).unwrap_or_default()
}
