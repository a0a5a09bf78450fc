//! `cargo xtask`: sets up what is missing, then does it.
//!
//! Std only, so that a newcomer waits a second for it and nothing else. One file per noun: a command
//! (`up`, `test`, `check`, `web`, `serve`, `e2e`) reads top down and asks the others for what it needs.
#![expect(clippy::print_stdout, reason = "a command line tool talks on stdout")]

mod apt;
mod bench;
mod chat_proof;
mod check;
mod data;
mod e2e;
mod failure;
mod http;
mod json;
mod postgres;
mod process;
mod secrets;
mod serve;
mod smoke;
mod split;
mod stack;
mod step;
mod test;
mod tidy;
mod tools;
mod totals;
mod up;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use crate::failure::{Failure, Outcome};

const USAGE: &str = "\
cargo xtask up            build all, start the emulator and the server with demo data
cargo xtask up --smoke    the same on free ports; buy a plan, stop, and exit 0 or 1
cargo xtask serve         the client with live reload on port 8081, against a running server
cargo xtask web           build the client into frontend/dist and print its size
cargo xtask test          every test; `test PART` runs one of: server, doc, frontend, chat, web, smoke, e2e
cargo xtask test long     what takes long: each property a million times, 10 000 invoices finalised at once
cargo xtask e2e [ARG…]    the browser journeys on both databases; arguments go to Playwright
cargo xtask bench lists   how long lists take at a million rows on both databases; `--rows N` for fewer, `--on SQLite`, `--kinds TEXT` for some
cargo xtask chat-proof N  a proof of the chat on both databases; N is crashes
cargo xtask check         formatting, lints, rules of import, secrets, the client for WebAssembly
cargo xtask secrets       secrets in the files; `secrets --history` in every commit there ever was";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            println!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up"] => up::up().map(|()| ExitCode::SUCCESS),
        ["up", "--smoke"] => smoke::run().map(|()| ExitCode::SUCCESS),
        ["serve", ..] => serve::serve(&arguments[1..]).map(|()| ExitCode::SUCCESS),
        ["web"] => web::build().map(|()| ExitCode::SUCCESS),
        ["test"] => test::everything(),
        ["test", part] => test::one(part),
        ["e2e", ..] => test::journeys(&arguments[1..]),
        ["secrets"] => secrets::scan().map(|()| ExitCode::SUCCESS),
        ["secrets", "--history"] => secrets::scan_history().map(|()| ExitCode::SUCCESS),
        ["bench", "lists", options @ ..] => bench::lists(options).map(|()| ExitCode::SUCCESS),
        ["chat-proof", name, options @ ..] => chat_proof::run(name, options).map(|()| ExitCode::SUCCESS),
        ["check"] => check::check().map(|()| ExitCode::SUCCESS),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(Failure::new(
            format!("`cargo xtask {}` is not a command", words.join(" ")),
            format!("use one of these:\n{USAGE}"),
        )),
    }
}
