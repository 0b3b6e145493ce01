//! Whether SurrealQL text writes.

/// Whether running `text` may change anything. In doubt it may.
///
/// It looks for the words and calls that can write (server 3.3.5), wherever they stand, also in names and strings: a
/// query that only reads rarely has one of them, and a query that writes has one always.
pub(super) fn may_write(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c));
    let modules = text.match_indices("::").map(|(at, _)| text[..at].rsplit(|c| !is_part(c)).next().unwrap_or_default());
    words.into_iter().any(|word| is_among(&WRITING_WORDS, word))
        || modules.into_iter().any(|module| is_among(&WRITING_MODULES, module))
}

fn is_among(list: &[&str], word: &str) -> bool {
    list.iter().any(|listed| word.eq_ignore_ascii_case(listed))
}

/// What statements that change something begin with, and `function`, which begins a script.
const WRITING_WORDS: [&str; 15] = [
    "access", "alter", "create", "define", "delete", "function", "import", "insert", "kill", "live", "rebuild",
    "relate", "remove", "update", "upsert",
];

/// Functions that change something, or run what the text does not show.
const WRITING_MODULES: [&str; 7] = ["api", "eval", "file", "fn", "mod", "sequence", "silo"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_write_is_taken_for_a_read() {
        for (text, expected) in [
            ("SELECT * FROM user WHERE created_at > $since", false),
            ("LET $a = 1; RETURN array::len([1, 2])", false),
            ("SELECT * FROM ONLY $_target", false),
            ("RETURN type::record('user', $updated)", false),
            ("", false),
            ("CREATE user", true),
            ("select 1; update\tuser set a = 1", true),
            ("RETURN {a:CREATE user}", true),
            ("SELECT *, (DELETE user:1) FROM x", true),
            ("RETURN fn::pay(1)", true),
            ("RETURN FN::pay(1)", true),
            ("SELECT eval::surql($text) FROM x", true),
            ("RETURN function() { return 1 }", true),
            ("SELECT * FROM `create`", true),
        ] {
            assert_eq!(may_write(text), expected, "{text}");
        }
    }
}
