//! The layers of the runtime crate point one way: a file uses only what is to its left.

use std::fs;
use std::path::Path;

use surreal_session_tests::rust_files;

/// The last one is not part of the client: only tests and fuzzers use it, and it may use all others.
const LAYERS: [&[&str]; 14] = [
    &["error"],
    &["value"],
    &["codec"],
    &["protocol"],
    &["connection"],
    &["session"],
    &["transaction"],
    &["record"],
    &["query"],
    &["live"],
    &["schema", "migration"],
    &["prelude"],
    &["blocking"],
    &["fuzzing"],
];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// A file without its comments, whose links and examples may point to upper layers.
fn code_of(file: &Path) -> String {
    let source = fs::read_to_string(file).unwrap();
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect()
}

/// The modules that follow each `crate::`, also inside `use crate::{a, b}`.
fn used_modules(source: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((group, _)) => used.extend(group.split(',').map(|item| name(item.trim()))),
            None => used.push(name(rest)),
        }
    }
    used
}

#[test]
fn layers_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../surreal-session/src");
    let mut checked = 0;
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let Some(layer) = layer_of(&module) else {
            assert_eq!(module, "lib", "{} belongs to no layer", relative.display());
            continue;
        };
        for used in used_modules(&code_of(&file)) {
            let used_layer = layer_of(&used);
            assert!(
                used_layer.is_some_and(|used_layer| used_layer <= layer),
                "{} uses `crate::{used}`, which is not to the left of `{module}`",
                relative.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} uses were found");
}

#[test]
fn lower_layers_do_no_io() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../surreal-session/src");
    let mut files = Vec::new();
    for layer in ["error", "value", "codec", "protocol"] {
        files.extend(rust_files(&root.join(layer)));
        files.push(root.join(layer).with_extension("rs"));
    }
    for file in files {
        let code = code_of(&file);
        for word in ["tokio", "async fn", ".await"] {
            assert!(!code.contains(word), "{} has `{word}`", file.display());
        }
    }
}
