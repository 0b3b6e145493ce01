//! Live queries: the changes of a table as they happen.
//!
//! [`Live`] is the builder of a live query. It registers the query, and gives a [`LiveStream`]. The connection's task feeds
//! the stream through a bounded queue. Everything that makes the stream incomplete is an item of the stream: a [`Gap`]
//! where events are missing, and an [`EndReason`] at the end.
//!
//! `projection` writes the statement that selects the data of an event. `follower` takes items from the queue, `stream` the
//! events of these, and `history` parses them and puts them in order. `snapshot` reads the records before the first change.
//!
//! `begin` is what awaiting does. `registration` registers the query, and registers it again after its socket
//! was lost or its session renewed.
//!
//! `changes` reads change feeds, which keep changes for a time.
//!
//! A [`SyncedStream`] needs no order of events. `repair` is its task, `board` the state, and `pages` reads the records.

mod begin;
mod board;
mod changes;
mod event;
mod follower;
mod history;
mod pages;
mod projection;
mod registration;
mod repair;
mod snapshot;
mod stream;
mod synced;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::protocol::LiveId;
pub use changes::{ChangePage, ChangeSet, ChangeStream, Changes, FeedChange, Versionstamp};
pub use event::{Action, EndReason, Gap, Identified, LiveEvent, Notification};
pub use stream::LiveStream;
pub use synced::{SyncEvent, SyncedStream};

use crate::codec;
use crate::connection::{Capacity, Cleanup, Patience};
use crate::query::condition::{Condition, default_condition};
use crate::query::untyped::{Named, Target, Untyped, UntypedFilter};
use crate::query::{Fields, Fragment, IntoCondition, Links, PatchOp, Response, Scope, Tree, view_object};
use crate::record::{IntoId, Key, Record, View};
use crate::session::{IDENTITY, Session, SessionCall, SessionSubscription, kill_live};
use crate::value::{Range, RecordId, RecordKey, Table, Value};
use follower::Follower;
use projection::{Digest, Projection};
use repair::SyncLimits;

/// A live query, registered when awaited. Gives a [`LiveStream`] of the changes that are committed from then on.
///
/// | Call | Result of awaiting |
/// |---|---|
/// | none | `LiveStream<T>` |
/// | [`view`](Self::view) | `LiveStream<T, V>`, with a view instead of the record |
/// | [`fetch`](Self::fetch) | `LiveStream<T, (T, ..)>`, with linked records beside the record |
/// | [`diff`](Self::diff) | `LiveStream<T, Vec<PatchOp>>`, with differences instead of the record |
/// | [`snapshot`](Self::snapshot) | the current records, and one of the above |
///
/// `Out` is that result, and `Row` the type of the records in a snapshot.
///
/// A transaction that began before the registration is not reported, whenever it is committed (server 3.3.5). A
/// transaction that runs while a live query is registered or killed may fail with a conflict.
///
/// [`LiveStream`] states the order of the events, the events that the server does not send, and the number of live queries
/// that a connection bears. For each event, the server reads the record once more, in the writer's transaction.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) for a table that does not exist; [`Auth`](crate::ErrorKind::Auth) if the
/// identity may not select from it at all. Single records that it may not select are left out of the stream silently.
/// [`NotAllowed`](crate::ErrorKind::NotAllowed) if the server denies the function `rand::uuid::v7`, for
/// [`diff`](Self::diff) `value::diff`, or for a snapshot of differences `crypto::blake3`.
///
/// # Cancel safety
///
/// If the future is dropped, the connection's task kills the live query that the server may have registered.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("DEFINE TABLE user").await?;
/// let mut users = session.live::<User>().await?;
/// session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// while let Some(event) = users.next().await {
///     match event? {
///         LiveEvent::Change(change) => {
///             println!("{} {}", change.action, change.id);
///             assert_eq!((change.action, change.data.name.as_str()), (Action::Create, "Ada"));
///             break;
///         }
///         LiveEvent::Gap(gap) => println!("{gap}"),
///         LiveEvent::Ended(reason) => println!("over: {reason}"),
///         _ => {}
///     }
/// }
/// # Ok(()) });
/// ```
#[must_use = "nothing is registered until this is awaited"]
pub struct Live<T, Out = LiveStream<T>, Row = T> {
    scope: Scope,
    target: Table,
    projection: Projection,
    filter: Vec<Tree>,
    /// Set if the first filter is the scope of the records.
    is_scoped: bool,
    follows: Follows,
    begins: Begins,
    /// The id of [`id`](Self::id), encoded.
    only: Option<Bytes>,
    limits: SyncLimits,
    capacity: Capacity,
    deadline: Patience,
    types: Types<T, Out, Row>,
}

