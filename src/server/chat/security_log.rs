//! What whoever looks after a house wants to find in its log: who came in, who was kept out, and from where.
//!
//! No line holds anything that somebody typed: no password, no token, no name that nobody has. Users are named by their
//! ids, so that a line stays true when the name is somebody else's. Lines are counted: a flood fills no disk.

use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::{
    domain::UserId,
    server::{config::non_zero, error::ChatError, net::client_addr::ClientAddr},
};

/// What the lines belong to, for `RUST_LOG` and for whoever searches.
const TARGET: &str = "teahouse::security";

/// Something worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecurityEvent {
    /// A registered user has shown the password.
    SignedIn(UserId),
    /// Somebody new has come in with an invite and a password.
    Registered(UserId),
    /// The password was wrong; the user whose name it was, if it was a registered one's.
    WrongPassword(Option<UserId>),
    /// A guest claimed the nickname, or a registered user has another password now.
    PasswordSet(UserId),
    /// A user has deleted the account.
    AccountDeleted(UserId),
    /// A session was ended by its user.
    SignedOut(UserId),
    /// A session was over because of its age, or because nobody had used it for long.
    Expired(UserId),
    /// A user asked for something that the role does not allow.
    NotAllowed(UserId),
    /// A connection was closed without a word.
    NoRoom,
    /// Somebody was kept out or told to wait, for the reason that this is the code of.
    Refused(&'static str),
}

/// Writes them down.
pub(crate) struct SecurityLog {
    /// Of those who are known, and of passwords.
    known: LogBudget,
    /// Of whoever is kept out, or asks for what they may not have: as many as they like.
    refused: LogBudget,
}

/// As many lines as are worth reading.
struct LogBudget {
    rate: DefaultDirectRateLimiter,
    /// How many were not written since the last one.
    left_out: AtomicU64,
}

impl LogBudget {
    fn new(per_minute: u32) -> Self {
        Self { rate: RateLimiter::direct(Quota::per_minute(non_zero(per_minute))), left_out: AtomicU64::new(0) }
    }

    /// How many were left out before this one; `None` if it is left out itself.
    fn next(&self) -> Option<u64> {
        if self.rate.check().is_ok() {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl SecurityLog {
    pub(crate) fn new() -> Self {
        Self { known: LogBudget::new(600), refused: LogBudget::new(60) }
    }

    /// Writes one down, with the address that it came from, if that is known here.
    pub(crate) fn note(&self, peer: Option<ClientAddr>, incident: SecurityEvent) {
        let lines = match incident {
            SecurityEvent::Refused(_) | SecurityEvent::NotAllowed(_) | SecurityEvent::NoRoom => &self.refused,
            _ => &self.known,
        };
        let Some(left_out) = lines.next() else { return };
        if left_out > 0 {
            tracing::warn!(target: TARGET, left_out, "more happened than is written down");
        }
        let address = peer.map_or_else(|| "-".to_owned(), |peer| peer.to_string());
        match incident {
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
            SecurityEvent::Expired(user) => tracing::info!(target: TARGET, %address, %user, "a session was over"),
            SecurityEvent::NotAllowed(user) => {
                tracing::warn!(target: TARGET, %address, %user, "asked for what is not allowed");
            }
            SecurityEvent::NoRoom => tracing::warn!(target: TARGET, %address, "no room for another connection"),
            SecurityEvent::Refused(code) => tracing::warn!(target: TARGET, %address, code, "refused"),
        }
    }

    /// Passes an outcome on, and writes down what its error says of somebody.
    pub(crate) fn watch<T>(&self, peer: ClientAddr, outcome: Result<T, ChatError>) -> Result<T, ChatError> {
        if let Err(
            error @ (ChatError::RateLimited { .. }
            | ChatError::TooManyGuests
            | ChatError::Banned { .. }
            | ChatError::InviteRequired
            | ChatError::InvalidInvite
            | ChatError::InvalidClaim
            | ChatError::AccountRequired),
        ) = &outcome
        {
            self.note(Some(peer), SecurityEvent::Refused(error.code().name()));
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let lines = LogBudget::new(2);
        assert_eq!([lines.next(), lines.next(), lines.next(), lines.next()], [Some(0), Some(0), None, None]);
        assert_eq!(lines.left_out.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn who_is_refused_leaves_room_for_those_who_are_known() {
        let incidents = SecurityLog::new();
        for _ in 0..1_000 {
            incidents.note(None, SecurityEvent::Refused("rate_limited"));
            incidents.note(None, SecurityEvent::NotAllowed(UserId::generate()));
            incidents.note(None, SecurityEvent::NoRoom);
        }
        assert!(incidents.refused.next().is_none());
        assert!(incidents.known.next().is_some());
    }
}
