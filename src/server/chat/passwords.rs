//! Hashing and verifying passwords.
//!
//! The hash is Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane). It is computed on
//! blocking threads, few at a time, so that signing in cannot use up the server's memory or all of its cores.

use std::{sync::Arc, thread::available_parallelism};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash,
    password_hash::{PasswordHashString, SaltString, rand_core::OsRng},
};
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Duration, timeout},
};

use crate::{
    domain::PASSWORD_CHARACTERS,
    server::{
        chat::{password_rules::normalize, tokens},
        error::ChatError,
        rules::PasswordHash,
    },
};

/// How many hashes are computed at the same time at most, whatever the number of cores: each takes 19 MiB.
const MAX_CONCURRENT_HASHES: usize = 4;

/// How many hashes may wait to be computed. More are refused at once, because they would wait in vain.
const MAX_WAITING: usize = 128;

/// How long a hash may wait to be computed.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a password matches a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordMatch {
    No,
    Yes,
    /// It matches, but the hash is that of the password as typed. Earlier versions did not normalize passwords.
    NotNormalized,
}

/// Hashes and verifies passwords.
pub(super) struct Passwords {
    /// One permit per hash that may be computed at the same time.
    permits: Arc<Semaphore>,
    /// One permit per hash that is computed or waits.
    queue: Semaphore,
    /// Verified against where there is no password, so that this takes as long.
    dummy_hash: PasswordHash,
}

