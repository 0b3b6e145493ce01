//! Opens and closes SurrealDB inside the runtime of its thread.

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::net;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;
use surrealdb_cnf::ConfigMap;
use surrealdb_rpc::capabilities::{Capabilities, FuncTarget, Targets};
use surrealdb_server::core::CommunityComposer;
use surrealdb_server::core::channel;
use surrealdb_server::core::kvs::Datastore;
use surrealdb_server::ntw::client_ip::ClientIp;
use surrealdb_server::{RouterOptions, RpcState, SurrealRouter, rpc};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::StartError;
use crate::socket::{Ending, HangUp, Listener};
use crate::storage::Storage;

pub(crate) struct Settings {
    /// Invariant: non-blocking, and bound to the port in [`Embedded::url`](crate::Embedded::url).
    pub(crate) listener: net::TcpListener,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) storage: Storage,
    pub(crate) guests: Guests,
    pub(crate) denied_functions: Vec<String>,
    pub(crate) live_engine: LiveEngine,
}

/// The rights of sessions that are not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    Allowed,
    Denied,
}

/// The way in which a server delivers the events of live queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveEngine {
    /// A write evaluates the live queries of the node that it went through. In a [`Cluster`](crate::Cluster), the live queries of other
    /// nodes get no event for it. The default of SurrealDB 3.3.5.
    Inline,
    /// Each node reads the changes of all nodes from the store every 100 ms, and evaluates its own live queries.
    Router,
}

impl LiveEngine {
    fn config(self) -> ConfigMap {
        let name = match self {
            Self::Inline => "inline",
            Self::Router => "router",
        };
        ConfigMap::empty().with_key_value("live_query_engine", name)
    }
}

impl Settings {
    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::all().with_guest_access(self.guests == Guests::Allowed);
        match self.denied_functions.is_empty() {
            true => capabilities,
            false => {
                capabilities.without_functions(Targets::Some(self.denied_functions.iter().map(function).collect()))
            }
        }
    }
}

/// A function such as `time::now`, or a family of functions such as `time`.
fn function(name: &String) -> FuncTarget {
    match name.split_once("::") {
        Some((family, function)) => FuncTarget(family.to_owned(), Some(function.to_owned())),
        None => FuncTarget(name.to_owned(), None),
    }
}

pub(crate) struct Server {
    datastore: Arc<Datastore>,
    clients: Arc<RpcState>,
    acceptor: JoinHandle<io::Result<()>>,
    /// Stops accepting connections, and ends the open ones.
    hang_up: HangUp,
    /// Stops the delivery of live notifications.
    silence: CancellationToken,
    /// Other nodes use the storage too.
    is_shared: bool,
}

impl Server {
    /// Opens the storage, creates the root user and starts to accept connections.
    pub(crate) async fn open(settings: Settings) -> Result<Self, StartError> {
        let capabilities = settings.capabilities();
        let listener = TcpListener::from_std(settings.listener).map_err(StartError::Thread)?;
        let address = settings.storage.prepare()?;
        let (notify, notifications) = channel::bounded(NOTIFICATION_QUEUE);
        let datastore = Datastore::builder()
            .with_config(settings.live_engine.config())
            .with_capabilities(capabilities)
            .with_notify(notify)
            .with_auth(true)
            .without_maintenance_tasks();
        let datastore = match &settings.storage {
            Storage::Shared(store) => datastore.build_with_factory_path(&address, store.clone()).await,
            _ => datastore.build_with_path(&address).await,
        };
        let datastore = datastore.map_err(|error| settings.storage.error(text(error)))?;
        if let Err(reason) = initialise(&datastore, &settings.username, &settings.password).await {
            close_storage(&datastore).await;
            return Err(settings.storage.error(reason));
        }
        let is_shared = matches!(settings.storage, Storage::Shared(_));
        let silence = CancellationToken::new();
        let options = RouterOptions { client_ip: ClientIp::None, ..RouterOptions::default() };
        let store = Arc::clone(&datastore);
        let router = SurrealRouter::build::<CommunityComposer>(options, store, notifications, silence.clone(), ());
        match router.await {
            Ok(router) => Ok(Self::serve(datastore, router, listener, silence, is_shared)),
            Err(error) => {
                close_storage(&datastore).await;
                Err(StartError::server(text(error)))
            }
        }
    }

