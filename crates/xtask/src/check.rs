//! `check`: everything that can be said about the code without running it.

use crate::{
    apt,
    failure::{Failure, Outcome},
    process, secrets,
    step::step,
    tidy,
    wasm::Compiler,
    workspace::{cargo, output_of, root},
};

type Check = fn() -> Outcome<()>;

/// Runs all checks, also after one has failed: a push should not be needed for each.
pub fn check() -> Outcome<()> {
    let checks: [(&str, Check); 6] = [
        ("formatting", || {
            cargo_run(&["fmt", "--all", "--check"], "run `cargo fmt --all`")
        }),
        ("rules of import", tidy_is_clean),
        ("secrets", secrets::scan),
        ("common without SQL", common_is_free_of_diesel),
        ("lints", lints),
        ("common and frontend for WebAssembly", || Compiler::ensure()?.check()),
    ];
    let mut failed = Vec::new();
    for (name, run) in checks {
        if let Err(failure) = step(name, run) {
            println!("{failure}\n");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("\nall checks passed");
        return Ok(());
    }
    Err(Failure::new(
        format!("{} of {} checks: {}", failed.len(), checks.len(), failed.join(", ")),
        "read what each of them says above",
    ))
}

fn lints() -> Outcome<()> {
    apt::ensure_libpq()?;
    cargo_run(
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        "read the messages above; `#[expect(lint, reason = \"…\")]` where the lint is wrong",
    )
}

fn cargo_run(arguments: &[&str], advice: &str) -> Outcome<()> {
    process::run(
        process::command(cargo()).current_dir(root()).args(arguments),
        &format!("cargo {}", arguments[0]),
        advice,
    )
}

fn tidy_is_clean() -> Outcome<()> {
    let violations = tidy::violations(&root());
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!("{} rules are broken\n{}", violations.len(), violations.join("\n")),
        "move the code to where it may stand; docs/CONTRIBUTING.md lists the rules",
    ))
}

/// The client must not carry a database: `common` has diesel only behind the feature `sql`.
fn common_is_free_of_diesel() -> Outcome<()> {
    let tree = output_of(
        &cargo().to_string_lossy(),
        &[
            "tree",
            "--package",
            "common",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--manifest-path",
            &root().join("Cargo.toml").to_string_lossy(),
        ],
    );
    match tree {
        Some(tree) if !tree.contains("diesel") => Ok(()),
        Some(_) => Err(Failure::new(
            "common depends on diesel without its feature `sql`",
            "make it optional",
        )),
        None => Err(Failure::new(
            "cargo tree failed",
            "run `cargo tree -p common` and read its message",
        )),
    }
}
