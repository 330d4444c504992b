//! The arrows of the house, read from its own `use` lines and paths: dependencies run one way.
#![expect(clippy::unwrap_used, reason = "a test that panics has told what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from top to bottom. Each may name those below it and its own; `rooms` stand on one step,
/// because a graph is cyclic, and so do the words that all of them speak.
const STEPS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["http", "jobs"],
    &["graphql"],
    ROOMS,
    &["command", "life", "journal", "request", "page", "requires", "outcome", "entity"],
    &["db", "config", "post", "seed"],
    &["error", "id", "viewer", "money", "scalar", "clock", "json", "leaf", "lock", "shares", "memory"],
];

/// From the top of the ground floors to their bottom.
const ROOMS: &[&str] = &["operations", "support", "billing", "servers", "identity"];

/// The files of a room that know GraphQL's context; `mod.rs` is a door.
const UPPER_FLOOR: [&str; 8] = ["mod", "object", "arguments", "query", "mutation", "face", "members", "leaving"];

/// A file under `src`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The module at the root of the crate that it belongs to.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Whether it is of a room, and of those of its files that stand on the tables.
    fn is_ground_floor(&self) -> bool {
        let file = self.path.rsplit('/').next().unwrap().trim_end_matches(".rs");
        ROOMS.contains(&self.module()) && !UPPER_FLOOR.contains(&file)
    }

    /// The file without its tests, its comments and the contents of its texts.
    fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]").next().unwrap();
        code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// The modules at the root of the crate that it names, by `crate::`, or by `skypanel::` in the program.
    fn names(&self) -> BTreeSet<String> {
        let code = self.code();
        let mut names = BTreeSet::new();
        for root in ["crate::", "skypanel::"] {
            for (at, _) in code.match_indices(root) {
                if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                    continue;
                }
                let rest = &code[at + root.len()..];
                match rest.strip_prefix('{') {
                    // A list stays a list: `crate::{finish_list, db::list}`.
                    Some(list) => {
                        let list = list.split('}').next().unwrap();
                        names.extend(list.split(',').map(|item| first_name(item.trim())));
                    }
                    None => drop(names.insert(first_name(rest))),
                }
            }
        }
        names
    }
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The files of Rust under a folder.
fn files(root: &str) -> Vec<Source> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<Source>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { text: fs::read_to_string(&path).unwrap(), path: name });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

/// The program's files.
fn sources() -> Vec<Source> {
    let found = files("src");
    assert!(found.len() > 80, "{} files", found.len());
    found
}

/// The step of every module.
fn steps() -> BTreeMap<&'static str, usize> {
    STEPS.iter().enumerate().flat_map(|(step, modules)| modules.iter().map(move |module| (*module, step))).collect()
}

#[test]
fn every_module_has_its_step() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let known: BTreeSet<&str> = steps().into_keys().filter(|module| *module != "main").collect();
    assert_eq!(declared, known);
}

#[test]
fn nothing_names_what_stands_above_it() {
    let steps = steps();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        for name in source.names() {
            let (own, other) = (steps[source.module()], steps.get(name.as_str()));
            // Macros live at the root of the crate, wherever they are written.
            if other.is_some_and(|other| *other < own) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_ground_floor_knows_no_graphql_and_looks_only_down() {
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for source in sources().iter().filter(|source| source.is_ground_floor()) {
        looked_at += 1;
        let code = source.code();
        let names = source.names();
        let context = code.contains("Context") || code.contains("ContextExt");
        let above = ["graphql", "http", "request", "requires"].into_iter().filter(|module| names.contains(*module));
        wrong.extend(above.map(|module| format!("{} names {module}", source.path)));
        if context {
            wrong.push(format!("{} takes GraphQL's context", source.path));
        }
        let own = ROOMS.iter().position(|room| *room == source.module()).unwrap();
        let higher = ROOMS.iter().take(own).filter(|room| names.contains(**room));
        wrong.extend(higher.map(|room| format!("{} names {room}", source.path)));
    }
    assert!(looked_at >= 15, "{looked_at} files");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_file_has_at_most_three_hundred_lines() {
    // One is generated.
    let all = sources().into_iter().filter(|source| source.path != "db/schema.rs").chain(files("crates"));
    let long: Vec<String> = all.filter(|source| source.text.lines().count() > 300).map(|source| source.path).collect();
    assert_eq!(long, [""; 0]);
}

/// Cargo keeps a member from naming the program's modules; this keeps it from its words.
#[test]
fn a_member_of_the_workspace_knows_nothing_of_the_program() {
    let members = files("crates");
    let sources = members.iter().filter(|source| source.path.contains("/src/"));
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for source in sources {
        looked_at += 1;
        if source.text.to_lowercase().contains("skypanel") {
            wrong.push(source.path.clone());
        }
    }
    assert!(looked_at >= 15, "{looked_at} files");
    assert_eq!(wrong, [""; 0]);
}

/// The checks themselves: a file that breaks a rule is found.
#[test]
fn names_are_found_wherever_they_stand() {
    let text = "use crate::{finish_list, http::Settings};\n// crate::cli\nfn f() { crate::graphql::sdl(); }\n#[cfg(test)]\nuse crate::jobs;";
    let source = Source { path: "support/ticket.rs".into(), text: text.into() };
    assert_eq!(source.names(), ["finish_list", "graphql", "http"].map(str::to_owned).into());
    assert_eq!((source.module(), source.is_ground_floor()), ("support", true));
    let upper = Source { path: "identity/user/object.rs".into(), text: String::new() };
    assert!(!upper.is_ground_floor());
}
