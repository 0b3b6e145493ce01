//! Registering a live query.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::set::{About, Set};
use super::shown::Shown;
use super::stream::PLACE;
use super::{Identified, LiveStream};
use crate::connection::{Capacity, Cleanup, Deadline};
use crate::error::Result;
use crate::protocol::{LiveId, Operation, Target};
use crate::query::untyped::Untyped;
use crate::query::{Fields, Fragment, IntoCondition, Links, PatchOp, Query, Response, Tree, view_object};
use crate::record::{IntoId, Record, View};
use crate::session::{CallFuture, Scope, Session, WHO};
use crate::value::{Table, Value};

/// A live query to be registered when awaited, giving a [`LiveStream`] of the changes that are committed from then on.
///
/// Transactions that began before that are not reported, whenever they are committed (server 3.3.5). Transactions that run
/// while a live query is registered or killed may fail with a conflict.
///
/// [`LiveStream`] says in which order events come, which ones the server does not send, and how many live queries a
/// connection bears. For each event the server reads the record once more, in the writer's transaction.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) for a table that does not exist; [`Auth`](crate::ErrorKind::Auth) if the
/// identity may not select from it at all. Records that it may not see are left out of the stream without a word.
/// [`NotAllowed`](crate::ErrorKind::NotAllowed) if the server denies the function `rand::uuid::v7`, and for
/// [`diff`](Self::diff) `value::diff`.
///
/// # Cancel safety
///
/// If the future is dropped, a live query that the server may have registered is killed by the connection's task.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let mut users = session.live::<User>().await?;
/// while let Some(event) = users.next().await {
///     match event? {
///         LiveEvent::Change(change) => println!("{:?} {}: {}", change.action, change.id, change.data.name),
///         LiveEvent::Gap(gap) => println!("events are missing: {gap:?}"),
///         LiveEvent::Ended(reason) => println!("over: {reason:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is registered until this is awaited"]
pub struct Live<T, D = T> {
    scope: Scope,
    target: Table,
    pub(super) shown: Shown,
    filter: Vec<Tree>,
    follows: Follows,
    capacity: Capacity,
    deadline: Option<Duration>,
    data: PhantomData<fn() -> (T, D)>,
}

/// Whether the changes are those of records, or of the set of those that fulfil the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Records,
    Set,
}

impl Session {
    /// Follows the changes of `T`'s table, or with [`Live::id`] those of one record.
    ///
    /// # Errors
    ///
    /// See [`Live`].
    pub fn live<T: Record>(&self) -> Live<T> {
        Live::new(self.scope(), Table::new(T::TABLE))
    }

    /// Follows a live query that a `LIVE SELECT` in the text of a query has registered, with records as they are.
    ///
    /// Events that came before are kept for a while: what was dropped meanwhile is a [`Gap`](super::Gap) at the
    /// beginning. Several streams may follow one live query; the last of them to be dropped kills it. The id of
    /// a live query that does not exist gives a stream without events.
    ///
    /// # Errors
    ///
    /// Fails only if the session or the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is sent to the server.
    pub async fn subscribe_live<T: Identified + DeserializeOwned>(&self, id: LiveId) -> Result<LiveStream<T>> {
        let scope = self.scope();
        let followed = scope.subscribe(id, Capacity::default())?;
        let who = scope.request("query").text(WHO).bindings().finish();
        let who = Response::read(&scope.call(who, None).await?)?.take(0)?;
        Ok(LiveStream::new(scope, id, followed, who, None))
    }

    /// Kills a live query of this session, whoever follows it; its streams end with
    /// [`EndReason::Killed`](super::EndReason::Killed), or as killed by the server if it says so first.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) for one that does not exist, or belongs to somebody else.
    ///
    /// # Cancel safety
    ///
    /// The live query may or may not be killed if the future is dropped. Killing again then is safe, and fails if it was.
    pub async fn kill(&self, id: LiveId) -> Result<()> {
        self.scope().kill(id).await
    }
}

impl<T, D> Live<T, D> {
    pub(super) fn new(scope: Scope, target: Table) -> Self {
        let (shown, filter, follows) = (Shown::Record, Vec::new(), Follows::Records);
        Self { scope, target, shown, filter, follows, capacity: Capacity::default(), deadline: None, data: PhantomData }
    }

