//! The statements of a file, as far as a migration has to know them.

use crate::error::{Error, ErrorKind, Result};

/// A file as it is run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script<'t> {
    pub(super) statements: Vec<&'t str>,
    /// Set by a line `-- migrate: no transaction` before the first statement.
    pub(super) has_no_transaction: bool,
}

/// Reads a file. `name` is for messages.
pub(super) fn read<'t>(name: &str, text: &'t str) -> Result<Script<'t>> {
    let statements = statements(text);
    if statements.is_empty() {
        return Err(refused(name, "there is no statement in it"));
    }
    for statement in &statements {
        if let Some(word) = forbidden(statement) {
            let reason = format!(
                "`{word}` is not for migrations: each file runs in a transaction of its own, in the database of the session"
            );
            return Err(refused(name, reason));
        }
    }
    let lines = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--"));
    let has_no_transaction = lines.map(|line| line.trim_start_matches('-').trim()).any(|line| line == NO_TRANSACTION);
    Ok(Script { statements, has_no_transaction })
}

fn refused(name: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Migration, format!("the migration `{name}` cannot be run: {reason}"))
}

/// The first word of a statement that leaves the transaction or the database, or that outlives them.
fn forbidden(statement: &str) -> Option<&'static str> {
    let word = statement.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    FORBIDDEN.into_iter().find(|forbidden| word.eq_ignore_ascii_case(forbidden))
}

/// The statements without the comments before them and the `;` between them.
fn statements(text: &str) -> Vec<&str> {
    let mut scanner = Scanner { text, at: 0, depth: 0, begin: None, last: ';', statements: Vec::new() };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.end(text.len());
    scanner.statements
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// The number of open brackets.
    depth: usize,
    /// The position of the present statement's first byte.
    begin: Option<usize>,
    /// The last character that is no blank and in no comment.
    last: char,
    statements: Vec<&'t str>,
}

impl Scanner<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return };
        let comment = comment_length(rest);
        if comment > 0 {
            self.at += comment;
            return;
        }
        if first.is_whitespace() {
            self.at += first.len_utf8();
            return;
        }
        if first == ';' && self.depth == 0 {
            self.end(self.at);
            self.at += 1;
            self.last = ';';
            return;
        }
        self.begin.get_or_insert(self.at);
        match first {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.at += match first {
            '\'' | '"' | '`' => quoted_length(rest, first),
            '⟨' => rest.find('⟩').map_or(rest.len(), |end| end + '⟩'.len_utf8()),
            // A regex is where an operand is expected, and not a division.
            '/' if self.expects_operand() => quoted_length(rest, '/'),
            _ => first.len_utf8(),
        };
        self.last = first;
    }

    /// Returns true behind an operator, a bracket that is open, or a keyword.
    fn expects_operand(&self) -> bool {
        let before = self.text[..self.at].trim_end();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let word = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
        "(,=|&![{;~<>?:".contains(self.last) || KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
    }

    fn end(&mut self, at: usize) {
        if let Some(begin) = self.begin.take() {
            self.statements.push(self.text[begin..at].trim_end());
        }
    }
}

/// The length of a comment that the text begins with.
fn comment_length(rest: &str) -> usize {
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    let is_line = ["--", "//", "#"].iter().any(|begin| rest.starts_with(begin));
    if is_line { rest.find('\n').unwrap_or(rest.len()) } else { 0 }
}

/// The length of what is between two quotes, with a backslash before those that are part of it.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

const NO_TRANSACTION: &str = "migrate: no transaction";

/// The keywords that an operand follows.
const KEYWORDS: [&str; 13] =
    ["AND", "ASSERT", "ELSE", "IF", "IS", "NOT", "OR", "RETURN", "SELECT", "THEN", "THROW", "WHEN", "WHERE"];

const FORBIDDEN: [&str; 7] = ["BEGIN", "CANCEL", "COMMIT", "KILL", "LIVE", "OPTION", "USE"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_outside_of_brackets_quotes_and_comments() {
        for (text, expected) in [
            ("", &[][..]),
            ("-- nothing; at all\n /* ; */ # ;", &[]),
            ("A; B ;\n\nC", &["A", "B", "C"]),
            ("-- first\nCREATE a; -- then; this\nCREATE b;", &["CREATE a", "CREATE b"]),
            ("RETURN 'a;b'; RETURN \"c;\\\";d\"", &["RETURN 'a;b'", "RETURN \"c;\\\";d\""]),
            ("LET $x = { LET $y = 1; RETURN $y }; RETURN $x", &["LET $x = { LET $y = 1; RETURN $y }", "RETURN $x"]),
            ("SELECT * FROM `a;b`; SELECT * FROM ⟨c;d⟩;", &["SELECT * FROM `a;b`", "SELECT * FROM ⟨c;d⟩"]),
            ("RETURN 6 / 2; RETURN 4 / 2", &["RETURN 6 / 2", "RETURN 4 / 2"]),
            ("RETURN x = /it's;/; RETURN 1", &["RETURN x = /it's;/", "RETURN 1"]),
            ("RETURN /it's/; USE DB other; CREATE a", &["RETURN /it's/", "USE DB other", "CREATE a"]),
            ("RETURN 'open; RETURN 1", &["RETURN 'open; RETURN 1"]),
        ] {
            assert_eq!(statements(text), expected, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_transaction_is_refused() {
        for (text, expected) in [
            ("CREATE a; COMMIT", Some("`COMMIT`")),
            ("begin transaction; CREATE a; commit", Some("`BEGIN`")),
            ("USE DB other", Some("`USE`")),
            ("LIVE SELECT * FROM a", Some("`LIVE`")),
            (" -- only this", Some("no statement")),
            ("CREATE begin; CREATE user SET use = 1; LET $commit = 1", None),
        ] {
            let outcome = read("1_a.surql", text).map_err(|error| error.to_string());
            match expected {
                Some(expected) => assert!(outcome.as_ref().is_err_and(|error| error.contains(expected)), "{outcome:?}"),
                None => assert!(outcome.is_ok(), "{outcome:?}"),
            }
        }
    }

    #[test]
    fn line_before_the_first_statement_asks_for_no_transaction() {
        for (text, expected) in [
            ("-- migrate: no transaction\nCREATE a", true),
            ("\n-- large\n--migrate: no transaction\nCREATE a", true),
            ("CREATE a;\n-- migrate: no transaction\n", false),
            ("-- migrate: none\nCREATE a", false),
        ] {
            assert_eq!(read("1_a.surql", text).unwrap().has_no_transaction, expected, "{text}");
        }
    }
}
