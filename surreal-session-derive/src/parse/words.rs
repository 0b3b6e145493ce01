//! The words that `#[record(…)]` may contain in each position, and the messages about all others.

use crate::kind::Kind;

/// The position of an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The struct, or the enum, itself.
    Whole,
    Field,
}

impl Place {
    /// Says what is wrong with the word at this place; `None` if nothing is.
    pub(super) fn complaint(self, word: &str) -> Option<String> {
        if self.words().contains(&word) {
            return None;
        }
        if self.other().words().contains(&word) {
            return Some(format!("`#[record({word})]` belongs on {}", self.other().name()));
        }
        let elsewhere = Kind::ALL.into_iter().flat_map(Self::both).find(|place| place.words().contains(&word));
        if let Some(place) = elsewhere {
            let derive = place.kind.derive();
            return Some(format!("`#[record({word})]` belongs on {} with `#[derive({derive})]`", place.name()));
        }
        Some(explained(word).unwrap_or_else(|| self.unknown(word)))
    }

    fn unknown(self, word: &str) -> String {
        let near = nearest(word, self.words()).or_else(|| synonym(word, self.words()));
        let near = near.or_else(|| nearest(word, self.other().words()));
        match near {
            Some(near) if self.words().contains(&near) => {
                format!("unknown record attribute `{word}`; did you mean `{near}`?")
            }
            Some(near) => format!(
                "unknown record attribute `{word}`; did you mean `{near}`, which belongs on {}?",
                self.other().name()
            ),
            None => format!("unknown record attribute `{word}`; {} takes {}", self.name(), list(self.words())),
        }
    }

    /// Returns `true` for a word that may be there several times.
    pub(super) fn may_repeat(self, word: &str) -> bool {
        self.part == Part::Whole && word == "index"
    }

    fn words(self) -> &'static [&'static str] {
        match (self.kind, self.part) {
            (Kind::Record, Part::Whole) => &[
                "table",
                "relation",
                "new",
                "patch",
                "fields",
                "crate",
                "schemafull",
                "schemaless",
                "enforced",
                "index",
                "permissions",
                "changefeed",
                "comment",
                "new_derive",
                "patch_derive",
                "constructor",
                "scope",
            ],
            (Kind::Record, Part::Field) => &[
                "readonly",
                "default",
                "default_always",
                "computed",
                "version",
                "type",
                "value",
                "assert",
                "unique",
                "index",
                "fulltext",
                "hnsw",
                "flexible",
                "reference",
                "permissions",
                "comment",
            ],
            (Kind::Object, Part::Whole) => &["patch", "fields", "crate", "patch_derive"],
            (Kind::Object, Part::Field) => &[
                "type",
                "value",
                "assert",
                "unique",
                "index",
                "fulltext",
                "hnsw",
                "flexible",
                "reference",
                "permissions",
                "comment",
            ],
            (Kind::View, Part::Whole) => &["of", "crate"],
            (Kind::View, Part::Field) => &["from", "expr"],
            (Kind::Link | Kind::Stored, Part::Whole) => &["crate"],
            (Kind::Link | Kind::Stored, Part::Field) => &[],
        }
    }

    fn name(self) -> &'static str {
        match (self.part, self.kind) {
            (Part::Whole, Kind::Link) => "the enum",
            (Part::Whole, Kind::Stored) => "the type",
            (Part::Whole, _) => "the struct",
            (Part::Field, Kind::Link) => "a variant",
            (Part::Field, _) => "a field",
        }
    }

    fn other(self) -> Self {
        let part = if self.part == Part::Whole { Part::Field } else { Part::Whole };
        Self { part, ..self }
    }

    fn both(kind: Kind) -> [Self; 2] {
        [Self { kind, part: Part::Whole }, Self { kind, part: Part::Field }]
    }
}

/// Tells what is to be used instead of a word that is another's.
fn explained(word: &str) -> Option<String> {
    Some(match word {
        "id" | "key" | "primary_key" => {
            "the id needs no attribute: it is the field that is called `id` on the wire".to_owned()
        }
        "in" | "out" | "source" | "target" => {
            "the ends of an edge need no attribute: they are the fields that are called `in` and `out` on the wire"
                .to_owned()
        }
        "edge" => "a record that is an edge has `#[record(relation)]` on the struct".to_owned(),
        "skip" => "`skip` is not a record attribute; use `#[serde(skip)]` for a field that is neither read nor \
                   written, or `#[record(readonly)]` for one that is only read"
            .to_owned(),
        "rename_all" => not_ours(word, "the struct"),
        _ if SERDE_FIELD.contains(&word) => not_ours(word, "a field"),
        _ => return None,
    })
}

