//! Numbers and durations, which both begin with digits.

use super::scanner::{Result, Scanner};
use crate::value::Value;

impl Scanner<'_> {
    /// An int, float, decimal or duration, with its sign.
    pub(super) fn number(&mut self) -> Result<Value> {
        let start = self.rest;
        let is_signed = self.eat("-") || self.eat("+");
        if self.eat("Infinity") {
            return Ok(Value::Float(if start.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        if self.eat("NaN") {
            return Ok(Value::Float(f64::NAN));
        }
        let digits = |scanner: &mut Self| scanner.take_while(|c| c.is_ascii_digit() || c == '_');
        if !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("expected a number".into());
        }
        digits(self);
        let mut is_float = false;
        if self.rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            self.eat(".");
            digits(self);
            is_float = true;
        }
        if self.eat_exponent() {
            is_float = true;
        }
        let number = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        let number = &number.replace('_', "");
        match self.take_while(char::is_alphanumeric) {
            Some("f") => float(number),
            Some("dec") => decimal(number),
            Some(_) if !is_float && !is_signed => self.duration(start),
            Some(_) => Err("unknown unit after a number".into()),
            None if is_float => float(number),
            None => number.parse().map(Value::Int).map_err(|_| "an int is too big".into()),
        }
    }

    fn eat_exponent(&mut self) -> bool {
        let before = self.rest;
        let is_exponent = (self.eat("e") || self.eat("E")) && {
            let _ = self.eat("-") || self.eat("+");
            self.take_while(|c| c.is_ascii_digit()).is_some()
        };
        if !is_exponent {
            self.rest = before;
        }
        is_exponent
    }

    fn duration(&self, start: &str) -> Result<Value> {
        let text = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        text.parse().map(Value::Duration).map_err(|_| "unknown unit after a number".into())
    }
}

fn float(number: &str) -> Result<Value> {
    number.parse().map(Value::Float).map_err(|_| "malformed float".into())
}

fn decimal(number: &str) -> Result<Value> {
    number.parse().map(Value::Decimal).map_err(|_| "a decimal has too many digits".into())
}
