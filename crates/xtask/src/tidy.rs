//! The rules of import and shape, checked on the text of the sources.
//!
//! Each rule is a function from files to sentences that say what is wrong and where. The compiler
//! cannot see these rules; a reviewer should not have to.

mod source;

use std::{collections::BTreeMap, fs, path::Path};

use source::{Source, names, paths};

/// Ours, by the name that code uses.
const CRATES: [&str; 7] = [
    "common",
    "payfast",
    "payfast_sandbox",
    "server",
    "chat_proof",
    "frontend",
    "xtask",
];

const MOST_LINES: usize = 600;

/// Everything that breaks a rule, as `file: what is wrong`.
pub fn violations(root: &Path) -> Vec<String> {
    let sources = source::load(root);
    let mut found = Vec::new();
    for rule in [
        pure_crates_stand_alone,
        actix_stays_at_the_edge,
        diesel_stays_in_stores,
        rules_are_pure,
        features_call_services_only,
        spine_knows_no_feature,
        components_know_no_data,
        client_features_keep_their_parts,
        rows_are_not_documents,
        time_comes_from_the_clock,
        files_stay_short,
        modules_say_what_they_own,
        nothing_is_left_for_later,
    ] {
        found.extend(rule(&sources));
    }
    found.extend(migrations_come_in_pairs(root));
    found.extend(manifests_of_pure_crates_stand_alone(root));
    found
}

/// Rule 1: `common` and `payfast` import nothing of ours, and `payfast` does no I/O.
fn pure_crates_stand_alone(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, itself) in [("crates/common/src/", "common"), ("crates/payfast/src/", "payfast")] {
        let forbidden: Vec<&str> = CRATES.into_iter().filter(|name| *name != itself).collect();
        for source in sources.iter().filter(|source| source.is_in(folder)) {
            for path in paths(&source.code) {
                if forbidden.iter().any(|name| path.starts_with(&format!("{name}::"))) {
                    found.push(source.says(&format!("`{path}`: {itself} imports nothing of ours")));
                }
                if itself == "payfast"
                    && ["tokio", "reqwest", "std::fs", "std::net::Tcp", "std::net::Udp"]
                        .iter()
                        .any(|io| path.starts_with(io))
                {
                    found.push(source.says(&format!("`{path}`: payfast does no I/O")));
                }
            }
        }
    }
    found
}

/// Rule 1, said once more by the manifests, where `pub use` cannot hide.
fn manifests_of_pure_crates_stand_alone(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for itself in ["common", "payfast"] {
        let file = format!("crates/{itself}/Cargo.toml");
        let manifest = fs::read_to_string(root.join(&file)).unwrap_or_default();
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default().replace('-', "_");
            if section.contains("dependencies") && CRATES.contains(&name.as_str()) {
                found.push(format!(
                    "{file}: depends on `{name}`, but {itself} imports nothing of ours"
                ));
            }
        }
    }
    found
}

/// Rule 2: actix is named only where requests come in.
fn actix_stays_at_the_edge(sources: &[Source]) -> Vec<String> {
    names_only_in(sources, "actix", |file| {
        file.starts_with("http/") || ["http.rs", "socket.rs", "error.rs", "app.rs", "routes.rs"].contains(&last(file))
    })
}

/// Rule 2: diesel is named only where rows are read and written.
fn diesel_stays_in_stores(sources: &[Source]) -> Vec<String> {
    let mut found = names_only_in(sources, "diesel", |file| {
        file.starts_with("db/") || file == "db.rs" || ["store.rs", "error.rs"].contains(&last(file))
    });
    // Ids and states convert themselves, behind the feature `sql`.
    let allowed = ["crates/common/src/ids.rs", "crates/common/src/text_enum.rs"];
    for source in sources.iter().filter(|source| source.is_in("crates/common/src/")) {
        if !allowed.contains(&source.file.as_str()) && names(&source.code).any(|name| name.starts_with("diesel")) {
            found.push(source.says("names diesel; only ids.rs and text_enum.rs may, under `sql`"));
        }
    }
    found
}

