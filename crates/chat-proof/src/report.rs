//! What a proof found.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

/// Named figures, and every promise that did not hold.
pub struct Report {
    proof: &'static str,
    figures: Map<String, Value>,
    broken: Vec<String>,
}

impl Report {
    pub fn new(proof: &'static str) -> Self {
        Self {
            proof,
            figures: Map::new(),
            broken: Vec::new(),
        }
    }

    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// Notes a promise that must hold; of many of a kind the first few are told in full.
    pub fn promise(&mut self, holds: bool, words: impl FnOnce() -> String) {
        const TOLD: usize = 20;
        if holds {
            return;
        }
        if self.broken.len() < TOLD {
            self.broken.push(words());
        } else if self.broken.len() == TOLD {
            self.broken.push("and more".to_owned());
        }
    }

    #[expect(clippy::print_stdout, reason = "this is the program's answer")]
    pub fn print(self) -> ExitCode {
        let is_held = self.broken.is_empty();
        let all = json!({ "proof": self.proof, "held": is_held, "figures": self.figures, "broken": self.broken });
        println!("{all:#}");
        match is_held {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}
