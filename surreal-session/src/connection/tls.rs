//! TLS for `wss://`, with everything chosen here: nothing depends on what the process has installed as its default.

#[cfg(feature = "native-tls")]
mod native;
#[cfg(feature = "rustls")]
mod rustls;

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use super::transport::Transport;
use crate::error::{Error, Result};

/// The TLS settings of `wss://` connections, for [`Connect::tls`](crate::Connect::tls).
///
/// Without them, and with the feature `rustls`, a server is verified against Mozilla's root certificates. The text of
/// certificates and keys is read when the connection is opened; what cannot be read is an error of
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) then.
///
/// # Examples
///
/// ```no_run
/// use surreal_session::prelude::*;
///
/// # #[cfg(feature = "rustls")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let company = std::fs::read("/etc/ssl/company-ca.pem")?;
/// let tls = TlsConfig::roots_pem(company);
/// let db = Surreal::connect("wss://database.internal:8000").tls(tls).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlsConfig {
    backend: Backend,
    settings: Settings,
    /// Made at the first connection. Shared by all sockets, so that they resume each other's sessions.
    connector: Arc<OnceLock<Result<BackendConnector>>>,
}

#[derive(Clone)]
enum Backend {
    #[cfg(feature = "rustls")]
    Rustls,
    #[cfg(feature = "rustls")]
    RustlsConfig(Arc<::rustls::ClientConfig>),
    #[cfg(feature = "native-tls")]
    Native,
}

#[derive(Clone, Default)]
struct Settings {
    /// Root certificates in PEM, besides those of the backend.
    roots: Vec<Vec<u8>>,
    /// The certificates of the client and their key, in PEM.
    client: Option<(Vec<u8>, Vec<u8>)>,
    #[cfg(feature = "rustls-native-certs")]
    has_system_roots: bool,
}

#[derive(Clone)]
enum BackendConnector {
    #[cfg(feature = "rustls")]
    Rustls(Arc<::rustls::ClientConfig>),
    #[cfg(feature = "native-tls")]
    Native(tokio_native_tls::TlsConnector),
}

/// The encryption of streams to one host.
pub(super) enum TlsConnector {
    #[cfg(feature = "rustls")]
    Rustls(tokio_rustls::TlsConnector, ::rustls::pki_types::ServerName<'static>),
    #[cfg(feature = "native-tls")]
    Native(tokio_native_tls::TlsConnector, String),
}

impl TlsConfig {
    fn new(backend: Backend) -> Self {
        Self { backend, settings: Settings::default(), connector: Arc::default() }
    }

    /// Verifies servers by rustls against Mozilla's root certificates and those of this PEM text.
    ///
    /// The text holds one or more certificates, such as that of a company's own authority.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn roots_pem(pem: impl Into<Vec<u8>>) -> Self {
        Self::new(Backend::Rustls).add_roots_pem(pem)
    }

    /// Uses a configuration of rustls as it is. The other settings of this type do not apply to it.
    ///
    /// Its ALPN protocols are empty, or contain `http/1.1`.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn rustls(config: impl Into<Arc<::rustls::ClientConfig>>) -> Self {
        Self::new(Backend::RustlsConfig(config.into()))
    }

    /// Uses the TLS library of the system, and verifies servers against the system's root certificates.
    ///
    /// That is OpenSSL, or the library of Windows or macOS.
    #[cfg(feature = "native-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "native-tls")))]
    pub fn native_tls() -> Self {
        Self::new(Backend::Native)
    }

    /// Accepts servers with the root certificates of the system as well.
    ///
    /// They are read when the connection is opened. Certificates that cannot be read are left out. With
    /// `TlsConfig::native_tls` this changes nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), when the connection is opened, if the system has no readable
    /// root certificate.
    #[cfg(feature = "rustls-native-certs")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls-native-certs")))]
    #[must_use = "a setting has an effect on the value that is returned"]
    pub fn system_roots(mut self) -> Self {
        self.settings.has_system_roots = true;
        self.changed()
    }

    /// Accepts servers with the root certificates of this PEM text as well.
    #[must_use = "a setting has an effect on the value that is returned"]
    pub fn add_roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.roots.push(pem.into());
        self.changed()
    }

    /// Presents a certificate to servers that ask for one.
    ///
    /// `certificates` is the client's certificate in PEM, followed by those of its authorities. `key` is its private key in
    /// PEM: PKCS #8, for rustls also PKCS #1 and SEC1. It is not shown by `Debug`.
    #[must_use = "a setting has an effect on the value that is returned"]
    pub fn client_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.settings.client = Some((certificates.into(), key.into()));
        self.changed()
    }

    fn changed(mut self) -> Self {
        self.connector = Arc::default();
        self
    }

    /// The encryption of streams to `host`.
    pub(super) fn connector(&self, host: &str) -> Result<TlsConnector> {
        match self.connector.get_or_init(|| self.build()).clone()? {
            #[cfg(feature = "rustls")]
            BackendConnector::Rustls(config) => rustls::connector(config, host),
            #[cfg(feature = "native-tls")]
            BackendConnector::Native(connector) => Ok(TlsConnector::Native(connector, host.to_owned())),
        }
    }

    fn build(&self) -> Result<BackendConnector> {
        match &self.backend {
            #[cfg(feature = "rustls")]
            Backend::Rustls => rustls::config(&self.settings).map(BackendConnector::Rustls),
            #[cfg(feature = "rustls")]
            Backend::RustlsConfig(config) => Ok(BackendConnector::Rustls(Arc::clone(config))),
            #[cfg(feature = "native-tls")]
            Backend::Native => native::connector(&self.settings).map(BackendConnector::Native),
        }
    }
}

impl TlsConnector {
    /// Encrypts a stream.
    pub(super) async fn connect(&self, stream: impl Transport + 'static) -> io::Result<Box<dyn Transport>> {
        Ok(match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(connector, name) => Box::new(connector.connect(name.clone(), stream).await?),
            #[cfg(feature = "native-tls")]
            Self::Native(connector, host) => Box::new(connector.connect(host, stream).await.map_err(io::Error::other)?),
        })
    }
}

/// A setting that cannot be used.
fn unusable(what: &str, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::argument(format!("{what} of the TLS settings cannot be used")).with_source(why)
}

/// Verifies servers by rustls against Mozilla's root certificates.
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl Default for TlsConfig {
    fn default() -> Self {
        Self::new(Backend::Rustls)
    }
}

/// Uses the configuration as it is, see [`TlsConfig::rustls`].
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl From<Arc<::rustls::ClientConfig>> for TlsConfig {
    fn from(config: Arc<::rustls::ClientConfig>) -> Self {
        Self::rustls(config)
    }
}

/// Uses the configuration as it is, see [`TlsConfig::rustls`].
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl From<::rustls::ClientConfig> for TlsConfig {
    fn from(config: ::rustls::ClientConfig) -> Self {
        Self::rustls(config)
    }
}

/// Shows neither certificates nor keys.
impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backend = match self.backend {
            #[cfg(feature = "rustls")]
            Backend::Rustls => "rustls",
            #[cfg(feature = "rustls")]
            Backend::RustlsConfig(_) => "rustls, as configured by the program",
            #[cfg(feature = "native-tls")]
            Backend::Native => "native-tls",
        };
        f.debug_struct("TlsConfig").field("backend", &backend).finish_non_exhaustive()
    }
}
