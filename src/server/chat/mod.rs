//! The application service: everything that endpoints can ask for. It charges for it, checks who may read what, and gives
//! commands to the store, where the [rules](crate::server::rules) decide them. Nothing else gives commands to the store.
//!
//! What is committed goes from the store to the hub. What only matters at the moment, such as typing, is returned to the
//! caller as a value.

mod account_deletion;
mod accounts;
mod attempts;
mod budget;
mod claim;
mod claim_token;
mod command_context;
mod completions;
mod conversation_settings;
mod directs;
mod ephemeral;
mod invites;
mod message_changes;
mod messages;
mod moderation;
mod operator;
mod password_rules;
mod passwords;
mod rate_limits;
mod reports;
mod rooms;
mod security_log;
mod service;
mod sessions;
mod threads;
mod times;
mod tokens;

pub(super) use accounts::AdmissionToken;
pub(super) use command_context::CommandContext;
pub(super) use conversation_settings::ConversationSettingRequest;
pub(super) use directs::{Direct, PendingDirect};
pub(super) use messages::PendingCommand;
pub(crate) use moderation::{AllowedActions, ModerationRequest};
pub(super) use reports::may_handle_reports_of;
pub(super) use rooms::RoomChangeRequest;
pub(super) use security_log::SecurityEvent;
pub(super) use service::ChatService;
pub(super) use sessions::StartedSession;
