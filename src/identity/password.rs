//! Passwords: bcrypt over base64(HMAC-SHA-256(pepper, password)), so that nothing is ever cut at
//! bcrypt's 72 bytes and no NUL ends a password early. Stored as `$sp$<pepper id>$2b$…`.
//!
//! Hashing is slow on purpose, so it runs on blocking threads, a few at a time behind a bounded queue:
//! a flood of log-ins must leave the rest of the service answering.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::token::hex;
use crate::db::peppers::Proof;
use crate::error::{Code, Error, Result};
use crate::shares::{Bounds, Neighbour, Place, Shares, Who};

/// The cost of a new hash.
pub const COST: u32 = 12;
const QUEUE: usize = 16;
const WAIT: Duration = Duration::from_secs(2);
/// The most bytes of a password that are looked at: 128 characters of any kind fit.
const MAX_BYTES: usize = 1024;
/// What a pepper proves itself by. No password: those have no NUL.
const PROVEN: &[u8] = b"skypanel pepper\0";

/// A secret of the installation that goes into every hash, so that a stolen table alone is worthless.
#[derive(Clone)]
pub struct Pepper {
    /// Stands in the hash.
    pub id: String,
    /// Base64 of the secret.
    pub secret: SecretString,
}

impl Pepper {
    /// Reads `id:base64,…`, newest first.
    ///
    /// # Errors
    /// A message that says what is wrong with the text, without repeating it.
    pub fn read_all(text: &str) -> Result<Vec<Self>, String> {
        let peppers: Option<Vec<Self>> = text.split(',').map(Self::read).collect();
        peppers.ok_or_else(|| {
            "SKYPANEL_PEPPERS must read `id:base64,…`, newest first, each secret at least 16 bytes. \
             Make one with: openssl rand -base64 32"
                .to_owned()
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (id, secret) = text.trim().split_once(':')?;
        let named = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let long_enough = STANDARD.decode(secret).is_ok_and(|bytes| bytes.len() >= 16);
        (named && long_enough).then(|| Self { id: id.into(), secret: secret.into() })
    }

    /// A new one, as `id:base64`.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn fresh() -> Result<String, getrandom::Error> {
        let mut secret = [0; 32];
        #[expect(clippy::disallowed_methods, reason = "the one place where peppers come from")]
        getrandom::fill(&mut secret)?;
        Ok(format!("1:{}", STANDARD.encode(secret)))
    }

    fn season(&self, password: &str) -> Option<String> {
        self.mac(password.as_bytes()).map(|mac| STANDARD.encode(mac))
    }

    /// What shows that the secret is the same, and tells nothing of it.
    fn proof(&self) -> Option<Proof> {
        Some(Proof { id: self.id.clone(), proof: hex(&self.mac(PROVEN)?) })
    }

    fn mac(&self, message: &[u8]) -> Option<Vec<u8>> {
        let key = STANDARD.decode(self.secret.expose_secret()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(message);
        Some(mac.finalize().into_bytes().to_vec())
    }
}

/// What the verification of a password found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wrong password, or no such account.
    Wrong,
    /// Right.
    Right,
    /// Right, and the hash is of an old cost or pepper: here is a new one.
    Rehashed(String),
}

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    peppers: Arc<Vec<Pepper>>,
    cost: u32,
    /// Verified against when the account is unknown, so that the answer takes as long.
    dummy: Arc<str>,
    threads: Shares,
    /// For whom passwords are verified.
    who: Who,
}

