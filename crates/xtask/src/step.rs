//! Names each step and says how long it took.

use std::time::Instant;

use crate::failure::Outcome;

/// Runs `work` as a named step; its time is printed whether it worked or not.
pub fn step<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    println!("== {name}");
    let start = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "done" } else { "FAILED" };
    println!("== {name}: {word} in {:.1} s", start.elapsed().as_secs_f64());
    outcome
}