type Types<T, Out, Row> = PhantomData<fn() -> (T, Out, Row)>;

/// The subject of the events: records, or the set of the records that pass the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Records,
    Set,
}

/// The beginning of the stream: the changes, or the records as they are; and whether reads repair it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    WithChanges,
    WithRecords,
    Synced,
}

/// In this file, because the layer of sessions does not know live queries.
impl Session {
    /// Follows the changes of `T`'s table, or with [`Live::id`] those of one record.
    ///
    /// # Errors
    ///
    /// See [`Live`].
    pub fn live<T: Record>(&self) -> Live<T> {
        Live::new(Scope::of_session(self), Table::new(T::TABLE)).scoped()
    }

    /// Follows a live query that a `LIVE SELECT` in the text of a query has registered. Its events carry the records.
    ///
    /// Events that arrived before this call are kept for a while. Those that were dropped meanwhile are a [`Gap`] at the
    /// beginning of the stream. Several streams may follow one live query; the last of them to be dropped kills it. An
    /// id of a live query that does not exist gives a stream without events.
    ///
    /// # Errors
    ///
    /// Fails only if the session or the connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Changes nothing on the server.
    pub fn subscribe_live<T>(&self, id: LiveId) -> SessionCall<LiveStream<T>>
    where
        T: Identified + DeserializeOwned + 'static,
    {
        let scope = Scope::of_session(self);
        SessionCall::in_session(self.inner(), "subscribe", async move |deadline| {
            let subscription =
                SessionSubscription::of_existing(scope.session(), id, deadline, Capacity::default()).await?;
            let identity = scope.request("query").text(IDENTITY).bindings().finish();
            let identity =
                Response::read(&scope.session().call(identity, deadline, Cleanup::Nothing).await?)?.take(0)?;
            Ok(LiveStream::new(Follower::of(scope, id, subscription, identity)))
        })
    }

    /// Kills a live query of this session. Its streams end with [`EndReason::Killed`], or with
    /// [`EndReason::KilledByServer`] if the server's notice comes first.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) if the live query does not exist or belongs to another session.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the live query may or may not be killed. Killing again is safe; it fails if the live query
    /// was killed.
    pub fn kill(&self, id: LiveId) -> SessionCall<()> {
        let scope = Scope::of_session(self);
        SessionCall::in_session(self.inner(), "kill", async move |deadline| {
            kill_live(scope.session(), id, deadline).await
        })
    }
}

impl Untyped {
    /// Follows the changes of a table, of a range of its records or of one record, as [`Session::live`] does with a model.
    ///
    /// # Errors
    ///
    /// See [`Live`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("DEFINE TABLE user").await?;
    /// let mut adults = session.untyped().live(Table::new("user")).filter(surql!("age >= $min", min = 18)).await?;
    /// session.execute("CREATE user:bob SET age = 7; CREATE user:ada SET age = 36").await?;
    /// while let Some(event) = adults.next().await {
    ///     if let LiveEvent::Change(change) = event? {
    ///         assert_eq!(change.id.to_string(), "user:ada");
    ///         assert_eq!(change.data.get("age"), Some(&Value::Int(36)));
    ///         break;
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    pub fn live(&self, target: impl Target) -> Live<Value> {
        let scope = self.scope().clone();
        match target.named() {
            Named::Table(table) => Live::new(scope, table),
            Named::Id(id) => Live::new(scope, Table::new(id.table())).of_record(&id),
            Named::Range(table, keys) => Live::new(scope, table.clone()).passing(in_range(table.as_str(), &keys)),
        }
    }
}

impl<T> Live<T> {
    fn new(scope: Scope, target: Table) -> Self {
        Self {
            scope,
            target,
            projection: Projection::Record,
            filter: Vec::new(),
            is_scoped: false,
            follows: Follows::Records,
            begins: Begins::WithChanges,
            only: None,
            limits: SyncLimits { records: MAX_RECORDS, resync: None },
            capacity: Capacity::default(),
            deadline: Patience::default(),
            types: PhantomData,
        }
    }
}

