//! Tokens. They are secrets, so `Debug` does not show them.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::value::Value;

/// A JSON web token that proves an identity. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The result of a sign-in: a token for [`Session::authenticate`](crate::Session::authenticate), and one that renews it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// Proves the identity until it expires.
    pub access: Token,
    /// Renews the access token once; `None` unless the access method is defined WITH REFRESH.
    pub refresh: Option<Token>,
}

impl Token {
    /// The token's text, which is a secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Token {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl From<&Token> for Token {
    fn from(token: &Token) -> Self {
        token.clone()
    }
}

/// Extracts the secret.
impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl From<Tokens> for Token {
    fn from(tokens: Tokens) -> Self {
        tokens.access
    }
}

impl From<&Tokens> for Token {
    fn from(tokens: &Tokens) -> Self {
        tokens.access.clone()
    }
}

/// Text, or an object with `access` and `refresh`: the server (3.3.5) answers a sign-in with either.
impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |value| match value {
            Value::String(text) => Some(Token(text)),
            _ => None,
        };
        let tokens = match Value::deserialize(deserializer)? {
            Value::Object(mut pair) => {
                let refresh = pair.remove("refresh").and_then(text);
                pair.remove("access").and_then(text).map(|access| Self { access, refresh })
            }
            other => text(other).map(|access| Self { access, refresh: None }),
        };
        tokens.ok_or_else(|| D::Error::custom("expected a token"))
    }
}
