//! What the examples share: a server to run against.

use std::env;
use std::error::Error;

use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;

/// The server that `SURREAL_URL` names, or one that runs in this process as long as this value lives.
#[derive(Debug)]
pub struct Server {
    /// Where to connect.
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
    /// Whatever keeps the embedded server from starting.
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
