//! What is wrong with something that was to become a value.

use std::borrow::Cow;
use std::fmt;

/// Why some text or number is not a value of the type that it was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    noun: &'static str,
    reason: Cow<'static, str>,
}

impl InvalidValue {
    pub(crate) fn new(noun: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { noun, reason: reason.into() }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}: {}", self.noun, self.reason)
    }
}

impl std::error::Error for InvalidValue {}
