//! `check`: everything that can be said about the code without running it.

use crate::{
    apt,
    failure::{Failure, Outcome},
    process,
    step::step,
    tidy,
    wasm::Compiler,
    workspace::{cargo, output_of, root},
};

pub fn check() -> Outcome<()> {
    step("formatting", || {
        cargo_run(&["fmt", "--all", "--check"], "run `cargo fmt --all`")
    })?;
    step("rules of import", tidy_is_clean)?;
    step("common without SQL", common_is_free_of_diesel)?;
    step("libraries for the server", apt::ensure_libpq)?;
    step("lints", || {
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
    })?;
    let compiler = step("compiler for WebAssembly", Compiler::ensure)?;
    step("common and frontend for WebAssembly", || compiler.check())?;
    println!("\nall checks passed");
    Ok(())
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
