//! Proves what the chat promises, with real servers, real clients and real crashes.
//!
//! Each proof has bounded time, prints one JSON object, and exits with 1 when a promise did not hold. `cargo xtask
//! chat-proof` builds the server and starts the databases.

mod client;
mod crashes;
mod report;
mod world;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about, disable_version_flag = true)]
struct Cli {
    #[command(flatten)]
    world: WorldArgs,
    #[command(subcommand)]
    proof: Proof,
}

/// Where the proof takes place.
#[derive(Args, Clone)]
pub struct WorldArgs {
    /// The program `capecontrol`.
    #[arg(long, global = true, default_value = "target/release/capecontrol")]
    server: PathBuf,
    /// An empty PostgreSQL database; SQLite when absent.
    #[arg(long, global = true)]
    postgres: Option<String>,
}

#[derive(Subcommand)]
enum Proof {
    /// Kills the server again and again while people write; nothing acknowledged may be lost, doubled or out of order.
    Crashes(crashes::Crashes),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let report = server::app::block_on(async {
        match cli.proof {
            Proof::Crashes(crashes) => crashes::run(&cli.world, &crashes).await,
        }
    });
    match report {
        Ok(report) => report.print(),
        Err(error) => {
            eprintln!("the proof could not be made: {error}");
            ExitCode::from(2)
        }
    }
}
