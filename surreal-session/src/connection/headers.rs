//! The headers that a program adds to the request of the handshake.

use std::fmt;

use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// The headers, in the order of their names, or the first error in them.
#[derive(Clone, Default)]
pub(crate) struct Headers {
    map: HeaderMap,
    error: Option<Error>,
}

impl Headers {
    /// Adds a header. [`check`](Self::check) returns its error, if it has one.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        match header(name, value) {
            Ok((name, value)) => drop(self.map.append(name, value)),
            Err(error) => drop(self.error.get_or_insert(error)),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// Adds the headers to those of a request.
    pub(super) fn write(&self, to: &mut HeaderMap) {
        for (name, value) in &self.map {
            to.append(name.clone(), value.clone());
        }
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    // The text is not shown: it may be a value in the wrong place.
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|error| Error::argument("the name of a header is not valid").with_source(error))?;
    if is_reserved(name.as_str()) {
        return Err(Error::argument(format!("the header `{name}` is written by the client and cannot be set")));
    }
    let mut value = HeaderValue::from_str(value).map_err(|error| {
        Error::argument(format!("the value of the header `{name}` is not valid")).with_source(error)
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Returns true for the headers of the handshake, of the body that it does not have, and of the connection's id: one id for
/// several sockets would be refused by the server.
fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 6] = ["host", "upgrade", "connection", "content-length", "transfer-encoding", "surreal-id"];
    RESERVED.contains(&name) || name.starts_with("sec-websocket-")
}

/// Shows the names alone.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.map.keys().map(|name| (name, ".."))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn headers_of_the_handshake_are_refused_by_name() {
        for name in ["Host", "upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-protocol", "Surreal-ID"] {
            let mut headers = Headers::default();
            headers.add(name, "secret");
            let error = headers.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            let text = error.to_string();
            assert!(text.contains(&format!("`{}`", name.to_lowercase())) && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn invalid_headers_are_errors_without_their_values() {
        for (name, value, words) in [
            ("", "secret", "the name of a header is not valid"),
            ("secret name", "x", "the name of a header is not valid"),
            ("x-token", "secret\r\nHost: other", "the value of the header `x-token` is not valid"),
            ("x-token", "secret\0", "the value of the header `x-token` is not valid"),
        ] {
            let mut headers = Headers::default();
            headers.add(name, value);
            headers.add("x-good", "good");
            let error = headers.check().unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:?} {headers:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn values_are_secret_and_repeated_names_are_kept() {
        let mut headers = Headers::default();
        for (name, value) in [("X-Token", "secret-1"), ("x-token", "secret-2"), ("Authorization", "secret-3")] {
            headers.add(name, value);
        }
        headers.check().unwrap();
        let shown = format!("{headers:?}");
        assert!(shown.contains("x-token") && shown.contains("authorization") && !shown.contains("secret"), "{shown}");
        let mut request = HeaderMap::new();
        headers.write(&mut request);
        let tokens: Vec<_> = request.get_all("x-token").iter().collect();
        assert_eq!(tokens, ["secret-1", "secret-2"]);
    }
}
