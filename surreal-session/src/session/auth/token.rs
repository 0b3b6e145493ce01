//! Tokens. They are secrets, so `Debug` does not show them.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Datetime, Value};

/// A JSON web token that proves an identity. `Debug` does not show it.
///
/// Serialized as its text, which is a secret: store it as carefully as a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

/// The result of a sign-in: a token for [`Session::authenticate`](crate::Session::authenticate), and one that renews it.
///
/// Serialized as a map of `access` and, if there is one, `refresh`. Both are secrets.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// let tokens = Tokens::new("eyJ0eXAi.eyJOUyI6.c2lnbmF0", "surreal-refresh-1a2b-3c4d");
/// let saved = serde_json::to_string(&tokens).unwrap();
/// assert_eq!(serde_json::from_str::<Tokens>(&saved).unwrap(), tokens);
/// assert_eq!(Tokens::new(tokens.access, None).refresh, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tokens {
    /// Proves the identity until it expires.
    pub access: Token,
    /// Renews the access token once; `None` unless the access method is defined WITH REFRESH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Token>,
}

/// A refresh token that may be missing: a [`Token`], its text, or an `Option<Token>`.
///
/// The second argument of [`Tokens::new`]. Sealed.
pub trait RefreshToken: private::Sealed {
    /// Returns the token, if there is one.
    #[doc(hidden)]
    fn into_token(self) -> Option<Token>;
}

/// The part of the claims that says when a token expires.
#[derive(Deserialize)]
struct Expiry {
    exp: Option<f64>,
}

impl Token {
    /// The token's text, which is a secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the time at which the token expires, in whole seconds of the issuer's clock.
    ///
    /// `None` if the token never expires, or is not a JSON web token. The claim is not verified. A session that this token
    /// opens has another expiry, which may be earlier or later.
    pub fn expires_at(&self) -> Option<Datetime> {
        let Expiry { exp } = self.claims().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and such a time is out of range")]
        exp.and_then(|seconds| Datetime::from_timestamp(seconds.floor() as i64, 0))
    }

    /// Reads the claims of the token **without verifying its signature**.
    ///
    /// Anybody can write a token with any claims, so they prove nothing before a server has accepted the token. The names
    /// of the server's own claims are `NS`, `DB`, `AC`, `ID` (the record or the user), `RL` (the roles), `iat`, `nbf`,
    /// `exp`, `iss` and `jti`.
    ///
    /// # Errors
    ///
    /// [`Decode`](ErrorKind::Decode) for text that is not a JSON web token, and for claims that do not fit `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// #[derive(serde::Deserialize)]
    /// struct Claims {
    ///     #[serde(rename = "ID")]
    ///     user: String,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// let tokens = session.signin(Root::new("root", "root")).await?;
    /// assert_eq!(tokens.access.claims::<Claims>()?.user, "root");
    /// assert!(tokens.access.expires_at() > Some(Datetime::now()));
    /// # Ok(()) });
    /// ```
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T> {
        // Without the cause, which may contain a part of the text.
        let malformed = || Error::new(ErrorKind::Decode, "the text is not a JSON web token");
        let mut parts = self.0.split('.').skip(1);
        let (Some(payload), Some(_signature), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed());
        };
        let claims = BASE64URL_NOPAD.decode(payload.trim_end_matches('=').as_bytes()).map_err(|_| malformed())?;
        let unfit = "cannot decode the claims of the token";
        serde_json::from_slice(&claims).map_err(|error| Error::new(ErrorKind::Decode, unfit).with_source(error))
    }
}

impl Tokens {
    /// Puts together a pair that was stored in parts.
    ///
    /// `refresh` is a [`Token`], its text, or an `Option<Token>`.
    pub fn new(access: impl Into<Token>, refresh: impl RefreshToken) -> Self {
        Self { access: access.into(), refresh: refresh.into_token() }
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

impl RefreshToken for Option<Token> {
    fn into_token(self) -> Option<Token> {
        self
    }
}

impl RefreshToken for Token {
    fn into_token(self) -> Option<Token> {
        Some(self)
    }
}

impl RefreshToken for &Token {
    fn into_token(self) -> Option<Token> {
        Some(self.clone())
    }
}

impl RefreshToken for String {
    fn into_token(self) -> Option<Token> {
        Some(Token(self))
    }
}

impl RefreshToken for &String {
    fn into_token(self) -> Option<Token> {
        Some(self.into())
    }
}

impl RefreshToken for &str {
    fn into_token(self) -> Option<Token> {
        Some(self.into())
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

mod private {
    use super::Token;

    pub trait Sealed {}

    impl Sealed for Option<Token> {}
    impl Sealed for Token {}
    impl Sealed for &Token {}
    impl Sealed for String {}
    impl Sealed for &String {}
    impl Sealed for &str {}
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A token with these claims, and a signature that nothing has made.
    fn token(claims: &str) -> Token {
        format!("eyJhbGciOiJIUzUxMiJ9.{}.c2lnbmF0dXJl", BASE64URL_NOPAD.encode(claims.as_bytes())).into()
    }

    #[test]
    fn expiry_is_read_from_any_json_number() {
        let at = |seconds| Datetime::from_timestamp(seconds, 0);
        for (claims, expected) in [
            (r#"{"exp":1700000000}"#, at(1_700_000_000)),
            (r#"{"exp":1700000000.75,"ID":"user:a"}"#, at(1_700_000_000)),
            (r#"{"exp":-1}"#, at(-1)),
            (r#"{"exp":1e300}"#, None),
            (r#"{"exp":null}"#, None),
            (r#"{"exp":"soon"}"#, None),
            (r#"{"ID":"user:a"}"#, None),
            ("[]", None),
        ] {
            assert_eq!(token(claims).expires_at(), expected, "{claims}");
        }
    }

    #[test]
    fn claims_of_text_that_is_no_token_are_refused_without_showing_it() {
        for text in ["", "secret", "secret.secret", "a.secret!.b", "a.c2VjcmV0.b", "a.b.c.d"] {
            let refused = Token::from(text).claims::<BTreeMap<String, Value>>().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Decode, "{text}");
            assert!(!format!("{refused:?}").contains("secret"), "{refused:?}");
        }
        let padded = Token::from("a.eyJhIjoxfQ==.b").claims::<BTreeMap<String, i64>>().unwrap();
        assert_eq!(padded["a"], 1);
    }

    #[test]
    fn tokens_are_stored_and_read_again() {
        for (tokens, json) in
            [(Tokens::new("a", "r"), r#"{"access":"a","refresh":"r"}"#), (Tokens::new("a", None), r#"{"access":"a"}"#)]
        {
            assert_eq!(serde_json::to_string(&tokens).unwrap(), json);
            assert_eq!(serde_json::from_str::<Tokens>(json).unwrap(), tokens);
        }
        assert_eq!(serde_json::from_str::<Tokens>(r#"{"access":"a","refresh":null}"#).unwrap(), Tokens::new("a", None));
        assert_eq!(serde_json::from_str::<Tokens>(r#""a""#).unwrap(), Tokens::new("a", None));
        assert_eq!(serde_json::from_str::<Token>(r#""a""#).unwrap(), Token::from("a"));
        let stored = format!("{:?}", Tokens::new("hunter2", "hunter2"));
        assert!(!stored.contains("hunter2"), "{stored}");
    }
}
