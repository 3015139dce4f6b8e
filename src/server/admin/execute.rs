//! Executing the operator's commands.

use ipnet::IpNet;

use crate::{
    domain::{Action, ConversationId, Role, Seq},
    protocol::InviteRequest,
    server::{
        admin::{
            command::AdminCommand,
            describe::{audit_line, message_line, network_line, report_lines, sanction_line, user_line},
            wire::LOBBY,
        },
        error::ChatError,
        net::{ip_network::parse_ip_network, urls},
        state::AppState,
    },
};

/// IPv6 networks are never longer than this: one client can use all addresses of a /64 (as the rate limits assume).
const MAX_IPV6_PREFIX: u8 = 64;

/// Executes a command, and returns the text to print. `base_url` is where links to this server lead.
pub(super) async fn execute(app: &AppState, base_url: &str, command: AdminCommand) -> Result<String, ChatError> {
    let chat = &app.chat;
    match command {
        AdminCommand::List => Ok(chat.users().await?.iter().map(user_line).collect()),
        AdminCommand::Sanctions => {
            let users = chat.all_sanctions().await?;
            let networks = chat.banned_networks().await?;
            Ok(users.iter().map(sanction_line).chain(networks.iter().map(network_line)).collect())
        }
        AdminCommand::Audit { limit } => {
            Ok(chat.newest_audit_entries(limit).await?.entries.iter().map(audit_line).collect())
        }
        AdminCommand::Reports { limit } => {
            Ok(chat.all_reports(limit).await?.reports.iter().map(report_lines).collect())
        }
        AdminCommand::CloseReport { report } => {
            chat.close_report_as_operator(report).await?;
            Ok(format!("report {report}: closed\n"))
        }
        AdminCommand::Messages { nickname, conversation, limit } => {
            let conversation = parse_conversation(app, conversation.as_deref().unwrap_or(LOBBY))?;
            let found = chat.find_messages(conversation, nickname.as_deref(), limit).await?;
            Ok(found.iter().map(|message| message_line(message, chat.lobby())).collect())
        }
        AdminCommand::DeleteMessage { conversation, seq } => {
            chat.delete_message(parse_conversation(app, &conversation)?, Seq(seq)).await?;
            Ok(format!("{conversation} {seq}: deleted\n"))
        }
        AdminCommand::Create { nickname } => {
            let (user, password) = chat.create_registered_user(&nickname).await?;
            Ok(format!("{}: the password is {password}\n", user.nickname.as_str()))
        }
        AdminCommand::Promote { nickname, role } => moderate(app, &nickname, Action::Appoint, None, Some(role)).await,
        AdminCommand::ResetPassword { nickname } => {
            let (user, password) = chat.reset_password(&nickname).await?;
            Ok(format!("{}: the password is {password}\n", user.nickname.as_str()))
        }
        AdminCommand::EndSessions { guests: true, .. } => {
            let guests = chat.end_guests().await?;
            Ok(format!("{guests} guests: their sessions have ended\n"))
        }
        AdminCommand::EndSessions { nickname: None, .. } => Err(ChatError::BadRequest("whose sessions?")),
        AdminCommand::EndSessions { nickname: Some(nickname), .. } => {
            let (user, sessions) = chat.end_sessions(&nickname).await?;
            Ok(format!("{}: {sessions} sessions ended\n", user.nickname.as_str()))
        }
        AdminCommand::ClaimToken => match chat.claim_token().await? {
            Some(token) => Ok(format!("{}\n", urls::claim_url(base_url, &token))),
            None => Err(ChatError::BadRequest("the server has an owner, or its configuration names one")),
        },
        AdminCommand::DeleteAccount { nickname, messages } => {
            let user = chat.delete_account_as_operator(&nickname, messages).await?;
            Ok(format!("{}: the account is deleted\n", user.nickname.as_str()))
        }
        AdminCommand::Mute { nickname, minutes } => moderate(app, &nickname, Action::Mute, minutes, None).await,
        AdminCommand::Unmute { nickname } => moderate(app, &nickname, Action::Unmute, None, None).await,
        AdminCommand::Remove { nickname } => moderate(app, &nickname, Action::Remove, None, None).await,
        AdminCommand::Ban { nickname, minutes, address } => {
            let user = chat.moderate_as_operator(&nickname, Action::Ban, minutes, None, address).await?;
            Ok(format!("{}: {}\n", user.nickname.as_str(), Action::Ban.name()))
        }
        AdminCommand::BanNetwork { network, minutes } => {
            let network = parse_banned_network(&network)?;
            let guests = chat.ban_network(network, minutes).await?;
            Ok(format!("{network}: ban; the sessions of {guests} guests have ended\n"))
        }
        AdminCommand::UnbanNetwork { network } => {
            let network = parse_banned_network(&network)?;
            chat.unban_network(network).await?;
            Ok(format!("{network}: unban\n"))
        }
        AdminCommand::Unban { nickname } => moderate(app, &nickname, Action::Unban, None, None).await,
        AdminCommand::Invite { minutes, uses } => {
            let (_, token) = chat.create_invite_as_operator(&InviteRequest { minutes, uses }).await?;
            Ok(format!("{}\n", urls::invite_url(base_url, &token)))
        }
    }
}

async fn moderate(
    app: &AppState,
    nickname: &str,
    action: Action,
    minutes: Option<u32>,
    role: Option<Role>,
) -> Result<String, ChatError> {
    let user = app.chat.moderate_as_operator(nickname, action, minutes, role, false).await?;
    Ok(format!("{}: {}\n", user.nickname.as_str(), action.name()))
}

fn parse_conversation(app: &AppState, text: &str) -> Result<ConversationId, ChatError> {
    if text == LOBBY { Ok(app.chat.lobby()) } else { text.parse().map_err(|_| ChatError::UnknownConversation) }
}

/// Parses a network, and widens an IPv6 one to a /64 at least.
fn parse_banned_network(text: &str) -> Result<IpNet, ChatError> {
    const NOT_A_NETWORK: ChatError = ChatError::BadRequest("neither an address nor a network like 203.0.113.0/24");
    let network = parse_ip_network(text).map_err(|_| NOT_A_NETWORK)?;
    let network = match network {
        IpNet::V6(network) if network.prefix_len() > MAX_IPV6_PREFIX => {
            IpNet::new(network.addr().into(), MAX_IPV6_PREFIX).map_err(|_| NOT_A_NETWORK)?
        }
        other => other,
    };
    Ok(network.trunc())
}
