//! `trunk serve` with the compiler and tools that this machine has.

use crate::{failure::Outcome, process, step::step, tools::Tools};

/// Serves the client on port 8081 with live reload; Trunk.toml says where the server is.
pub fn serve(arguments: &[String]) -> Outcome<()> {
    let tools = step("tools for the client", Tools::ensure)?;
    step("dependencies", || tools.compiler.fetch())?;
    println!("start the server in another terminal: cargo xtask up");
    process::run(
        tools.trunk().args(["serve", "--offline"]).args(arguments),
        "trunk serve",
        "is port 8081 free? Read the message above",
    )
}
