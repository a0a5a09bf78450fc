//! `secrets`: looks for secrets in tracked files, or in everything that was ever committed.
//!
//! Says file, line and rule, never the secret. What is public on purpose stands in `ALLOWED` beside this file,
//! each line with its reason.

mod rules;

use std::{fs, path::Path, process::Command};

use crate::{
    failure::{Failure, OrFail, Outcome},
    workspace::root,
};

const ALLOWED_FILE: &str = "crates/xtask/src/secrets/allowed.txt";
const ADVICE: &str = "take the secret out, and change it where it is used: what was pushed is known; \
    a value that is public on purpose gets a line with its reason in crates/xtask/src/secrets/allowed.txt";

/// A line that looks as if it held a secret.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    place: String,
    rule: &'static str,
}

/// Scans the files that git tracks or would add.
pub fn scan() -> Outcome<()> {
    let allowed = Allowed::load(&root())?;
    let names = git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut found = Vec::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        // A file that was deleted, a link or a picture has no lines to read.
        if let Ok(text) = fs::read_to_string(root().join(name)) {
            found.extend(in_file(name, &text, &allowed));
        }
    }
    report(found)
}

/// Scans every line that any commit of any branch added.
pub fn scan_history() -> Outcome<()> {
    let allowed = Allowed::load(&root())?;
    let log = git(&[
        "log",
        "--all",
        "-p",
        "--unified=0",
        "--no-color",
        "--no-ext-diff",
        "--format=commit %h",
    ])?;
    report(in_history(&log, &allowed))
}

fn report(found: Vec<Finding>) -> Outcome<()> {
    if found.is_empty() {
        println!("   no secrets found");
        return Ok(());
    }
    let lines: Vec<String> = found
        .iter()
        .map(|finding| format!("{}: {}", finding.place, finding.rule))
        .collect();
    Err(Failure::new(
        format!("{} lines look like secrets\n{}", found.len(), lines.join("\n")),
        ADVICE,
    ))
}

fn in_file(name: &str, text: &str, allowed: &Allowed) -> Vec<Finding> {
    let is_test = is_test_file(name);
    // By convention unit tests are the last item of a file.
    let tests_begin = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let mut found = Vec::new();
    let mut at = 0;
    for (index, line) in text.split('\n').enumerate() {
        let is_in_test = is_test || at >= tests_begin;
        at += line.len() + 1;
        if let Some(rule) = rules::judge(line, is_in_test).filter(|_| !allowed.has(name, line)) {
            found.push(Finding {
                place: format!("{name}:{}", index + 1),
                rule,
            });
        }
    }
    found
}

/// Reads `git log -p --unified=0`: which commit, which file, which lines were added.
fn in_history(log: &str, allowed: &Allowed) -> Vec<Finding> {
    let (mut commit, mut file) = ("", "");
    let mut found = Vec::new();
    for line in log.lines() {
        if let Some(id) = line.strip_prefix("commit ") {
            commit = id;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            file = name.strip_prefix("b/").unwrap_or(name);
        } else if let Some(added) = line.strip_prefix('+')
            // Where unit tests begin cannot be told from a part of a file.
            && let Some(rule) = rules::judge(added, is_test_file(file) || file.ends_with(".rs"))
            && !allowed.has(file, added)
        {
            found.push(Finding {
                place: format!("{commit} {file}"),
                rule,
            });
        }
    }
    found.dedup();
    found
}

/// Tests have passwords of people who do not exist; keys of real services are looked for there too.
fn is_test_file(name: &str) -> bool {
    name.split('/')
        .any(|part| ["tests", "testdata", "vectors", "e2e"].contains(&part))
        || name.ends_with("tests.rs")
        || name.ends_with(".lock")
        || name.ends_with("package-lock.json")
}

/// What is public on purpose.
struct Allowed(Vec<(String, String)>);

impl Allowed {
    fn load(root: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(root.join(ALLOWED_FILE)).or_fail(ALLOWED_FILE, "is the checkout whole?")?;
        Self::parse(&text)
    }

    /// Lines `file prefix | text in the line | reason`.
    fn parse(text: &str) -> Outcome<Self> {
        let mut entries = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
            match parts.as_slice() {
                [file, text, reason] if !text.is_empty() && !reason.is_empty() => {
                    entries.push(((*file).to_owned(), (*text).to_owned()));
                }
                _ => {
                    return Err(Failure::new(
                        format!("{ALLOWED_FILE}: `{line}` is not `file | text | reason`"),
                        "say why the value is public",
                    ));
                }
            }
        }
        Ok(Self(entries))
    }

    fn has(&self, file: &str, line: &str) -> bool {
        file == ALLOWED_FILE
            || self
                .0
                .iter()
                .any(|(prefix, text)| file.starts_with(prefix.as_str()) && line.contains(text.as_str()))
    }
}

fn git(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("git").args(arguments).current_dir(root()).output();
    let output = output.or_fail("git", "install git; the scan reads what it tracks")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::new(
            format!("git {}: {errors}", arguments[0]),
            "read git's message",
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
