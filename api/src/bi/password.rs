//! Passwords of logins. The server is told a SCRAM-SHA-256 verifier (RFC 5802, RFC 7677), so that no
//! log of statements holds the password.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use super::BiError;

/// PostgreSQL's own number of rounds.
const ROUNDS: u32 = 4096;

/// A password. It is shown once and kept nowhere.
#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// 192 random bits.
    pub fn random() -> Result<Self, BiError> {
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes).map_err(BiError::Random)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// One that somebody chose. Only printable ASCII, which every client prepares alike.
    pub fn chosen(text: &str) -> Result<Self, BiError> {
        let fits =
            (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(BiError::Password)
    }

    /// The password itself.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What `CREATE ROLE … PASSWORD` is told.
    pub fn verifier(&self) -> Result<String, BiError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(BiError::Random)?;
        let salted = self.salted(&salt);
        let stored = Sha256::digest(mac(&salted, b"Client Key"));
        let server = mac(&salted, b"Server Key");
        Ok(format!(
            "SCRAM-SHA-256${ROUNDS}:{}${}:{}",
            STANDARD.encode(salt),
            STANDARD.encode(stored),
            STANDARD.encode(server)
        ))
    }

    /// PBKDF2 with HMAC-SHA-256, one block.
    fn salted(&self, salt: &[u8]) -> [u8; 32] {
        let first = [salt, &1_u32.to_be_bytes()].concat();
        let mut round = mac(self.0.as_bytes(), &first);
        let mut salted = round;
        for _ in 1..ROUNDS {
            round = mac(self.0.as_bytes(), &round);
            for (all, byte) in salted.iter_mut().zip(round) {
                *all ^= byte;
            }
        }
        salted
    }
}

fn mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_verifier_is_the_standards() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let server = mac(&Password("pencil".to_owned()).salted(&salt), b"Server Key");
        let exchange = b"n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = STANDARD.encode(mac(&server, exchange));
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_chosen_password_is_long_and_can_be_typed_everywhere() {
        assert!(Password::chosen("correct-horse-battery").is_ok());
        for weak in [
            "short",
            "has a space in its middle",
            "pässword-with-umlaut",
            &"x".repeat(129),
        ] {
            assert!(Password::chosen(weak).is_err(), "{weak}");
        }
        let (one, other) = (Password::random().unwrap(), Password::random().unwrap());
        assert_ne!(one.text(), other.text());
        assert_ne!(one.verifier().unwrap(), one.verifier().unwrap());
        assert!(!one.verifier().unwrap().contains(one.text()));
    }
}
