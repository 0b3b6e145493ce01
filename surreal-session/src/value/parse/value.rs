//! Literals of all types.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::scanner::{Result, Scanner};
use crate::value::{Bytes, File, Geometry, Range, Set, Table, Uuid, Value};

impl Scanner<'_> {
    /// The elements of an array, with the brackets.
    pub(super) fn array(&mut self) -> Result<Vec<Value>> {
        self.eat("[");
        self.list("]", Self::value)
    }

    /// The entries of an object, with the braces.
    pub(super) fn object(&mut self) -> Result<BTreeMap<String, Value>> {
        self.eat("{");
        self.list("}", Self::entry).map(|entries| entries.into_iter().collect())
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid> {
        self.eat("u");
        self.string()?.parse().map_err(|_| "malformed uuid".into())
    }

    pub(super) fn value(&mut self) -> Result<Value> {
        self.nested(|scanner| {
            scanner.eat_space();
            let start = if scanner.rest.starts_with("..") { None } else { Some(scanner.single()?) };
            let excludes_start = start.is_some() && scanner.rest.starts_with(">..") && scanner.eat(">");
            if !scanner.eat("..") {
                // Without a start, the text began with `..`.
                return start.ok_or_else(|| "expected a value".into());
            }
            let start = match start {
                Some(value) if excludes_start => Bound::Excluded(value),
                Some(value) => Bound::Included(value),
                None => Bound::Unbounded,
            };
            let end = if scanner.eat("=") {
                Bound::Included(scanner.bound()?)
            } else if scanner.rest.starts_with([',', ']', '}', ')', ' ', '\t', '\r', '\n', '>', '.'])
                || scanner.rest.is_empty()
            {
                Bound::Unbounded
            } else {
                Bound::Excluded(scanner.bound()?)
            };
            Ok(Value::Range(Box::new(Range::new(start, end))))
        })
    }

    /// The end of a range. Another range needs parentheses here, because the server (3.3.5) does not chain ranges.
    fn bound(&mut self) -> Result<Value> {
        self.eat_space();
        self.single()
    }

    fn single(&mut self) -> Result<Value> {
        match self.peek() {
            Some('[') => self.array().map(Value::Array),
            Some('{') => self.braces(),
            Some('(') => self.parentheses(),
            Some('\'' | '"') => self.string().map(Value::String),
            Some('-' | '+' | '0'..='9') => self.number(),
            Some(_) if self.is_quoted_after("s") && self.eat("s") => self.string().map(Value::String),
            Some(_) if self.is_quoted_after("r") => self.quoted_record_id(),
            Some(_) if self.is_quoted_after("d") => self.datetime(),
            Some(_) if self.is_quoted_after("u") => self.uuid().map(Value::Uuid),
            Some(_) if self.is_quoted_after("b") => self.bytes(),
            Some(_) if self.is_quoted_after("f") => self.file(),
            None => Err("expected a value".into()),
            Some(_) => self.word_or_record_id(),
        }
    }

    /// A constant, a table or a record id.
    fn word_or_record_id(&mut self) -> Result<Value> {
        let mut ahead = self.clone();
        let is_quoted = ahead.rest.starts_with(['`', '⟨']);
        let name = ahead.identifier()?.ok_or("expected a value")?;
        if ahead.rest.starts_with(':') {
            return self.record_id().map(Value::RecordId);
        }
        *self = ahead;
        let constant = if is_quoted { None } else { constant(&name) };
        Ok(constant.unwrap_or_else(|| Value::Table(Table::new(name))))
    }

    /// A record id in a string with a prefix: `r'user:ada'`.
    fn quoted_record_id(&mut self) -> Result<Value> {
        let mut ahead = self.clone();
        ahead.eat("r");
        let id = ahead.string()?.parse().map_err(|_| "malformed record id")?;
        *self = ahead;
        Ok(Value::RecordId(id))
    }

    /// An object, a set, or a geometry, which is written as an object.
    fn braces(&mut self) -> Result<Value> {
        let mut ahead = self.clone();
        ahead.eat("{");
        ahead.eat_space();
        if ahead.eat(",") {
            ahead.eat_space();
            *self = ahead;
            return if self.eat("}") { Ok(Value::Set(Set::default())) } else { Err("expected `}`".into()) };
        }
        if ahead.eat("}") {
            *self = ahead;
            return Ok(Value::Object(BTreeMap::new()));
        }
        if ahead.is_entry() {
            return self
                .object()
                .map(|entries| Geometry::from_object(&entries).map_or(Value::Object(entries), Value::Geometry));
        }
        self.eat("{");
        let mut elements = vec![self.value()?];
        self.eat_space();
        // The server (3.3.5) reads `{1}` as a block.
        if self.rest.starts_with('}') {
            return Err("a set of one element needs a comma, as in `{1,}`".into());
        }
        if !self.eat(",") {
            return Err("expected a comma or `}`".into());
        }
        elements.extend(self.list("}", Self::value)?);
        Ok(Value::Set(elements.into()))
    }

    /// Returns `true` if a key and a colon come next and do not begin a record id.
    fn is_entry(&self) -> bool {
        let mut ahead = self.clone();
        let is_string = ahead.rest.starts_with(['\'', '"']);
        let has_key = if is_string { ahead.string().is_ok() } else { matches!(ahead.identifier(), Ok(Some(_))) };
        ahead.eat_space();
        has_key && ahead.eat(":") && (is_string || !ahead.is_text_key())
    }

    /// Returns `true` if the text after the colon can only be the key of a record id.
    fn is_text_key(&self) -> bool {
        if ["d", "u", "b", "f"].iter().any(|prefix| self.is_quoted_after(prefix)) {
            return false;
        }
        let is_quoted = self.rest.starts_with(['`', '⟨']);
        let begins_like_text = self.rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let mut ahead = self.clone();
        let Ok(Some(word)) = ahead.identifier() else { return false };
        let is_constant = !is_quoted && constant(&word).is_some();
        (is_quoted || begins_like_text) && !is_constant && !ahead.rest.starts_with(':')
    }

    fn entry(&mut self) -> Result<(String, Value)> {
        self.eat_space();
        let key = match self.identifier()? {
            Some(key) => key,
            None => self.string()?,
        };
        self.eat_space();
        if !self.eat(":") {
            return Err("expected a colon after the key".into());
        }
        Ok((key, self.value()?))
    }

    fn list<T>(&mut self, close: &str, element: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut list = Vec::new();
        loop {
            self.eat_space();
            if self.eat(close) {
                return Ok(list);
            }
            list.push(element(self)?);
            self.eat_space();
            if !self.eat(",") && !self.rest.starts_with(close) {
                return Err(format!("expected a comma or `{close}`").into());
            }
        }
    }

    fn datetime(&mut self) -> Result<Value> {
        self.eat("d");
        self.string()?.parse().map(Value::Datetime).map_err(|_| "malformed datetime".into())
    }

    fn file(&mut self) -> Result<Value> {
        self.eat("f");
        File::parse_content(self.raw_string()?).map(Value::File).map_err(|_| "malformed file".into())
    }

    fn bytes(&mut self) -> Result<Value> {
        self.eat("b");
        let digits = self.raw_string()?.as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes: Option<Vec<u8>> = digits
            .chunks(2)
            .map(|pair| if let [high, low] = *pair { Some(digit(high)? << 4 | digit(low)?) } else { None })
            .collect();
        bytes.map(|bytes| Value::Bytes(Bytes::from(bytes))).ok_or_else(|| "malformed bytes".into())
    }

    /// A point, or a value in parentheses.
    fn parentheses(&mut self) -> Result<Value> {
        self.eat("(");
        let value = self.value()?;
        self.eat_space();
        if self.eat(")") {
            return Ok(value);
        }
        if !self.eat(",") {
            return Err("expected a comma or `)`".into());
        }
        let (x, y) = (coordinate(&value)?, coordinate(&self.value()?)?);
        self.eat_space();
        if self.eat(")") { Ok(Value::Geometry(Geometry::Point([x, y]))) } else { Err("expected `)`".into()) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a coordinate is a float, and only written like an int")]
fn coordinate(value: &Value) -> Result<f64> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        _ => Err("expected a number".into()),
    }
}

fn constant(word: &str) -> Option<Value> {
    match word {
        "NaN" => Some(Value::Float(f64::NAN)),
        "Infinity" => Some(Value::Float(f64::INFINITY)),
        word if word.eq_ignore_ascii_case("none") => Some(Value::None),
        word if word.eq_ignore_ascii_case("null") => Some(Value::Null),
        word if word.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        word if word.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        _ => None,
    }
}
