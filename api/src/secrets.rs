//! One secret, and what is derived from it: the embedded issuer's key, the vault's master key, and
//! the seals on cursors and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The shortest secret, in bytes: as long as the hash that it keys (RFC 7518 section 3.2).
pub const SECRET_MIN: usize = 32;
/// Bytes of a seal: 2^128 tries to forge one.
const SEAL: usize = 16;

/// The deployment's secret. All nodes share it.
#[derive(Clone)]
pub struct Secrets {
    secret: Vec<u8>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// `None` if the secret is shorter than [`SECRET_MIN`].
    pub fn new(secret: Vec<u8>) -> Option<Self> {
        (secret.len() >= SECRET_MIN).then_some(Self { secret })
    }

    /// The key of the embedded issuer.
    pub fn jwt_key(&self) -> [u8; 32] {
        self.derive(b"entrepot/jwt/1", &[])
    }

    /// The key that personal keys are wrapped under.
    pub fn vault_key(&self) -> [u8; 32] {
        self.derive(b"entrepot/vault/1", &[])
    }

    /// A keyed digest of personal input, so that the log's book-keeping tells nothing of it.
    pub fn fingerprint(&self, input: &[u8]) -> [u8; 32] {
        self.derive(b"entrepot/fingerprint/1", input)
    }

    /// Text that only this deployment can have made, valid only where `binding` is the same.
    pub fn seal_cursor(&self, text: &str, binding: &str) -> String {
        let mut bytes = self.seal(text, binding).to_vec();
        bytes.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The text of a cursor, if it was made here for this binding.
    pub fn open_cursor(&self, cursor: &str, binding: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, text) = bytes.split_at_checked(SEAL)?;
        let text = std::str::from_utf8(text).ok()?;
        // A cursor is a bearer of nothing but a position: comparing early-out tells nobody anything.
        (self.seal(text, binding) == seal).then(|| text.to_owned())
    }

    fn seal(&self, text: &str, binding: &str) -> [u8; SEAL] {
        let input = format!("{}:{binding}{text}", binding.len());
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&self.derive(b"entrepot/cursor/1", input.as_bytes())[..SEAL]);
        seal
    }

    fn derive(&self, label: &[u8], input: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(label);
            mac.update(&[0]);
            mac.update(input);
            digest = mac.finalize().into_bytes().into();
        }
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_the_list_that_it_was_made_for() {
        let secrets = Secrets::new(vec![7; 32]).expect("long enough");
        let cursor = secrets.seal_cursor("[1]", "1:orders");
        assert_eq!(
            secrets.open_cursor(&cursor, "1:orders").as_deref(),
            Some("[1]")
        );
        assert_eq!(secrets.open_cursor(&cursor, "2:orders"), None);
        assert_eq!(secrets.open_cursor("AAAA", "1:orders"), None);
    }
}
