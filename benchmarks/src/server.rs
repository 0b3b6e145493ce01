//! The server that is measured with.

use std::env;

use surreal_session::auth::Root;

/// Where the server is, and its root user.
#[derive(Debug, Clone)]
pub struct Server {
    /// Such as `ws://127.0.0.1:8000`.
    pub url: String,
    /// The name of the root user.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl Server {
    /// Reads `SURREAL_URL`, `SURREAL_USER` and `SURREAL_PASS`, which `benchmarks/run` sets.
    ///
    /// # Panics
    ///
    /// If the URL is not set.
    #[must_use]
    pub fn from_env() -> Self {
        let variable = |name| env::var(name).unwrap_or_else(|_| "root".to_owned());
        let url = env::var("SURREAL_URL").expect("SURREAL_URL says where the server is");
        Self { url, user: variable("SURREAL_USER"), password: variable("SURREAL_PASS") }
    }

    /// The credentials of the root user.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(&self.user, &self.password)
    }

    /// The address without the scheme.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.strip_prefix("ws://").unwrap_or(&self.url)
    }
}
