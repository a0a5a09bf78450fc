//! How many tests passed and failed, read from what the runners say at their end.

use std::ops::AddAssign;

use crate::json::Json;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub passed: u64,
    pub failed: u64,
    /// Which tests failed, as far as the runner names them, with the first lines of the reason where it tells them.
    pub failures: Vec<String>,
}

impl Totals {
    pub const ONE_PASSED: Self = Self::counted(1, 0);
    pub const ONE_FAILED: Self = Self::counted(0, 1);

    const fn counted(passed: u64, failed: u64) -> Self {
        Self {
            passed,
            failed,
            failures: Vec::new(),
        }
    }

    /// A runner that failed without naming a test failed as a whole, and counts as one.
    pub fn or_failure_of_runner(self, worked: bool) -> Self {
        if worked || self.failed > 0 {
            self
        } else {
            Self { failed: 1, ..self }
        }
    }

    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }
}

/// `test result: ok. 12 passed; 1 failed; 0 ignored; …`, one line per binary. An ignored test is a failed one.
pub fn of_cargo_test(output: &str) -> Totals {
    let mut totals = Totals::default();
    for line in plain(output).lines() {
        let Some((_, counts)) = line.split_once("test result: ") else {
            continue;
        };
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        totals.passed += count(counts, ';', "passed");
        totals.failed += count(counts, ';', "failed") + count(counts, ';', "ignored");
    }
    totals
}

/// `Summary [ 0.5s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 0 skipped`.
pub fn of_nextest(output: &str) -> Totals {
    let mut totals = Totals::default();
    for line in plain(output).lines() {
        if let Some(name) = failed_in_nextest(line) {
            totals.failures.push(name.to_owned());
        }
        let Some((_, counts)) = line
            .split_once("Summary [")
            .and_then(|(_, rest)| rest.split_once("run: "))
        else {
            continue;
        };
        totals.passed += count(counts, ',', "passed");
        // What comes after the summary names each test that failed once more.
        totals.failures.clear();
        for word in ["failed", "timed out", "exec failed", "skipped"] {
            totals.failed += count(counts, ',', word);
        }
    }
    totals
}

/// `        FAIL [   0.446s] ( 99/479) server::it access::edges`: what stands behind the brackets.
fn failed_in_nextest(line: &str) -> Option<&str> {
    let words = ["FAIL [", "TIMEOUT [", "ABORT [", "SIGABRT [", "SIGSEGV ["];
    let rest = words.iter().find_map(|word| line.trim_start().strip_prefix(word))?;
    let rest = rest.split_once(']')?.1.trim_start();
    Some(match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1.trim_start(),
        None => rest,
    })
}

/// The `stats` of Playwright's JSON report. A flaky test passed only when it was tried again: that is a failure.
pub fn of_playwright(report: &Json) -> Totals {
    let Some(stats) = report.get("stats") else {
        return Totals::default();
    };
    Totals {
        passed: stats.number("expected"),
        failed: stats.number("unexpected") + stats.number("flaky") + stats.number("skipped"),
        failures: report.list("suites").iter().flat_map(failed_in_suite).collect(),
    }
}

/// Suites hold suites and specs, specs hold tests, tests hold their results.
fn failed_in_suite(suite: &Json) -> Vec<String> {
    let nested = suite.list("suites").iter().flat_map(failed_in_suite);
    let own = suite.list("specs").iter().filter_map(|spec| {
        let reason = spec
            .list("tests")
            .iter()
            .filter(|test| test.text("status") != Some("expected"))
            .flat_map(|test| test.list("results"))
            .find_map(|result| result.list("errors").first()?.text("message"));
        let is_fine = matches!(spec.get("ok"), Some(Json::Bool(true)));
        (!is_fine).then(|| {
            let reason = plain(reason.unwrap_or_default());
            let lines: Vec<&str> = reason.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let place = spec.text("file").or(suite.text("title")).unwrap_or_default();
            format!(
                "{place}: {}: {}",
                spec.text("title").unwrap_or_default(),
                lines[..lines.len().min(6)].join(" | ")
            )
        })
    });
    nested.chain(own).collect()
}

/// The number before `word`, in a list such as `10 passed (1 slow), 2 failed`.
fn count(counts: &str, separator: char, word: &str) -> u64 {
    counts
        .split(separator)
        .filter_map(|part| part.trim().split_once(' '))
        .find(|(_, rest)| *rest == word || rest.starts_with(&format!("{word} (")))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

/// Without the escape sequences that colour the text.
fn plain(text: &str) -> String {
    text.split('\u{1b}')
        .enumerate()
        .map(|(index, part)| {
            if index == 0 {
                part
            } else {
                part.split_once('m').map_or("", |(_, text)| text)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_test_adds_up_its_binaries() {
        let output = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(of_cargo_test(output), Totals::counted(15, 3));
    }

    #[test]
    fn nextest_counts_everything_that_did_not_pass() {
        let line = "\u{1b}[32m     Summary\u{1b}[0m [   0.015s] 14/20 tests run: 9 passed (1 slow, 1 leaky), 2 failed, 1 timed out, 1 exec failed, 1 skipped";
        assert_eq!(of_nextest(line), Totals::counted(9, 5));
        assert_eq!(
            of_nextest("     Summary [   0.015s] 12 tests run: 12 passed, 0 skipped"),
            Totals::counted(12, 0)
        );
    }

    #[test]
    fn playwright_reports_flaky_and_skipped_as_failed() {
        let report = crate::json::parse(r#"{"stats":{"expected":5,"skipped":1,"unexpected":2,"flaky":1}}"#).unwrap();
        assert_eq!(of_playwright(&report), Totals::counted(5, 4));
    }

    #[test]
    fn what_failed_is_named() {
        let output = "        FAIL [   0.4s] (1/3) server::it a::sqlite\n  noise\n     Summary [   7.1s] 3 tests run: 2 passed, 1 failed, 0 skipped\n        FAIL [   0.4s] (1/3) server::it a::sqlite\n";
        assert_eq!(of_nextest(output).failures, ["server::it a::sqlite"]);
        let report = r#"{"stats":{"expected":1,"unexpected":1},"suites":[{"title":"buying.spec.ts","suites":[{"title":"inner",
            "specs":[{"title":"pays","ok":false,"file":"buying.spec.ts","tests":[{"status":"unexpected",
            "results":[{"errors":[{"message":"Error: too late\n\nCall log"}]}]}]}]}],
            "specs":[{"title":"fine","ok":true,"tests":[]}]}]}"#;
        let totals = of_playwright(&crate::json::parse(report).unwrap());
        assert_eq!(totals.failures, ["buying.spec.ts: pays: Error: too late | Call log"]);
    }

    #[test]
    fn runner_that_dies_counts_as_a_failure() {
        assert_eq!(Totals::default().or_failure_of_runner(false), Totals::ONE_FAILED);
        assert_eq!(Totals::ONE_PASSED.or_failure_of_runner(true), Totals::ONE_PASSED);
    }
}
