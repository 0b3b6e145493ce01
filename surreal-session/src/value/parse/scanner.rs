//! Reads characters and quoted forms.

use std::borrow::Cow;

/// The result of a parser; an error is a description.
pub(super) type Result<T> = std::result::Result<T, Cow<'static, str>>;

/// The unread part of a text.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    pub(super) rest: &'a str,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let rest = self.rest.strip_prefix(expected);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn eat_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err("unexpected text at the end".into()) }
    }

    /// Reads a value that may contain others, and limits the nesting.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels").into());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// One or more letters, digits and underscores.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    pub(super) fn identifier(&mut self) -> Result<Option<String>> {
        match self.word() {
            Some(word) => Ok(Some(word.to_owned())),
            None => self.quoted_identifier(),
        }
    }

    /// An identifier in backticks or in `⟨⟩`.
    pub(super) fn quoted_identifier(&mut self) -> Result<Option<String>> {
        match self.peek() {
            Some('`') => self.quoted('`', '`').map(Some),
            Some('⟨') => self.quoted('⟨', '⟩').map(Some),
            _ => Ok(None),
        }
    }

    /// A string in either kind of quotes.
    pub(super) fn string(&mut self) -> Result<String> {
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote, quote),
            _ => Err("expected a string".into()),
        }
    }

    /// Returns `true` if this prefix and a quote come next.
    pub(super) fn is_quoted_after(&self, prefix: &str) -> bool {
        self.rest.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['\'', '"']))
    }

    /// The raw text between the quotes, with the backslashes of a file's literal.
    pub(super) fn raw_string(&mut self) -> Result<&'a str> {
        let quote = self.peek().ok_or("the string is missing")?;
        let body = self.rest.get(quote.len_utf8()..).unwrap_or_default();
        let mut is_escaped = false;
        for (index, c) in body.char_indices() {
            match c {
                c if c == quote && !is_escaped => {
                    self.rest = body.get(index + c.len_utf8()..).unwrap_or_default();
                    return Ok(body.get(..index).unwrap_or_default());
                }
                '\\' => is_escaped = !is_escaped,
                _ => is_escaped = false,
            }
        }
        Err("the closing quote is missing".into())
    }

    fn quoted(&mut self, open: char, close: char) -> Result<String> {
        let mut text = String::new();
        let mut characters = self.rest.get(open.len_utf8()..).unwrap_or_default().chars();
        while let Some(c) = characters.next() {
            match c {
                c if c == close => {
                    self.rest = characters.as_str();
                    return Ok(text);
                }
                '\\' => {
                    self.rest = characters.as_str();
                    text.push(self.escape()?);
                    characters = self.rest.chars();
                }
                c => text.push(c),
            }
        }
        Err(format!("the closing {close} is missing").into())
    }

    /// The character that an escape represents.
    fn escape(&mut self) -> Result<char> {
        let escaped = self.peek().ok_or("the text ends with a backslash")?;
        let after = self.rest.get(escaped.len_utf8()..).unwrap_or_default();
        let c = match escaped {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                self.rest = after;
                return self.unicode_escape();
            }
            '\\' | '\'' | '"' | '`' | '⟩' => escaped,
            _ => return Err("unknown escape after a backslash".into()),
        };
        self.rest = after;
        Ok(c)
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let invalid = "no such character after \\u";
        if self.eat("{") {
            let digits = self.take_while(|c| c.is_ascii_hexdigit()).ok_or(invalid)?;
            let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or(invalid)?;
            return if self.eat("}") { Ok(code) } else { Err(invalid.into()) };
        }
        let unit = self.utf16_unit().ok_or(invalid)?;
        // A character beyond U+FFFF is a pair of escapes.
        let low = if (0xd800..0xdc00).contains(&unit) && self.eat("\\u") { self.utf16_unit() } else { None };
        char::decode_utf16([unit].into_iter().chain(low)).next().and_then(std::result::Result::ok).ok_or(invalid.into())
    }

    fn utf16_unit(&mut self) -> Option<u16> {
        let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.rest = self.rest.get(4..).unwrap_or_default();
        u16::from_str_radix(digits, 16).ok()
    }
}

/// Equals the limit of values that are sent.
const MAX_DEPTH: usize = 100;
