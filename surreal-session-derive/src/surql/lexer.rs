//! Splits SurrealQL into tokens, as far as the checks need it: brackets, variables, and the places where neither counts.
//!
//! The rules are those of the server (3.3.5). A `/` begins a regex only where an operand is expected, which its parser
//! knows and this lexer guesses from the token before.

use syn::{Error, LitStr};

use super::{placeholder, script};

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// The position of its first byte.
    pub(super) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a plain identifier.
    Word,
    /// An identifier in backticks or `⟨⟩`.
    Quoted,
    /// `$name`.
    Variable,
    /// A string, number, duration or regex.
    Literal,
    /// The body of a JavaScript function, with its braces.
    Script,
    Open,
    Close,
    /// `{User.age}`.
    Placeholder,
    /// `{{Name}`, which stands for `{Name}`.
    Escaped,
    Punctuation,
}

/// The treatment of `{User}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholders {
    Replaced,
    /// It is SurrealQL.
    Kept,
}

/// A mistake at a position of the text.
#[derive(Debug)]
pub(super) struct Fault {
    at: usize,
    message: String,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    /// The error under the literal, with the line and the column in its text.
    pub(super) fn at(&self, literal: &LitStr, text: &str) -> Error {
        let before = text.get(..self.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Error::new(literal.span(), format!("{} (line {line}, column {column} of the text)", self.message))
    }
}

impl<'t> Token<'t> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text && matches!(self.kind, Kind::Open | Kind::Close | Kind::Punctuation)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// The name of a variable, without the `$` and quotes.
    pub(super) fn variable(&self) -> Option<&'t str> {
        let name = (self.kind == Kind::Variable).then(|| self.text.trim_start_matches('$'))?;
        Some(name.trim_matches(|c| matches!(c, '`' | '⟨' | '⟩')))
    }

    /// Returns true if an operand follows, and not an operator.
    pub(super) fn expects_operand(&self) -> bool {
        match self.kind {
            Kind::Open | Kind::Punctuation => true,
            Kind::Word => BEFORE_OPERANDS.iter().any(|word| self.is_word(word)),
            _ => false,
        }
    }
}

/// The keywords that an operand follows, without those that are often names of fields.
const BEFORE_OPERANDS: [&str; 13] =
    ["AND", "ASSERT", "ELSE", "IF", "IS", "NOT", "OR", "RETURN", "SELECT", "THEN", "THROW", "WHEN", "WHERE"];