fn names_only_in(sources: &[Source], prefix: &str, is_allowed: fn(&str) -> bool) -> Vec<String> {
    in_server(sources)
        .filter(|(file, _)| !is_allowed(file))
        .filter_map(|(_, source)| {
            let name = names(&source.code).find(|name| name.starts_with(prefix))?;
            Some(source.says(&format!(
                "names `{name}`; move that to a file that may (architecture rule 2)"
            )))
        })
        .collect()
}

/// Rule 3: decisions take values and `now`, and return values.
fn rules_are_pure(sources: &[Source]) -> Vec<String> {
    let impure = ["actix", "diesel", "tokio", "clock", "Clock", "Instant", "SystemTime"];
    in_server(sources)
        .filter(|(file, _)| last(file) == "rules.rs")
        .flat_map(|(_, source)| {
            let named = names(&source.code).find(|name| {
                impure
                    .iter()
                    .any(|word| name == word || name.starts_with("actix_") || name.starts_with("diesel_"))
            });
            let clock = paths(&source.code).into_iter().find(|path| path.ends_with("Utc::now"));
            named
                .map(str::to_owned)
                .into_iter()
                .chain(clock)
                .map(|name| {
                    source.says(&format!(
                        "names `{name}`, but rules are pure: pass `now` as an argument"
                    ))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Rule 4: a feature may call another feature's service, never its store or http.
fn features_call_services_only(sources: &[Source]) -> Vec<String> {
    let features = features(sources);
    let mut found = Vec::new();
    for (file, source) in in_server(sources) {
        let Some(own) = file.split('/').next().filter(|folder| features.contains(*folder)) else {
            continue;
        };
        for path in paths(&source.code) {
            let parts: Vec<&str> = path.split("::").collect();
            for pair in parts.windows(2) {
                if features.contains(pair[0]) && pair[0] != own && ["store", "http"].contains(&pair[1]) {
                    found.push(source.says(&format!("`{path}`: call the service of `{}` instead", pair[0])));
                }
            }
        }
    }
    found
}

/// Section 2: what features stand on does not know them.
fn spine_knows_no_feature(sources: &[Source]) -> Vec<String> {
    let features = features(sources);
    in_server(sources)
        .filter(|(file, _)| {
            ["clock.rs", "mail.rs", "hub.rs", "db.rs"].contains(file)
                || file.starts_with("db/")
                || file.starts_with("hub/")
        })
        .flat_map(|(_, source)| {
            paths(&source.code)
                .into_iter()
                .filter(|path| {
                    path.strip_prefix("crate::")
                        .and_then(|rest| rest.split("::").next())
                        .is_some_and(|name| features.contains(name))
                })
                .map(|path| source.says(&format!("`{path}`: the spine knows no feature")))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Rule 7: parts that every page uses know neither the API nor the pages.
fn components_know_no_data(sources: &[Source]) -> Vec<String> {
    let forbidden = ["crate::api", "crate::features", "crate::pages", "leptos_router"];
    forbid_paths(
        sources,
        "frontend/src/components/",
        |path| forbidden.iter().any(|prefix| path.starts_with(prefix)),
        "components know neither the API, nor pages, nor the router",
    )
}

/// Rule 7: a feature's parts are its own.
fn client_features_keep_their_parts(sources: &[Source]) -> Vec<String> {
    let folder = "frontend/src/features/";
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_in(folder)) {
        let own = source.file[folder.len()..].split(['/', '.']).next().unwrap_or_default();
        for path in paths(&source.code) {
            let parts: Vec<&str> = path.split("::").collect();
            if let ["crate", "features", other, "parts", ..] = parts.as_slice()
                && *other != own
            {
                found.push(source.says(&format!("`{path}`: the parts of `{other}` are its own")));
            }
        }
    }
    found
}

fn forbid_paths(sources: &[Source], folder: &str, is_forbidden: impl Fn(&str) -> bool, why: &str) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_in(folder))
        .flat_map(|source| {
            paths(&source.code)
                .into_iter()
                .filter(|path| is_forbidden(path))
                .map(|path| source.says(&format!("`{path}`: {why}")))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Rule 8: rows are never `Serialize`, documents never `Queryable`.
fn rows_are_not_documents(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_in("crates/server/") || source.is_in("crates/common/"))
        .filter(|source| {
            source
                .code
                .split("#[derive(")
                .skip(1)
                .filter_map(|text| text.split(")]").next())
                .any(|derives| derives.contains("Queryable") && derives.contains("Serialize"))
        })
        .map(|source| source.says("a type is both `Queryable` and `Serialize`; convert the row into a document"))
        .collect()
}

/// The clock is passed in, so that tests and simulations can move it by months.
fn time_comes_from_the_clock(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| {
            ["crates/server/src/", "crates/common/src/", "crates/payfast/src/"]
                .iter()
                .any(|folder| source.is_in(folder))
        })
        .filter(|source| source.file != "crates/server/src/clock.rs")
        .flat_map(|source| {
            paths(&source.code)
                .into_iter()
                .filter(|path| {
                    ["SystemTime::now", "Utc::now", "Local::now", "Instant::now"]
                        .iter()
                        .any(|now| path.ends_with(now))
                })
                .map(|path| source.says(&format!("`{path}`: only the clock reads the time")))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Long files are split by noun.
fn files_stay_short(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_rust() && source.lines > MOST_LINES)
        .map(|source| {
            source.says(&format!(
                "has {} lines; split it by noun below {MOST_LINES}",
                source.lines
            ))
        })
        .collect()
}

/// Each module opens with `//!`.
fn modules_say_what_they_own(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_rust() && !source.text.trim_start().starts_with("//!"))
        .map(|source| source.says("opens without `//!`: say what the module owns"))
        .collect()
}

/// What should be done later belongs in an issue, not in the code.
fn nothing_is_left_for_later(sources: &[Source]) -> Vec<String> {
    // In two halves, since this file is checked too.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    sources
        .iter()
        .filter(|source| names(&source.text).any(|name| words.iter().any(|word| name == word)))
        .map(|source| source.says("leaves something for later"))
        .collect()
}

/// Migrations of both databases have the same names, and each goes up and down.
fn migrations_come_in_pairs(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for database in ["sqlite", "postgres"] {
        let entries = fs::read_dir(root.join("migrations").join(database));
        for entry in entries.into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            for file in ["up.sql", "down.sql"] {
                if !entry.path().join(file).is_file() {
                    found.push(format!("migrations/{database}/{name}: has no {file}"));
                }
            }
            seen.entry(name).or_default().push(database);
        }
    }
    // diesel knows a migration by its time alone: of two with one time the second would never run.
    let version = |name: &String| name.split('_').next().unwrap_or_default().to_owned();
    let names: Vec<&String> = seen.keys().collect();
    for pair in names.windows(2).filter(|pair| version(pair[0]) == version(pair[1])) {
        found.push(format!("migrations/sqlite/{}: has the time of {}", pair[1], pair[0]));
    }
    for (name, databases) in seen {
        if databases.len() < 2 {
            found.push(format!(
                "migrations/{}/{name}: the other database has no such migration",
                databases[0]
            ));
        }
    }
    found
}

/// Files of the server with their path below `src`.
fn in_server(sources: &[Source]) -> impl Iterator<Item = (&str, &Source)> {
    sources
        .iter()
        .filter_map(|source| Some((source.file.strip_prefix("crates/server/src/")?, source)))
}

/// Folders of the server with a front page.
fn features(sources: &[Source]) -> std::collections::BTreeSet<&str> {
    in_server(sources)
        .filter_map(|(file, _)| file.strip_suffix("/mod.rs"))
        .collect()
}

fn last(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

#[cfg(test)]
mod tests;
