//! TLS for `wss://`, with everything chosen here: nothing depends on what the process has installed as its default.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::ServerUrl;
use super::socket::Transport;

/// Encrypts a stream to the host of the URL.
pub(super) async fn connect(url: &ServerUrl, stream: impl Transport + 'static) -> io::Result<Box<dyn Transport>> {
    let name = ServerName::try_from(url.host.clone()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config()?)).connect(name, stream).await?;
    Ok(Box::new(stream))
}

fn config() -> io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
