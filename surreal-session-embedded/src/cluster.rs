//! Several nodes over one store, to test clients of a cluster.

use surreal_session::Surreal;

use crate::store::SharedStore;
use crate::{Builder, Embedded, LiveEngine, StartError};

/// A cluster of SurrealDB servers in this process, to test clients.
///
/// Each node is a server with a separate id, caches, live queries and address. All nodes use one store in memory, as
/// the nodes of a real cluster use one distributed store. The cluster differs from a real one in two ways: the store never
/// fails, and all nodes have the same clock.
///
/// The root user is `root` with the password `root`, and a token of one node is valid on all. Nodes are numbered from 0.
///
/// ```no_run
/// use surreal_session::Surreal;
/// use surreal_session_embedded::Cluster;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut cluster = Cluster::start(2).await?;
/// let db = Surreal::connect(cluster.url(0)).await?;
/// cluster.kill(0).await;       // its connections break off
/// cluster.restart(0).await?;   // at the same address, with the data of the other nodes
/// cluster.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    store: SharedStore,
    live_engine: LiveEngine,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    url: String,
    port: u16,
    /// `None` while it is stopped.
    server: Option<Embedded>,
}

impl Cluster {
    /// Starts a number of nodes over a new store, with the live query engine that SurrealDB uses by default.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the nodes.
    pub async fn start(nodes: usize) -> Result<Self, StartError> {
        Self::start_with(nodes, LiveEngine::Inline).await
    }

    /// Starts a number of nodes over a new store, all with this live query engine.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the nodes.
    pub async fn start_with(nodes: usize, live_engine: LiveEngine) -> Result<Self, StartError> {
        let mut cluster = Self { store: SharedStore::default(), live_engine, nodes: Vec::with_capacity(nodes) };
        // One after another: the first creates the root user.
        for _ in 0..nodes {
            let server = cluster.builder(0).start().await?;
            cluster.nodes.push(Node { url: server.url().to_owned(), port: server.port(), server: Some(server) });
        }
        Ok(cluster)
    }

    fn builder(&self, port: u16) -> Builder {
        Embedded::builder().shared(self.store.clone()).live_engine(self.live_engine).port(port)
    }

    /// Returns the URL of a node, also while it is stopped.
    ///
    /// # Panics
    ///
    /// If there is no node of this number.
    pub fn url(&self, node: usize) -> &str {
        &self.nodes[node].url
    }

    /// Returns the URLs of all nodes, in the order of their numbers.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url.clone()).collect()
    }

    /// Opens a connection to one node, signed in as the root user.
    ///
    /// # Errors
    ///
    /// Like [`Embedded::connect`]; while the node is stopped, an error of kind
    /// [`Connect`](surreal_session::ErrorKind::Connect).
    ///
    /// # Panics
    ///
    /// If there is no node of this number.
    pub async fn connect(&self, node: usize) -> surreal_session::Result<Surreal> {
        match &self.nodes[node].server {
            Some(server) => server.connect().await,
            None => Surreal::connect(&self.nodes[node].url).await,
        }
    }

    /// Stops a node like a crash: its connections break off, and the other nodes still count it as one of the cluster.
    ///
    /// Returns once its port is free. Nothing happens if it is stopped already.
    ///
    /// # Panics
    ///
    /// If there is no node of this number.
    pub async fn kill(&mut self, node: usize) {
        if let Some(server) = self.nodes[node].server.take() {
            server.kill().await;
        }
    }

    /// Shuts a node down: it sends what is queued for its clients, closes their connections and leaves the cluster.
    ///
    /// Returns once its port is free. Nothing happens if it is stopped already.
    ///
    /// # Panics
    ///
    /// If there is no node of this number.
    pub async fn stop(&mut self, node: usize) {
        if let Some(server) = self.nodes[node].server.take() {
            server.shutdown().await;
        }
    }

    /// Starts a stopped node at its former address, as a new member of the cluster. Nothing happens if it runs.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`].
    ///
    /// # Panics
    ///
    /// If there is no node of this number.
    pub async fn restart(&mut self, node: usize) -> Result<(), StartError> {
        if self.nodes[node].server.is_none() {
            let server = self.builder(self.nodes[node].port).start().await?;
            self.nodes[node].server = Some(server);
        }
        Ok(())
    }

    /// Shuts all nodes down; the data is gone.
    pub async fn shutdown(mut self) {
        for node in 0..self.nodes.len() {
            self.stop(node).await;
        }
    }
}
