//! Peppers: the secrets beside the database that go into password hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::rounds::Rounds;
use super::token::hex;
use crate::db::peppers::Proof;

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

    pub(super) fn hash(&self, password: &str, cost: u32, rounds: &mut Rounds) -> Option<String> {
        Some(format!("$sp${}{}", self.id, rounds.hash(&self.season(password)?, cost)?))
    }

    pub(super) fn season(&self, password: &str) -> Option<String> {
        self.mac(password.as_bytes()).map(|mac| STANDARD.encode(mac))
    }

    /// What shows that the secret is the same, and tells nothing of it.
    pub(super) fn proof(&self) -> Option<Proof> {
        Some(Proof { id: self.id.clone(), proof: hex(&self.mac(PROVEN)?) })
    }

    fn mac(&self, message: &[u8]) -> Option<Vec<u8>> {
        let key = STANDARD.decode(self.secret.expose_secret()).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(message);
        Some(mac.finalize().into_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_peppers_are_refused() {
        for text in ["", "1", "1:", "1:short", ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a b:AAAA"] {
            assert!(Pepper::read_all(text).is_err(), "{text}");
        }
    }
}
