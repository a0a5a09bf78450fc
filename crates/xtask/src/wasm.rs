//! Which compiler makes WebAssembly here, and how it must be called.

use std::{env, ffi::OsString, path::Path, process::Command};

use crate::{
    apt,
    failure::Outcome,
    process,
    workspace::{output_of, root, wasm_target, which},
};

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler for browsers: it installs beside rustup's and builds the standard library from source.
const DEBIAN: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];

/// Where Debian's compiler lives; it must come first on PATH to win over rustup's.
const DEBIAN_BIN: &str = "/usr/bin";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// The usual toolchain has the target.
    Plain,
    Debian,
}

impl Compiler {
    /// Finds a compiler, or installs one: rustup's target where its server answers, else Debian's packages.
    pub fn ensure() -> Outcome<Self> {
        if has_plain_target() {
            return Ok(Self::Plain);
        }
        if apt::has(&DEBIAN) {
            return Ok(Self::Debian);
        }
        if which("rustup").is_some() && add_target() && has_plain_target() {
            return Ok(Self::Plain);
        }
        println!("   rustup has no {TARGET} here; Debian has a compiler that builds it");
        apt::install(
            &format!("a compiler for {TARGET} (`rustup target add {TARGET}` did not work)"),
            &DEBIAN,
        )?;
        Ok(Self::Debian)
    }

    /// A command in the checkout that finds this compiler, and `extra_path` before everything but it.
    pub fn command(self, program: &str, extra_path: &[&Path]) -> Command {
        let mut command = process::command(program);
        command
            .current_dir(root())
            .env("PATH", self.path(extra_path))
            .env("CARGO_TARGET_DIR", wasm_target());
        // `cargo run` sets these for its own toolchain; another one must not see them.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
            command.env_remove(variable);
        }
        if self == Self::Debian {
            // Never in a committed .cargo/config.toml: there they would break ordinary machines.
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        }
        command
    }

    fn path(self, extra: &[&Path]) -> OsString {
        let first = (self == Self::Debian).then(|| Path::new(DEBIAN_BIN).to_path_buf());
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = first
            .into_iter()
            .chain(extra.iter().map(|folder| folder.to_path_buf()))
            .chain(env::split_paths(&inherited));
        env::join_paths(folders).unwrap_or(inherited)
    }

    /// Downloads what a later `--offline` build needs, the standard library's own dependencies included.
    pub fn fetch(self) -> Outcome<()> {
        process::run(
            self.command("cargo", &[])
                .args(["fetch", "--quiet", "--target", TARGET]),
            "cargo fetch",
            "check the network, then run it again",
        )
    }

    /// Type-checks `common` and `frontend` as the browser build sees them.
    pub fn check(self) -> Outcome<()> {
        self.fetch()?;
        // The client's own profile, so that build scripts and macros are shared with the real build.
        process::run(
            self.command("cargo", &[]).args([
                "check",
                "--offline",
                "--profile",
                "client",
                "--target",
                TARGET,
                "-p",
                "common",
                "-p",
                "frontend",
            ]),
            "cargo check for WebAssembly",
            "read the compiler's message above; `common` and `frontend` must compile for the browser",
        )
    }
}

fn has_plain_target() -> bool {
    output_of("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|folder| Path::new(&folder).exists())
}

/// Tries rustup, for a minute at most: behind some firewalls its server never answers.
fn add_target() -> bool {
    output_of("timeout", &["60", "rustup", "target", "add", TARGET]).is_some()
}
