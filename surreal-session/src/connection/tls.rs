//! TLS for `wss://`, with everything chosen here: nothing depends on what the process has installed as its default.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::Connector;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::TlsError;

use super::url::Tls;

/// How to open the stream below the WebSocket.
pub(super) fn connector(tls: Tls) -> Result<Connector, Error> {
    match tls {
        Tls::Plain => Ok(Connector::Plain),
        Tls::Encrypted => Ok(Connector::Rustls(Arc::new(config()?))),
    }
}

fn config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(TlsError::Rustls(Box::new(error))))?;
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
