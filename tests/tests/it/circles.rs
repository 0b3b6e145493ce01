//! The files of a crate use each other in one direction: no file needs itself by way of others.
//!
//! A file uses another if it names an item that the other defines, directly or through a re-export. Files that use what
//! they contain, as `query.rs` does with `query/select.rs`, are not counted: a parent assembles its children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::slice;

/// The path of a module, without `crate`.
type Module = Vec<String>;

/// The files of a crate by their modules, each with the paths that it imports, by name, and all paths that it uses.
struct Crate {
    files: BTreeMap<Module, File>,
}

#[derive(Default)]
struct File {
    imports: BTreeMap<String, Module>,
    used: BTreeSet<Module>,
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        read_folder(root, &[], &mut files);
        Self { files }
    }

    /// The file that defines the item at a path, or the last one that can be found.
    fn definition(&self, path: &[String]) -> Module {
        let mut path = path.to_vec();
        // Imports that lead to each other end here: globs, and names that another crate has as well.
        for _ in 0..8 {
            let (module, rest) = self.longest(&path);
            let import =
                rest.split_first().and_then(|(name, rest)| Some((self.files.get(module)?.imports.get(name)?, rest)));
            match import {
                Some((import, rest)) => path = [import, rest].concat(),
                None => break,
            }
        }
        self.longest(&path).0.to_vec()
    }

    /// The longest beginning of a path that is a file, and the rest.
    fn longest<'a>(&self, path: &'a [String]) -> (&'a [String], &'a [String]) {
        let length = (1..=path.len()).take_while(|length| self.files.contains_key(&path[..*length])).last();
        path.split_at(length.unwrap_or_default())
    }

    fn uses(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let used_by = |module: &Module, file: &File| {
            let used = file.used.iter().map(|path| self.definition(path));
            used.filter(|used| !used.starts_with(module)).collect()
        };
        self.files.iter().map(|(module, file)| (module, used_by(module, file))).collect()
    }

    /// All pairs of files that use each other, directly or by way of others.
    fn circles(&self) -> Vec<String> {
        let uses = self.uses();
        let reached: BTreeMap<_, _> = uses.keys().map(|module| (*module, reached_from(module, &uses))).collect();
        let mut circles = Vec::new();
        for (module, direct) in &uses {
            let back = direct.iter().filter(|used| reached.get(used).is_some_and(|reached| reached.contains(*module)));
            let back = back.filter(|used| !may_be_mutual(module, used));
            circles.extend(back.map(|used| format!("{} uses {}", module.join("::"), used.join("::"))));
        }
        circles
    }
}

/// Files that define one thing together.
fn may_be_mutual(one: &Module, other: &Module) -> bool {
    MUTUAL.iter().any(|files| [one, other].iter().all(|module| files.contains(&&*module.join("::"))))
}

const MUTUAL: [&[&str]; 3] = [
    // A value contains values.
    &[
        "value::any",
        "value::literal",
        "value::parse",
        "value::range",
        "value::record_id",
        "value::record_key",
        "value::set",
    ],
    // A field, and what the derives implement to make one, describe each other.
    &["record::field", "record::object", "record::patch", "record::path", "record::stored", "record::view"],
    // A credential makes the request of a sealed trait.
    &["session::auth::credentials", "session::auth::request"],
];

fn reached_from(module: &Module, uses: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut next = vec![module.clone()];
    while let Some(module) = next.pop() {
        for used in uses.get(&module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    reached
}

fn read_folder(folder: &Path, module: &[String], files: &mut BTreeMap<Module, File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let child = [module, slice::from_ref(&name)].concat();
        if path.is_dir() {
            read_folder(&path, &child, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let module = if name == "lib" { Module::new() } else { child };
            files.insert(module.clone(), File::parse(&fs::read_to_string(&path).unwrap(), &module));
        }
    }
}

impl File {
    fn parse(source: &str, module: &[String]) -> Self {
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap();
        let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        let mut file = Self::default();
        for tree in code.split("use ").skip(1).filter_map(|rest| rest.split(';').next()) {
            let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
            for (path, name) in expand(&tree) {
                if let Some(path) = absolute(&path, module) {
                    file.used.insert(path.clone());
                    file.imports.insert(name, path);
                }
            }
        }
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                let path = code[at..].split(|c| !is_path(c)).next().unwrap().trim_end_matches(':');
                file.used.extend(absolute(path, module));
            }
        }
        file
    }
}

/// The paths of a `use` tree with the names that they are imported by.
fn expand(tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, tree.rsplit("::").next().unwrap()));
        let path = path.trim_end_matches("::self");
        let name = if name == "self" { path.rsplit("::").next().unwrap() } else { name };
        return vec![(path.to_owned(), name.to_owned())];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(|part| expand(&format!("{prefix}{part}"))).collect()
}

/// The path from the root of the crate, unless it leads to another crate.
fn absolute(path: &str, module: &[String]) -> Option<Module> {
    let mut segments = path.split("::").map(|segment| segment.trim().to_owned()).peekable();
    let mut base = match segments.peek()?.as_str() {
        "crate" => {
            segments.next();
            return Some(segments.collect());
        }
        "self" => {
            segments.next();
            module.to_vec()
        }
        // Without `super`: a child, if the file has one of that name, or else another crate, in which nothing is found.
        _ => module.to_vec(),
    };
    while segments.next_if(|segment| segment == "super").is_some() {
        base.pop()?;
    }
    base.extend(segments);
    Some(base)
}

#[test]
fn files_use_each_other_in_one_direction() {
    for source in ["surreal-session/src", "surreal-session-derive/src", "surreal-session-embedded/src"] {
        let files = Crate::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(source));
        let edges: usize = files.uses().values().map(BTreeSet::len).sum();
        assert!(edges > 5, "only {edges} uses were found in {source}");
        let circles = files.circles();
        assert!(circles.is_empty(), "circles in {source}:\n{}", circles.join("\n"));
    }
}
