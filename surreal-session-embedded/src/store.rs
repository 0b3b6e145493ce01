//! One store in memory under several nodes.
//!
//! A node opens its storage through a factory, which makes the builder of its transactions. The factory here makes one
//! builder and gives it to all nodes, as a distributed store serves all nodes of a cluster. Each node has an id and caches
//! of its own.

use std::any::{Any, TypeId};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Result;
use surrealdb_cnf::ConfigMap;
use surrealdb_kvs::api::Transactable;
use surrealdb_kvs::{Metrics, TransactionBuilder, TransactionType};
use surrealdb_server::core::CommunityComposer;
use surrealdb_server::core::kvs::{TransactionBuilderFactory, TransactionBuilderParts};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// A store in memory that exists as long as one of its clones.
#[derive(Clone, Default)]
pub(crate) struct SharedStore(Arc<OnceCell<Arc<dyn TransactionBuilder>>>);

impl TransactionBuilderFactory for SharedStore {
    type RouterState = ();

    async fn new_transaction_builder(
        &self,
        path: &str,
        _: CancellationToken,
        config: ConfigMap,
    ) -> Result<TransactionBuilderParts<()>> {
        let open = async || {
            // A separate token: the end of one node must not end the store.
            let parts = CommunityComposer().new_transaction_builder(path, CancellationToken::new(), config).await?;
            anyhow::Ok(Arc::from(parts.builder))
        };
        let store = self.0.get_or_try_init(open).await?;
        Ok(TransactionBuilderParts::without_router_state(Box::new(Node(Arc::clone(store)))))
    }

    fn path_valid(&self, path: &str) -> Result<String> {
        CommunityComposer().path_valid(path)
    }
}

/// The store's own type has no `Debug`.
impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedStore")
    }
}

/// The store as one node sees it.
struct Node(Arc<dyn TransactionBuilder>);

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl TransactionBuilder for Node {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn new_transaction(
        &self,
        write: TransactionType,
    ) -> BoxFuture<'_, surrealdb_kvs::Result<(Box<dyn Transactable>, bool)>> {
        Box::pin(async move {
            let (transaction, _) = self.0.new_transaction(write).await?;
            // Not local: other nodes write to the same store.
            Ok((transaction, false))
        })
    }

    fn shutdown(&self) -> BoxFuture<'_, surrealdb_kvs::Result<()>> {
        // The other nodes go on.
        Box::pin(async { Ok(()) })
    }

    fn register_metrics(&self) -> Option<Metrics> {
        self.0.register_metrics()
    }

    fn collect_u64_metric(&self, metric: &str) -> Option<u64> {
        self.0.collect_u64_metric(metric)
    }

    fn wait_until_serve_ready(&self) -> BoxFuture<'_, surrealdb_kvs::Result<()>> {
        self.0.wait_until_serve_ready()
    }

    fn extension(&self, id: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        self.0.extension(id)
    }
}
