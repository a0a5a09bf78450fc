//! `up`: the whole product with demo data, from nothing.

use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Outcome},
    process::Errors,
    stack::{self, Plan, Stack},
    web,
    workspace::root,
};

/// Starts everything and stays until Ctrl-C.
pub fn up() -> Outcome<()> {
    let start = Instant::now();
    let plan = Plan {
        data: env::var_os("CAPECONTROL_DATA").map_or_else(|| root().join("data"), PathBuf::from),
        server: env::var("CAPECONTROL_BIND").unwrap_or_else(|_| "127.0.0.1:8080".to_owned()),
        sandbox: env::var("PAYFAST_SANDBOX_BIND").unwrap_or_else(|_| "127.0.0.1:8090".to_owned()),
        database_url: None,
        errors: Errors::Shown,
    };
    // Before a build of minutes, not after it.
    check_free(&plan.server, "CAPECONTROL_BIND")?;
    check_free(&plan.sandbox, "PAYFAST_SANDBOX_BIND")?;
    web::ensure()?;
    stack::build()?;
    let mut stack = Stack::start(plan)?;

    println!("\nready in {:.1} s", start.elapsed().as_secs_f64());
    println!("url={}", stack.url);
    for line in &stack.sign_ins {
        println!("{line}");
    }
    println!("emulator={}", stack.sandbox_url);
    println!("mails={}", stack.mail.display());
    println!("Ctrl-C stops both.");
    loop {
        thread::sleep(Duration::from_millis(300));
        stack.check_running()?;
    }
}

fn check_free(address: &str, variable: &str) -> Outcome<()> {
    TcpListener::bind(address).map(drop).map_err(|error| {
        Failure::new(
            format!("{address} cannot be used: {error}"),
            format!("stop the program that uses it, or choose another address with {variable}"),
        )
    })
}
