//! The real program, started as an operator starts it.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::db::TestDb;

/// The real program over a database, on a port of its own.
pub struct Process {
    pub child: Child,
    pub base_url: String,
}

impl Process {
    pub fn start(db: &TestDb, payfast_base: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base_url = format!("http://127.0.0.1:{port}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_capecontrol"))
            .arg("serve")
            .env_clear()
            .env("SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .env("CAPECONTROL_DATA", db.data_dir())
            .env("CAPECONTROL_BIND", format!("127.0.0.1:{port}"))
            .env("DATABASE_URL", db.url())
            .env("PUBLIC_URL", &base_url)
            .env("PAYFAST_PROCESS_BASE", payfast_base)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line.trim(), format!("capecontrol listening on {base_url}"));
        Self { child, base_url }
    }

    /// Asks the program to end as a supervisor does.
    pub fn terminate(&self) {
        let killed = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    /// How the program ended; fails when it takes longer than `most`.
    pub fn wait(&mut self, most: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < most, "the program did not end within {most:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    /// SIGKILL: no chance to tidy up.
    fn drop(&mut self) {
        // A program that ended by itself cannot be killed any more.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}