    fn serve(
        datastore: Arc<Datastore>,
        router: SurrealRouter,
        listener: TcpListener,
        silence: CancellationToken,
        is_shared: bool,
    ) -> Self {
        // Without this task, live queries are accepted but deliver nothing.
        router.spawn_notifications();
        let clients = Arc::clone(router.rpc_state());
        let hang_up = HangUp::default();
        let serve = axum::serve(
            Listener::new(listener, hang_up.clone()),
            router.into_router().layer(map_response(with_version)),
        )
        .with_graceful_shutdown(hang_up.clone().happened());
        let acceptor = tokio::spawn(serve.into_future());
        Self { datastore, clients, acceptor, hang_up, silence, is_shared }
    }

    /// Disconnects all clients, waits until their statements and transactions are rolled back, and closes the storage.
    ///
    /// An abrupt end of a node leaves its entries in a shared storage, as a node that died does.
    pub(crate) async fn close(mut self, ending: Ending) {
        self.hang_up.all(ending);
        if timeout(CLIENTS_TIMEOUT, self.clients_gone()).await.is_err() {
            tracing::warn!(
                "statements of the embedded server did not end within {CLIENTS_TIMEOUT:?} after it was stopped"
            );
        }
        self.silence.cancel();
        if !(self.is_shared && ending == Ending::Abrupt) {
            close_storage(&self.datastore).await;
        }
    }

    async fn clients_gone(&mut self) {
        while !self.clients.web_sockets.read().await.is_empty() {
            sleep(CLIENTS_POLL).await;
        }
        if let Err(error) = (&mut self.acceptor).await {
            tracing::warn!(%error, "the embedded server's acceptor failed");
        }
        // Only after the sockets are gone: it lets an open socket finish its statements, which takes an hour for `SLEEP 1h`.
        rpc::graceful_shutdown(Arc::clone(&self.clients)).await;
    }
}

/// Prepares the storage like the `surreal` program does before it serves.
async fn initialise(datastore: &Arc<Datastore>, username: &str, password: &str) -> Result<(), String> {
    // Must come first: after any write, a new storage would look like one of an old version.
    datastore.check_version().await.map_err(text)?;
    datastore.bootstrap().await.map_err(text)?;
    datastore.initialise_credentials(username, password).await.map_err(text)?;
    datastore.start_maintenance_tasks();
    Ok(())
}

async fn close_storage(datastore: &Datastore) {
    match timeout(STORAGE_TIMEOUT, datastore.shutdown()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the embedded server's storage closed with an error"),
        Err(_) => tracing::warn!("the embedded server's storage did not close within {STORAGE_TIMEOUT:?}"),
    }
}

/// The text of a server error and its causes, so that no type of the server leaves this crate.
fn text(error: impl fmt::Display) -> String {
    format!("{error:#}")
}

/// The capacity of the queue of live notifications, as in the `surreal` program.
const NOTIFICATION_QUEUE: usize = 15_000;

/// The time that cancelled statements have to end.
const CLIENTS_TIMEOUT: Duration = Duration::from_secs(1);

/// The time that the storage engine has to write its data.
const STORAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause between two checks for open clients.
const CLIENTS_POLL: Duration = Duration::from_millis(2);

/// Adds the header in which a server tells its version, so that clients need not ask.
async fn with_version(mut response: Response) -> Response {
    response.headers_mut().insert("surreal-version", HeaderValue::from_static("surrealdb/3.3.5"));
    response
}
