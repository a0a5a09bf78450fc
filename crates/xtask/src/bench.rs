//! `cargo xtask bench lists`: a million invoices and payments, the real server, and how long its lists take.
//!
//! The rows are written by the databases themselves, the server is a release build, and the requests are the same in
//! every run. Fails when a list is slower than promised.

mod load;
mod rows;

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use self::load::{Measured, Workload};
use crate::{
    data::Scratch,
    failure::{Failure, OrFail, Outcome},
    http::Client,
    json,
    postgres::Postgres,
    process::{self, Errors, Service, free_port},
    step::step,
    workspace::{cargo, output_of, root, target},
};

/// What 99 of 100 requests of each kind must stay below.
const P99_LIMIT: Duration = Duration::from_millis(100);
const START_LIMIT: Duration = Duration::from_secs(30);
const SECRET: &str = "bench0bench1bench2bench3bench4be";

const MILLION: u32 = 1_000_000;
const DATABASES: [&str; 2] = ["SQLite", "PostgreSQL"];

/// `--rows N` of each table, `--on` one database, `--kinds` that have a text in their name; what is measured of all
/// kinds at a million rows is written down.
pub fn lists(options: &[&str]) -> Outcome<()> {
    let (mut rows, mut databases, mut kinds) = (MILLION, DATABASES.to_vec(), "");
    for option in options.chunks(2) {
        match option {
            ["--rows", number] => {
                rows = number
                    .parse()
                    .or_fail("--rows", "give a number of rows, such as 200000")?
            }
            ["--on", name] => databases.retain(|database| database.eq_ignore_ascii_case(name)),
            ["--kinds", text] => kinds = text,
            _ => {
                return Err(Failure::new(
                    option.join(" "),
                    "use --rows N, --on SQLite or --on PostgreSQL, and --kinds TEXT",
                ));
            }
        }
    }
    step("release build of the server", || {
        process::run(
            process::command(cargo())
                .current_dir(root())
                .args(["build", "--release", "-p", "server"]),
            "cargo build",
            "read the compiler's message above",
        )
    })?;
    // What was built: the checkout may change while the requests run.
    let version = output_of("git", &["describe", "--always", "--dirty"]).unwrap_or_default();
    let mut results: Vec<Results> = Vec::new();
    for database in databases {
        let result = step(database, || on(database, rows, kinds))?;
        if rows == MILLION && kinds.is_empty() {
            let folder = root().join("docs/measurements");
            let file = folder.join(format!("lists-{}.json", database.to_lowercase()));
            fs::create_dir_all(&folder)
                .and_then(|()| fs::write(&file, report(rows, &version, &result)))
                .or_fail("docs/measurements", "is the checkout writable?")?;
            println!("   written to {}", file.display());
        }
        results.push(result);
    }
    let slow: Vec<String> = results
        .iter()
        .flat_map(|result| {
            // Totals are asked beside a list and shown when they are there.
            let lists = result.kinds.iter().filter(|kind| !kind.name.contains("totals"));
            let slow = lists.filter(|kind| kind.at(99) > P99_LIMIT);
            slow.map(|kind| format!("{} {}: {:.0} ms", result.database, kind.name, millis(kind.at(99))))
        })
        .collect();
    if slow.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "slower than {} ms in one of 100 requests:\n{}",
            P99_LIMIT.as_millis(),
            slow.join("\n")
        ),
        "is the machine busy? Else look at the plans: crates/server/tests/it/query_plans.rs",
    ))
}

struct Results {
    database: &'static str,
    settings: Vec<String>,
    /// Seconds that the rows took to be written.
    written_in: u64,
    megabytes: u64,
    kinds: Vec<Measured>,
    export: Export,
    load: String,
}

/// What the export of everything took.
struct Export {
    rows: usize,
    seconds: f64,
    peak_before: u64,
    peak_after: u64,
}

