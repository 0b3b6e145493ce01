//! The names of variables and bound values.

use crate::error::{Error, Result};

/// Refuses a name that cannot be a variable, or that has another meaning for the server (3.3.5).
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let advice = "the name of a variable consists of ASCII letters, digits and underscores, without the `$`";
        return Err(Error::argument(format!("`{}` cannot name a variable: {advice}", name.escape_debug())));
    }
    if PROTECTED.contains(&name) {
        return Err(Error::argument(format!("`${name}` is set by the server and cannot be given a value")));
    }
    if let Some((_, meaning)) = CONTEXTUAL.iter().find(|(contextual, _)| *contextual == name) {
        let message = format!("`${name}` cannot be given a value: in some places of SurrealQL it is {meaning} instead");
        return Err(Error::argument(message));
    }
    Ok(())
}

const PROTECTED: [&str; 4] = ["access", "auth", "token", "session"];

/// The names that hide a variable in some places, and their meaning there.
const CONTEXTUAL: [(&str, &str); 7] = [
    ("this", "the record at hand"),
    ("parent", "the record of the outer statement"),
    ("value", "the value of a field or the record of an event"),
    ("input", "the data that came in"),
    ("before", "the record before the change"),
    ("after", "the record after the change"),
    ("event", "the kind of the change"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_variables_are_refused() {
        for (name, accepted) in [
            ("a", true),
            ("_p0", true),
            ("tenant_1", true),
            ("", false),
            ("$a", false),
            ("a b", false),
            ("ä", false),
            ("a\0", false),
            ("auth", false),
            ("session", false),
            ("this", false),
            ("parent", false),
            ("value", false),
            ("input", false),
            ("before", false),
            ("after", false),
            ("event", false),
            ("values", true),
            ("This", true),
        ] {
            assert_eq!(check_name(name).is_ok(), accepted, "{name}");
        }
    }
}