/// Splits the text.
pub(super) fn tokens(text: &str, placeholders: Placeholders) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { text, at: 0, placeholders, tokens: Vec::new() };
    while let Some(first) = lexer.rest().chars().next() {
        lexer.step(first)?;
    }
    match lexer.tokens.is_empty() {
        true => Err(Fault::new(0, "the text is empty: there is nothing to run")),
        false => Ok(lexer.tokens),
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    placeholders: Placeholders,
    tokens: Vec<Token<'t>>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, text: &self.rest()[..length], at: self.at });
        self.at += length;
    }

    /// Reads the next token, or skips a blank or a comment.
    fn step(&mut self, first: char) -> Result<(), Fault> {
        let rest = self.rest();
        match first {
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '#' => self.at += line(rest),
            '-' if rest.starts_with("--") => self.at += line(rest),
            '/' if rest.starts_with("//") => self.at += line(rest),
            '/' if rest.starts_with("/*") => self.at += self.block_comment()?,
            '/' if self.expects_operand() => self.regex()?,
            '\'' | '"' => self.quoted(Kind::Literal, first, "the string")?,
            '`' => self.quoted(Kind::Quoted, '`', "the name")?,
            '⟨' => self.quoted(Kind::Quoted, '⟩', "the name")?,
            '$' => self.variable()?,
            '{' => self.brace()?,
            '(' | '[' => self.push(Kind::Open, 1),
            ')' | ']' | '}' => self.push(Kind::Close, 1),
            c if c.is_ascii_digit() => self.push(Kind::Literal, length(rest, |c| is_part(c) || c == 'µ')),
            c if is_part(c) => self.word()?,
            _ if rest.starts_with("||") || rest.starts_with("<|") => self.push(Kind::Punctuation, 2),
            c => self.push(Kind::Punctuation, c.len_utf8()),
        }
        Ok(())
    }

    /// Returns true if an operand may follow here, and not an operator.
    fn expects_operand(&self) -> bool {
        self.tokens.last().is_none_or(Token::expects_operand)
    }

    /// A word, or the prefix of a string, as in `d'2026-01-01T00:00:00Z'`.
    fn word(&mut self) -> Result<(), Fault> {
        let length = length(self.rest(), is_part);
        let (word, after) = self.rest().split_at(length);
        match after.chars().next() {
            Some(quote @ ('\'' | '"')) if matches!(word, "r" | "u" | "d" | "f" | "b" | "s") => {
                self.quoted(Kind::Literal, quote, "the string")?;
            }
            _ => self.push(Kind::Word, length),
        }
        Ok(())
    }

    fn variable(&mut self) -> Result<(), Fault> {
        let after = &self.rest()[1..];
        match after.chars().next() {
            Some('`') => self.quoted(Kind::Variable, '`', "the name of the variable")?,
            Some('⟨') => self.quoted(Kind::Variable, '⟩', "the name of the variable")?,
            Some(c) if is_part(c) && !c.is_ascii_digit() => self.push(Kind::Variable, 1 + length(after, is_part)),
            _ => self.push(Kind::Punctuation, 1),
        }
        Ok(())
    }

    fn brace(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        if self.placeholders == Placeholders::Replaced {
            if let Some(length) = placeholder::length(rest) {
                self.push(Kind::Placeholder, length);
                return Ok(());
            }
            if let Some(length) = rest.strip_prefix('{').and_then(placeholder::length) {
                self.push(Kind::Escaped, 1 + length);
                return Ok(());
            }
            placeholder::check_similar(rest).map_err(|message| Fault::new(self.at, message))?;
        }
        if !is_script(&self.tokens) {
            self.push(Kind::Open, 1);
            return Ok(());
        }
        let length = script::length(rest).ok_or_else(|| self.unclosed("the function in JavaScript"))?;
        self.push(Kind::Script, length);
        Ok(())
    }

    /// A token that ends with `close`, which a backslash escapes, and begins with a prefix and an opening quote.
    fn quoted(&mut self, kind: Kind, close: char, thing: &str) -> Result<(), Fault> {
        let open = self.rest().find(['\'', '"', '`', '⟨']).unwrap_or_default();
        let open = open + self.rest()[open..].chars().next().map_or(0, char::len_utf8);
        let inner = script::end(&self.rest()[open..], close).ok_or_else(|| self.unclosed(thing))?;
        self.push(kind, open + inner);
        Ok(())
    }

    /// A regex, or a `/` where the word before it was the name of a field.
    fn regex(&mut self) -> Result<(), Fault> {
        let is_certain = self.tokens.last().is_none_or(|token| token.kind != Kind::Word);
        match script::end(&self.rest()[1..], '/') {
            Some(inner) => self.push(Kind::Literal, 1 + inner),
            None if is_certain => return Err(self.unclosed("the regex")),
            None => self.push(Kind::Punctuation, 1),
        }
        Ok(())
    }

    fn block_comment(&self) -> Result<usize, Fault> {
        let inner = self.rest()[2..].find("*/").ok_or_else(|| self.unclosed("the comment"))?;
        Ok(2 + inner + 2)
    }

    fn unclosed(&self, thing: &str) -> Fault {
        let start: String = self.rest().chars().take_while(|&c| c != '\n').take(12).collect();
        Fault::new(self.at, format!("{thing} that begins with `{start}` is not closed"))
    }
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// The length of a comment up to the end of its line.
fn line(text: &str) -> usize {
    text.find(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).unwrap_or(text.len())
}

/// Returns true if a `{` after these tokens begins the body of `function(..)`.
fn is_script(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let start = tokens.iter().rposition(|token| {
        depth += usize::from(token.is(")"));
        depth = depth.saturating_sub(usize::from(token.is("(")));
        depth == 0
    });
    let is_called = tokens.last().is_some_and(|token| token.is(")"));
    is_called
        && match start.map(|start| &tokens[..start]) {
            Some([.., before, word]) => word.is_word("function") && !before.is("."),
            Some([word]) => word.is_word("function"),
            _ => false,
        }
}
