//! Cuts the client into chunks that are loaded when they are visited.
//!
//! trunk has built a whole client that does not start: its loaders are missing. Here its program is cut, bound
//! and made small, and takes the whole one's place in the page, in a folder named by the hash of what is in it:
//! files of two versions are never mixed, and none has to be asked for twice.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, OrFail, Outcome},
    process,
    tools::Tools,
    workspace::{root, wasm_target},
};

/// What the compiler writes for the browser and wasm-opt may use.
/// Level `z` is smaller on disk and larger in brotli.
const OPTIMISE: [&str; 9] = [
    "-O2",
    "--strip-debug",
    "--strip-producers",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// The browsers that scripts and styles are written for.
const MINIFY: [&str; 5] = [
    "--minify",
    "--target=es2022,chrome123,firefox120,safari17.5",
    "--supported:nesting=true",
    "--log-level=error",
    "--allow-overwrite",
];

/// Names that the cut program, its glue and its loader know each other by.
const GLUE: &str = "main.js";
const PROGRAM: &str = "main_bg.wasm";
pub const LOADER: &str = "__wasm_split.js";

/// Files that a group of pages loads beyond the first load.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub files: Vec<String>,
}

impl Group {
    /// Whether `file`, a name within the client, is one of its chunks.
    pub fn needs(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or_default();
        self.files.iter().any(|own| own == name)
    }
}

/// Replaces the whole program in the folder `client`, which trunk has filled, by its chunks.
pub fn split(tools: &Tools, client: &Path) -> Outcome<()> {
    let whole = wasm_target().join("wasm32-unknown-unknown/client/frontend.wasm");
    let cut = root().join("target/client-cut");
    let bound = root().join("target/client-bound");
    for folder in [&cut, &bound] {
        // It may be there from an interrupted run.
        let _ = fs::remove_dir_all(folder);
    }
    process::run(
        tools.command("wasm-split-cli").arg(&whole).arg(&cut),
        "wasm-split-cli",
        "is frontend/build.rs asking the linker for relocations?",
    )?;
    process::run(
        tools
            .command("wasm-bindgen")
            .args(["--target", "web", "--no-typescript", "--keep-lld-exports"])
            .args(["--out-name", "main", "--out-dir"])
            .arg(&bound)
            .arg(cut.join("main.wasm")),
        "wasm-bindgen",
        "read its message above",
    )?;
    for file in files(&cut)?.iter().filter(|file| !file.ends_with("main.wasm")) {
        let name = file.file_name().unwrap_or_default();
        fs::rename(file, bound.join(name)).or_fail("a chunk", "is target writable?")?;
    }
    for file in files(&bound)?.iter().filter(|file| is(file, "wasm")) {
        // It warns about names that the cutting tool writes; none of them are left when it is done.
        process::run_quietly(
            tools.command("wasm-opt").args(OPTIMISE).arg(file).arg("-o").arg(file),
            "wasm-opt",
            "read its message above",
        )?;
    }
    take_the_place(&bound, client)
}

/// Makes scripts and styles small.
pub fn minify(tools: &Tools, client: &Path) -> Outcome<()> {
    let mut folders = vec![client.to_owned()];
    folders.extend(chunks(client));
    for folder in folders {
        for file in files(&folder)? {
            // The loader is read again when the chunks are weighed; it is small.
            if !(is(&file, "js") || is(&file, "css")) || file.ends_with(LOADER) {
                continue;
            }
            let mut esbuild = tools.command("esbuild");
            esbuild
                .arg(&file)
                .args(MINIFY)
                .arg(format!("--outfile={}", file.display()));
            if file.ends_with(GLUE) {
                esbuild.arg("--format=esm");
            }
            process::run(&mut esbuild, "esbuild", "read its message above")?;
        }
    }
    Ok(())
}

/// The folder of the chunks in a client that was split.
pub fn chunks(client: &Path) -> Option<PathBuf> {
    files(client).ok()?.into_iter().find(|file| file.join(LOADER).is_file())
}

/// What each group of pages loads, from the text of the loader.
pub fn groups(loader: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = loader
        .split("export const __wasm_split_load_")
        .skip(1)
        .filter_map(|statement| {
            let (name, rest) = statement.split_once(" = ")?;
            let (own, shared) = rest.split_once("]))")?.0.rsplit_once('[')?;
            let own_file = format!("split_{name}.wasm");
            let shared = shared.split(", ").filter_map(|variable| variable.strip_prefix("__"));
            let mut files: Vec<String> = shared.map(|chunk| format!("{chunk}.wasm")).collect();
            if own.contains(&own_file) {
                files.push(own_file);
            }
            Some(Group {
                name: name.to_owned(),
                files,
            })
        })
        .collect();
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups
}

/// Moves the chunks into the client, and the names in its page from the whole program to the cut one.
fn take_the_place(chunks: &Path, client: &Path) -> Outcome<()> {
    let advice = "did trunk change what it writes? Compare frontend/index.html with its documentation";
    let mut hasher = DefaultHasher::new();
    for file in files(chunks)? {
        file.file_name().hash(&mut hasher);
        fs::read(&file).or_fail("a chunk", advice)?.hash(&mut hasher);
    }
    let folder = format!("client-{:016x}", hasher.finish());
    let page_file = client.join("index.html");
    let mut page = fs::read_to_string(&page_file).or_fail("index.html", advice)?;
    for (end, instead) in [("_bg.wasm", PROGRAM), (".js", GLUE)] {
        let whole = files(client)?
            .into_iter()
            .find(|file| name_of(file).starts_with("frontend-") && name_of(file).ends_with(end))
            .ok_or_else(|| Failure::new(format!("trunk wrote no frontend-…{end}"), advice))?;
        page = page.replace(name_of(&whole), &format!("{folder}/{instead}"));
        fs::remove_file(&whole).or_fail("the whole program", advice)?;
    }
    // The glue imports the loader: it should not have to be found out first.
    let hint = format!("<link rel=\"modulepreload\" href=\"/{folder}/{LOADER}\"></head>");
    page = page.replacen("</head>", &hint, 1);
    fs::write(&page_file, page).or_fail("index.html", advice)?;
    fs::rename(chunks, client.join(folder)).or_fail("the chunks", advice)
}

/// What lies in a folder, by name.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).or_fail(&folder.display().to_string(), "read the messages above")?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn name_of(file: &Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn is(file: &Path, kind: &str) -> bool {
    file.extension().is_some_and(|extension| extension == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_loads_its_own_chunk_and_what_it_shares() {
        let loader = r#"
/* auth, records */
const __chunk_1 = makeLoad(() => {
    const src = fetch(new URL("./chunk_1.wasm", import.meta.url));
}
, []);
export const __wasm_split_load_records = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_records.wasm", import.meta.url));
}
, [__chunk_1, __chunk_2]));
export const __wasm_split_load_auth = wrapAsyncCb(makeLoad(() => async (_imp) => ({}), []));
"#;
        let group = |name: &str, files: &[&str]| Group {
            name: name.to_owned(),
            files: files.iter().map(|&file| file.to_owned()).collect(),
        };
        assert_eq!(
            groups(loader),
            [
                group("auth", &[]),
                group("records", &["chunk_1.wasm", "chunk_2.wasm", "split_records.wasm"]),
            ]
        );
    }
}
