//! TLS, if the URL asks for it.

use std::io;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
use super::super::tls::TlsConnector;
use super::super::transport::{Counted, Transport};
use super::super::url::{self, Tls};
use super::super::{Config, ServerUrl};
use crate::error::Result;

/// The way from a TCP connection to the stream that the URL asks for.
pub(super) enum Connector {
    Plain,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    Tls(TlsConnector),
}

impl Connector {
    /// Fails if the settings of TLS cannot be used.
    pub(super) fn new(url: &ServerUrl, config: &Config) -> Result<Self> {
        if url.tls == Tls::Plain {
            return Ok(Self::Plain);
        }
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if let Some(tls) = &config.tls {
            return tls.connector(&url.host).map(Self::Tls);
        }
        #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
        let _ = config;
        Err(url::no_backend())
    }

    #[cfg_attr(
        not(any(feature = "rustls", feature = "native-tls")),
        expect(clippy::unused_async, reason = "TLS waits")
    )]
    pub(super) async fn connect(&self, stream: Counted) -> io::Result<Box<dyn Transport>> {
        match self {
            Self::Plain => Ok(Box::new(stream)),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            Self::Tls(connector) => connector.connect(stream).await,
        }
    }
}
