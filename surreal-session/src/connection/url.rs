//! The URL of a server, checked before anything is opened.

use std::net::IpAddr;

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
    /// No message repeats a part of the text that may be a password, as users put them in many places.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = split_scheme(text)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" => Tls::Plain,
            "wss" if cfg!(any(feature = "rustls", feature = "native-tls")) => Tls::Encrypted,
            "wss" => return Err(no_backend()),
            other => return Err(unsupported(other_scheme(other))),
        };
        if text.contains('@') {
            return Err(invalid(CREDENTIALS));
        }
        if rest.contains(['?', '#']) {
            let advice = "namespace and database are set with `use_ns` and `use_db`, credentials with `signin`";
            return Err(invalid(format!("the URL has a query or fragment; {advice}")));
        }
        let uri: Uri = text.parse().map_err(|error| {
            invalid("this is not a URL; write one such as `ws://127.0.0.1:8000`").with_source(error)
        })?;
        Self::from_uri(tls, &uri)
    }

    /// Returns true if what is sent to this server can be read on a network.
    pub(crate) fn is_exposed(&self) -> bool {
        self.tls == Tls::Plain && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    fn from_uri(tls: Tls, uri: &Uri) -> Result<Self> {
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or_else(|| invalid("the URL names no host"))?;
        let default_port = if tls == Tls::Plain { 80 } else { 443 };
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => Some(default_port),
            Some(port) => port.trim_start_matches(':').parse().ok().filter(|port| *port != 0),
            None => None,
        };
        let port = port.ok_or_else(|| invalid("the port of the URL is not a number from 1 to 65535"))?;
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

/// The error of an encrypted connection without a backend for it.
pub(super) fn no_backend() -> Error {
    unsupported(match cfg!(feature = "native-tls") {
        true => "`wss://` needs the cargo feature `rustls` of surreal-session, or `.tls(TlsConfig::native_tls())`",
        false => "`wss://` needs the cargo feature `rustls` of surreal-session",
    })
}

fn split_scheme(text: &str) -> Result<(&str, &str)> {
    if text == "memory" {
        return Err(unsupported(other_scheme("memory")));
    }
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).ok_or_else(|| without_scheme(text))
}

fn without_scheme(text: &str) -> Error {
    if text.contains('@') {
        return invalid(CREDENTIALS);
    }
    let (host, port) = text.split_once(':').unwrap_or((text, "80"));
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if is_host && port.parse::<u16>().is_ok() {
        return invalid(format!("`{text}` has no scheme; write `ws://{text}`"));
    }
    invalid("the URL has no scheme; write one such as `ws://127.0.0.1:8000`")
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

const CREDENTIALS: &str = "the URL contains an `@`: credentials do not belong in it; write it as `ws://host:port` and pass \
    them to `signin`";

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
    fn plain_urls_of_other_machines_are_exposed() {
        for (text, is_exposed) in [
            ("ws://localhost", false),
            ("ws://LocalHost.:8000", false),
            ("ws://db.localhost:8000", false),
            ("ws://127.0.0.1:8000", false),
            ("ws://127.9.9.9", false),
            ("ws://[::1]:8000", false),
            ("ws://[::ffff:127.0.0.1]:8000", false),
            ("ws://10.0.0.1", true),
            ("ws://0.0.0.0", true),
            ("ws://[::2]", true),
            ("ws://localhost.example.com", true),
            ("ws://notlocalhost", true),
        ] {
            assert_eq!(ServerUrl::parse(text).unwrap().is_exposed(), is_exposed, "{text}");
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
            ("127.0.0.1", InvalidUrl, "write `ws://127.0.0.1`"),
            ("ws:/localhost", InvalidUrl, "no scheme"),
            ("ws://:8000", InvalidUrl, "names no host"),
            ("ws://a b", InvalidUrl, "not a URL"),
            ("ws://localhost:0", InvalidUrl, "port"),
            ("ws://localhost:", InvalidUrl, "port"),
            ("ws://localhost:99999", InvalidUrl, "port"),
            ("ws://localhost/?ns=a", InvalidUrl, "use_ns"),
            ("ws://localhost#secret", InvalidUrl, "signin"),
            ("ws://localhost?token=secret", InvalidUrl, "signin"),
            ("ws://localhost/?secret", InvalidUrl, "signin"),
            ("ws://root:secret@localhost", InvalidUrl, "signin"),
            ("ws://root:sec%72et:secret@localhost", InvalidUrl, "signin"),
            ("http://root:secret@localhost", Unsupported, "use `ws://`"),
            ("root:secret@127.0.0.1:8000", InvalidUrl, "signin"),
            ("ws:/root:secret@localhost", InvalidUrl, "signin"),
            ("ws://ro?ot:secret@localhost", InvalidUrl, "signin"),
            ("ws://root:sec/ret@localhost", InvalidUrl, "signin"),
            ("ws://localhost/p:secret@x", InvalidUrl, "signin"),
            ("root:secret@h://localhost", InvalidUrl, "signin"),
            ("root:secret://localhost", InvalidUrl, "no scheme"),
            ("root:secret", InvalidUrl, "no scheme"),
            ("ws://root:secret", InvalidUrl, "port"),
            ("ws://root secret", InvalidUrl, "not a URL"),
            ("ws:root:secret", InvalidUrl, "no scheme"),
        ] {
            let error = ServerUrl::parse(text).expect_err(text);
            assert_eq!(error.kind(), kind, "{text}: {error}");
            assert!(error.to_string().contains(advice), "{text}: {error}");
            for part in ["secret", "ret@", "sec%"] {
                assert!(!format!("{error:?}").contains(part), "{error:?}");
            }
        }
    }
}