fn on(database: &'static str, rows: u32, kinds: &str) -> Outcome<Results> {
    let scratch = Scratch::new("bench")?;
    let settings = match database {
        "PostgreSQL" => postgres_settings()?,
        _ => Vec::new(),
    };
    let postgres = (database == "PostgreSQL")
        .then(|| Postgres::start_with(&settings))
        .transpose()?;
    let file = scratch.path().join("bench.sqlite3");
    let url = match &postgres {
        Some(postgres) => {
            postgres.create_database("bench")?;
            postgres.url("bench")
        }
        None => format!("sqlite:{}", file.display()),
    };
    let address = format!("127.0.0.1:{}", free_port()?);
    let set = |command: &mut Command| {
        command
            .env("CAPECONTROL_DATA", scratch.path().join("data"))
            .env("CAPECONTROL_BIND", &address)
            .env("PUBLIC_URL", format!("http://{address}"))
            .env("DATABASE_URL", &url)
            .env("SECRET_KEY", SECRET)
            .env("PAYFAST_MODE", "emulator")
            .env("PAYFAST_PROCESS_BASE", "http://127.0.0.1:9")
            .env("PAYFAST_API_BASE", "http://127.0.0.1:9")
            .env("RATE_LIMIT_FACTOR", "100000")
            .env("DEMO_OWNER_PASSWORD", load::PASSWORD)
            .env("DEMO_STAFF_PASSWORD", load::PASSWORD)
            .env("DEMO_STAFF_TOTP_SECRET", load::TOTP_SECRET)
            .env("LOG_LEVEL", "warn")
            .env_remove("PORT")
            .current_dir(root());
    };
    let program = target().join("release/capecontrol");
    let run = |arguments: &[&str]| -> Outcome<String> {
        let mut command = Command::new(&program);
        set(command.args(arguments));
        let output = command.output().or_fail("capecontrol", "is the server built?")?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Failure::new(
            format!(
                "capecontrol {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            ),
            "read its message",
        ))
    };
    run(&["migrate"])?;
    run(&["admin", "seed-demo"])?;
    let written = Instant::now();
    match &postgres {
        Some(postgres) => rows::write_to_postgres(postgres, rows)?,
        None => rows::write_to_sqlite(&file, rows)?,
    }
    let written_in = written.elapsed().as_secs();
    println!("   {rows} invoices and payments written in {written_in} s");

    let mut command = process::command(&program);
    set(command.arg("serve"));
    let mut server = Service::start(
        "capecontrol",
        &mut command,
        &scratch.path().join("server.log"),
        Errors::Logged,
    )?;
    let base = server.wait_for_line("capecontrol listening on ", START_LIMIT)?;
    let workload = Workload::sign_in(&base)?;
    let kinds = workload.run(rows, kinds)?;
    let pid = server_pid(&address)?;
    let peak_before = peak_memory(pid);
    let begun = Instant::now();
    let lines = workload.export()?;
    let export = Export {
        rows: lines,
        seconds: begun.elapsed().as_secs_f64(),
        peak_before,
        peak_after: peak_memory(pid),
    };
    println!(
        "   export of {} rows in {:.1} s; peak memory of the server {} MiB before, {} MiB after",
        export.rows,
        export.seconds,
        export.peak_before / 1024,
        export.peak_after / 1024
    );
    let megabytes = match &postgres {
        Some(postgres) => postgres
            .ask("bench", "select pg_database_size('bench')")?
            .parse()
            .unwrap_or(0),
        None => fs::metadata(&file).map(|data| data.len()).unwrap_or(0),
    } / 1_000_000;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    server.check_running()?;
    Client::new(&base).get("/health/ready")?;
    Ok(Results {
        database,
        settings,
        written_in,
        megabytes,
        kinds,
        export,
        load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
    })
}

/// What OPERATIONS tells to set, for the memory of this machine.
fn postgres_settings() -> Outcome<Vec<String>> {
    let memory = fs::read_to_string("/proc/meminfo").or_fail("/proc/meminfo", "this needs Linux")?;
    let total = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: u64 = total
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    Ok(vec![
        format!("shared_buffers={}MB", kib / 1024 / 4),
        format!("effective_cache_size={}MB", kib / 1024 * 3 / 4),
        "random_page_cost=1.1".to_owned(),
    ])
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The process that runs our server, by its environment: a supervisor stands between it and us.
fn server_pid(address: &str) -> Outcome<u32> {
    let wanted = format!("CAPECONTROL_BIND={address}");
    let processes = fs::read_dir("/proc").or_fail("/proc", "this needs Linux")?;
    let found = processes.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        let is_ours = environment
            .split(|byte| *byte == 0)
            .any(|line| line == wanted.as_bytes());
        (name.trim() == "capecontrol" && is_ours).then_some(pid)
    });
    found.ok_or_else(|| Failure::new("the server's process is not found", "did it end? Read its log"))
}

/// Most memory that a process ever held (`VmHWM`), in KiB.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn report(rows: u32, version: &str, result: &Results) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let day = output_of("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default();
    let export = &result.export;
    let mut text = format!(
        "{{\n  \"database\": {},\n  \"settings\": [{}],\n  \"measured_on\": {},\n  \"version\": {},\n  \"processor\": {},\n  \"cores\": {cores},\n  \
         \"load_average_at_the_end\": {},\n  \"invoices\": {rows},\n  \"payments\": {rows},\n  \"rows_written_in_s\": {},\n  \
         \"size_mb\": {},\n  \"export\": {{ \"rows\": {}, \"seconds\": {:.1}, \"peak_memory_before_mib\": {}, \"peak_memory_after_mib\": {} }},\n  \
         \"kinds\": [\n",
        json::quote(result.database),
        result
            .settings
            .iter()
            .map(|setting| json::quote(setting))
            .collect::<Vec<_>>()
            .join(", "),
        json::quote(day.trim()),
        json::quote(version.trim()),
        json::quote(model.trim_start_matches([' ', '\t', ':'])),
        json::quote(&result.load),
        result.written_in,
        result.megabytes,
        export.rows,
        export.seconds,
        export.peak_before / 1024,
        export.peak_after / 1024
    );
    for (index, kind) in result.kinds.iter().enumerate() {
        let comma = if index + 1 < result.kinds.len() { "," } else { "" };
        text.push_str(&format!(
            "    {{ \"kind\": {}, \"requests\": {}, \"p50_ms\": {:.1}, \"p95_ms\": {:.1}, \"p99_ms\": {:.1} }}{comma}\n",
            json::quote(&kind.name),
            kind.times.len(),
            millis(kind.at(50)),
            millis(kind.at(95)),
            millis(kind.at(99)),
        ));
    }
    text.push_str("  ]\n}\n");
    text
}
