//! Builds the client into `frontend/dist`, when something changed, and weighs it.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, OrFail, Outcome},
    json::{self, Json},
    process, split,
    step::step,
    tools::{self, Tools},
    workspace::{root, wasm_target},
};

/// What every visitor downloads once, compressed with brotli 11: page, styles, glue and the main program.
const FIRST_LOAD_BYTES: u64 = 174 * 1024;

/// The first load and the chunks of any one group of pages that customers open.
const GROUP_BYTES: u64 = 300 * 1024;

/// The same for the chat, which brings the machine of its protocol along.
const CHAT_GROUP_BYTES: u64 = 404 * 1024;

/// The same for pages that only our staff open, and what these groups are called.
const STAFF_GROUP_BYTES: u64 = 328 * 1024;
const STAFF_GROUPS: [&str; 5] = ["drafting", "payfast", "reports", "sending", "today"];

/// What the client is made of.
const SOURCES: [&str; 9] = [
    ".cargo/config.toml",
    "frontend",
    "crates/common",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    "crates/xtask/src/split.rs",
    "crates/xtask/src/tools.rs",
    "crates/xtask/wasm-split",
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
        let mut too_large = Vec::new();
        let loads = weigh()?;
        println!("   {:>10} {:>10}  what a visitor loads", "brotli", "budget");
        for load in loads {
            println!("   {:>10} {:>10}  {}", load.bytes, load.budget, load.name);
            if load.bytes > load.budget {
                too_large.push(format!("{}: {} of {}", load.name, load.bytes, load.budget));
            }
        }
        if too_large.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            format!("the client is too large, in bytes of brotli: {}", too_large.join("; ")),
            "find what grew (`cargo tree -p frontend`, twiggy); a page that strangers do not see first belongs in a chunk",
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
        .args(["build", "--offline", "--release", "--cargo-profile", "client"])
        .args(["--features", "split", "--dist"])
        .arg(&fresh);
    process::run(&mut trunk, "trunk build", "read the compiler's message above")?;
    split::split(tools, &fresh)?;
    split::minify(tools, &fresh)?;
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

/// What a visitor downloads, and how much it may be.
struct Load {
    name: String,
    bytes: u64,
    budget: u64,
}

/// Prints the size of each file, and returns the first load and the first load of each group of pages.
fn weigh() -> Outcome<Vec<Load>> {
    let files = compress()?;
    let advice = "delete frontend/dist, then run it again";
    let folder = split::chunks(&dist()).ok_or_else(|| Failure::new("frontend/dist holds no chunks", advice))?;
    let loader = fs::read_to_string(folder.join(split::LOADER)).or_fail("the loader", advice)?;
    let groups = split::groups(&loader);
    let mut first = 0;
    println!("   {:>10} {:>10}  file", "bytes", "brotli");
    for file in files.items() {
        let name = file.text("name").unwrap_or_default();
        let needed = groups.iter().filter(|group| group.needs(name));
        let needed: Vec<&str> = needed.map(|group| group.name.as_str()).collect();
        let part = if !needed.is_empty() {
            format!(" ({})", needed.join(", "))
        } else if is_counted(name) {
            first += file.number("brotli");
            String::new()
        } else {
            " (not counted)".to_owned()
        };
        println!(
            "   {:>10} {:>10}  {name}{part}",
            file.number("raw"),
            file.number("brotli")
        );
    }
    let mut loads = vec![Load {
        name: "first load".to_owned(),
        bytes: first,
        budget: FIRST_LOAD_BYTES,
    }];
    for group in groups {
        let chunks = files
            .items()
            .iter()
            .filter(|file| group.needs(file.text("name").unwrap_or_default()));
        loads.push(Load {
            bytes: first + chunks.map(|file| file.number("brotli")).sum::<u64>(),
            budget: match group.name.as_str() {
                "chat" => CHAT_GROUP_BYTES,
                name if STAFF_GROUPS.contains(&name) => STAFF_GROUP_BYTES,
                _ => GROUP_BYTES,
            },
            name: format!("first load and {}", group.name),
        });
    }
    Ok(loads)
}

fn is_counted(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("html" | "js" | "wasm" | "css"))
}
