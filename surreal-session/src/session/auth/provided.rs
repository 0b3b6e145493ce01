//! The results of functions that provide credentials.

use std::error::Error as StdError;

use super::credentials::Credentials;
use crate::error::{Error, ErrorKind};

/// The result of the function that [`NewSession::signin_with`](crate::NewSession::signin_with) takes: [`Credentials`], or a
/// `Result` of them with any error.
///
/// Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used to sign in",
    label = "expected credentials such as `Root` or `RecordAccess`, or a `Result` of them"
)]
pub trait ProvidedCredentials: private::Sealed {}

impl<C: Credentials> ProvidedCredentials for C {}
impl<C: Credentials, E: Into<Box<dyn StdError + Send + Sync>>> ProvidedCredentials for Result<C, E> {}

pub(super) mod private {
    use std::error::Error as StdError;

    use super::super::AuthRequest;
    use super::super::credentials::Credentials;
    use super::failed;
    use crate::error::Result;

    /// The request that signs in with what a function has provided.
    pub trait Sealed {
        fn into_request(self) -> Result<AuthRequest>;
    }

    impl<C: Credentials> Sealed for C {
        fn into_request(self) -> Result<AuthRequest> {
            AuthRequest::signin(&self)
        }
    }

    impl<C: Credentials, E: Into<Box<dyn StdError + Send + Sync>>> Sealed for Result<C, E> {
        fn into_request(self) -> Result<AuthRequest> {
            AuthRequest::signin(&self.map_err(|error| failed(error.into()))?)
        }
    }
}

/// The error of a function that failed. An error of this crate keeps its kind.
fn failed(source: Box<dyn StdError + Send + Sync>) -> Error {
    const WHAT: &str = "the function that provides credentials failed";
    match source.downcast::<Error>() {
        Ok(error) => error.in_context(WHAT),
        Err(source) => Error::new(ErrorKind::Auth, WHAT).with_source(source),
    }
}

#[cfg(test)]
mod tests {
    use super::super::credentials::Root;
    use super::private::Sealed;
    use super::*;

    #[test]
    fn failure_of_the_function_is_the_source() {
        let refused = |provided: Result<Root, &'static str>| provided.into_request().unwrap_err();
        let error = refused(Err("the vault is closed"));
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the vault is closed"));
        let ours = Err::<Root, _>(Error::new(ErrorKind::Timeout, "no reply")).into_request().unwrap_err();
        assert_eq!(ours.kind(), ErrorKind::Timeout);
        assert!(Ok::<_, Error>(Root::new("ada", "p")).into_request().is_ok());
        assert!(Root::new("ada", "p").into_request().is_ok());
    }
}
