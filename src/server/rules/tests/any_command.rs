//! Any command, as a value, for histories of different ones.

use crate::server::rules::{
    account::{ReleaseNickname, ReplacePasswordHash, SetPassword},
    account_deletion::{DeleteAccount, EraseBatch},
    blocks::{BlockUser, UnblockUser},
    clock::SaveClock,
    command::Command,
    context::Context,
    conversation_settings::SetConversation,
    decision::Decision,
    directs::{HideDirect, OpenDirect},
    expiry::{EndGuests, Expire},
    facts::Facts,
    invites::{CreateInvite, RevokeInvite},
    message_deletion::DeleteMessage,
    messages::SendEvent,
    moderation::Moderate,
    networks::{BanNetwork, UnbanNetwork},
    reports::{ExpireReports, HandleReport, ReportMessage},
    retention::ExpireMessages,
    room_members::{AddMember, JoinRoom, LeaveRoom},
    rooms::{ChangeRoom, CreateRoom},
    sessions::{BeginSession, EndSession, EndSessions, TouchSession},
    sign_up::CreateUser,
    threads::MuteThread,
    undecided::Undecided,
};

macro_rules! any_command {
    ($($name:ident),+ $(,)?) => {
        /// Any command. Its output is a text, so that all are of one type.
        #[derive(Clone, Debug)]
        pub(crate) enum AnyCommand {
            $($name($name)),+
        }

        $(impl From<$name> for AnyCommand {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })+

        impl Command for AnyCommand {
            type Output = String;

            fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<String>, Undecided> {
                match self {
                    $(Self::$name(command) => {
                        let Decision { output, mutations } = command.decide(facts, context)?;
                        Ok(Decision { output: format!("{output:?}"), mutations })
                    })+
                }
            }

            fn takes_room(&self) -> bool {
                match self {
                    $(Self::$name(command) => command.takes_room()),+
                }
            }
        }
    };
}

any_command! {
    AddMember, BanNetwork, BeginSession, BlockUser, ChangeRoom, CreateInvite, CreateRoom, CreateUser, DeleteAccount, DeleteMessage, EndGuests, EndSession,
    EndSessions, EraseBatch, Expire, ExpireMessages, ExpireReports, HandleReport, HideDirect, JoinRoom, LeaveRoom, Moderate, MuteThread, OpenDirect,
    ReleaseNickname, ReplacePasswordHash, ReportMessage, RevokeInvite, SaveClock, SendEvent, SetConversation, SetPassword, TouchSession,
    UnbanNetwork, UnblockUser,
}
