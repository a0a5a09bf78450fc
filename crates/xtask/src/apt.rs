//! Debian's packages, where we may install them.

use std::{path::Path, sync::Once};

use crate::{
    failure::{Failure, Outcome},
    process,
    workspace::{output_of, which},
};

static UPDATE: Once = Once::new();

/// Installs packages with apt as root or by a sudo that asks nothing; else says in one line what is missing.
pub fn install(what: &str, packages: &[&str]) -> Outcome<()> {
    let list = packages.join(" ");
    let advice = format!("install it: apt-get install {list} (or your system's equivalent)");
    let missing = || Failure::new(format!("{what} is missing"), advice.clone());
    let prefix = privilege().ok_or_else(missing)?;
    which("apt-get").ok_or_else(missing)?;
    println!("   installing {list}");
    let mut updated = Ok(());
    UPDATE.call_once(|| updated = apt_get(prefix, &["update", "--quiet"], "check the network"));
    updated?;
    let mut arguments = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(prefix, &arguments, &advice)
}

/// Whether every package is installed.
pub fn has(packages: &[&str]) -> bool {
    let mut arguments = vec!["-W", "-f=${db:Status-Status}\n"];
    arguments.extend(packages);
    output_of("dpkg-query", &arguments).is_some_and(|text| text.lines().all(|line| line == "installed"))
}

/// The library that the server links for PostgreSQL.
pub fn ensure_libpq() -> Outcome<()> {
    let header = "libpq-fe.h";
    let found = output_of("pg_config", &["--includedir"])
        .is_some_and(|folder| Path::new(&folder).join(header).exists())
        || Path::new("/usr/include/postgresql").join(header).exists();
    if found {
        Ok(())
    } else {
        install("libpq (PostgreSQL's client library)", &["libpq-dev"])
    }
}

/// The programs that read a PDF back, for the tests of invoices.
pub fn ensure_poppler() -> Outcome<()> {
    match which("pdftotext") {
        Some(_) => Ok(()),
        None => install("pdftotext (it reads the invoices back)", &["poppler-utils"]),
    }
}

/// The server of shared limits, for the tests of several nodes.
pub fn ensure_redis() -> Outcome<()> {
    match which("redis-server") {
        Some(_) => Ok(()),
        None => install("redis-server (the tests of several nodes start it)", &["redis-server"]),
    }
}

/// What stands before a command that needs root: nothing, or sudo; `None` when we may not.
fn privilege() -> Option<&'static [&'static str]> {
    if is_root() {
        Some(&[])
    } else if output_of("sudo", &["-n", "true"]).is_some() {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

pub fn is_root() -> bool {
    output_of("id", &["-u"]).as_deref() == Some("0")
}

fn apt_get(prefix: &[&str], arguments: &[&str], advice: &str) -> Outcome<()> {
    let words: Vec<&str> = prefix
        .iter()
        .copied()
        .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .chain(arguments.iter().copied())
        .collect();
    let name = format!("apt-get {}", arguments.join(" "));
    process::run(process::command(words[0]).args(&words[1..]), &name, advice)
}
