//! TLS by rustls, with ring.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::{Settings, TlsConnector, unusable};
use crate::error::{Error, Result};

pub(super) fn connector(config: Arc<ClientConfig>, host: &str) -> Result<TlsConnector> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Error::argument("the host of the URL cannot be verified by TLS").with_source(error))?;
    Ok(TlsConnector::Rustls(config.into(), name))
}

pub(super) fn config(settings: &Settings) -> Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("the protocol version", error))?
        .with_root_certificates(roots(settings)?);
    with_client(builder, settings).map(Arc::new)
}

fn roots(settings: &Settings) -> Result<RootCertStore> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for pem in &settings.roots {
        for certificate in certificates(pem, "a root certificate")? {
            roots.add(certificate).map_err(|error| unusable("a root certificate", error))?;
        }
    }
    #[cfg(feature = "rustls-native-certs")]
    add_system_roots(settings, &mut roots)?;
    Ok(roots)
}

#[cfg(feature = "rustls-native-certs")]
fn add_system_roots(settings: &Settings, roots: &mut RootCertStore) -> Result<()> {
    if !settings.has_system_roots {
        return Ok(());
    }
    let found = rustls_native_certs::load_native_certs();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, errors = ?found.errors, "root certificates of the system");
    if added == 0 {
        return Err(Error::argument("the system has no root certificate that can be read"));
    }
    Ok(())
}

fn with_client(builder: ConfigBuilder<ClientConfig, WantsClientCert>, settings: &Settings) -> Result<ClientConfig> {
    let Some((chain, key)) = &settings.client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(chain, "the client's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| unusable("the client's key", error))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| unusable("the client's certificate or its key", error))
}

/// The certificates of a PEM text, at least one.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| unusable(what, error))?;
    if certificates.is_empty() {
        return Err(unusable(what, "the PEM text has no section `CERTIFICATE`"));
    }
    Ok(certificates)
}
