//! Passwords: bcrypt over base64(HMAC-SHA-256(pepper, password)), so that nothing is ever cut at
//! bcrypt's 72 bytes and no NUL ends a password early. Stored as `$sp$<pepper id>$2b$…`.
//!
//! Hashing is slow on purpose, so it runs on blocking threads, a few at a time behind a bounded queue:
//! a flood of log-ins must leave the rest of the service answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::pepper::Pepper;
use super::rounds::Rounds;
use crate::db::peppers::Proof;
use crate::error::{Code, Error, Result};
use crate::shares::{Bounds, Neighbour, Place, Shares, Who};

/// The cost of a new hash.
pub const COST: u32 = 12;
const QUEUE: usize = 16;
const WAIT: Duration = Duration::from_secs(2);
/// The most bytes of a password that are looked at: 128 characters of any kind fit.
const MAX_BYTES: usize = 1024;

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
    /// Of new hashes. A dearer one that is met, of a release with a higher cost, raises it: whatever is cheaper than
    /// any stored hash would tell whose that is.
    cost: Arc<AtomicU32>,
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
        let dummy = newest.hash("a password that nobody has", cost, &mut Rounds::default()).ok_or("hashing failed")?;
        Ok(Self {
            dummy: dummy.into(),
            peppers: Arc::new(peppers),
            cost: Arc::new(cost.into()),
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
        self.hash_now(password, &mut Rounds::default()).ok_or_else(|| "hashing failed".into())
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
            let verdict = this.verify_now(stored.as_deref(), password.expose_secret(), &mut Rounds::default());
            drop(place);
            verdict
        });
        verdict.await.map_err(Error::internal)
    }

    async fn queue(&self) -> Result<Place> {
        let busy = || Error::new(Code::Overloaded, "Too many people sign in at once. Try again in a moment.");
        self.threads.acquire(&self.who).await.ok_or_else(busy)
    }

    fn hash_now(&self, password: &str, rounds: &mut Rounds) -> Option<String> {
        self.peppers.first()?.hash(password, self.cost.load(Ordering::Relaxed), rounds)
    }

    /// Takes as many rounds for whatever is stored, and whether it is right. Only a new hash comes on top: for those
    /// who sign in, once.
    fn verify_now(&self, stored: Option<&str>, password: &str, rounds: &mut Rounds) -> Verdict {
        let known = stored.and_then(|stored| self.split(stored));
        if stored.is_some() && known.is_none() {
            tracing::error!("a stored password needs a pepper that is missing: put it back into SKYPANEL_PEPPERS");
        }
        let Some((pepper, hash)) = known.or_else(|| self.split(&self.dummy)) else { return Verdict::Wrong };
        // Nobody has such a password; without the cut, a long one would still be hashed whole by HMAC.
        let password = if password.len() > MAX_BYTES { "" } else { password };
        let right = pepper.season(password).is_some_and(|seasoned| rounds.verify(&seasoned, hash));
        let met = rounds.cost();
        let cost = self.cost.fetch_max(met, Ordering::Relaxed).max(met);
        rounds.fill(cost);
        if !right || known.is_none() || password.is_empty() {
            return Verdict::Wrong;
        }
        let newest = self.peppers.first().is_some_and(|newest| newest.id == pepper.id);
        if newest && met == cost {
            return Verdict::Right;
        }
        self.hash_now(password, rounds).map_or(Verdict::Right, Verdict::Rehashed)
    }

    fn split<'a>(&self, stored: &'a str) -> Option<(&Pepper, &'a str)> {
        let rest = stored.strip_prefix("$sp$")?;
        let (id, _) = rest.split_once('$')?;
        let pepper = self.peppers.iter().find(|pepper| pepper.id == id)?;
        Some((pepper, rest.get(id.len()..)?))
    }
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

    /// What an attempt takes is counted and not timed.
    #[test]
    fn an_attempt_takes_as_many_rounds_whatever_is_stored() {
        const RIGHT: &str = "correct horse";
        let hash_of = |peppers: &str, cost| passwords(peppers, cost).hash(RIGHT).unwrap();
        let taken = |passwords: &Passwords, stored: Option<&str>, password: &str| {
            let mut rounds = Rounds::default();
            let verdict = passwords.verify_now(stored, password, &mut rounds);
            (verdict, rounds.spent())
        };
        let both = passwords(&format!("{NEW},{OLD}"), 7);
        let long = "x".repeat(MAX_BYTES + 1);
        let hashes = [
            hash_of(NEW, 7),
            hash_of(NEW, 6),
            hash_of(NEW, 4),
            hash_of(OLD, 7),
            hash_of(OLD, 5),
            hash_of(NEW, 7).replace("$sp$2", "$sp$lost"),
            "$sp$2$2b$07$cut".to_owned(),
            "$sp$2$2b$99$".to_owned() + &"a".repeat(53),
        ];
        for stored in hashes.iter().map(|hash| Some(hash.as_str())).chain([None]) {
            for wrong in ["wrong horse", "", long.as_str()] {
                assert_eq!(taken(&both, stored, wrong), (Verdict::Wrong, 1 << 7), "{stored:?} {wrong:.20}");
            }
        }
        assert_eq!(taken(&both, Some(&hashes[0]), RIGHT), (Verdict::Right, 1 << 7));
        for outdated in &hashes[1..5] {
            let (verdict, rounds) = taken(&both, Some(outdated), RIGHT);
            assert!(matches!(verdict, Verdict::Rehashed(hash) if hash.starts_with("$sp$2$2b$07$")), "{outdated}");
            assert_eq!(rounds, (1 << 7) + (1 << 7), "a new hash on top: {outdated}");
        }
    }

    /// A release with a higher cost was here before, or is beside us.
    #[test]
    fn a_dearer_hash_makes_every_attempt_as_dear() {
        let dearer = passwords(OLD, 6).hash("correct horse").unwrap();
        let passwords = passwords(OLD, 4);
        assert_eq!(passwords.verify_now(Some(&dearer), "correct horse", &mut Rounds::default()), Verdict::Right);
        for stored in [None, Some(dearer.as_str()), Some(&*passwords.dummy)] {
            let mut rounds = Rounds::default();
            assert_eq!(passwords.verify_now(stored, "wrong horse", &mut rounds), Verdict::Wrong);
            assert_eq!(rounds.spent(), 1 << 6, "{stored:?}");
        }
        assert!(passwords.hash("another").unwrap().starts_with("$sp$1$2b$06$"), "and no hash is made weaker");
    }
}
