//! The test whether SurrealQL text may write.

/// Returns whether running `text` may change anything. If unsure, it returns `true`.
///
/// Looks for the first words of statements that write (server 3.3.5) and for calls of functions that are not known to be
/// pure, in names and strings too: a text that writes always has one of them, and a text that only reads rarely does.
pub(super) fn may_write(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = text.split(|c| !is_part(c));
    let mut modules = text.match_indices("::").filter_map(|(at, _)| {
        let module = text[..at].rsplit(|c| !is_part(c)).next().unwrap_or_default();
        // Only the head of a path such as `string::distance::hamming` is a module.
        (!text[..at - module.len()].ends_with("::")).then_some(module)
    });
    words.any(|word| is_among(&WRITING_WORDS, word))
        || modules.any(|module| !is_among(&PURE_MODULES, module))
        || calls_variable(text)
}

/// Returns whether the text calls a variable, which may hold a closure.
fn calls_variable(text: &str) -> bool {
    let mut variables = text.split('$').skip(1);
    variables
        .any(|rest| rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start().starts_with('('))
}

fn is_among(list: &[&str], word: &str) -> bool {
    list.iter().any(|listed| word.eq_ignore_ascii_case(listed))
}

/// The first words of statements that change something, and `function`, which begins a script.
///
/// USE is among them: for a user who may do so, it makes the namespace and the database.
const WRITING_WORDS: [&str; 17] = [
    "access", "alter", "create", "define", "delete", "function", "import", "insert", "kill", "live", "option",
    "rebuild", "relate", "remove", "update", "upsert", "use",
];

/// The modules whose functions only compute or read. Functions of all other modules may write, including modules that later
/// servers add.
const PURE_MODULES: [&str; 21] = [
    "array", "bytes", "crypto", "duration", "encoding", "geo", "math", "meta", "object", "parse", "rand", "record",
    "schema", "search", "session", "set", "string", "time", "type", "value", "vector",
];

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
            ("RETURN string::distance::hamming('a', 'b') + math::pi", false),
            ("RETURN schema::table::exists('t')", false),
            ("SELECT * FROM $rows WHERE a = ($b)", false),
            ("RETURN api::req::body({}, {})", true),
            ("RETURN http::post('http://127.0.0.1', {})", true),
            ("RETURN foo::put(1)", true),
            ("RETURN sequence::nextval('s')", true),
            ("USE NS fresh DB d; SELECT 1 FROM 1", true),
            ("RETURN $f(1)", true),
            ("RETURN $f (1)", true),
        ] {
            assert_eq!(may_write(text), expected, "{text}");
        }
    }
}
