//! Builds the client into `frontend/dist`, when something changed, and weighs it.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, OrFail, Outcome},
    json::{self, Json},
    process,
    step::step,
    tools::{self, Tools},
    workspace::{root, wasm_target},
};

/// The whole client, compressed with brotli 11: what a phone downloads once.
const BUDGET_BYTES: u64 = 250 * 1024;

/// What the client is made of.
const SOURCES: [&str; 7] = [
    ".cargo/config.toml",
    "frontend",
    "crates/common",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    "crates/xtask/src/tools.rs",
];

/// Everything with a known weight counts; fonts are listed apart, since pages do not wait for them.
///
/// The compressed text files stay beside the originals as `NAME.br`: the server sends those.
const MEASURE: &str = r#"
const fs = require("fs"), path = require("path"), zlib = require("zlib");
const dist = process.argv[1], out = [];
for (const name of fs.readdirSync(dist, { recursive: true })) {
  const file = path.join(dist, name);
  if (!fs.statSync(file).isFile() || name.endsWith(".br")) continue;
  const bytes = fs.readFileSync(file);
  const small = zlib.brotliCompressSync(bytes, { params: {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  } });
  if (/\.(html|js|css|wasm|svg)$/.test(name)) fs.writeFileSync(file + ".br", small);
  out.push({ name, raw: bytes.length, brotli: small.length });
}
console.log(JSON.stringify(out));
"#;

/// Builds the client when something changed, prints its size, and fails above the budget.
pub fn build() -> Outcome<()> {
    ensure()?;
    step("size of the client", || {
        let total = weigh()?;
        println!(
            "   {total} bytes in brotli, {} % of {BUDGET_BYTES}",
            total * 100 / BUDGET_BYTES
        );
        if total <= BUDGET_BYTES {
            return Ok(());
        }
        Err(Failure::new(
            format!("the client is too large: {total} bytes in brotli, the budget is {BUDGET_BYTES}"),
            "find the dependency or page that grew (`cargo tree -p frontend`, twiggy) and make it smaller",
        ))
    })
}

/// Builds the client when something changed, whatever its size: for commands that only need one.
pub fn ensure() -> Outcome<()> {
    let stamp = Stamp::now();
    if stamp.is_current() {
        println!("== client: nothing changed since the last build");
        return Ok(());
    }
    let tools = step("tools for the client", Tools::ensure)?;
    step("client", || make(&tools, &stamp))
}

fn make(tools: &Tools, stamp: &Stamp) -> Outcome<()> {
    tools.compiler.fetch()?;
    // Beside the folder that is served: `trunk serve` may be writing that one, and nobody sees half a client.
    let fresh = root().join("target/client");
    let mut trunk = tools.trunk();
    trunk
        .args(["build", "--offline", "--release", "--cargo-profile", "client", "--dist"])
        .arg(&fresh);
    process::run(&mut trunk, "trunk build", "read the compiler's message above")?;
    let advice = "are frontend/dist and target writable?";
    if dist().exists() {
        fs::remove_dir_all(dist()).or_fail("the old client", advice)?;
    }
    fs::rename(&fresh, dist()).or_fail("the new client", advice)?;
    compress()?;
    stamp.write()
}

/// What the client was made of and what came out. `trunk serve` writes the same folder, so both must match.
struct Stamp {
    sources: u64,
}

impl Stamp {
    fn now() -> Self {
        let mut hasher = DefaultHasher::new();
        for source in SOURCES {
            hash_path(&root(), &root().join(source), &mut hasher);
        }
        Self {
            sources: hasher.finish(),
        }
    }

    fn file() -> PathBuf {
        wasm_target().join("client.stamp")
    }

    fn text(&self) -> String {
        let mut hasher = DefaultHasher::new();
        hash_path(&dist(), &dist(), &mut hasher);
        format!("sources {:016x}\nresult {:016x}\n", self.sources, hasher.finish())
    }

    fn is_current(&self) -> bool {
        dist().join("index.html").is_file() && fs::read_to_string(Self::file()).is_ok_and(|text| text == self.text())
    }

    fn write(&self) -> Outcome<()> {
        fs::write(Self::file(), self.text()).or_fail("the stamp of the client", "is target-wasm writable?")
    }
}

/// Hashes names and contents, in order; results of builds are no sources.
fn hash_path(base: &Path, path: &Path, hasher: &mut DefaultHasher) {
    if path.is_dir() {
        if ["dist", "node_modules", "target"]
            .iter()
            .any(|name| path != base && path.ends_with(name))
        {
            return;
        }
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        entries.sort();
        for entry in entries {
            hash_path(base, &entry, hasher);
        }
    } else if path.extension().is_none_or(|kind| kind != "br")
        && let Ok(bytes) = fs::read(path)
    {
        path.strip_prefix(base).unwrap_or(path).hash(hasher);
        bytes.hash(hasher);
    }
}

fn dist() -> PathBuf {
    root().join("frontend/dist")
}

/// Compresses every file, and returns what `MEASURE` says of them.
fn compress() -> Outcome<Json> {
    let advice = "install Node 20 or newer, with npm";
    tools::npm()?;
    let output = std::process::Command::new("node")
        .args(["-e", MEASURE])
        .arg(dist())
        .output()
        .or_fail("compressing the client", advice)?;
    let text = String::from_utf8_lossy(&output.stdout);
    json::parse(&text).or_fail("compressing the client", advice)
}

/// Prints the size of each file and returns the whole.
fn weigh() -> Outcome<u64> {
    let files = compress()?;
    let mut total = 0;
    println!("   {:>10} {:>10}  file", "bytes", "brotli");
    for file in files.items() {
        let (raw, brotli) = (file.number("raw"), file.number("brotli"));
        let name = file.text("name").unwrap_or_default();
        let counted = is_counted(name);
        println!(
            "   {raw:>10} {brotli:>10}  {name}{}",
            if counted { "" } else { " (not counted)" }
        );
        if counted {
            total += brotli;
        }
    }
    if total == 0 {
        return Err(Failure::new(
            "frontend/dist holds no client",
            "delete the folder, then run it again",
        ));
    }
    Ok(total)
}

fn is_counted(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("html" | "js" | "wasm" | "css"))
}
