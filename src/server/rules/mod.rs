//! What the server decides, as pure functions: which commands are allowed, and what they change.
//!
//! A [`Command`] reads [`Facts`] and comes to a [`Decision`](decision::Decision), which has the [`Mutation`]s that carry it out
//! and what its caller gets, or to a [`Refusal`]. It does no I/O and takes the time and new ids from a [`Context`]. A store loads
//! the facts, applies the mutations in order, in one transaction, and numbers the entries of the commit log among them.
//!
//! To add a command: a struct in a file here that implements [`Command`]; if it needs a fact or a mutation that does not exist
//! yet, [`Facts`] and [`Mutation`], and every store; a test in `store::contract`.

mod account;
mod account_deletion;
mod blocks;
mod clock;
mod command;
mod context;
mod conversation_settings;
mod decision;
mod departure;
mod directs;
mod entry;
mod expiry;
mod facts;
mod invites;
mod mentions;
mod message_deletion;
mod messages;
mod moderation;
mod mutation;
mod networks;
mod permissions;
mod pins;
mod read_marks;
mod refusal;
mod reports;
mod retention;
mod room_members;
mod rooms;
mod sanctions;
mod sessions;
mod sign_up;
#[cfg(test)]
pub(crate) mod tests;
mod threads;
mod undecided;
mod values;
mod write_access;

pub(crate) use account::{ReleaseNickname, ReplacePasswordHash, SetPassword};
pub(crate) use account_deletion::{DeleteAccount, DeletionAuthorization, EraseBatch};
pub(crate) use blocks::{BlockUser, UnblockUser};
pub(crate) use clock::SaveClock;
pub(crate) use command::Command;
pub(crate) use context::{Context, Ids, Now};
pub(crate) use conversation_settings::SetConversation;
pub(crate) use directs::{HideDirect, OpenDirect, OpenedDirect, UserRef};
pub(crate) use entry::Entry;
#[cfg(test)]
pub(crate) use expiry::EndedSession;
pub(crate) use expiry::{EndGuests, Expire, Expired, Retention};
pub(crate) use facts::{
    BannedNetwork, ConversationFacts, ConversationFactsKind, Erasure, Facts, FactsError, GuestCutoffs, InviteFacts,
    Known, MAX_THREAD_AUTHORS, MarkFacts, Membership, MessageFacts, OldEvent, OtherMember, ReportFacts, RoomFacts,
    SanctionFacts, SavedClock, SessionFacts, UserFacts,
};
pub(crate) use invites::{CreateInvite, RevokeInvite};
pub(crate) use message_deletion::DeleteMessage;
pub(crate) use messages::SendEvent;
pub(crate) use moderation::{Moderate, ModerationAction};
pub(crate) use mutation::{AuditRow, MAX_CLOCK_OFFSETS, Mutation, NewUserRow};
pub(crate) use networks::{BanNetwork, UnbanNetwork};
pub(crate) use permissions::Permission;
pub(crate) use read_marks::advanced_read_mark;
pub(crate) use refusal::Refusal;
pub(crate) use reports::{ExpireReports, HandleReport, ReportAction, ReportMessage};
pub(crate) use retention::ExpireMessages;
pub(crate) use room_members::{AddMember, JoinRoom, LeaveRoom};
pub(crate) use rooms::{ChangeRoom, CreateRoom};
pub(crate) use sanctions::may_write;
pub(crate) use sessions::{BeginSession, EndSession, EndSessions, TouchSession, TouchSessions};
pub(crate) use sign_up::CreateUser;
pub(crate) use threads::MuteThread;
pub(crate) use undecided::Undecided;
pub(crate) use values::{
    EventPosition, GuestMark, InviteKey, ListKey, MAX_BLOCKED_USERS, MAX_ROOMS_PER_USER, MemberSetting,
    MessageListener, NewPassword, NewSession, OwnerGrant, PasswordHash, RoomAnswer, RoomSetting, SanctionKind,
    SanctionScope, SessionKey,
};
