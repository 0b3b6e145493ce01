//! The paths of fields, as text.

use crate::value::escape_identifier;

/// Writes a path of names with dots between them as SurrealQL, with each name escaped. An error is the reason.
pub(super) fn escape(path: &str) -> Result<String, String> {
    let mut escaped = String::new();
    let mut rest = path;
    loop {
        if !escaped.is_empty() {
            escaped.push('.');
        }
        rest = match rest.strip_prefix('`') {
            Some(quoted) => {
                let (name, after) =
                    quoted.split_once('`').ok_or_else(|| format!("the path `{path}` has one backtick"))?;
                escaped.push_str(&escape_identifier(name));
                after
            }
            None => {
                let (name, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                match name {
                    "" => return Err(format!("a name is empty in the path `{path}`")),
                    "*" => escaped.push('*'),
                    name => escaped.push_str(&escape_identifier(name)),
                }
                after
            }
        };
        if rest.is_empty() {
            return Ok(escaped);
        }
        rest = rest.strip_prefix('.').ok_or_else(|| format!("a dot is missing in the path `{path}`"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_one_identifier() {
        for (path, expected) in [
            ("name", "name"),
            ("address.city", "address.city"),
            ("a b.select", "`a b`.`select`"),
            ("`a.b`.c", "`a.b`.c"),
            ("``", "``"),
            ("address.*", "address.*"),
            ("*", "*"),
            ("tags[0]", "`tags[0]`"),
            ("name FROM user; DELETE user", "`name FROM user; DELETE user`"),
            ("count()", "`count()`"),
            ("a\\`", "`a\\\\\\``"),
        ] {
            assert_eq!(escape(path).as_deref(), Ok(expected));
        }
        for path in ["", ".", "a.", ".a", "a..b", "`a", "`a`b"] {
            assert!(escape(path).is_err(), "{path}");
        }
    }
}
