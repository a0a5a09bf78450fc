//! A PostgreSQL of our own: on a free port, with its data in a temporary folder, gone with us.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    apt,
    data::Scratch,
    failure::{Failure, OrFail, Outcome},
    process::{Errors, Service, StopSignal, free_port, supervised},
    workspace::{output_of, which},
};

const START_LIMIT: Duration = Duration::from_secs(30);

pub struct Postgres {
    // Dropped in this order: first the program, then its folder.
    _service: Service,
    _scratch: Scratch,
    bin: PathBuf,
    port: u16,
}

impl Postgres {
    /// Finds or installs PostgreSQL and starts it for one run of tests.
    pub fn start() -> Outcome<Self> {
        Self::start_with(&[])
    }

    /// As [`Postgres::start`], with settings such as `shared_buffers=1GB`.
    pub fn start_with(settings: &[String]) -> Outcome<Self> {
        let bin = ensure_installed()?;
        let scratch = Scratch::new("postgres")?;
        let owner = Owner::of_this_run()?;
        owner.give(scratch.path())?;
        let data = scratch.path().join("data");
        let advice = "read the message above; PostgreSQL 14 or newer is needed";
        let initdb = owner
            .command(&bin.join("initdb"))
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .current_dir(scratch.path())
            .output()
            .or_fail("initdb", advice)?;
        if !initdb.status.success() {
            let text = String::from_utf8_lossy(&initdb.stderr).into_owned();
            return Err(Failure::new(
                format!("initdb ended with {}\n{text}", initdb.status),
                advice,
            ));
        }

        let port = free_port()?;
        let mut command = supervised(owner.first_word(&bin), StopSignal::Quit, Some(scratch.path()));
        command.args(owner.other_words(&bin));
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", scratch.path().display()))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"])
            // This data dies with the run, so it need not survive a power cut.
            .args([
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
            ])
            .args(settings.iter().flat_map(|setting| ["-c", setting.as_str()]))
            .current_dir(scratch.path());
        let service = Service::start("postgres", &mut command, &scratch.path().join("log"), Errors::Logged)?;
        let mut postgres = Self {
            _service: service,
            _scratch: scratch,
            bin,
            port,
        };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// A superuser's URL, for tests that make databases of their own.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub fn create_database(&self, name: &str) -> Outcome<()> {
        let output = Command::new(self.bin.join("createdb"))
            .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string(), name])
            .output()
            .or_fail("createdb", "is PostgreSQL's client installed?")?;
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::new(
            format!("createdb: {}", String::from_utf8_lossy(&output.stderr).trim()),
            "read the message",
        ))
    }

    /// PostgreSQL's shell on a database.
    pub fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
            &self.port.to_string(),
            "-d",
            database,
        ]);
        command
    }

    /// The answer to a query of one value.
    pub fn ask(&self, database: &str, query: &str) -> Outcome<String> {
        let output = self
            .psql(database)
            .args(["-Atc", query])
            .output()
            .or_fail("psql", "is PostgreSQL's client installed?")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn wait_until_ready(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + START_LIMIT;
        let is_ready = self.bin.join("pg_isready");
        let port = self.port.to_string();
        while output_of(&is_ready.to_string_lossy(), &["-q", "-h", "127.0.0.1", "-p", &port]).is_none() {
            self._service.check_running()?;
            if Instant::now() > deadline {
                return Err(Failure::new(
                    "PostgreSQL takes no connections",
                    self._service.log_text(),
                ));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn ensure_installed() -> Outcome<PathBuf> {
    if let Some(bin) = find() {
        return Ok(bin);
    }
    apt::install("PostgreSQL", &["postgresql"])?;
    find().ok_or_else(|| Failure::new("PostgreSQL is missing", "put the folder of its initdb on PATH"))
}

/// The newest of Debian's, else the one on PATH.
fn find() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.retain(|bin| bin.join("initdb").is_file());
    versions.sort_by_key(|bin| {
        let version = bin
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        version.and_then(|version| version.parse::<u32>().ok())
    });
    versions
        .pop()
        .or_else(|| which("initdb")?.parent().map(Path::to_path_buf))
}

/// Whom the server runs as: PostgreSQL refuses root.
enum Owner {
    Ourselves,
    User { uid: u32, gid: u32 },
}

impl Owner {
    fn of_this_run() -> Outcome<Self> {
        if !apt::is_root() {
            return Ok(Self::Ourselves);
        }
        let id = |flag| output_of("id", &[flag, "postgres"]).and_then(|id| id.parse().ok());
        match (id("-u"), id("-g")) {
            (Some(uid), Some(gid)) => Ok(Self::User { uid, gid }),
            _ => Err(Failure::new(
                "there is no user postgres",
                "install PostgreSQL with apt, which makes the user",
            )),
        }
    }

    fn give(&self, folder: &Path) -> Outcome<()> {
        let advice = "is the temporary folder writable? TMPDIR chooses another";
        if let Self::User { uid, gid } = *self {
            chown(folder, Some(uid), Some(gid)).or_fail("giving a folder to PostgreSQL", advice)?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).or_fail("the folder of PostgreSQL", advice)
    }

    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Ourselves => Command::new(program),
            Self::User { .. } => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
        }
    }

    fn first_word(&self, bin: &Path) -> PathBuf {
        match self {
            Self::Ourselves => bin.join("postgres"),
            Self::User { .. } => PathBuf::from("runuser"),
        }
    }

    fn other_words(&self, bin: &Path) -> Vec<PathBuf> {
        match self {
            Self::Ourselves => Vec::new(),
            Self::User { .. } => ["-u", "postgres", "--"]
                .iter()
                .map(PathBuf::from)
                .chain([bin.join("postgres")])
                .collect(),
        }
    }
}
