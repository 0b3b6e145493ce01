//! Paths as SurrealQL text, and the optional objects that lie on them.

use std::fmt;

use crate::value::escape_identifier;

/// An object that may be missing, known by its name or, if it is flattened, by its fields.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(Vec<String>);

impl Part {
    pub(crate) fn of(place: String) -> Self {
        Self(vec![place])
    }

    /// The flattened object with these fields in the object at `place`.
    pub(crate) fn flat(place: &str, names: &[&str]) -> Self {
        Self(names.iter().map(|name| join(place, &escape_identifier(name))).collect())
    }

    /// The same in the object at `parent`.
    pub(crate) fn within(&self, parent: &str) -> Self {
        Self(self.0.iter().map(|place| join(parent, place)).collect())
    }

    /// Returns `true` if this is the parent object itself.
    pub(crate) fn is_parent(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Returns `true` if a change at `place` may create or remove it.
    pub(crate) fn depends_on(&self, place: &str) -> bool {
        self.0.iter().any(|part| is_part_of(part, place))
    }

    /// SurrealQL that is true where it is there.
    pub(crate) fn condition(&self) -> String {
        match self.0.as_slice() {
            [] => "false".to_owned(),
            [place] => format!("{place} > NULL"),
            places => format!("({}) > NULL", places.join(" ?? ")),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.join("`, `"))
    }
}

/// Returns `true` if the path leads to `outer` or into it.
pub(crate) fn is_part_of(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path that leads on from `parent`.
pub(crate) fn join(parent: &str, path: &str) -> String {
    if parent.is_empty() || path.is_empty() { format!("{parent}{path}") } else { format!("{parent}.{path}") }
}

/// The field of the record in which a path begins, as SurrealQL.
pub(crate) fn first_field(path: &str) -> &str {
    let mut is_quoted = path.starts_with('`');
    let mut is_escaped = false;
    for (index, char) in path.char_indices().skip(1) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '`' => is_quoted = false,
            '.' | '[' if !is_quoted => return &path[..index],
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::first_field;

    #[test]
    fn path_begins_in_a_field() {
        for (path, expected) in [
            ("name", "name"),
            ("address.city", "address"),
            ("tags[0].text", "tags"),
            ("`a.b[`[$]", "`a.b[`"),
            (r"`a\`.b`.c", r"`a\`.b`"),
            (r"`a\\`.c", r"`a\\`"),
            ("``.c", "``"),
            ("é.c", "é"),
            ("", ""),
        ] {
            assert_eq!(first_field(path), expected, "{path}");
        }
    }
}
