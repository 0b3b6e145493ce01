//! The server under test: an embedded one, shared by all tests of the process, or the one that `SURREAL_URL` names.

use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};

use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;
use tokio::sync::OnceCell;

/// The address of the server, and its root user.
#[derive(Debug, Clone)]
pub struct Login {
    /// Where to connect.
    pub url: String,
    /// The root user's name.
    pub username: String,
    /// The root user's password.
    pub password: String,
}

/// The server of this run.
///
/// # Panics
///
/// If the server cannot be started.
pub async fn login() -> Login {
    static SERVER: OnceCell<Embedded> = OnceCell::const_new();
    if let Ok(url) = env::var("SURREAL_URL") {
        let variable = |name| env::var(name).unwrap_or_else(|_| "root".to_owned());
        return Login { url, username: variable("SURREAL_USER"), password: variable("SURREAL_PASS") };
    }
    let server = SERVER.get_or_init(async || Embedded::start().await.unwrap()).await;
    Login { url: server.url().into(), username: server.username().into(), password: server.password().into() }
}

/// A new connection whose default session is anonymous.
///
/// # Panics
///
/// If the server cannot be reached.
pub async fn connect() -> Surreal {
    Surreal::connect(login().await.url).await.unwrap()
}

/// A new connection, and a session on it that is signed in as root, in a new namespace and database.
///
/// # Panics
///
/// If the server cannot be reached.
pub async fn place() -> (Surreal, Session) {
    let login = login().await;
    let db = Surreal::connect(login.url).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    (db, session)
}

/// A name that no other test uses.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{number}", std::process::id())
}