    /// Sets how many events wait for the program at most; 1,024 unless set, at least one.
    ///
    /// What comes while the queue is full is counted, and stands in the stream as a [`Gap`](super::Gap).
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity.events = events;
        self
    }

    /// Sets how many bytes of events wait for the program at most; 64 MiB unless set.
    ///
    /// An event that is larger is still given if no other one waits. Events that arrive while the queue is full are dropped
    /// and reported as one [`Gap`](super::Gap).
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity.bytes = bytes;
        self
    }

    /// Sets how long the registration may take with its retries, and with what [`snapshot`](Self::snapshot) reads; see
    /// [`Query::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The statements and the names bound to them, for logs. Never shows a value.
    ///
    /// The first asks who the session is, so that the stream can end when that changes. The second asks where it is, and
    /// calls the functions that the events need: the server (3.3.5) drops the events in silence if it denies one of them.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }

    fn query(&self) -> Query {
        let calls = format!("; RETURN [{PLACE}, {}]; ", self.shown.calls());
        let calls = Fragment::new(WHO).text(&calls);
        let about = self.about();
        let live = calls.text("LIVE SELECT ").then(self.shown.event(&about)).then(self.source());
        let live = match about {
            About::Set(set) => live.text(" OR ").then(set.was_in()),
            About::Table | About::Filtered(_) => live,
        };
        live.into_query(self.scope.clone(), self.operation("live"), self.deadline)
    }

    /// Without a condition there is no record that is not in the set.
    fn about(&self) -> About {
        match self.follows {
            _ if self.filter.is_empty() => About::Table,
            Follows::Records => About::Filtered(Set::of(self.condition())),
            Follows::Set => About::Set(Set::of(self.condition())),
        }
    }

    /// The statement that reads what the live query is about, each record behind its id.
    pub(super) fn select(&self) -> Query {
        // An index that serves the filter would choose the order.
        let order = if self.filter.is_empty() { "" } else { " ORDER BY id" };
        let whole = Fragment::new("SELECT *").then(self.source()).text(order);
        let rows = Fragment::new("SELECT ").then(self.shown.row()).text(" FROM (").then(whole).text(")");
        rows.into_query(self.scope.clone(), self.operation("select"), self.deadline)
    }

    fn operation(&self, verb: &'static str) -> Operation {
        Operation::statement(verb, Target::shown(self.target.clone()))
    }

    /// Reads the records.
    pub(super) async fn read(&self, deadline: Deadline) -> Result<Response> {
        let (scope, request, _) = self.select().into_request()?;
        Response::read(&scope.call_within(request, deadline, Cleanup::Nothing).await?)
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

    fn showing<E>(self, shown: Shown) -> Live<T, E> {
        let Self { scope, target, filter, follows, capacity, deadline, .. } = self;
        Live { scope, target, shown, filter, follows, capacity, deadline, data: PhantomData }
    }

    /// The deadline of a call that begins now.
    pub(super) fn begin(&self) -> Deadline {
        self.scope.client().deadline(self.deadline)
    }

    /// Registers the live query. The server (3.3.5) lets registrations at the same time conflict with each other, so that
    /// trying again succeeds.
    pub(super) async fn register(&self, deadline: Deadline) -> Result<LiveStream<T, D>> {
        self.scope.retry_conflicts(deadline, || self.try_register(deadline)).await
    }

    async fn try_register(&self, deadline: Deadline) -> Result<LiveStream<T, D>> {
        let (scope, request, _) = self.query().into_request()?;
        // Dropped here: the connection's task kills what may have been registered.
        let (reply, followed) = scope.follow(request, deadline, self.capacity).await?;
        let response = Response::read(&reply)?.check()?;
        let id = response.take(2)?;
        let stream = LiveStream::new(scope, id, followed, response.take(0)?, Some(self.target.clone()));
        let stream = stream.holding(self.shown.hold());
        let called: Vec<Value> = response.take(1)?;
        Ok(match called.into_iter().next() {
            Some(place) => stream.looking_for_removal(place),
            None => stream,
        })
    }
}

impl<T: Record, D> Live<T, D> {
    /// Follows only the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> Self {
        let id = Fragment::new("id = ").value(&id.into_id());
        self.only(Tree::Leaf(id))
    }

    /// Follows only records of which this is true. Given several times, all of them have to be.
    ///
    /// It is asked of a record as it is after the change, or as it was before it was deleted: a record that comes to
    /// fulfil it arrives with [`Action::Update`](super::Action::Update), and the change after which one does not any more
    /// is not reported (server 3.3.5), except [`as_set`](Self::as_set).
    pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.only(condition(*T::fields()).into_condition().into_tree())
    }

    /// Follows the set of records that pass the [`filter`](Self::filter), rather than the records.
    ///
    /// | Action | Record |
    /// |---|---|
    /// | [`Create`](super::Action::Create) | came into the set: it was created, or changed so that it passes now |
    /// | [`Update`](super::Action::Update) | was in the set, and is |
    /// | [`Delete`](super::Action::Delete) | left the set: it was deleted, or changed so that it does not pass any more |
    ///
    /// So what a program shows of the set stays what the set is. A record that left by a change comes as it is after
    /// that. The server asks the filter of each changed record twice, both times as things are then: a filter that looks
    /// at linked records or at the time can change its mind between two changes of a record, and of that nothing is told.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Order { id: Id<Order>, state: String }
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let open = session.live::<Order>().filter(|o| o.state.ne("done")).as_set();
    /// let (orders, mut changes) = open.snapshot().await?;
    /// let mut open: HashMap<Id<Order>, Order> = orders.into_iter().map(|order| (order.id.clone(), order)).collect();
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Delete => drop(open.remove(&change.id)),
    ///         LiveEvent::Change(change) => drop(open.insert(change.id, change.data)),
    ///         LiveEvent::Gap(Gap::Superseded { .. }) => {}
    ///         LiveEvent::Gap(_) | LiveEvent::Ended(_) => break,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_set(mut self) -> Self {
        self.follows = Follows::Set;
        self
    }

    fn only(mut self, condition: Tree) -> Self {
        self.filter.push(condition);
        self
    }
}

