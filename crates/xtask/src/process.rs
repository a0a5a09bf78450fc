//! Programs that never outlive us, however we end.
//!
//! Std knows no signals. So each program runs under a small shell supervisor, in a process group of
//! its own, with our end of a pipe as its lifeline: when we die (Ctrl-C, `kill`, even `kill -9`) the
//! kernel closes the pipe, and the supervisor stops the whole group and removes its scratch folder.
//! Its watcher holds no output: one that misses the signal to end must not keep our readers waiting.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::failure::{Failure, OrFail, Outcome};

/// Arguments: stop signal, scratch folder or nothing, program, its arguments.
const SUPERVISOR: &str = r#"
signal=$1 scratch=$2
shift 2
exec 3<&0 </dev/null
trap : HUP INT QUIT TERM
"$@" 3<&- &
program=$!
(
    read -r _ <&3
    trap '' HUP INT QUIT TERM
    kill -s "$signal" 0
    tries=0
    while kill -0 "$program" 2>/dev/null && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ -z "$scratch" ] || rm -rf -- "$scratch"
    kill -s KILL 0
) >/dev/null 2>&1 &
watcher=$!
while :; do
    wait "$program"
    code=$?
    # A trapped signal interrupts `wait` while the program still runs.
    kill -0 "$program" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
[ -z "$scratch" ] || rm -rf -- "$scratch"
exit "$code"
"#;

/// How a program is asked to stop.
#[derive(Clone, Copy)]
pub enum StopSignal {
    Terminate,
    /// PostgreSQL's immediate shutdown: it waits for nobody.
    Quit,
}

/// A command that dies with us. Give it arguments and environment, then use [`run`] or [`Service`].
pub fn command(program: impl AsRef<OsStr>) -> Command {
    supervised(program, StopSignal::Terminate, None)
}

/// As [`command`], with another stop signal and a folder that is removed when the program has ended.
pub fn supervised(program: impl AsRef<OsStr>, signal: StopSignal, scratch: Option<&Path>) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", SUPERVISOR, "xtask-supervisor"])
        .arg(match signal {
            StopSignal::Terminate => "TERM",
            StopSignal::Quit => "QUIT",
        })
        .arg(scratch.unwrap_or(Path::new("")))
        .arg(program)
        .stdin(Stdio::piped())
        .process_group(0);
    command
}

/// Runs a [`command`] to its end, its output going where ours goes.
pub fn run(command: &mut Command, name: &str, advice: &str) -> Outcome<()> {
    let mut child = command.spawn().or_fail(&format!("{name} did not start"), advice)?;
    // `wait` would close the lifeline if the child still held it.
    let _lifeline = child.stdin.take();
    let status = child.wait().or_fail(name, advice)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{name} ended with {status}"), advice))
    }
}

/// As [`run`], but what the program says is shown only when it fails.
pub fn run_quietly(command: &mut Command, name: &str, advice: &str) -> Outcome<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .or_fail(&format!("{name} did not start"), advice)?;
    let _lifeline = child.stdin.take();
    let output = child.wait_with_output().or_fail(name, advice)?;
    if output.status.success() {
        return Ok(());
    }
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Failure::new(format!("{name} ended with {}", output.status), advice))
}

/// Runs a [`command`] to its end, shows its output as it comes, and returns whether it worked and the text.
pub fn tee(command: &mut Command, name: &str) -> Outcome<(bool, String)> {
    let advice = "is the program installed?";
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .or_fail(&format!("{name} did not start"), advice)?;
    let _lifeline = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let text = thread::scope(|scope| {
        let errors = scope.spawn(|| echo(stderr));
        let mut text = echo(stdout);
        text.push_str(&errors.join().unwrap_or_default());
        text
    });
    let status = child.wait().or_fail(name, advice)?;
    Ok((status.success(), text))
}

fn echo(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    let Some(stream) = stream else { return text };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    // Bytes, not `lines()`: one odd byte from a program must not end the reading.
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let decoded = String::from_utf8_lossy(&line);
        print!("{decoded}");
        text.push_str(&decoded);
        line.clear();
    }
    text
}

/// A program that runs beside us until it is dropped.
pub struct Service {
    name: String,
    child: Child,
    lifeline: Option<ChildStdin>,
    log: PathBuf,
}

/// Where a service's stderr goes; its stdout always goes to the log, which is searched for the first line.
pub enum Errors {
    Shown,
    Logged,
}

