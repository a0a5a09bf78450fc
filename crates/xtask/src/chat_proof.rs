//! `cargo xtask chat-proof NAME`: the proofs of the chat, on both databases, with the real program.

use std::process::Command;

use crate::{
    failure::{Failure, Outcome},
    postgres::Postgres,
    process,
    step::step,
    workspace::{cargo, root, target},
};

/// Each proof, with what makes it short for the tests.
const PROOFS: [(&str, &[&str]); 1] = [(
    "crashes",
    &[
        "--clients",
        "40",
        "--threads",
        "4",
        "--rate",
        "100",
        "--kills",
        "3",
        "--pause",
        "3",
    ],
)];

/// Runs one proof as it is promised, from a release build; options go to it, `--help` tells them.
pub fn run(name: &str, options: &[&str]) -> Outcome<()> {
    let (name, _) = find(name)?;
    build("release")?;
    on_both("release", name, options).map(drop)
}

/// Runs the short form of every proof; how many databases each held on.
pub fn run_short() -> Outcome<u64> {
    build("debug")?;
    let mut held = 0;
    for (name, short) in PROOFS {
        held += on_both("debug", name, short)?;
    }
    Ok(held)
}

fn find(name: &str) -> Outcome<(&'static str, &'static [&'static str])> {
    let found = PROOFS.into_iter().find(|(known, _)| *known == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = PROOFS.iter().map(|(name, _)| *name).collect();
        Failure::new(
            format!("`{name}` is not a proof"),
            format!("use one of: {}", known.join(", ")),
        )
    })
}

fn build(profile: &str) -> Outcome<()> {
    step("the server and its proofs", || {
        let mut command = process::command(cargo());
        command
            .current_dir(root())
            .args(["build", "-p", "server", "-p", "chat-proof"]);
        if profile == "release" {
            command.arg("--release");
        }
        process::run(&mut command, "cargo build", "read the compiler's message above")
    })
}

fn on_both(profile: &str, name: &str, options: &[&str]) -> Outcome<u64> {
    step(&format!("{name} on SQLite"), || prove(profile, name, options, None))?;
    let postgres = Postgres::start()?;
    postgres.create_database("proof")?;
    let url = postgres.url("proof");
    step(&format!("{name} on PostgreSQL"), || {
        prove(profile, name, options, Some(&url))
    })?;
    Ok(2)
}

fn prove(profile: &str, name: &str, options: &[&str], postgres: Option<&str>) -> Outcome<()> {
    let folder = target().join(profile);
    let mut command: Command = process::command(folder.join("chat-proof"));
    command.current_dir(root()).arg(name).args(options);
    command.arg("--server").arg(folder.join("capecontrol"));
    if let Some(url) = postgres {
        command.args(["--postgres", url]);
    }
    process::run(&mut command, name, "its answer above says which promise did not hold")
}
