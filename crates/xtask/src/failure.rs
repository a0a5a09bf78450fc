//! What went wrong and what to do about it, in words for the person at the terminal.

use std::fmt;

/// A step that failed. Both parts are shown: a failure without advice is a dead end.
#[derive(Debug)]
pub struct Failure {
    what: String,
    advice: String,
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}\nwhat to do: {}", self.what, self.advice)
    }
}

/// Turns any error into a [`Failure`] at the place that knows what was attempted.
pub trait OrFail<T> {
    fn or_fail(self, what: &str, advice: &str) -> Outcome<T>;
}

impl<T, E: fmt::Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: &str, advice: &str) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}"), advice))
    }
}
