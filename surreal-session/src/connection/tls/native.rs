//! TLS by the library of the system.

use native_tls::{Certificate, Identity, TlsConnector};

use super::{Settings, unusable};
use crate::error::Result;

pub(super) fn connector(settings: &Settings) -> Result<tokio_native_tls::TlsConnector> {
    let mut builder = TlsConnector::builder();
    for pem in &settings.roots {
        let roots = Certificate::stack_from_pem(pem).map_err(|error| unusable("a root certificate", error))?;
        if roots.is_empty() {
            return Err(unusable("a root certificate", "the PEM text has no section `CERTIFICATE`"));
        }
        for root in roots {
            builder.add_root_certificate(root);
        }
    }
    if let Some((chain, key)) = &settings.client {
        let identity = Identity::from_pkcs8(chain, key);
        builder.identity(identity.map_err(|error| unusable("the client's certificate or its key", error))?);
    }
    builder.build().map(Into::into).map_err(|error| unusable("the backend", error))
}