impl<T: Record> Live<T> {
    fn scoped(mut self) -> Self {
        let scope = default_condition::<T>().map(Condition::into_tree);
        self.is_scoped = scope.is_some();
        self.filter.extend(scope);
        self
    }

    /// Follows also records outside of the scope that `#[record(scope = "..")]` sets.
    pub fn unscoped(mut self) -> Self {
        if std::mem::take(&mut self.is_scoped) {
            self.filter.remove(0);
        }
        self
    }

    /// Gives only the fields of the view `V`.
    pub fn view<V: View<Record = T>>(self) -> Live<T, LiveStream<T, V>, V> {
        self.showing(Projection::View(view_object::<V>()))
    }

    /// Follows links, one or several in a tuple, and gives the linked records beside each record, as
    /// [`Select::fetch`](crate::query::Select::fetch) does.
    ///
    /// The linked records are as they were when the record changed. A change of a linked record alone is no event.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Post { id: Id<Post>, title: String, author: Id<User> }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("DEFINE TABLE post").await?;
    /// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let mut posts = session.live::<Post>().fetch(|p| p.author).await?;
    /// session.create::<Post>().content(NewPost { title: "Notes".into(), author: ada.id }).await?;
    /// while let Some(event) = posts.next().await {
    ///     if let LiveEvent::Change(Notification { data: (post, author), .. }) = event? {
    ///         assert_eq!((post.title.as_str(), author.record().map(|ada| ada.name.as_str())), ("Notes", Some("Ada")));
    ///         break;
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    pub fn fetch<L: Links<T>>(self, links: impl FnOnce(Fields<T>) -> L) -> Live<T, LiveStream<T, L::Row>, L::Row> {
        self.showing(Projection::Links(links(*T::fields()).fetched()))
    }

