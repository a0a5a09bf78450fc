//! Hashing passwords: argon2id, always the same work whether or not there is anything to compare with.
//!
//! One hash takes 19 MB and some tens of milliseconds of a core. So only as many are made at once as there are
//! cores, a bounded number waits, and what comes on top is told to come back: a flood of sign-ins costs no memory.

use std::{
    num::NonZero,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::error::ApiError;

pub use super::strength::check_new;

/// Compared with when there is no user, so that unknown addresses take as long as known ones.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

/// One for the process, since it is the process that has the memory.
static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get).max(2);
    Gate::new(cores, cores * WAITING_PER_CORE)
});

/// At some 30 ms each, the last in the line waits about two seconds.
const WAITING_PER_CORE: usize = 64;

/// The argon2id hash of `password` in PHC text form; 503 when too many wait.
pub async fn hash(password: String) -> Result<String, ApiError> {
    GATE.run(move || hash_now(&password)).await
}

/// Like [`hash`], with a salt of the caller's: two passwords can then be compared by their hashes.
pub async fn hash_with(password: String, salt: [u8; 16]) -> Result<String, ApiError> {
    let work = move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("argon2 takes passwords of any length we allow")
            .to_string()
    };
    GATE.run(work).await
}

/// Judging costs as much as hashing, so it stands in the same line.
pub(super) async fn judge<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    GATE.run(work).await
}

/// Whether `password` belongs to `stored`; with no stored hash it works as long and says no. 503 when too many wait.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool, ApiError> {
    let check = move || {
        let known = stored.is_some();
        let stored = stored.as_deref().unwrap_or(&NOBODY);
        let matches = PasswordHash::new(stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        matches && known
    };
    GATE.run(check).await
}

fn hash_now(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("argon2 takes passwords of any length we allow")
        .to_string()
}

/// Lets `permits` work at once in the blocking pool, and `line` more wait.
struct Gate {
    permits: Arc<Semaphore>,
    inside: AtomicUsize,
    most_inside: usize,
}

impl Gate {
    fn new(permits: usize, line: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            inside: AtomicUsize::new(0),
            most_inside: permits + line,
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let place = Place(&self.inside);
        if self.inside.fetch_add(1, Ordering::SeqCst) >= self.most_inside {
            return Err(ApiError::unavailable(
                "too many people sign in at this moment; nothing was changed, try again in a few seconds",
            ));
        }
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            // Inside, so that a request that is cut off keeps its permit until the work has ended.
            let _permit = permit;
            work()
        })
        .await
        .expect("hashing does not panic");
        drop(place);
        Ok(done)
    }
}

/// Given back also when the request is cut off while it waits.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use super::*;

    #[tokio::test]
    async fn a_flood_is_turned_away_and_the_line_is_served() {
        static AT_WORK: Mutex<(usize, usize)> = Mutex::new((0, 0));
        let gate = Gate::new(2, 3);
        let slow = || {
            let mut now = AT_WORK.lock().unwrap();
            now.0 += 1;
            now.1 = now.1.max(now.0);
            drop(now);
            std::thread::sleep(Duration::from_millis(50));
            AT_WORK.lock().unwrap().0 -= 1;
        };
        let results = futures_util::future::join_all((0..20).map(|_| gate.run(slow))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
        assert_eq!(AT_WORK.lock().unwrap().1, 2, "more than the permits worked at once");
        assert!(gate.run(|| ()).await.is_ok(), "the places were not given back");
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_line() {
        let gate = Gate::new(1, 1);
        let held = gate.permits.clone().acquire_owned().await.unwrap();
        for _ in 0..10 {
            let waiting = tokio::time::timeout(Duration::from_millis(5), gate.run(|| ()));
            assert!(waiting.await.is_err());
        }
        drop(held);
        assert!(gate.run(|| ()).await.is_ok());
    }
}
