//! Kinds as the server writes them: comparing them, and the condition that a value is of a kind.

/// A kind, as far as its values can be told from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A word, such as `int`.
    Named(String),
    /// `array<..>`, `set<..>`, `record<..>` and the like, with what is in the brackets.
    Of(String, Vec<Kind>),
    /// `a | b`, in one order.
    Either(Vec<Kind>),
    /// A literal, or a kind that this module does not know.
    Literal(String),
}

/// Returns true if both are the same kind: the order in `a | b` has no meaning.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    Kind::parse(one) == Kind::parse(other)
}

/// The condition that the value of an expression is of a kind. `None` if there is none for that kind.
pub(super) fn condition(kind: &str, value: &str) -> Option<String> {
    Kind::parse(kind).condition(value, 0)
}

impl Kind {
    fn parse(text: &str) -> Self {
        let mut kinds: Vec<_> = split(text, '|').into_iter().map(|part| Self::parse_one(part.trim())).collect();
        match kinds.len() {
            1 => kinds.swap_remove(0),
            _ => {
                kinds.sort();
                kinds.dedup();
                Self::Either(kinds)
            }
        }
    }

    fn parse_one(text: &str) -> Self {
        if let Some((name, rest)) = text.split_once('<')
            && let Some(inner) = rest.strip_suffix('>')
            && is_word(name)
        {
            let parts = split(inner, ',').into_iter().map(|part| Self::parse(part.trim())).collect();
            return match name {
                "option" => Self::Either(vec![Self::Named("none".into()), Self::parse(inner)]).flat(),
                _ => Self::Of(name.to_owned(), parts),
            };
        }
        if is_word(text) && !["true", "false"].contains(&text) {
            return Self::Named(text.to_owned());
        }
        Self::Literal(text.to_owned())
    }

    /// `none | (a | b)` is `none | a | b`.
    fn flat(self) -> Self {
        let Self::Either(kinds) = self else { return self };
        let inner = |kind| match kind {
            Self::Either(kinds) => kinds,
            kind => vec![kind],
        };
        let mut kinds: Vec<_> = kinds.into_iter().flat_map(inner).collect();
        kinds.sort();
        kinds.dedup();
        Self::Either(kinds)
    }

    fn condition(&self, value: &str, depth: usize) -> Option<String> {
        Some(match self {
            Self::Named(name) => named(name, value)?,
            Self::Literal(literal) if is_literal(literal) => format!("{value} = {literal}"),
            Self::Literal(_) => return None,
            Self::Either(kinds) => {
                let conditions: Option<Vec<_>> = kinds.iter().map(|kind| kind.condition(value, depth)).collect();
                format!("({})", conditions?.join(" OR "))
            }
            Self::Of(name, parts) => Self::of(name, parts, value, depth)?,
        })
    }

    fn of(name: &str, parts: &[Self], value: &str, depth: usize) -> Option<String> {
        match name {
            "record" => {
                let tables = parts.first()?.alternatives();
                let is_of = |table: &Self| format!("type::is_record({value}, {})", text_literal(&table.plain()));
                Some(format!("({})", tables.iter().map(is_of).collect::<Vec<_>>().join(" OR ")))
            }
            "geometry" => {
                let kinds = parts.first()?.alternatives();
                let kinds: Vec<_> = kinds.iter().map(|kind| format!("'geometry<{}>'", kind.plain())).collect();
                Some(format!("type::of({value}) IN [{}]", kinds.join(", ")))
            }
            "array" | "set" => {
                let variable = format!("$v{depth}");
                let each = parts.first()?.condition(&variable, depth + 1)?;
                let list = if name == "set" { format!("<array> {value}") } else { value.to_owned() };
                let length = parts.get(1).map(|length| format!(" AND array::len({list}) <= {}", length.plain()));
                let length = length.unwrap_or_default();
                Some(format!("(type::is_{name}({value}) AND array::all({list}, |{variable}: any| {each}){length})"))
            }
            _ => None,
        }
    }

    fn alternatives(&self) -> &[Self] {
        match self {
            Self::Either(kinds) => kinds,
            kind => std::slice::from_ref(kind),
        }
    }

    /// The text of a table's name, a kind of geometry, or a number.
    fn plain(&self) -> String {
        match self {
            Self::Named(text) | Self::Literal(text) | Self::Of(text, _) => unquoted(text),
            Self::Either(_) => String::new(),
        }
    }
}

fn named(name: &str, value: &str) -> Option<String> {
    Some(match name {
        "any" => "true".to_owned(),
        // The server takes ints for them, and the client reads them.
        "float" => format!("(type::is_float({value}) OR type::is_int({value}))"),
        "none" | "null" | "bool" | "bytes" | "datetime" | "decimal" | "duration" | "int" | "number" | "string"
        | "uuid" | "object" | "array" | "set" | "record" | "range" | "geometry" => format!("type::is_{name}({value})"),
        _ => return None,
    })
}

/// Returns true for text, numbers and booleans; objects and arrays are compared in no simple way.
fn is_literal(text: &str) -> bool {
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    text.starts_with(['\'', '"']) || is_number || ["true", "false"].contains(&text)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// The name of a table without its backticks.
fn unquoted(text: &str) -> String {
    match text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        Some(inner) => inner.replace("\\`", "`").replace("\\\\", "\\"),
        None => text.to_owned(),
    }
}

fn text_literal(text: &str) -> String {
    crate::value::Value::from(text).to_string()
}

/// Splits text at a character that is outside of brackets and quotes.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    let mut quote = None;
    let mut is_escaped = false;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '<' | '[' | '{' | '(') => depth += 1,
            (None, '>' | ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (None, _) if c == at && depth == 0 => {
                parts.push(&text[begin..index]);
                begin = index + c.len_utf8();
            }
            (Some(_) | None, _) => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_alternatives_has_no_meaning() {
        for (one, other, expected) in [
            ("none | int", "option<int>", true),
            ("int | none", "none | int", true),
            ("none | array<string | int>", "option<array<int | string>>", true),
            ("record<a | b>", "record<b | a>", true),
            ("'a' | 'b'", "'b' | 'a'", true),
            ("'a | b'", "'b | a'", false),
            ("array<int, 3>", "array<int, 4>", false),
            ("array<int>", "array<int, 4>", false),
            ("none | 'x' | record<`a|b`>", "record<`a|b`> | none | 'x'", true),
            ("option<int | string>", "none | string | int", true),
        ] {
            assert_eq!(is_same(one, other), expected, "{one} and {other}");
        }
    }

    #[test]
    fn conditions_tell_values_of_a_kind() {
        for (kind, expected) in [
            ("any", Some("true")),
            ("int", Some("type::is_int(x)")),
            ("none | string", Some("(type::is_none(x) OR type::is_string(x))")),
            ("'a' | 'b'", Some("(x = 'a' OR x = 'b')")),
            ("record<user>", Some("(type::is_record(x, 'user'))")),
            ("record<`a b`>", Some("(type::is_record(x, 'a b'))")),
            (
                "array<int, 3>",
                Some("(type::is_array(x) AND array::all(x, |$v0: any| type::is_int($v0)) AND array::len(x) <= 3)"),
            ),
            ("geometry<point>", Some("type::of(x) IN ['geometry<point>']")),
            ("{ a: int }", None),
            ("regex", None),
        ] {
            assert_eq!(condition(kind, "x").as_deref(), expected, "{kind}");
        }
    }
}
