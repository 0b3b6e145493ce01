//! The registration of a [`Live`] when it is awaited, and its result.

use serde::de::DeserializeOwned;

use super::follower::Follower;
use super::pages::{Places, ReadRow, RecordReader};
use super::projection::{FilterSet, HINT, Watched};
use super::registration::{Registration, operation};
use super::repair::Repair;
use super::{Begins, Follows, Identified, Live, LiveStream, SyncedStream, snapshot};
use crate::connection::{CallWatch, Deadline};
use crate::error::{Error, Result};
use crate::protocol::Feature;
use crate::query::{Fragment, Scope, Tree};
use crate::session::CallFuture;

impl<T, Out, Row> Live<T, Out, Row> {
    pub(super) fn registration(&self) -> Registration {
        let watched = self.watched();
        let (calls, event) = match self.begins {
            Begins::Synced => (String::new(), Fragment::new(HINT)),
            _ => (format!(", {}", self.projection.calls()), self.projection.event(&watched)),
        };
        let live = event.then(self.source());
        let live = match watched {
            Watched::Set(set) => live.text(" OR ").then(set.contained()),
            Watched::Table | Watched::Filtered(_) => live,
        };
        // What events do not tell, only a sweep finds.
        let live = if self.limits.resync.is_some() { live } else { live.needing(Feature::LiveTransactions) };
        Registration {
            owner: self.scope.clone(),
            before: None,
            table: self.target.clone(),
            statement: Registration::statement(&calls, live),
            capacity: self.capacity,
            timeout: self.deadline,
        }
    }

    /// Without a condition, all records are in the set.
    fn watched(&self) -> Watched {
        match self.follows {
            _ if self.filter.is_empty() => Watched::Table,
            Follows::Records => Watched::Filtered(FilterSet::new(self.condition())),
            Follows::Set => Watched::Set(FilterSet::new(self.condition())),
        }
    }

    pub(super) fn reader(&self) -> RecordReader {
        RecordReader {
            scope: self.scope.clone(),
            table: self.target.clone(),
            row: self.projection.row(),
            condition: (!self.filter.is_empty()).then(|| self.condition().into_fragment()),
            only: self.only.clone(),
            timeout: self.deadline,
            places: if self.begins == Begins::Synced { Places::Without } else { Places::With },
        }
    }

    /// Fails if a change of another record could change what the program sees.
    fn check_links(&self) -> Result<()> {
        if self.projection.follows_links() {
            return Err(Error::argument(
                "a synced stream cannot follow links (`fetch`, or a `Link` in a view): a change of the linked record is no \
                 event; read the linked records by their ids",
            ));
        }
        if self.condition().into_fragment().follows_links() {
            return Err(Error::argument(
                "the filter of a synced stream cannot follow links: a change of the linked record is no event",
            ));
        }
        Ok(())
    }

    /// Fails if changes that are made through other nodes might never be noticed.
    fn check_nodes(&self) -> Result<()> {
        if self.limits.resync.is_some() || self.scope.client().endpoints() < 2 {
            return Ok(());
        }
        Err(Error::argument(
            "a synced stream of a connection with several endpoints needs `.resync_every(..)`: unless every node runs with \
             SURREAL_LIVE_QUERY_ENGINE=router, live queries do not report writes that are made through other nodes",
        ))
    }

    fn source(&self) -> Fragment {
        let source = Fragment::new(" FROM ").value(&self.target);
        if self.filter.is_empty() {
            return source;
        }
        source.text(" WHERE (").then(self.condition().into_fragment()).text(")")
    }

    fn condition(&self) -> Tree {
        Tree::all(self.filter.iter().cloned())
    }

    /// The deadline of a call that begins now.
    fn begin(&self) -> Deadline {
        self.scope.client().deadline(self.deadline)
    }

    async fn stream<D>(&self, deadline: Deadline) -> Result<LiveStream<T, D>> {
        Ok(LiveStream::new(self.register(deadline).await?).holding(self.projection.hold()))
    }

    /// Begins to watch the registration as one call of the program, if something listens.
    fn watch(&self) -> CallWatch {
        self.scope.watch(|| operation("live", &self.target), None)
    }

    async fn register(&self, deadline: Deadline) -> Result<Follower> {
        let registration = self.registration();
        let registered = registration.register(deadline).await?;
        Ok(Follower::new(registration, registered))
    }
}

impl<T, D, Row> IntoFuture for Live<T, LiveStream<T, D>, Row>
where
    T: Identified + 'static,
    D: DeserializeOwned + 'static,
    Row: 'static,
{
    type Output = Result<LiveStream<T, D>>;
    type IntoFuture = CallFuture<LiveStream<T, D>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.watch();
            watch.observe(self.stream(self.begin())).await
        })
    }
}

impl<T, D, Row> IntoFuture for Live<T, (Vec<Row>, LiveStream<T, D>), Row>
where
    T: Identified + 'static,
    D: DeserializeOwned + 'static,
    Row: DeserializeOwned + Send + 'static,
{
    type Output = Result<(Vec<Row>, LiveStream<T, D>)>;
    type IntoFuture = CallFuture<(Vec<Row>, LiveStream<T, D>)>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (watch, deadline) = (self.watch(), self.begin());
            let work = async {
                let mut stream = self.stream(deadline).await?;
                let records = snapshot::read(&self.reader(), &mut stream, self.limits.records, deadline).await?;
                Ok((records, stream))
            };
            watch.observe(work).await
        })
    }
}

impl<T, V> Live<T, (Vec<V>, SyncedStream<T, V>), V>
where
    T: Identified + 'static,
    V: DeserializeOwned + Send + 'static,
{
    async fn synced(self) -> Result<(Vec<V>, SyncedStream<T, V>)> {
        self.check_links()?;
        self.check_nodes()?;
        let deadline = self.begin();
        let follower = self.register(deadline).await?;
        // Reads what the live query sees, wherever the program moves its session.
        let scope = Scope::of_inner(self.scope.session_for_live()?.for_reads(deadline).await?);
        let reader = RecordReader { scope, ..self.reader() };
        let mut repair = Repair::new(follower, reader, self.limits);
        let records = repair.first(deadline).await?;
        let records = records.iter().map(ReadRow::decode).collect::<Result<_>>()?;
        Ok((records, SyncedStream::start(self.scope, repair)))
    }
}

impl<T, V> IntoFuture for Live<T, (Vec<V>, SyncedStream<T, V>), V>
where
    T: Identified + 'static,
    V: DeserializeOwned + Send + 'static,
{
    type Output = Result<(Vec<V>, SyncedStream<T, V>)>;
    type IntoFuture = CallFuture<(Vec<V>, SyncedStream<T, V>)>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.watch();
            watch.observe(self.synced()).await
        })
    }
}
