//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane), off the async threads
//! and few at a time, so that signing in can't take the server's memory or all of its cores.

use std::{borrow::Cow, sync::Arc, thread::available_parallelism};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash,
    password_hash::{PasswordHashString, SaltString, rand_core::OsRng},
};
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Duration, timeout},
};
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};

use crate::{
    domain::{PASSWORD_CHARACTERS, PasswordError},
    server::{chat::tokens, error::ChatError, store::PasswordHash},
};

/// Those that everybody tries first, and more than 11,000 others that were found in leaks, in lower case and sorted: the
/// ones with 8 characters and more of zxcvbn's list (MIT, `common_passwords.LICENSE`), and what that leaves to rules.
const COMMONEST: &str = include_str!("common_passwords.txt");

/// What anybody would try here. Alone, repeated, or with digits and signs around it, such a word is no password; nor is
/// the nickname. (OWASP ASVS 5.0, 6.1.2 and 6.2.11.)
const SITE_WORDS: [&str; 5] = ["teahouse", "茶馆", "lobby", "password", "guest"];

/// How many are worked on at once at most, however many cores there are: each takes 19 MiB.
const MOST_AT_ONCE: usize = 4;

/// How many may wait for their turns. More are refused at once: they would only wait in vain.
const MOST_WAITING: usize = 128;

/// How long one may wait for its turn.
const TURN: Duration = Duration::from_secs(10);

/// The longest unit that is found to be repeated.
const LONGEST_UNIT: usize = 4;

/// What lies side by side on a keyboard.
const KEYBOARD_ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Whether a password is the one that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    No,
    Yes,
    /// It is, but its hash is of what was typed, from the time before passwords were normalised.
    AsTyped,
}

/// Hashes passwords, and compares them.
pub(super) struct Passwords {
    /// One for each that may be worked on at once.
    turns: Arc<Semaphore>,
    /// One for each that is worked on or waits.
    places: Semaphore,
    /// Compared with where there is nothing to compare with, so that this takes as long.
    nobody: PasswordHash,
}