impl Passwords {
    /// Leaves one core to everything else.
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::with_limits(max_concurrent(cores), MAX_WAITING)
    }

    fn with_limits(max_concurrent: usize, max_waiting: usize) -> Self {
        // The time depends on the parameters alone, not on the hash.
        let dummy_hash =
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$5CX7QYqnyn1oQ9jLZjY0Y2a7p9dXv2bYkq3g1b1o0eA";
        let (permits, queue) = (Arc::new(Semaphore::new(max_concurrent)), Semaphore::new(max_concurrent + max_waiting));
        Self { permits, queue, dummy_hash: PasswordHash(dummy_hash.into()) }
    }

    /// Generates a random password.
    pub(super) fn random() -> Result<String, ChatError> {
        // 96 bits are enough where each guess needs a request.
        Ok(tokens::generate()?.chars().take(16).collect())
    }

    /// Hashes a password for the store.
    pub(super) async fn hash(&self, password: String) -> Result<PasswordHash, ChatError> {
        self.compute(move || {
            let salt = SaltString::generate(&mut OsRng);
            let hash = argon2()?.hash_password(normalize(&password).as_bytes(), &salt)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Verifies a password. Without a hash it never matches, but the answer takes as long.
    pub(super) async fn verify(
        &self,
        password: String,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordMatch, ChatError> {
        // No password is that long. The early answer is the same for all nicknames.
        if password.chars().count() > *PASSWORD_CHARACTERS.end() {
            return Ok(PasswordMatch::No);
        }
        let has_password = hash.is_some();
        let PasswordHash(hash) = hash.unwrap_or_else(|| self.dummy_hash.clone());
        self.compute(move || {
            let hash = PasswordHashString::new(&hash)?;
            let matches = |text: &str| match argon2()?.verify_password(text.as_bytes(), &hash.password_hash()) {
                Ok(()) => Ok(has_password),
                Err(password_hash::Error::Password) => Ok(false),
                Err(error) => Err(error),
            };
            let normalized = normalize(&password);
            Ok(if matches(&normalized)? {
                PasswordMatch::Yes
            } else if *normalized != *password && matches(&password)? {
                PasswordMatch::NotNormalized
            } else {
                PasswordMatch::No
            })
        })
        .await
    }

    /// Runs a computation on a blocking thread when a permit is free.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] if too many wait, or if the permit takes too long.
    async fn compute<T: Send + 'static>(
        &self,
        computation: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, ChatError> {
        let busy = || ChatError::RateLimited { retry_after: WAIT_TIMEOUT };
        let _place_in_queue = self.queue.try_acquire().map_err(|_full| busy())?;
        let Ok(Ok(permit)) = timeout(WAIT_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await else {
            return Err(busy());
        };
        // The computation goes on if the client leaves, so the permit must be held until it ends.
        let with_permit = move || {
            let _permit = permit;
            computation()
        };
        match spawn_blocking(with_permit).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(ChatError::Internal)
            }
            Err(error) => {
                tracing::error!(%error, "hashing a password panicked");
                Err(ChatError::Internal)
            }
        }
    }
}

/// How many hashes may be computed at the same time on this many cores: one core is left to everything else if there are
/// several.
fn max_concurrent(cores: usize) -> usize {
    cores.saturating_sub(1).clamp(1, MAX_CONCURRENT_HASHES)
}

/// Argon2id with parameters of the OWASP Password Storage Cheat Sheet: m=19456 KiB, t=2, p=1.
fn argon2() -> Result<Argon2<'static>, password_hash::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::chat::password_rules::check;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.expect("a hash");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as OWASP says");
        assert_eq!(passwords.verify("correct horse".into(), Some(hash.clone())).await, Ok(PasswordMatch::Yes));
        // Passwords are neither cut off nor trimmed nor folded.
        for other in ["wrong horse", "Correct horse", "correct horse ", "correct hors", "correct  horse", ""] {
            assert_eq!(passwords.verify(other.into(), Some(hash.clone())).await, Ok(PasswordMatch::No), "{other:?}");
        }
        assert_eq!(passwords.verify("correct horse".into(), None).await, Ok(PasswordMatch::No));
    }

    #[tokio::test]
    async fn a_password_is_the_same_on_every_keyboard() {
        let passwords = Passwords::new();
        for (set, typed) in [
            ("Zoë-crème-brûlée-42", "Zoe\u{308}-cre\u{300}me-bru\u{302}le\u{301}e-42"),
            ("Zoe\u{308} likes tea", "Zoë likes tea"),
            ("seven７seven", "seven7seven"),
            ("ｐｌａｎ－Ｂ４２", "plan-B42"),
            ("ｶﾞﾗｽの茶碗", "ガラスの茶碗"),
            ("한국어 비밀번호", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165} 비밀번호"),
            ("ﬁne ﬂeece", "fine fleece"),
            ("x² + y² = z²", "x2 + y2 = z2"),
            ("Ⅷ Henry's tea", "VIII Henry's tea"),
            ("Ångström 10", "\u{212b}ngström 10"),
            ("茶\u{3000}馆 和 nine", "茶 馆 和 nine"),
            ("\u{1d400}\u{1d401}\u{1d402} tower 9", "ABC tower 9"),
        ] {
            let hash = passwords.hash(set.into()).await.expect("a hash");
            assert_eq!(passwords.verify(typed.into(), Some(hash.clone())).await, Ok(PasswordMatch::Yes), "{typed}");
            assert_eq!(passwords.verify(set.into(), Some(hash)).await, Ok(PasswordMatch::Yes), "{set}");
            assert_eq!(check(set, "Alice"), check(typed, "Alice"), "{set}");
        }
        // Passwords that look different are different.
        let hash = passwords.hash("crème brûlée".into()).await.expect("a hash");
        for other in ["creme brulee", "Crème brûlée", "crème  brûlée"] {
            assert_eq!(passwords.verify(other.into(), Some(hash.clone())).await, Ok(PasswordMatch::No), "{other}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_a_password_that_was_not_normalized_still_matches() {
        let passwords = Passwords::new();
        let typed = "Zoe\u{308} ７７７";
        let salt = SaltString::generate(&mut OsRng);
        let hash = argon2().expect("parameters").hash_password(typed.as_bytes(), &salt).expect("a hash");
        let hash = PasswordHash(hash.to_string());
        assert_eq!(passwords.verify(typed.into(), Some(hash.clone())).await, Ok(PasswordMatch::NotNormalized));
        assert_eq!(passwords.verify("Zoë 777".into(), Some(hash.clone())).await, Ok(PasswordMatch::No));
        assert_eq!(passwords.verify("Zoe\u{308} ８８８".into(), Some(hash)).await, Ok(PasswordMatch::No));
        assert_eq!(passwords.verify(typed.into(), None).await, Ok(PasswordMatch::No));
    }

    #[tokio::test]
    async fn a_computation_keeps_its_permit_when_the_client_leaves() {
        const CONCURRENT: usize = 2;
        let passwords = Passwords::with_limits(CONCURRENT, MAX_WAITING);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let mut computing = Box::pin(passwords.compute(move || {
            let _ended = finished.recv();
            Ok(())
        }));
        assert!(futures_util::poll!(&mut computing).is_pending());
        drop(computing);
        assert_eq!(passwords.permits.available_permits(), CONCURRENT - 1);
        drop(finish);
        drop(passwords.permits.acquire_many(CONCURRENT.try_into().expect("a few")).await.expect("all permits"));
    }

    #[test]
    fn one_core_is_left_for_everything_else() {
        assert_eq!([1, 2, 3, 8].map(max_concurrent), [1, 1, 2, MAX_CONCURRENT_HASHES]);
    }

    #[tokio::test]
    async fn computations_beyond_the_queue_are_refused_at_once() {
        let passwords = Passwords::with_limits(1, 1);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let mut running = Box::pin(passwords.compute(move || {
            let _ended = finished.recv();
            Ok(())
        }));
        let mut waiting = Box::pin(passwords.compute(|| Ok(())));
        assert!(futures_util::poll!(&mut running).is_pending() && futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(passwords.compute(|| Ok(())).await, Err(ChatError::RateLimited { retry_after: WAIT_TIMEOUT }));
        drop(finish);
        assert_eq!((running.await, waiting.await), (Ok(()), Ok(())));
    }
}
