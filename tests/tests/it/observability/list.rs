//! The list of everything that is emitted, in `docs/observability.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use surreal_session::prelude::*;
use surreal_session_tests::{place, rust_files};

use super::recorder::Seen;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The arguments of each call of a macro in a source.
fn calls<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("{name}!(");
    let starts = source
        .match_indices(&open)
        .filter(|(at, _)| !source[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let end_of = |from: usize| {
        let mut depth = 1;
        let mut is_text = false;
        for (at, byte) in source.bytes().enumerate().skip(from) {
            match byte {
                b'"' if source.as_bytes()[at - 1] != b'\\' => is_text = !is_text,
                b'(' if !is_text => depth += 1,
                b')' if !is_text => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        source.len()
    };
    starts.map(|(at, _)| &source[at + open.len()..end_of(at + open.len())]).collect()
}

/// The last text among the arguments, on one line.
fn message(arguments: &str) -> String {
    let end = arguments.rfind('"').unwrap_or_else(|| panic!("no text in {arguments}"));
    let start = arguments[..end].rfind('"').unwrap() + 1;
    arguments[start..end].split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
}

/// The cells of the rows of the table behind a heading.
fn table(docs: &str, heading: &str) -> Vec<Vec<String>> {
    let section = docs.split(heading).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let unquoted =
        |cell: &str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell).to_owned();
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| unquoted(cell.trim())).collect();
    rows.skip(2).map(cells).collect()
}

fn docs() -> String {
    fs::read_to_string(root().join("docs/observability.md")).unwrap()
}

#[test]
fn events_are_those_of_the_page() {
    let mut emitted = BTreeSet::new();
    for file in rust_files(&root().join("surreal-session/src")) {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        for level in ["error", "warn", "info", "debug", "trace"] {
            // `error!` is a macro of other crates as well.
            let events = calls(code, level).into_iter().filter(|arguments| arguments.contains('"'));
            emitted.extend(events.map(|arguments| (level.to_uppercase(), message(arguments))));
        }
    }
    let listed = table(&docs(), "## Events").into_iter().map(|row| (row[0].clone(), row[1].clone()));
    let listed: BTreeSet<_> = listed.collect();
    let missing: Vec<_> = emitted.difference(&listed).map(|(level, text)| format!("| {level} | {text} |")).collect();
    let extra: Vec<_> = listed.difference(&emitted).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "not on the page:\n{}\n\nonly on the page: {extra:#?}",
        missing.join("\n")
    );
}

#[tokio::test]
async fn fields_of_spans_are_those_of_the_page() {
    let (_db, session) = place().await;
    let (seen, _guard) = Seen::start();
    session.transaction().run(async |tx| tx.execute("RETURN 1").await).await.unwrap();
    session.fork().await.unwrap();
    let trace = seen.0.lock().unwrap();
    for (span, heading) in [("call", "## The span of a call"), ("run", "## The span of a transaction")] {
        let (metadata, _) = trace.spans.iter().find(|(metadata, _)| metadata.name() == span).unwrap();
        assert_eq!(metadata.target(), "surreal_session::call");
        let fields: BTreeSet<_> = metadata.fields().iter().map(|field| field.name().to_owned()).collect();
        let listed: BTreeSet<_> = table(&docs(), heading).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(fields, listed, "{span}");
    }
    let others = trace
        .spans
        .iter()
        .map(|(metadata, _)| metadata)
        .filter(|metadata| metadata.level() > &tracing_core::Level::INFO);
    let others: BTreeSet<_> = others.map(|metadata| metadata.name().to_owned()).collect();
    let listed: BTreeSet<_> = table(&docs(), "## Other spans").into_iter().map(|row| row[0].clone()).collect();
    assert!(others.is_subset(&listed), "{others:?} {listed:?}");
}