fn not_ours(word: &str, place: &str) -> String {
    let value = if word == "flatten" { "" } else { " = \"…\"" };
    format!(
        "`{word}` is not a record attribute: the wire is serde's matter, so use `#[serde({word}{value})]` on {place}"
    )
}

fn synonym(word: &str, words: &[&'static str]) -> Option<&'static str> {
    let (_, meant) = SYNONYMS.into_iter().find(|(other, _)| *other == word)?;
    words.contains(&meant).then_some(meant)
}

fn list(words: &[&str]) -> String {
    match words {
        [] => "no attributes".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("`{}` and `{last}`", first.join("`, `")),
    }
}

/// Returns the word that differs from this one by a slip of the finger, if there is one.
pub(crate) fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let by_distance = words.iter().map(|known| (distance(word, known), *known));
    let (distance, known) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= known.len().div_ceil(3)).then_some(known)
}

/// Counts the letters to insert, delete, replace or swap with a neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut older: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for row in 1..=from.len() {
        let mut line = vec![row];
        for column in 1..=to.len() {
            let changed = usize::from(from[row - 1] != to[column - 1]);
            let mut least = (above[column] + 1).min(line[column - 1] + 1).min(above[column - 1] + changed);
            if row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1] {
                least = least.min(older[column - 2] + 1);
            }
            line.push(least);
        }
        older = std::mem::replace(&mut above, line);
    }
    above[to.len()]
}

/// Words that people bring along, with the one that means it here.
const SYNONYMS: [(&str, &str); 19] = [
    ("collection", "table"),
    ("name", "table"),
    ("table_name", "table"),
    ("new_name", "new"),
    ("generated", "readonly"),
    ("immutable", "readonly"),
    ("server", "readonly"),
    ("optional", "default"),
    ("check", "assert"),
    ("ensure", "assert"),
    ("indexed", "index"),
    ("search", "fulltext"),
    ("vector", "hnsw"),
    ("lock", "version"),
    ("revision", "version"),
    ("ty", "type"),
    ("kind", "type"),
    ("record", "of"),
    ("path", "from"),
];

const SERDE_FIELD: [&str; 7] =
    ["alias", "deserialize_with", "flatten", "rename", "serialize_with", "skip_serializing_if", "with"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips() {
        for (from, to, expected) in
            [("table", "table", 0), ("tabel", "table", 1), ("tables", "table", 1), ("", "new", 3), ("new", "", 3)]
        {
            assert_eq!(distance(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn complaint_names_the_word_that_was_meant() {
        let [on_struct, on_field] = Place::both(Kind::Record);
        let [on_object, on_nested] = Place::both(Kind::Object);
        for (place, word, expected) in [
            (on_struct, "tabel", "did you mean `table`?"),
            (on_struct, "name", "did you mean `table`?"),
            (on_struct, "read_only", "did you mean `readonly`, which belongs on a field?"),
            (on_struct, "edge", "`#[record(relation)]`"),
            (on_field, "read_only", "did you mean `readonly`?"),
            (on_field, "table", "belongs on the struct"),
            (on_field, "in", "called `in` and `out` on the wire"),
            (on_struct, "readonly", "belongs on a field"),
            (on_field, "check", "did you mean `assert`?"),
            (on_field, "schemafull", "belongs on the struct"),
            (on_struct, "of", "belongs on the struct with `#[derive(View)]`"),
            (on_object, "relation", "belongs on the struct with `#[derive(Record)]`"),
            (on_struct, "wibble", "the struct takes `table`, `relation`, `new`, `patch`, `fields`, `crate`,"),
            (on_field, "wibble", "a field takes `readonly`, `default`, `default_always`, `computed`,"),
            (on_nested, "wibble", "a field takes `type`, `value`,"),
            (on_field, "rename", "use `#[serde(rename = \"…\")]` on a field"),
        ] {
            let complaint = place.complaint(word).unwrap();
            assert!(complaint.contains(expected), "{word}: {complaint}");
        }
        assert_eq!(on_struct.complaint("table"), None);
    }
}
