//! Hashing passwords: argon2id, always the same work whether or not there is anything to compare with.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

pub use super::strength::check_new;

/// Compared with when there is no user, so that unknown addresses take as long as known ones.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

/// The argon2id hash of `password` in PHC text form; runs in the blocking pool for some tens of milliseconds.
pub async fn hash(password: String) -> String {
    tokio::task::spawn_blocking(move || hash_now(&password))
        .await
        .expect("hashing does not panic")
}

/// Whether `password` belongs to `stored`; with no stored hash it works as long and says no.
pub async fn verify(password: String, stored: Option<String>) -> bool {
    let check = move || {
        let known = stored.is_some();
        let stored = stored.as_deref().unwrap_or(&NOBODY);
        let matches = PasswordHash::new(stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        matches && known
    };
    tokio::task::spawn_blocking(check)
        .await
        .expect("verifying does not panic")
}

fn hash_now(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("argon2 takes passwords of any length we allow")
        .to_string()
}