impl Passwords {
    /// With these peppers, newest first, and this cost for new hashes.
    ///
    /// # Errors
    /// When there is no pepper.
    pub fn new(peppers: Vec<Pepper>, cost: u32) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let newest = peppers.first().ok_or("at least one pepper is needed")?;
        let dummy = hash(newest, cost, "a password that nobody has").ok_or("hashing failed")?;
        Ok(Self {
            dummy: dummy.into(),
            peppers: Arc::new(peppers),
            cost,
            threads: Shares::new(Bounds::new(cores.saturating_sub(1).max(1), QUEUE, WAIT)),
            who: Arc::new([Neighbour::Nobody]),
        })
    }

    /// The same, for somebody: an address that passwords come from, and the account that they are for.
    #[must_use]
    pub fn of(&self, who: Who) -> Self {
        Self { who, ..self.clone() }
    }

    /// A new hash, with the newest pepper.
    ///
    /// # Errors
    /// When hashing fails, which it does not for any password.
    pub fn hash(&self, password: &str) -> Result<String, String> {
        self.peppers.first().and_then(|newest| hash(newest, self.cost, password)).ok_or_else(|| "hashing failed".into())
    }

    /// Whether the pepper of this id is missing.
    #[must_use]
    pub fn lacks(&self, pepper: &str) -> bool {
        !self.peppers.iter().any(|known| known.id == pepper)
    }

    /// What shows that the peppers are the same as before.
    #[must_use]
    pub fn proofs(&self) -> Vec<Proof> {
        self.peppers.iter().filter_map(Pepper::proof).collect()
    }

    /// Verifies a password against a stored hash, or against the dummy when there is none.
    ///
    /// # Errors
    /// `OVERLOADED` when too many are waiting.
    pub async fn verify(&self, stored: Option<String>, password: SecretString) -> Result<Verdict> {
        let place = self.queue().await?;
        let this = self.clone();
        let verdict = tokio::task::spawn_blocking(move || {
            let verdict = this.verify_now(stored.as_deref(), password.expose_secret());
            drop(place);
            verdict
        });
        verdict.await.map_err(Error::internal)
    }

    async fn queue(&self) -> Result<Place> {
        let busy = || Error::new(Code::Overloaded, "Too many people sign in at once. Try again in a moment.");
        self.threads.acquire(&self.who).await.ok_or_else(busy)
    }

    fn verify_now(&self, stored: Option<&str>, password: &str) -> Verdict {
        let known = stored.and_then(|stored| self.split(stored));
        if stored.is_some() && known.is_none() {
            tracing::error!("a stored password needs a pepper that is missing: put it back into SKYPANEL_PEPPERS");
        }
        // Without a hash to verify against, the dummy takes as long.
        let Some((pepper, bcrypt)) = known.or_else(|| self.split(&self.dummy)) else { return Verdict::Wrong };
        // Nobody has such a password; without the cut, a long one would still be hashed whole by HMAC.
        let password = if password.len() > MAX_BYTES { "" } else { password };
        let right = pepper.season(password).is_some_and(|seasoned| bcrypt::verify(seasoned, bcrypt).unwrap_or(false));
        if !right || known.is_none() || password.is_empty() {
            return Verdict::Wrong;
        }
        let newest = self.peppers.first().is_some_and(|newest| newest.id == pepper.id);
        if newest && bcrypt.starts_with(&format!("$2b${:02}$", self.cost)) {
            return Verdict::Right;
        }
        self.hash(password).map_or(Verdict::Right, Verdict::Rehashed)
    }

    fn split<'a>(&self, stored: &'a str) -> Option<(&Pepper, &'a str)> {
        let rest = stored.strip_prefix("$sp$")?;
        let (id, _) = rest.split_once('$')?;
        let pepper = self.peppers.iter().find(|pepper| pepper.id == id)?;
        Some((pepper, rest.get(id.len()..)?))
    }
}

fn hash(pepper: &Pepper, cost: u32, password: &str) -> Option<String> {
    let seasoned = pepper.season(password)?;
    let hash = bcrypt::hash(seasoned, cost).ok()?;
    Some(format!("$sp${}{hash}", pepper.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(text: &str, cost: u32) -> Passwords {
        Passwords::new(Pepper::read_all(text).unwrap(), cost).unwrap()
    }

    const OLD: &str = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "2:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

    #[tokio::test]
    async fn every_byte_of_a_password_counts() {
        let passwords = passwords(OLD, 4);
        for password in ["ab\0ab", &"x".repeat(128), "  spaces at both ends  ", "\u{1f600}\u{1f680} emoji of all kinds"]
        {
            let hash = passwords.hash(password).unwrap();
            assert!(hash.starts_with("$sp$1$2b$04$"));
            assert_eq!(passwords.verify(Some(hash.clone()), password.into()).await.unwrap(), Verdict::Right);
            for wrong in [&password[..password.len() - 1], password.split('\0').next().unwrap_or(""), password.trim()] {
                if wrong != password && password.is_char_boundary(wrong.len()) {
                    assert_eq!(passwords.verify(Some(hash.clone()), wrong.into()).await.unwrap(), Verdict::Wrong);
                }
            }
        }
    }

    #[tokio::test]
    async fn an_old_pepper_or_cost_is_replaced_and_a_missing_one_is_noticed() {
        let old = passwords(OLD, 4);
        let hash = old.hash("correct horse").unwrap();
        let both = passwords(&format!("{NEW},{OLD}"), 4);
        let Verdict::Rehashed(new) = both.verify(Some(hash.clone()), "correct horse".into()).await.unwrap() else {
            panic!("not rehashed")
        };
        assert!(new.starts_with("$sp$2$2b$04$"));
        let dearer = passwords(OLD, 5);
        assert!(matches!(
            dearer.verify(Some(hash.clone()), "correct horse".into()).await.unwrap(),
            Verdict::Rehashed(_)
        ));
        assert!(passwords(NEW, 4).lacks("1") && !both.lacks("1"));
        assert_eq!(passwords(NEW, 4).verify(Some(hash), "correct horse".into()).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn an_unknown_account_is_wrong_whatever_the_password() {
        let passwords = passwords(OLD, 4);
        assert_eq!(passwords.verify(None, "a password that nobody has".into()).await.unwrap(), Verdict::Wrong);
        assert_eq!(passwords.verify(None, "".into()).await.unwrap(), Verdict::Wrong);
    }

    #[test]
    fn malformed_peppers_are_refused() {
        for text in ["", "1", "1:", "1:short", ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a b:AAAA"] {
            assert!(Pepper::read_all(text).is_err(), "{text}");
        }
    }
}
