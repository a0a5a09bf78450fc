//! Keys made of `SECRET_KEY`, one for each use, and what is sealed or fingerprinted with them.

use base64::{Engine, engine::general_purpose::STANDARD};
use common::ids::UserId;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// First part of what is sealed in this way; another way would have another one.
const VERSION: &str = "v1:";

/// What a sealed secret is for: each use has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    TotpSecret,
    /// PayFast's token of a saved card.
    CardToken,
    /// Where a refund is paid to.
    BankDetails,
}

impl Use {
    fn label(self) -> &'static [u8] {
        match self {
            Use::TotpSecret => b"totp secrets",
            Use::CardToken => b"card tokens",
            Use::BankDetails => b"bank details",
        }
    }
}

/// Encrypts a person's secret (ChaCha20-Poly1305); it opens for the same person only.
pub fn seal(secret_key: &SecretString, owner: UserId, text: &str) -> String {
    seal_for(secret_key, Use::TotpSecret, owner.as_str(), text)
}

/// What was sealed; `None` when the key or the person is another, or the text was changed.
pub fn open(secret_key: &SecretString, owner: UserId, sealed: &str) -> Option<String> {
    open_for(secret_key, Use::TotpSecret, owner.as_str(), sealed)
}

/// Encrypts a secret of `owner`, an id; it opens for the same use and owner only.
pub fn seal_for(secret_key: &SecretString, purpose: Use, owner: &str, text: &str) -> String {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
    let mut sealed = text.as_bytes().to_vec();
    cipher(secret_key, purpose)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed)
        .expect("a secret is far shorter than the limit of the cipher");
    format!("{VERSION}{}", STANDARD.encode([&nonce[..], &sealed].concat()))
}

/// What [`seal_for`] sealed; `None` when key, use or owner is another, or the text was changed.
pub fn open_for(secret_key: &SecretString, purpose: Use, owner: &str, sealed: &str) -> Option<String> {
    let mut bytes = STANDARD.decode(sealed.strip_prefix(VERSION)?).ok()?;
    let (nonce, ciphertext) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let text = cipher(secret_key, purpose)
        .open_in_place(nonce, Aad::from(owner), ciphertext)
        .ok()?;
    String::from_utf8(text.to_vec()).ok()
}

/// By what a card's token is found again without being read: the same token gives the same text.
pub fn token_hash(secret_key: &SecretString, token: &str) -> String {
    let key = key(secret_key, b"hashes of card tokens");
    hex::encode(keyed(&key, token.as_bytes()))
}

/// What is stored in place of a recovery code: short codes need a key, or they could be guessed from a copy.
pub fn fingerprint(secret_key: &SecretString, owner: UserId, code: &str) -> String {
    let key = key(secret_key, b"recovery codes");
    hex::encode(keyed(&key, format!("{owner}:{code}").as_bytes()))
}

/// The salt of every sign-up of an address: the same password makes the same hash there, so that they can be told
/// apart without keeping them.
pub fn sign_up_salt(secret_key: &SecretString, email_key: &str) -> [u8; 16] {
    let key = key(secret_key, b"sign-up salts");
    let salt = keyed(&key, email_key.as_bytes());
    salt[..16].try_into().expect("sixteen of thirty-two bytes")
}

fn cipher(secret_key: &SecretString, purpose: Use) -> LessSafeKey {
    let key = key(secret_key, purpose.label());
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).expect("the key has the length of the cipher's"))
}

/// A key for one use: nothing made with it helps with another.
fn key(secret_key: &SecretString, label: &[u8]) -> [u8; 32] {
    keyed(secret_key.expose_secret().as_bytes(), label)
}

fn keyed(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(last: u8) -> UserId {
        UserId::parse(&format!("01929b7e-7c1c-7000-8000-00000000000{last}")).unwrap()
    }

    #[test]
    fn a_secret_opens_for_its_owner_and_key_only() {
        let key = SecretString::from("0123456789abcdef0123456789abcdef");
        let sealed = seal(&key, person(1), "JBSWY3DPEHPK3PXP");
        assert!(!sealed.contains("JBSWY3DP"));
        assert_eq!(open(&key, person(1), &sealed).as_deref(), Some("JBSWY3DPEHPK3PXP"));
        assert_eq!(open(&key, person(2), &sealed), None);
        let other = SecretString::from("another key of at least 32 characters");
        assert_eq!(open(&other, person(1), &sealed), None);
        assert_ne!(seal(&key, person(1), "JBSWY3DPEHPK3PXP"), sealed);
    }

    #[test]
    fn a_secret_opens_for_its_use_only() {
        let key = SecretString::from("0123456789abcdef0123456789abcdef");
        let sealed = seal_for(&key, Use::CardToken, "account", "dc0521d3");
        assert_eq!(
            open_for(&key, Use::CardToken, "account", &sealed).as_deref(),
            Some("dc0521d3")
        );
        assert_eq!(open_for(&key, Use::BankDetails, "account", &sealed), None);
        assert_eq!(open_for(&key, Use::CardToken, "another", &sealed), None);
        assert_eq!(token_hash(&key, "a"), token_hash(&key, "a"));
        assert_ne!(token_hash(&key, "a"), token_hash(&key, "b"));
    }

    #[test]
    fn changed_or_foreign_text_does_not_open() {
        let key = SecretString::from("0123456789abcdef0123456789abcdef");
        let sealed = seal(&key, person(1), "JBSWY3DPEHPK3PXP");
        let changed = format!("{}A{}", &sealed[..20], &sealed[21..]);
        for text in [changed.as_str(), "", "v1:", "v1:AAAA", "JBSWY3DPEHPK3PXP", "v2:AAAA"] {
            assert!(text == sealed || open(&key, person(1), text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_has_another_fingerprint_for_each_person() {
        let key = SecretString::from("0123456789abcdef0123456789abcdef");
        assert_ne!(
            fingerprint(&key, person(1), "7K2Q9"),
            fingerprint(&key, person(2), "7K2Q9")
        );
        assert_eq!(fingerprint(&key, person(1), "7K2Q9").len(), 64);
    }
}
