//! Reads sources and takes them apart, as far as the rules need it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders with our own text; results of builds are left out by name.
const FOLDERS: [&str; 5] = ["crates", "frontend", "migrations", "e2e", "docs"];
const RESULTS: [&str; 5] = ["dist", "node_modules", "target", "test-results", "playwright-report"];
const EXTENSIONS: [&str; 7] = ["rs", "ts", "css", "html", "sql", "toml", "md"];

/// A file of ours.
pub struct Source {
    /// Path below the root, with `/`.
    pub file: String,
    pub text: String,
    /// The text without comments, and without the unit tests at its end.
    pub code: String,
    pub lines: usize,
}

impl Source {
    pub fn new(file: &str, text: String) -> Self {
        // By convention unit tests are the last item of a file, and they may do what the file may not.
        let tested = text.find("#[cfg(test)]\nmod ").map_or(text.as_str(), |at| &text[..at]);
        Self {
            file: file.to_owned(),
            code: without_comments(tested),
            lines: text.lines().count(),
            text,
        }
    }

    pub fn is_in(&self, folder: &str) -> bool {
        self.is_rust() && self.file.starts_with(folder)
    }

    pub fn is_rust(&self) -> bool {
        self.file.ends_with(".rs")
    }

    pub fn says(&self, what: &str) -> String {
        format!("{}: {what}", self.file)
    }
}

pub fn load(root: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    files
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let file = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            Some(Source::new(&file, text))
        })
        .collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !RESULTS.iter().any(|result| name == *result) {
                collect(&path, files);
            }
        } else if path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
}

/// Line comments go. Text after `//` inside a string goes too, which no rule minds.
fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every identifier, in order.
pub fn names(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter(|name| !name.is_empty())
}

/// Every path such as `a::b::c`, with the braces of `use` written out.
pub fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = find_use(rest) {
        inline_paths(&rest[..at], &mut found);
        let tree = &rest[at + "use ".len()..];
        let end = tree.find(';').unwrap_or(tree.len());
        expand(
            "",
            &tree[..end].split_whitespace().collect::<Vec<_>>().join(" "),
            &mut found,
        );
        rest = &tree[end..];
    }
    inline_paths(rest, &mut found);
    found
}

/// The next `use` that begins an item.
fn find_use(code: &str) -> Option<usize> {
    code.match_indices("use ").map(|(at, _)| at).find(|at| {
        let before = code[..*at].trim_end_matches(' ');
        before.is_empty() || before.ends_with(['\n', ';', '{', '}', ')']) || before.ends_with("pub")
    })
}

fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    match tree.split_once('{') {
        None => found.push(format!("{prefix}{}", tree.split(" as ").next().unwrap_or(tree).trim())),
        Some((head, inside)) => {
            let inside = inside.strip_suffix('}').unwrap_or(inside);
            for branch in branches(inside) {
                expand(&format!("{prefix}{}", head.trim()), branch, found);
            }
        }
    }
}

/// Splits at the commas that are not inside braces.
fn branches(inside: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[start..]);
    found.retain(|branch| !branch.trim().is_empty());
    found
}

fn inline_paths(code: &str, found: &mut Vec<String>) {
    let paths = code
        .split(|character: char| !(character.is_alphanumeric() || "_:".contains(character)))
        .map(|path| path.trim_matches(':'))
        .filter(|path| path.contains("::"));
    found.extend(paths.map(str::to_owned));
}