    /// Gives the operations that changed the record instead of the record, for [`Apply`](crate::query::Apply).
    ///
    /// A difference applies to the record as the difference before it left it. So each event waits some milliseconds for
    /// events of earlier changes. An event that arrives later than that is left out and reported as
    /// [`Gap::Superseded`]; the record then has to be read again. This happens above all if one transaction changes a
    /// record several times.
    ///
    /// A created record comes as one operation that puts the whole record in place of NONE, and a deleted one as an
    /// operation that replaces the record by NONE. An update consists of the operations that lead from one state to the
    /// other; for texts these are the differences of the texts. An update that a `DEFINE EVENT` of the table has changed
    /// further comes as one operation that replaces the whole record.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Debug, Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # surreal_session_embedded::example(async |session| {
    /// let mut ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let mut changes = session.live::<User>().id(&ada.id).diff().await?;
    /// session.update::<User>().id("ada").set(|u| u.name.set("Ada Lovelace")).await?;
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Update => {
    ///             ada.apply(&change.data)?;
    ///             assert_eq!(ada.name, "Ada Lovelace");
    ///             break;
    ///         }
    ///         other => println!("{other:?}"),
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    pub fn diff(self) -> Live<T, LiveStream<T, Vec<PatchOp>>> {
        self.showing(Projection::Differences(Digest::Without))
    }
}

impl<T> Live<T> {
    fn showing<Out, Row>(self, projection: Projection) -> Live<T, Out, Row> {
        Live { projection, ..self }.giving()
    }
}

impl<T, D, Row> Live<T, LiveStream<T, D>, Row> {
    /// Reads the records first: gives them, in the order of their ids, and the stream of the changes from there on.
    ///
    /// Every change of a transaction that began after the registration is in the records, in the stream, or in both. There is
    /// one hole: a transaction that began before the registration and is committed after the records were read is in
    /// neither, because the server (3.3.5) does not report it. The longest transaction of the program limits how long that
    /// can happen; a program that needs to be sure reads the records once more after that time. A change that the records
    /// already contain is not repeated if its event arrives within five seconds.
    ///
    /// The records are read in pages of 500, and those that change meanwhile once more. [`max_records`](Self::max_records)
    /// limits their number.
    ///
    /// After [`diff`](Self::diff), the differences applied to the records one after another give the records as they are. The
    /// server then adds a digest to each event, for which it needs the function `crypto::blake3`.
    ///
    /// # Errors
    ///
    /// Like [`Live`]; [`Decode`](crate::ErrorKind::Decode) for a record that does not fit `Row`;
    /// [`TooManyRecords`](crate::ErrorKind::TooManyRecords) for more records than [`max_records`](Self::max_records).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let (users, mut changes) = session.live::<User>().snapshot().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// # assert_eq!(users.len(), 1);
    /// # session.delete::<User>().id("ada").await?;
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Delete => drop(users.remove(&change.id)),
    ///         LiveEvent::Change(change) => drop(users.insert(change.id, change.data)),
    ///         _ => break,
    ///     }
    /// #   if users.is_empty() { return Ok(()) }
    /// }
    /// # unreachable!("no event of the deletion") });
    /// ```
    ///
    /// With differences:
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let (users, mut changes) = session.live::<User>().diff().snapshot().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// # session.update::<User>().id("ada").set(|u| u.name.set("Ada Lovelace")).await?;
    /// while let Some(event) = changes.next().await {
    ///     let LiveEvent::Change(change) = event? else { break };
    ///     match change.action {
    ///         Action::Delete => drop(users.remove(&change.id)),
    ///         // One operation, which holds the whole record.
    ///         Action::Create => drop(users.insert(change.id, User::from_ops(&change.data)?)),
    ///         Action::Update => {
    ///             if let Some(user) = users.get_mut(&change.id) {
    ///                 user.apply(&change.data)?;
    ///             }
    ///         }
    ///     }
    /// #   if users.values().all(|user| user.name == "Ada Lovelace") { return Ok(()) }
    /// }
    /// # unreachable!("no event of the update") });
    /// ```
    pub fn snapshot(mut self) -> Live<T, (Vec<Row>, LiveStream<T, D>), Row> {
        self.begins = Begins::WithRecords;
        if let Projection::Differences(digest) = &mut self.projection {
            *digest = Digest::With;
        }
        self.giving()
    }
}

impl<T, V> Live<T, LiveStream<T, V>, V> {
    /// Keeps a copy of the records equal to the table: gives the records, and a stream of the changes to apply to them.
    ///
    /// Unlike with [`snapshot`](Self::snapshot), nothing is missing at the end, whatever happens to events. The stream reads
    /// changed records again, and reports what has truly changed; see [`SyncedStream`] for what is promised, and at which cost.
    /// [`filter`](Self::filter), [`id`](Self::id) and [`view`](Self::view) work; a view needs the `id` if the program finds
    /// its copies by it. The records come in no certain order.
    ///
    /// The records of the filter are a set: a record that no longer passes it is
    /// [`Deleted`](SyncEvent::Deleted), with or without [`as_set`](Self::as_set).
    ///
    /// # Errors
    ///
    /// Like [`Live`]; [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for a filter, a
    /// [`fetch`](Self::fetch) or a view that follows links; [`TooManyRecords`](crate::ErrorKind::TooManyRecords) for more
    /// records than [`max_records`](Self::max_records); [`Decode`](crate::ErrorKind::Decode) for a record that does not fit
    /// `V`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let (users, mut changes) = session.live::<User>().synced().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// # assert_eq!(users.len(), 1);
    /// # session.delete::<User>().id("ada").await?;
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         SyncEvent::Created(user) | SyncEvent::Updated(user) => drop(users.insert(user.id.clone(), user)),
    ///         SyncEvent::Deleted(id) => drop(users.remove(&id)),
    ///         SyncEvent::Ended(reason) => println!("over: {reason}"),
    ///         _ => {}
    ///     }
    /// #   if users.is_empty() { return Ok(()) }
    /// }
    /// # unreachable!("the deletion was not found") });
    /// ```
    pub fn synced(mut self) -> Live<T, (Vec<V>, SyncedStream<T, V>), V> {
        (self.begins, self.follows) = (Begins::Synced, Follows::Set);
        self.giving()
    }
}

impl<T, V> Live<T, (Vec<V>, SyncedStream<T, V>), V> {
    /// Reads all records again this often, at least every 100 ms, and reports what has changed.
    ///
    /// Without it, that happens only ten seconds after each registration, and after a loss of events. See
    /// [`SyncedStream`] for the changes that only this finds. A connection with several endpoints needs it
    /// ([`InvalidArgument`](crate::ErrorKind::InvalidArgument)): live queries may miss writes through other nodes.
    pub fn resync_every(mut self, time: Duration) -> Self {
        self.limits.resync = Some(time);
        self
    }

