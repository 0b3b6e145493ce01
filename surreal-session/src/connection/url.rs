//! The URL of a server, checked before anything is opened.

use tokio_tungstenite::tungstenite::http::Uri;

use crate::error::{Error, ErrorKind, Result};

/// Where to connect: scheme, host, port, and the path of the RPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    pub(crate) tls: Tls,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The URL to ask for in the handshake; always ends with `/rpc`.
    pub(crate) endpoint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    Plain,
    Encrypted,
}

impl ServerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = split_scheme(text)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => Tls::Plain,
            "wss" if cfg!(feature = "rustls") => Tls::Encrypted,
            "wss" => return Err(unsupported("`wss://` needs the cargo feature `rustls` of surreal-session")),
            other => return Err(unsupported(other_scheme(other))),
        };
        // Shown in messages: a URL may carry a password by mistake.
        if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return Err(invalid("credentials do not belong in the URL; pass them to `signin`"));
        }
        let uri: Uri = text.parse().map_err(|error| {
            invalid(format!("`{text}` is not a URL such as `ws://127.0.0.1:8000`")).with_source(error)
        })?;
        Self::from_uri(tls, &uri, text)
    }

    fn from_uri(tls: Tls, uri: &Uri, text: &str) -> Result<Self> {
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or_else(|| invalid(format!("`{text}` names no host")))?;
        if uri.query().is_some() || text.contains('#') {
            return Err(invalid(format!(
                "`{text}` has a query or fragment; namespace and database are set with `use_ns` and `use_db`"
            )));
        }
        let default_port = if tls == Tls::Plain { 80 } else { 443 };
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => Some(default_port),
            Some(port) => port.trim_start_matches(':').parse().ok().filter(|port| *port != 0),
            None => None,
        };
        let port = port.ok_or_else(|| invalid(format!("`{text}` has a port outside 1 to 65535")))?;
        let path = uri.path().trim_end_matches('/');
        let path = path.strip_suffix("/rpc").unwrap_or(path);
        let scheme = if tls == Tls::Plain { "ws" } else { "wss" };
        Ok(Self {
            tls,
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            endpoint: format!("{scheme}://{authority}{path}/rpc"),
        })
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str)> {
    let missing = || invalid(format!("`{text}` has no scheme; write `ws://{text}`"));
    if text == "memory" {
        return Err(unsupported(other_scheme("memory")));
    }
    text.split_once("://").filter(|(scheme, _)| !scheme.is_empty()).ok_or_else(missing)
}

fn other_scheme(scheme: &str) -> String {
    match scheme {
        "http" | "https" => format!(
            "`{scheme}://` has no sessions or live queries; use `{}://` with the same host and port",
            if scheme == "http" { "ws" } else { "wss" }
        ),
        "mem" | "memory" | "rocksdb" | "surrealkv" | "file" | "tikv" | "indxdb" | "fdb" => format!(
            "`{scheme}` is a storage engine, not a server; start one with the crate surreal-session-embedded or with `surreal start`, and connect to its `ws://` URL"
        ),
        _ => format!("the scheme `{scheme}` is not supported; use `ws://` or `wss://`"),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidUrl, message)
}

fn unsupported(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_the_rpc_endpoint() {
        for (text, host, port, endpoint) in [
            ("ws://127.0.0.1:8000", "127.0.0.1", 8000, "ws://127.0.0.1:8000/rpc"),
            ("WS://localhost", "localhost", 80, "ws://localhost/rpc"),
            ("ws://[::1]:8000/", "::1", 8000, "ws://[::1]:8000/rpc"),
            ("ws://db.internal:9000/rpc", "db.internal", 9000, "ws://db.internal:9000/rpc"),
            ("ws://proxy/surreal", "proxy", 80, "ws://proxy/surreal/rpc"),
        ] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!((url.host.as_str(), url.port, url.endpoint.as_str()), (host, port, endpoint), "{text}");
        }
    }

    #[test]
    fn other_urls_are_refused_with_advice() {
        use ErrorKind::{InvalidUrl, Unsupported};
        for (text, kind, advice) in [
            ("http://localhost:8000", Unsupported, "use `ws://`"),
            ("https://localhost:8000", Unsupported, "use `wss://`"),
            ("mem://", Unsupported, "surreal-session-embedded"),
            ("memory", Unsupported, "surreal-session-embedded"),
            ("rocksdb://data", Unsupported, "storage engine"),
            ("postgres://localhost", Unsupported, "`ws://` or `wss://`"),
            ("", InvalidUrl, "no scheme"),
            ("localhost:8000", InvalidUrl, "write `ws://localhost:8000`"),
            ("://localhost", InvalidUrl, "no scheme"),
            ("ws://", InvalidUrl, "not a URL"),
            ("ws://:8000", InvalidUrl, "names no host"),
            ("ws://a b", InvalidUrl, "not a URL"),
            ("ws://localhost:0", InvalidUrl, "port"),
            ("ws://localhost:", InvalidUrl, "port"),
            ("ws://localhost:99999", InvalidUrl, "port"),
            ("ws://localhost/?ns=a", InvalidUrl, "use_ns"),
            ("ws://root:secret@localhost", InvalidUrl, "signin"),
        ] {
            let error = ServerUrl::parse(text).expect_err(text);
            assert_eq!(error.kind(), kind, "{text}: {error}");
            assert!(error.to_string().contains(advice), "{text}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
