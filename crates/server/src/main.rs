//! The program: reads arguments and settings, and calls the library.

use std::{net::TcpListener, process::ExitCode};

use clap::{Parser, Subcommand};
use server::{
    admin::{self, Admin},
    app::{self, App},
    books,
    clock::Clock,
    config::Config,
};

#[derive(Parser)]
#[command(
    name = "capecontrol",
    version,
    about = "Payments, billing and chat for small software businesses"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests and do background work; settings come from the environment.
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Tasks for operators.
    #[command(subcommand)]
    Admin(Admin),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match app::block_on(run(arguments.command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "what a program was asked for goes to standard output"
)]
async fn run(command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let clock = match command {
        // Its invoices have a past: the clock is set back and forth.
        Command::Admin(Admin::SeedDemo) => Clock::fixed(Clock::System.now()),
        _ => Clock::System,
    };
    let app = App::build(Config::from_env()?, clock)?;
    match command {
        Command::Serve => {
            // A database that lacks migrations says so by /health/ready, and is left alone.
            if !app.db.needs_migration().await? {
                books::backfill::run(&app).await?;
            }
            let bind = app.config.http.bind.clone();
            let listener = TcpListener::bind(&bind).map_err(|error| format!("CAPECONTROL_BIND: {bind}: {error}"))?;
            println!("capecontrol listening on http://{}", listener.local_addr()?);
            app::run(app, listener).await?;
        }
        Command::Migrate => {
            for name in app.db.migrate().await? {
                println!("migrated {name}");
            }
            books::backfill::run(&app).await?;
            println!("the schema is up to date");
        }
        Command::Admin(task) => {
            let told = admin::run(&app, task).await?;
            println!("{}", told.text);
            if !told.is_good {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
