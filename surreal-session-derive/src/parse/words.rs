//! What `#[record(…)]` may contain and where, and what to say about any other word.

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Struct,
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

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Struct => &ON_STRUCT,
            Self::Field => &ON_FIELD,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Struct => "the struct",
            Self::Field => "a field",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Struct => Self::Field,
            Self::Field => Self::Struct,
        }
    }
}

/// Tells what is to be used instead of a word that is another's, or is not there yet.
fn explained(word: &str) -> Option<String> {
    Some(match word {
        "relation" => "relations are not supported yet".to_owned(),
        "default" => "`default` is not supported yet; `#[serde(default)]` fills in what is absent when a record is \
                      read"
            .to_owned(),
        "id" | "key" | "primary_key" => {
            "the id needs no attribute: it is the field that is called `id` on the wire".to_owned()
        }
        "skip" => "`skip` is not a record attribute; use `#[serde(skip)]` for a field that is neither read nor \
                   written, or `#[record(readonly)]` for one that is only read"
            .to_owned(),
        "rename_all" => not_ours(word, Place::Struct),
        _ if SERDE_FIELD.contains(&word) => not_ours(word, Place::Field),
        _ => return None,
    })
}

fn not_ours(word: &str, place: Place) -> String {
    let at = place.name();
    let value = if word == "flatten" { "" } else { " = \"…\"" };
    format!("`{word}` is not a record attribute: the wire is serde's matter, so use `#[serde({word}{value})]` on {at}")
}

fn synonym(word: &str, words: &[&'static str]) -> Option<&'static str> {
    let (_, meant) = SYNONYMS.into_iter().find(|(other, _)| *other == word)?;
    words.contains(&meant).then_some(meant)
}

fn list(words: &[&str]) -> String {
    match words {
        [] => "none".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("`{}` and `{last}`", first.join("`, `")),
    }
}

/// Returns the word that differs from this one by a slip of the finger, if there is one.
fn nearest(word: &str, words: &[&'static str]) -> Option<&'static str> {
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

const ON_STRUCT: [&str; 5] = ["table", "new", "patch", "fields", "crate"];
const ON_FIELD: [&str; 1] = ["readonly"];

/// Words that people bring along, with the one that means it here.
const SYNONYMS: [(&str, &str); 8] = [
    ("collection", "table"),
    ("name", "table"),
    ("table_name", "table"),
    ("new_name", "new"),
    ("computed", "readonly"),
    ("generated", "readonly"),
    ("immutable", "readonly"),
    ("server", "readonly"),
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
        for (place, word, expected) in [
            (Place::Struct, "tabel", "did you mean `table`?"),
            (Place::Struct, "name", "did you mean `table`?"),
            (Place::Struct, "read_only", "did you mean `readonly`, which belongs on a field?"),
            (Place::Field, "read_only", "did you mean `readonly`?"),
            (Place::Field, "table", "belongs on the struct"),
            (Place::Struct, "readonly", "belongs on a field"),
            (Place::Struct, "wibble", "the struct takes `table`, `new`, `patch`, `fields` and `crate`"),
            (Place::Field, "wibble", "a field takes `readonly`"),
            (Place::Field, "rename", "use `#[serde(rename = \"…\")]` on a field"),
        ] {
            let complaint = place.complaint(word).unwrap();
            assert!(complaint.contains(expected), "{word}: {complaint}");
        }
        assert_eq!(Place::Struct.complaint("table"), None);
    }
}
