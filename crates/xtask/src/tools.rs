//! The tools that build the client, each in a folder named by its version.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    failure::{Failure, OrFail, Outcome},
    json, process,
    wasm::Compiler,
    workspace::{self, cargo, locked_version, output_of, which},
};

/// 0.22 needs a newer compiler than the workspace's.
const TRUNK: &str = "0.21.14";
/// Cuts the client into chunks; it and the `wasm_split_helpers` of the lock file agree on names.
const WASM_SPLIT: &str = "0.2.4";
const WASM_SPLIT_PACKAGE: &str = "wasm_split_cli_support";
/// What is built into it: it has no option to join small chunks.
const JOIN: &str = include_str!("../wasm-split/join.rs");
/// Before which lines of its `split_point.rs` the joining is declared and called.
const JOINS_AT: [(&str, &str); 2] = [
    ("pub(crate) const MAIN_MODULE: usize = 0;\n", "mod join;\n\n"),
    (
        "    // Now, check for each module which of its dependencies it needs to import from some other module.\n",
        "    join::join_chunks(module, &mut split_module_contents);\n",
    ),
];
/// Debian's wasm-opt is too old, and trunk must not download its own.
const BINARYEN: &str = "132.0.0";
/// Makes the glue script small: trunk's own minifier cannot parse it.
const ESBUILD: &str = "0.28.2";

/// Everything that a build of the client needs.
pub struct Tools {
    pub compiler: Compiler,
    folders: Vec<PathBuf>,
}

impl Tools {
    /// Finds or installs the compiler, trunk, wasm-bindgen, wasm-split-cli, wasm-opt and esbuild.
    pub fn ensure() -> Outcome<Self> {
        let compiler = Compiler::ensure()?;
        // The glue between wasm and script is versioned with the crate, so the lock file decides.
        let wasm_bindgen = locked_version("wasm-bindgen").unwrap_or_else(|| "0.2.130".to_owned());
        let folders = vec![
            // A debug build suffices for a driver, and takes three minutes instead of eight.
            cargo_tool("trunk", "trunk", TRUNK, &["--no-default-features"])?,
            cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &wasm_bindgen, &[])?,
            wasm_split()?,
            node_tools()?,
        ];
        Ok(Self { compiler, folders })
    }

    /// trunk, which finds its helpers on PATH.
    pub fn trunk(&self) -> Command {
        let mut command = self.command("trunk");
        command.env("TRUNK_SKIP_VERSION_CHECK", "true");
        // trunk takes NO_COLOR for a boolean and refuses `1`; its own backtrace helps nobody.
        command.env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        command
    }

    /// One of the tools, in the checkout.
    pub fn command(&self, program: &str) -> Command {
        let folders: Vec<&Path> = self.folders.iter().map(PathBuf::as_path).collect();
        self.compiler.command(program, &folders)
    }
}

/// A program that cargo installs: on PATH in the right version, in the cache, or built now.
fn cargo_tool(package: &str, program: &str, version: &str, flags: &[&str]) -> Outcome<PathBuf> {
    let folder = workspace::tools().join(format!("{package}-{version}"));
    let bin = folder.join("bin");
    if bin.join(program).is_file() {
        return Ok(bin);
    }
    let on_path =
        output_of(program, &["--version"]).is_some_and(|text| text.split_whitespace().nth(1) == Some(version));
    if let (true, Some(Some(place))) = (on_path, which(program).map(|path| path.parent().map(Path::to_path_buf))) {
        return Ok(place);
    }
    println!("   building {package} {version} once, into {}", folder.display());
    let source = [package, "--version", version].map(str::to_owned);
    install(package, &source, flags, &folder)?;
    Ok(bin)
}