    /// Sets the maximum number of records; a million unless set.
    ///
    /// With more, the stream ends with [`EndReason::TooManyRecords`], or awaiting it fails.
    pub fn max_records(mut self, records: usize) -> Self {
        self.limits.records = records;
        self
    }
}

impl<T, D, Row> Live<T, (Vec<Row>, LiveStream<T, D>), Row> {
    /// Sets the maximum number of records in the snapshot; a million unless set. With more, awaiting it fails with
    /// [`TooManyRecords`](crate::ErrorKind::TooManyRecords).
    pub fn max_records(mut self, records: usize) -> Self {
        self.limits.records = records;
        self
    }
}

impl<T: Record, Out, Row> Live<T, Out, Row> {
    /// Follows only the record with this id or key.
    pub fn id(self, id: impl IntoId<T>) -> Self {
        self.of_record(&id.into_id())
    }

    /// Follows only records whose ids, or keys, are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the order of the server; see [`Select::range`](crate::query::Select::range).
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Reading { id: Id<Reading, (String, i64)>, value: f64 }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("DEFINE TABLE reading").await?;
    /// let attic = ("attic", i64::MIN)..=("attic", i64::MAX);
    /// let mut readings = session.live::<Reading>().range(attic).await?;
    /// for room in ["cellar", "attic"] {
    ///     session.create::<Reading>().id((room, 7)).content(NewReading { value: 0.5 }).await?;
    /// }
    /// while let Some(event) = readings.next().await {
    ///     if let LiveEvent::Change(change) = event? {
    ///         assert_eq!(change.id.key().0, "attic");
    ///         break;
    ///     }
    /// }
    /// # Ok(()) });
    /// ```
    pub fn range<K: IntoId<T>>(self, ids: impl Into<Range<K>>) -> Self {
        let keys = ids.into().map(|id| id.into_id().into_key().to_record_key());
        self.passing(in_range(T::TABLE, &keys))
    }

    /// Follows only records that pass this condition. Given several times, they pass all of them.
    ///
    /// The condition is evaluated for the record after the change, or for the last state of a deleted one. A record
    /// that begins to pass it arrives with [`Action::Update`]. The change after which a record no longer passes is not reported
    /// (server 3.3.5), except with [`as_set`](Self::as_set).
    pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.passing(condition(*T::fields()).into_condition().into_tree())
    }

    /// Like [`filter`](Self::filter) with a value, such as an optional parameter of a request; changes nothing without one.
    pub fn filter_opt<O, C: IntoCondition<T>>(
        self,
        value: Option<O>,
        condition: impl FnOnce(Fields<T>, O) -> C,
    ) -> Self {
        match value {
            Some(value) => self.filter(|fields| condition(fields, value)),
            None => self,
        }
    }
}

/// A live query without a model.
impl<Out, Row> Live<Value, Out, Row> {
    /// Follows only records for which this condition is true: SurrealQL text, or a [`Condition`] of
    /// [`raw`](crate::Condition::raw) texts. Given several times, all of them are true.
    ///
    /// See [`Live::filter`] of a live query with a model for what is reported.
    pub fn filter(self, condition: impl UntypedFilter) -> Self {
        self.passing(condition.into_filter().into_tree())
    }
}

/// A live query without a model.
impl Live<Value> {
    /// Gives the operations that changed the record instead of the record; see `diff` of a live query with a model.
    pub fn diff(self) -> Live<Value, LiveStream<Value, Vec<PatchOp>>> {
        self.showing(Projection::Differences(Digest::Without))
    }
}