impl Service {
    pub fn start(name: &str, command: &mut Command, log: &Path, errors: Errors) -> Outcome<Self> {
        let advice = format!("is {} writable?", log.display());
        let file = File::create(log).or_fail(&format!("the log of {name}"), &advice)?;
        if let Errors::Logged = errors {
            command.stderr(file.try_clone().or_fail(&format!("the log of {name}"), &advice)?);
        }
        let mut child = command
            .stdout(file)
            .spawn()
            .or_fail(&format!("{name} did not start"), "is the program installed?")?;
        Ok(Self {
            name: name.to_owned(),
            lifeline: child.stdin.take(),
            child,
            log: log.to_owned(),
        })
    }

    /// Waits until the program prints `marker`, and returns the rest of that line.
    pub fn wait_for_line(&mut self, marker: &str, limit: Duration) -> Outcome<String> {
        let deadline = Instant::now() + limit;
        loop {
            let text = self.log_text();
            let found = text.lines().find_map(|line| line.split_once(marker));
            // An unfinished last line may lack half of the address.
            if let (Some((_, rest)), true) = (found, text.ends_with('\n')) {
                return Ok(rest.trim().to_owned());
            }
            self.check_running()?;
            if Instant::now() > deadline {
                return Err(self.failure(&format!("did not say `{}` within {} s", marker.trim(), limit.as_secs())));
            }
            thread::sleep(Duration::from_millis(25));
        }
    }

    /// Fails when the program has ended.
    pub fn check_running(&mut self) -> Outcome<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.failure(&format!("ended with {status}"))),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    pub fn log_text(&self) -> String {
        std::fs::read(&self.log).map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn failure(&self, what: &str) -> Failure {
        let text = self.log_text();
        let mut last: Vec<&str> = text.lines().rev().take(12).collect();
        last.reverse();
        Failure::new(
            format!("{} {what}", self.name),
            format!(
                "read its last lines (all are in {}):\n{}",
                self.log.display(),
                last.join("\n")
            ),
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // The supervisor kills what does not end in ten seconds, so this ends.
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> Outcome<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .or_fail("no free port", "close some programs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// An orphan that nobody has collected yet is dead, though `kill -0` finds it.
    fn is_alive(pid: &str) -> bool {
        crate::workspace::output_of("ps", &["-o", "stat=", "-p", pid]).is_some_and(|state| !state.starts_with('Z'))
    }

    #[test]
    fn exit_code_passes_through_the_supervisor() {
        assert!(run(command("true").arg("x"), "true", "-").is_ok());
        let failure = run(command("sh").args(["-c", "exit 7"]), "seven", "-").unwrap_err();
        assert!(
            failure.to_string().contains("seven ended with exit status: 7"),
            "{failure}"
        );
    }

    #[test]
    fn tee_returns_both_streams() {
        let (worked, text) = tee(command("sh").args(["-c", "echo out; echo err >&2"]), "both").unwrap();
        assert!(worked);
        assert!(text.contains("out\n") && text.contains("err\n"), "{text}");
    }

    #[test]
    fn dropped_service_is_stopped_with_its_children_and_scratch() {
        let folder = scratch("drop");
        let log = std::env::temp_dir().join(format!("xtask-drop-{}.log", std::process::id()));
        let mut nested = supervised("sh", StopSignal::Terminate, Some(&folder));
        nested.args(["-c", "sleep 300 & echo grandchild $!; wait"]);
        let mut service = Service::start("nested", &mut nested, &log, Errors::Logged).unwrap();
        let grandchild = service.wait_for_line("grandchild ", Duration::from_secs(10)).unwrap();
        assert!(is_alive(&grandchild));
        drop(service);
        let deadline = Instant::now() + Duration::from_secs(5);
        while is_alive(&grandchild) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!is_alive(&grandchild));
        assert!(!folder.exists());
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn service_that_ends_early_shows_its_last_lines() {
        let log = std::env::temp_dir().join(format!("xtask-early-{}.log", std::process::id()));
        let mut command = command("sh");
        command.args(["-c", "echo cannot bind >&2; exit 3"]);
        let mut service = Service::start("early", &mut command, &log, Errors::Logged).unwrap();
        let failure = service
            .wait_for_line("listening", Duration::from_secs(10))
            .unwrap_err()
            .to_string();
        assert!(
            failure.contains("early ended with exit status: 3") && failure.contains("cannot bind"),
            "{failure}"
        );
        std::fs::remove_file(log).unwrap();
    }
}