impl Passwords {
    /// Works on as many at once as leave one core to everything else.
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::working_on(at_once(cores), MOST_WAITING)
    }

    fn working_on(at_once: usize, most_waiting: usize) -> Self {
        // The cost is in the parameters alone: any well-formed hash takes as long as another.
        let nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$5CX7QYqnyn1oQ9jLZjY0Y2a7p9dXv2bYkq3g1b1o0eA";
        let (turns, places) = (Arc::new(Semaphore::new(at_once)), Semaphore::new(at_once + most_waiting));
        Self { turns, places, nobody: PasswordHash(nobody.into()) }
    }

    /// One that nobody has chosen, to be handed over and changed.
    pub(super) fn random() -> Result<String, ChatError> {
        // 96 bits: as safe as a token, against somebody who has to ask the server each time.
        Ok(tokens::generate()?.chars().take(16).collect())
    }

    /// Holds a new password of somebody with that nickname to the rules.
    pub(super) fn check(password: &str, nickname: &str) -> Result<(), PasswordError> {
        let password = &*normal(password);
        if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
            return Err(PasswordError::Length);
        }
        let folded = password.to_lowercase();
        if COMMONEST.lines().any(|common| common == folded) {
            return Err(PasswordError::Common);
        }
        let said = letters(&folded);
        let is_said_by = |word: &str| !word.is_empty() && said.replace(word, "").is_empty();
        if !said.is_empty() && (SITE_WORDS.iter().any(|word| is_said_by(word)) || is_said_by(&letters(nickname))) {
            return Err(PasswordError::Obvious);
        }
        let nickname = nickname.to_lowercase();
        if !nickname.is_empty() && folded.replace(&nickname, "").is_empty() {
            return Err(PasswordError::Obvious);
        }
        if is_plain(&folded) { Err(PasswordError::Predictable) } else { Ok(()) }
    }

    /// The hash to keep.
    pub(super) async fn hash(&self, password: String) -> Result<PasswordHash, ChatError> {
        self.work(move || {
            let salt = SaltString::generate(&mut OsRng);
            let hash = argon2()?.hash_password(normal(&password).as_bytes(), &salt)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether `password` is the one of this hash; without a hash it is not, but finding out takes as long.
    pub(super) async fn verify(&self, password: String, hash: Option<PasswordHash>) -> Result<Match, ChatError> {
        // Longer than any that was taken: not worth the work, and the same for everybody.
        if password.chars().count() > *PASSWORD_CHARACTERS.end() {
            return Ok(Match::No);
        }
        let is_known = hash.is_some();
        let PasswordHash(hash) = hash.unwrap_or_else(|| self.nobody.clone());
        self.work(move || {
            let hash = PasswordHashString::new(&hash)?;
            let is_of = |text: &str| match argon2()?.verify_password(text.as_bytes(), &hash.password_hash()) {
                Ok(()) => Ok(is_known),
                Err(password_hash::Error::Password) => Ok(false),
                Err(error) => Err(error),
            };
            let normal = normal(&password);
            Ok(if is_of(&normal)? {
                Match::Yes
            } else if *normal != *password && is_of(&password)? {
                Match::AsTyped
            } else {
                Match::No
            })
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, ChatError> {
        let busy = || ChatError::RateLimited { retry_after: TURN };
        let _place = self.places.try_acquire().map_err(|_full| busy())?;
        let Ok(Ok(turn)) = timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await else {
            return Err(busy());
        };
        // The turn lasts as long as the work, which goes on when whoever asked hangs up.
        let work = move || {
            let _turn = turn;
            work()
        };
        match spawn_blocking(work).await {
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

/// A password in the form in which it is hashed, whatever keyboard it was typed on: composed or not, full-width or not, it
/// is the same (NFKC, as NIST SP 800-63B asks for).
fn normal(password: &str) -> Cow<'_, str> {
    if is_nfkc(password) { password.into() } else { password.nfkc().collect::<String>().into() }
}

/// How many may be worked on at once on so many cores: one core is left to everything else, where there is another.
fn at_once(cores: usize) -> usize {
    cores.saturating_sub(1).clamp(1, MOST_AT_ONCE)
}

/// Whether a password is one character or a short unit repeated (`aaaaaaaa`, `abcabcabc`), or not much more than a few
/// runs along the alphabet, the digits or a keyboard (`12345678`, `abcd4321`, `qwerasdf`): of a run, only its beginning
/// has to be guessed.
fn is_plain(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let repeats =
        |unit: usize| characters.len() >= 2 * unit && characters[unit..] == characters[..characters.len() - unit];
    if (1..=LONGEST_UNIT).any(repeats) {
        return true;
    }
    let beginnings = 1 + characters.windows(2).filter(|pair| !follows(pair[0], pair[1])).count();
    beginnings * 4 <= characters.len()
}

/// Whether a character is the same as the one before, or its neighbour in the alphabet, among the digits, or on a keyboard.
fn follows(before: char, after: char) -> bool {
    let is_neighbour = before.is_alphanumeric() && u32::from(before).abs_diff(u32::from(after)) <= 1;
    let place = |row: &str, wanted: char| row.chars().position(|key| key == wanted);
    is_neighbour
        || before == after
        || KEYBOARD_ROWS
            .iter()
            .any(|row| place(row, before).zip(place(row, after)).is_some_and(|(one, other)| one.abs_diff(other) == 1))
}

/// What is left of a text without digits, signs, spaces and capitals.
fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect()
}

/// OWASP's second choice of parameters: m=19456 KiB, t=2, p=1.
fn argon2() -> Result<Argon2<'static>, password_hash::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_is_told_from_wrong_ones_and_from_none() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.expect("a hash");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "as OWASP says");
        assert_eq!(passwords.verify("correct horse".into(), Some(hash.clone())).await, Ok(Match::Yes));
        // As it was typed: nothing is cut off, trimmed or folded.
        for other in ["wrong horse", "Correct horse", "correct horse ", "correct hors", "correct  horse", ""] {
            assert_eq!(passwords.verify(other.into(), Some(hash.clone())).await, Ok(Match::No), "{other:?}");
        }
        assert_eq!(passwords.verify("correct horse".into(), None).await, Ok(Match::No));
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
            assert_eq!(passwords.verify(typed.into(), Some(hash.clone())).await, Ok(Match::Yes), "{typed}");
            assert_eq!(passwords.verify(set.into(), Some(hash)).await, Ok(Match::Yes), "{set}");
            assert_eq!(Passwords::check(set, "Alice"), Passwords::check(typed, "Alice"), "{set}");
        }
        // What differs to the eye differs.
        let hash = passwords.hash("crème brûlée".into()).await.expect("a hash");
        for other in ["creme brulee", "Crème brûlée", "crème  brûlée"] {
            assert_eq!(passwords.verify(other.into(), Some(hash.clone())).await, Ok(Match::No), "{other}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_what_was_typed_once_is_known_and_to_be_renewed() {
        let passwords = Passwords::new();
        let typed = "Zoe\u{308} ７７７";
        let salt = SaltString::generate(&mut OsRng);
        let hash = argon2().expect("parameters").hash_password(typed.as_bytes(), &salt).expect("a hash");
        let hash = PasswordHash(hash.to_string());
        assert_eq!(passwords.verify(typed.into(), Some(hash.clone())).await, Ok(Match::AsTyped));
        assert_eq!(passwords.verify("Zoë 777".into(), Some(hash.clone())).await, Ok(Match::No));
        assert_eq!(passwords.verify("Zoe\u{308} ８８８".into(), Some(hash)).await, Ok(Match::No));
        assert_eq!(passwords.verify(typed.into(), None).await, Ok(Match::No));
    }

    #[test]
    fn a_password_that_everybody_tries_is_one_in_any_width() {
        for common in ["ｐａｓｓｗｏｒｄ", "１２３４５６７８", "ｑｗｅｒｔｙｕｉｏｐ", "ｐａｓｓｗｏｒｄ１", "ﬁshfish"]
        {
            assert!(Passwords::check(common, "Alice").is_err(), "{common}");
        }
        assert_eq!(Passwords::check("ａｌｉｃｅ２０２６", "Alice"), Err(PasswordError::Obvious));
    }

    #[tokio::test]
    async fn whoever_hangs_up_keeps_the_turn_until_the_work_is_done() {
        const AT_ONCE: usize = 2;
        let passwords = Passwords::working_on(AT_ONCE, MOST_WAITING);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let mut asked = Box::pin(passwords.work(move || {
            let _ended = finished.recv();
            Ok(())
        }));
        assert!(futures_util::poll!(&mut asked).is_pending());
        drop(asked);
        assert_eq!(passwords.turns.available_permits(), AT_ONCE - 1);
        drop(finish);
        drop(passwords.turns.acquire_many(AT_ONCE.try_into().expect("a few")).await.expect("all turns"));
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for short in ["", "seven77", "茶茶茶"] {
            assert_eq!(Passwords::check(short, "Alice"), Err(PasswordError::Length));
        }
        assert_eq!(Passwords::check(&"x".repeat(257), "Alice"), Err(PasswordError::Length));
        for common in ["password", "PassWord1", "12345678", "qwertyuiop", "trustno1", "iloveyou2", "starwars"] {
            assert_eq!(Passwords::check(common, "Alice"), Err(PasswordError::Common), "{common}");
        }
        for fine in
            ["correct horse", "茶馆里的八个汉字", "7040 2285 1", &"correct horse battery staple ".repeat(9)[..256]]
        {
            assert_eq!(Passwords::check(fine, "Alice"), Ok(()), "{fine}");
        }
    }

    #[test]
    fn what_anybody_would_try_here_is_no_password() {
        for obvious in
            ["Teahouse!", "teahouse-2026", "茶馆茶馆茶馆茶馆", "Lobby 1234", "alice2026", "AliceAlice", "1-a-l-i-c-e-1"]
        {
            assert_eq!(Passwords::check(obvious, "Alice"), Err(PasswordError::Obvious), "{obvious}");
        }
        assert_eq!(Passwords::check("小明小明小明小明", "小明"), Err(PasswordError::Obvious));
        // Somebody else's name is no better or worse than any other word.
        for fine in ["alice2026", "teahouse of the moon", "alice in teahouse"] {
            assert_eq!(Passwords::check(fine, "Bob"), Ok(()), "{fine}");
        }
        assert_eq!(Passwords::check("7040 2285 1", "42"), Ok(()), "a name without letters rules nothing out");
    }

    #[test]
    fn one_character_a_repeated_unit_and_a_plain_sequence_are_no_passwords() {
        for plain in [
            "        ",
            &"x".repeat(256),
            "!!!!!!!!!!",
            "茶茶茶茶茶茶茶茶",
            "xyxyxyxyxy",
            "abcabcabcab",
            "7k!z7k!z7k!z",
            "3456789012",
            "98765432109",
            "bcdefghijk",
            "zyxwvutsrq",
            "abcd4321",
            "qwerasdf",
            "poiuytrewq",
            "112233445566",
            "ASDFGHJKL",
            "AbCdEfGhIj",
            "一丁丂七丄丅丆万",
        ] {
            let checked = Passwords::check(plain, "Bob");
            // Some of them are on the list as well.
            assert!(matches!(checked, Err(PasswordError::Predictable | PasswordError::Common)), "{plain}: {checked:?}");
        }
        for fine in [
            "correct horse",
            "seven cups of tea",
            "new and long",
            "Tr4verse-Mn0p",
            "hijklm and other stops",
            "茶馆里的八个汉字",
        ] {
            assert_eq!(Passwords::check(fine, "Bob"), Ok(()), "{fine}");
        }
    }

    #[test]
    fn a_nickname_without_letters_is_no_password_either() {
        assert_eq!(Passwords::check("20040517", "20040517"), Err(PasswordError::Obvious));
        assert_eq!(Passwords::check("🦊🐻🐼🐨🐯🦊🐻🐼🐨🐯", "🦊🐻🐼🐨🐯"), Err(PasswordError::Obvious));
    }

    #[test]
    fn one_core_is_left_to_everything_else() {
        assert_eq!([1, 2, 3, 8].map(at_once), [1, 1, 2, MOST_AT_ONCE]);
    }

    #[tokio::test]
    async fn who_would_wait_in_vain_is_refused_at_once() {
        let passwords = Passwords::working_on(1, 1);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let mut working = Box::pin(passwords.work(move || {
            let _ended = finished.recv();
            Ok(())
        }));
        let mut waiting = Box::pin(passwords.work(|| Ok(())));
        assert!(futures_util::poll!(&mut working).is_pending() && futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(passwords.work(|| Ok(())).await, Err(ChatError::RateLimited { retry_after: TURN }));
        drop(finish);
        assert_eq!((working.await, waiting.await), (Ok(()), Ok(())));
    }

    #[test]
    fn the_list_is_as_long_as_the_standard_asks() {
        assert!(COMMONEST.lines().count() > 3_000, "ASVS 5.0, 6.2.4");
    }

    #[test]
    fn the_list_holds_nothing_that_could_never_be_taken() {
        for common in COMMONEST.lines() {
            assert!(PASSWORD_CHARACTERS.contains(&common.chars().count()), "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }
}