impl<T, Out, Row> Live<T, Out, Row> {
    /// Follows the set of the records that pass the [`filter`](Self::filter), rather than the records.
    ///
    /// | Action | Change of the set |
    /// |---|---|
    /// | [`Create`](Action::Create) | The record entered: it was created, or changed so that it passes now. |
    /// | [`Update`](Action::Update) | The record was in the set and still is. |
    /// | [`Delete`](Action::Delete) | The record left: it was deleted, or changed so that it no longer passes. |
    ///
    /// A record that left by a change comes in its state after the change. The server evaluates the filter twice for each
    /// changed record, on the record before and after the change, both times with everything else as it is now. A filter
    /// that depends on linked records or on the time can give another result between two changes of a record; the stream
    /// does not report that.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Order { id: Id<Order>, state: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<Order>().id("a").content(NewOrder { state: "new".into() }).await?;
    /// let open = session.live::<Order>().filter(|o| o.state.ne("done")).as_set();
    /// let (orders, mut changes) = open.snapshot().await?;
    /// let mut open: HashMap<Id<Order>, Order> = orders.into_iter().map(|order| (order.id.clone(), order)).collect();
    /// # assert_eq!(open.len(), 1);
    /// # session.update::<Order>().id("a").set(|o| o.state.set("done")).await?;
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Delete => drop(open.remove(&change.id)),
    ///         LiveEvent::Change(change) => drop(open.insert(change.id, change.data)),
    ///         LiveEvent::Gap(Gap::Superseded { .. }) => {}
    ///         _ => break,
    ///     }
    /// #   if open.is_empty() { return Ok(()) }
    /// }
    /// # unreachable!("the order did not leave the set") });
    /// ```
    pub fn as_set(mut self) -> Self {
        self.follows = Follows::Set;
        self
    }

    /// Follows only the record with this id.
    fn of_record(self, id: &impl Serialize) -> Self {
        let encoded = codec::encode(id).ok();
        let condition = Fragment::new("id = ").value(id);
        Self { only: self.only.clone().or(encoded), ..self }.passing(Tree::Leaf(condition))
    }

    fn passing(mut self, condition: Tree) -> Self {
        self.filter.push(condition);
        self
    }

    /// Sets the maximum number of events in the stream's queue; 1,024 unless set, at least one.
    ///
    /// Events that arrive while the queue is full are dropped and reported as one [`Gap`].
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity.events = events;
        self
    }

    /// Sets the maximum size of the events in the stream's queue in bytes; 64 MiB unless set.
    ///
    /// A larger event is still taken if the queue is empty. Events that arrive while the queue is full are dropped and
    /// reported as one [`Gap`].
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.capacity.bytes = bytes;
        self
    }

    /// Sets the time for the registration with its retries, and for the reading of a [`snapshot`](Self::snapshot), instead
    /// of the connection's deadline; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }

    /// Returns the statements and the names bound to them, for logs. Never contains a value.
    ///
    /// The first statement asks for the session's identity, so that the stream can end when that changes. The second asks
    /// for its namespace and database, and calls the functions that the events need: the server (3.3.5) drops events
    /// silently if it denies one of them.
    pub fn to_surql(&self) -> String {
        let live = self.registration().statement.to_surql();
        match self.begins {
            Begins::WithChanges => live,
            Begins::WithRecords | Begins::Synced => format!("{live}; {}", self.reader().first().to_surql()),
        }
    }

    /// The same query with another result, which its data fit.
    fn giving<Other, OtherRow>(self) -> Live<T, Other, OtherRow> {
        let Self {
            scope,
            target,
            projection,
            filter,
            is_scoped,
            follows,
            begins,
            only,
            limits,
            capacity,
            deadline,
            types: _,
        } = self;
        Live {
            scope,
            target,
            projection,
            filter,
            is_scoped,
            follows,
            begins,
            only,
            limits,
            capacity,
            deadline,
            types: PhantomData,
        }
    }
}

impl<T, Out, Row> fmt::Debug for Live<T, Out, Row> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("table", &self.target).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// The condition that the key of a record is in a range.
fn in_range(table: &str, keys: &Range<RecordKey>) -> Tree {
    let compared = |operator: [&'static str; 2], bound: &Bound<RecordKey>| {
        let [included, excluded] = operator;
        let (operator, key) = match bound {
            Bound::Included(key) => (included, key),
            Bound::Excluded(key) => (excluded, key),
            Bound::Unbounded => return None,
        };
        Some(Tree::Leaf(Fragment::new(operator).value(&RecordId::new(table, key.clone()))))
    };
    let (start, end) = (compared(["id >= ", "id > "], &keys.start), compared(["id <= ", "id < "], &keys.end));
    Tree::all(start.into_iter().chain(end))
}

/// The maximum number of records of a snapshot or a synced stream, unless the program sets another one.
const MAX_RECORDS: usize = 1_000_000;