impl<T: Record> Live<T> {
    /// Gives only the fields that are in the view `V`.
    pub fn view<V: View<Record = T>>(self) -> Live<T, V> {
        self.showing(Shown::View(view_object::<V>()))
    }

    /// Follows links, one or several in a tuple, and gives the records that they lead to beside each record, as
    /// [`Select::fetch`](crate::query::Select::fetch) does.
    ///
    /// They are as they were when the record changed: a change of a linked record alone is no event.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Post { id: Id<Post>, title: String, author: Id<User> }
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let mut posts = session.live::<Post>().fetch(|p| p.author).await?;
    /// while let Some(event) = posts.next().await {
    ///     if let LiveEvent::Change(Notification { data: (post, author), .. }) = event? {
    ///         println!("{} by {}", post.title, author.record().map_or("somebody", |author| &author.name));
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch<L: Links<T>>(self, links: impl FnOnce(Fields<T>) -> L) -> Live<T, L::Row> {
        self.showing(Shown::Links(links(*T::fields()).fetched()))
    }

    /// Gives what has changed instead of the record: operations for [`Apply`](crate::query::Apply).
    pub fn diff(self) -> LiveDiff<T> {
        LiveDiff { live: self.showing(Shown::Differences) }
    }
}

/// A [`Live`] query that gives operations instead of records; see [`Live::diff`].
///
/// A difference applies to the record as the difference before it left it. So each event waits some milliseconds for events of
/// earlier changes. An event that arrives later than that is left out ([`Gap::Superseded`](super::Gap::Superseded)), and
/// the record has to be read again. This happens above all if one transaction changes a record several times.
///
/// A created record comes as one operation that replaces nothing by the whole record, and a deleted one as an operation that
/// replaces the record by NONE. An update consists of the operations that lead from one state to the other, for texts with
/// the differences of the texts. An update that a `DEFINE EVENT` of the table has changed further comes as one operation that
/// replaces the whole record.
///
/// # Errors
///
/// Like [`Live`].
///
/// # Cancel safety
///
/// Like [`Live`].
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Debug, Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session, mut ada: User) -> surreal_session::Result<()> {
/// let mut changes = session.live::<User>().id(&ada.id).diff().await?;
/// while let Some(event) = changes.next().await {
///     match event? {
///         LiveEvent::Change(change) if change.action == Action::Update => ada.apply(&change.data)?,
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is registered until this is awaited"]
pub struct LiveDiff<T> {
    pub(super) live: Live<T, Vec<PatchOp>>,
}

impl<T: Record> LiveDiff<T> {
    /// Follows only the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> Self {
        Self { live: self.live.id(id) }
    }

    /// Like [`Live::filter`].
    pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        Self { live: self.live.filter(condition) }
    }

    /// Like [`Live::as_set`]: what comes into the set comes whole, and what leaves it makes place for nothing.
    pub fn as_set(self) -> Self {
        Self { live: self.live.as_set() }
    }

    /// Like [`Live::capacity`].
    pub fn capacity(self, events: usize) -> Self {
        Self { live: self.live.capacity(events) }
    }

    /// Like [`Live::capacity_bytes`].
    pub fn capacity_bytes(self, bytes: usize) -> Self {
        Self { live: self.live.capacity_bytes(bytes) }
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { live: self.live.deadline(deadline) }
    }

    /// Like [`Live::to_surql`].
    pub fn to_surql(&self) -> String {
        self.live.to_surql()
    }
}

impl<T> Live<T, Vec<PatchOp>> {
    pub(super) fn digested(self) -> Self {
        self.showing(Shown::DigestedDifferences)
    }
}

impl<T: Record> IntoFuture for LiveDiff<T> {
    type Output = Result<LiveStream<T, Vec<PatchOp>>>;
    type IntoFuture = CallFuture<LiveStream<T, Vec<PatchOp>>>;

    fn into_future(self) -> Self::IntoFuture {
        self.live.into_future()
    }
}

impl Untyped {
    /// Follows the changes of a table, as [`Session::live`] does with a model.
    ///
    /// # Errors
    ///
    /// See [`Live`].
    pub fn live(&self, table: Table) -> Live<Value> {
        Live::new(self.scope().clone(), table)
    }
}

impl<T: Identified + 'static, D: DeserializeOwned + 'static> IntoFuture for Live<T, D> {
    type Output = Result<LiveStream<T, D>>;
    type IntoFuture = CallFuture<LiveStream<T, D>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.register(self.begin()).await })
    }
}

impl<T, D> fmt::Debug for Live<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("table", &self.target).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
