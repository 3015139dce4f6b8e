//! The security log: who signed in, who was refused, and from where.
//!
//! No line contains what somebody typed: no password, no token, no nickname that nobody has. Users appear by id, because a
//! nickname may be another user's later. The number of lines is limited, so that a flood does not fill the disk.

use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::{
    domain::{ClientAddr, UserId},
    server::{config::non_zero, error::ChatError},
};

/// The target of the log lines, for `RUST_LOG` and for searching.
const TARGET: &str = "teahouse::security";

/// What the security log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum SecurityEvent {
    /// A registered user signed in with the password.
    SignedIn(UserId),
    /// A new user registered with an invite or the claim token.
    Registered(UserId),
    /// A password was wrong. The user is the one whose nickname was given, if that user has a password.
    WrongPassword(Option<UserId>),
    /// A guest registered by setting a password, or a registered user changed it.
    PasswordSet(UserId),
    /// A user deleted the account.
    AccountDeleted(UserId),
    /// A user ended a session.
    SignedOut(UserId),
    /// A session ended because of its age, or because it was not used.
    Expired(UserId),
    /// A user asked for something that the role does not permit.
    NotAllowed(UserId),
    /// A connection was dropped at the connection limit.
    NoRoom,
    /// A request was refused. The text is the code of the error.
    Refused(&'static str),
}

/// Writes security events to the log, a limited number per minute.
pub(super) struct SecurityLog {
    /// For events of known users, and for passwords.
    known: LineBudget,
    /// For refusals, which anybody can cause in any number.
    refused: LineBudget,
}

/// A limited number of lines per minute.
struct LineBudget {
    rate: DefaultDirectRateLimiter,
    /// How many lines were left out since the last written one.
    left_out: AtomicU64,
}

impl LineBudget {
    fn new(per_minute: u32) -> Self {
        Self { rate: RateLimiter::direct(Quota::per_minute(non_zero(per_minute))), left_out: AtomicU64::new(0) }
    }

    /// Returns how many lines were left out before this one, or `None` if this one is to be left out.
    fn next(&self) -> Option<u64> {
        if self.rate.check().is_ok() {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl SecurityLog {
    pub(super) fn new() -> Self {
        Self { known: LineBudget::new(600), refused: LineBudget::new(60) }
    }

    /// Writes an event, with the client's address if it is known.
    pub(super) fn record(&self, client_addr: Option<ClientAddr>, event: SecurityEvent) {
        let budget = match event {
            SecurityEvent::Refused(_) | SecurityEvent::NotAllowed(_) | SecurityEvent::NoRoom => &self.refused,
            _ => &self.known,
        };
        let Some(left_out) = budget.next() else { return };
        if left_out > 0 {
            tracing::warn!(target: TARGET, left_out, "lines were left out");
        }
        let address = client_addr.map_or_else(|| "-".to_owned(), |client_addr| client_addr.to_string());
        match event {
            SecurityEvent::SignedIn(user) => tracing::info!(target: TARGET, %address, %user, "signed in by password"),
            SecurityEvent::Registered(user) => tracing::info!(target: TARGET, %address, %user, "registered by invite"),
            SecurityEvent::WrongPassword(Some(user)) => {
                tracing::warn!(target: TARGET, %address, %user, "a wrong password");
            }
            SecurityEvent::WrongPassword(None) => {
                tracing::warn!(target: TARGET, %address, "a password for a name that has none");
            }
            SecurityEvent::PasswordSet(user) => tracing::info!(target: TARGET, %address, %user, "a password was set"),
            SecurityEvent::AccountDeleted(user) => {
                tracing::info!(target: TARGET, %address, %user, "an account was deleted");
            }
            SecurityEvent::SignedOut(user) => tracing::info!(target: TARGET, %address, %user, "a session was ended"),
            SecurityEvent::Expired(user) => tracing::info!(target: TARGET, %address, %user, "a session expired"),
            SecurityEvent::NotAllowed(user) => {
                tracing::warn!(target: TARGET, %address, %user, "asked for what is not allowed");
            }
            SecurityEvent::NoRoom => tracing::warn!(target: TARGET, %address, "no room for another connection"),
            SecurityEvent::Refused(code) => tracing::warn!(target: TARGET, %address, code, "refused"),
        }
    }

    /// Passes a result on, and records it if it refuses a client for a reason that concerns security.
    pub(super) fn log_refusal<T>(&self, client_addr: ClientAddr, result: Result<T, ChatError>) -> Result<T, ChatError> {
        if let Err(
            error @ (ChatError::RateLimited { .. }
            | ChatError::TooManyGuests
            | ChatError::Banned { .. }
            | ChatError::InviteRequired
            | ChatError::InvalidInvite
            | ChatError::InvalidClaim
            | ChatError::AccountRequired),
        ) = &result
        {
            self.record(Some(client_addr), SecurityEvent::Refused(error.code().name()));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_budget_are_counted_and_not_written() {
        let budget = LineBudget::new(2);
        assert_eq!([budget.next(), budget.next(), budget.next(), budget.next()], [Some(0), Some(0), None, None]);
        assert_eq!(budget.left_out.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn refusals_do_not_use_up_the_budget_of_known_users() {
        let log = SecurityLog::new();
        for _ in 0..1_000 {
            log.record(None, SecurityEvent::Refused("rate_limited"));
            log.record(None, SecurityEvent::NotAllowed(UserId::generate()));
            log.record(None, SecurityEvent::NoRoom);
        }
        assert!(log.refused.next().is_none());
        assert!(log.known.next().is_some());
    }
}