/// The cutter of the client with [`JOIN`] built into it.
fn wasm_split() -> Outcome<PathBuf> {
    let mut hasher = DefaultHasher::new();
    JOIN.hash(&mut hasher);
    let name = format!("{WASM_SPLIT_PACKAGE}-{WASM_SPLIT}-{:016x}", hasher.finish());
    let folder = workspace::tools().join(name);
    let bin = folder.join("bin");
    if bin.join("wasm-split-cli").is_file() {
        return Ok(bin);
    }
    println!(
        "   building {WASM_SPLIT_PACKAGE} {WASM_SPLIT}, which joins chunks, once, into {}",
        folder.display()
    );
    let advice = format!("is {} writable?", workspace::tools().display());
    let source = folder.join("source");
    // It may be there from an interrupted run.
    let _ = fs::remove_dir_all(&source);
    fs::create_dir_all(&source).or_fail("the cache of tools", &advice)?;
    copy_folder(&source_of(WASM_SPLIT_PACKAGE, WASM_SPLIT, &folder)?, &source)
        .or_fail("the sources of the cutter", &advice)?;
    let split_point = source.join("src/split_point.rs");
    let mut text = fs::read_to_string(&split_point).or_fail("the sources of the cutter", &advice)?;
    for (anchor, added) in JOINS_AT {
        if text.matches(anchor).count() != 1 {
            return Err(Failure::new(
                format!(
                    "{WASM_SPLIT_PACKAGE} {WASM_SPLIT} has no single line `{}`",
                    anchor.trim()
                ),
                "compare JOINS_AT in crates/xtask/src/tools.rs with its src/split_point.rs",
            ));
        }
        text = text.replace(anchor, &format!("{added}{anchor}"));
    }
    fs::write(&split_point, text).or_fail("the sources of the cutter", &advice)?;
    fs::write(source.join("src/split_point/join.rs"), JOIN).or_fail("the sources of the cutter", &advice)?;
    let path = ["--path".to_owned(), source.display().to_string()];
    install(WASM_SPLIT_PACKAGE, &path, &["--features", "build-binary"], &folder)?;
    // What is left are the results of its build.
    for left in [source, folder.join("project")] {
        fs::remove_dir_all(left).or_fail("the sources of the cutter", &advice)?;
    }
    Ok(bin)
}

/// Where cargo keeps the sources of a package of the registry, which it fetches for a project in `folder`.
fn source_of(package: &str, version: &str, folder: &Path) -> Outcome<PathBuf> {
    let advice = "check the network, then run it again";
    let project = folder.join("project");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"project\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\npath = \"Cargo.toml\"\n[dependencies]\n{package} = \"={version}\"\n"
    );
    fs::create_dir_all(&project).or_fail("the cache of tools", advice)?;
    fs::write(project.join("Cargo.toml"), manifest).or_fail("the cache of tools", advice)?;
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(project.join("Cargo.toml"))
        .current_dir(&project)
        .output()
        .or_fail("cargo metadata", advice)?;
    let metadata = json::parse(&String::from_utf8_lossy(&output.stdout)).or_fail("cargo metadata", advice)?;
    let packages = metadata.list("packages");
    let found = packages.iter().find(|found| found.text("name") == Some(package));
    let manifest = found.and_then(|found| found.text("manifest_path")).map(Path::new);
    manifest
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new(format!("cargo cannot fetch {package} {version}"), advice))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// `cargo install` of what `source` names, into `folder`.
fn install(package: &str, source: &[String], flags: &[&str], folder: &Path) -> Outcome<()> {
    let install = |locked: &[&str]| {
        let mut command = process::command(cargo());
        command
            .arg("install")
            .args(source)
            .args(["--debug", "--root"])
            .arg(folder)
            .args(flags)
            .args(locked)
            // Its own temporary folder, and no settings that are meant for the workspace.
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .current_dir(std::env::temp_dir());
        process::run(
            &mut command,
            &format!("cargo install {package}"),
            "check the network and that a C compiler is installed (apt-get install build-essential), then run it again",
        )
    };
    // A mirror may lack one of the versions that its authors locked; the program's own version is fixed either way.
    if install(&["--locked"]).is_err() {
        println!("   its locked dependencies cannot be had; resolving them anew");
        install(&[])?;
    }
    Ok(())
}

/// wasm-opt and esbuild from npm.
fn node_tools() -> Outcome<PathBuf> {
    let folder = workspace::tools().join(format!("node-binaryen-{BINARYEN}-esbuild-{ESBUILD}"));
    let bin = folder.join("node_modules/.bin");
    if bin.join("wasm-opt").exists() && bin.join("esbuild").exists() {
        return Ok(bin);
    }
    println!(
        "   installing binaryen {BINARYEN} and esbuild {ESBUILD} once, into {}",
        folder.display()
    );
    // npm fills a folder bit by bit; a rename makes an interrupted one invisible.
    let partial = folder.with_extension(format!("partial-{}", std::process::id()));
    let advice = format!("is {} writable?", workspace::tools().display());
    fs::create_dir_all(&partial).or_fail("the cache of tools", &advice)?;
    let mut command = npm()?;
    command
        .args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"])
        .arg(&partial)
        .args([format!("binaryen@{BINARYEN}"), format!("esbuild@{ESBUILD}")]);
    process::run(&mut command, "npm install", "check the network, then run it again")?;
    let _ = fs::remove_dir_all(&folder);
    fs::rename(&partial, &folder).or_fail("the cache of tools", &advice)?;
    Ok(bin)
}

/// npm, or what to do without it.
pub fn npm() -> Outcome<Command> {
    if which("node").is_none() || which("npm").is_none() {
        return Err(Failure::new(
            "Node is missing",
            "install Node 20 or newer, with npm (apt-get install nodejs npm)",
        ));
    }
    Ok(process::command("npm"))
}
