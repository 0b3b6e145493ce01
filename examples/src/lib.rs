//! The server that the examples run against.

use std::env;
use std::error::Error;

use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;

/// The server that `SURREAL_URL` names, or one in this process that runs until this value is dropped.
#[derive(Debug)]
pub struct Server {
    /// The URL to connect to.
    pub url: String,
    /// The root user.
    pub root: Root,
    _embedded: Option<Embedded>,
}

impl Server {
    /// Finds or starts the server.
    ///
    /// # Errors
    ///
    /// If the embedded server does not start.
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        if let Ok(url) = env::var("SURREAL_URL") {
            let variable = |name| env::var(name).unwrap_or_else(|_| "root".to_owned());
            let root = Root::new(variable("SURREAL_USER"), variable("SURREAL_PASS"));
            return Ok(Self { url, root, _embedded: None });
        }
        let embedded = Embedded::start().await?;
        let root = Root::new(embedded.username(), embedded.password());
        Ok(Self { url: embedded.url().to_owned(), root, _embedded: Some(embedded) })
    }
}
