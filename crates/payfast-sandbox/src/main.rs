//! The program `payfast-sandbox`: `serve` runs the emulator, `sign` signs JSON lines.

use clap::{Args, Parser, Subcommand};
use payfast::Passphrase;
use payfast_sandbox::{Config, Sandbox, sign};
use std::io::{self, Write};
use std::process::ExitCode;

/// PayFast on your own machine: checkout, payment page and notifications, offline.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the emulator.
    Serve(Serve),
    /// Read JSON lines, answer each with its parameter string and signature.
    Sign,
}

#[derive(Args)]
struct Serve {
    /// Address to listen on; port 0 takes a free one. The first line of output names it.
    #[arg(long, env = "PAYFAST_SANDBOX_BIND", default_value = "127.0.0.1:8090")]
    bind: String,
    /// The only merchant that exists.
    #[arg(long, env = "PAYFAST_MERCHANT_ID", default_value = "10000100")]
    merchant_id: String,
    /// That merchant's key.
    #[arg(
        long,
        env = "PAYFAST_MERCHANT_KEY",
        default_value = "46f0cd694581a",
        hide_env_values = true
    )]
    merchant_key: String,
    /// The secret that both sides sign with; empty for none.
    #[arg(
        long,
        env = "PAYFAST_PASSPHRASE",
        default_value = "jt7NOE43FZPn",
        hide_env_values = true
    )]
    passphrase: String,
    /// Shorten delays and retries by this factor; 1 is real time.
    #[arg(long, env = "PAYFAST_SANDBOX_SPEED", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Refuse addresses and ports that PayFast cannot reach, instead of warning.
    #[arg(long)]
    strict: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(settings) => serve(settings).await.map(|()| true),
        Command::Sign => sign::lines(io::stdin().lock(), io::stdout().lock()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader has what it wanted, as in `payfast-sandbox sign | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell if even this cannot be written.
            let _ = writeln!(io::stderr(), "payfast-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Serve) -> io::Result<()> {
    let bind = settings.bind.clone();
    let sandbox = Sandbox::start(Config {
        bind: settings.bind,
        merchant_id: settings.merchant_id,
        merchant_key: settings.merchant_key,
        passphrase: Some(Passphrase::new(settings.passphrase)).filter(|passphrase| !passphrase.is_empty()),
        speed: settings.speed,
        strict: settings.strict,
    })
    .await
    .map_err(|error| io::Error::new(error.kind(), format!("cannot serve on {bind}: {error}")))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "payfast-sandbox listening on {}", sandbox.base_url())?;
    stdout.flush()?;
    interrupted().await?;
    sandbox.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or a request to end.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
        .ok_or_else(|| "must be a number above 0".into())
}
