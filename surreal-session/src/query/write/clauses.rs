//! The clauses of CREATE, UPDATE, UPSERT, DELETE and RELATE, and how they become one statement.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::protocol::{Operation, Target};
use crate::query::condition::{IntoCondition, Tree};
use crate::query::select::Fields;
use crate::query::statement::{Call, Fragment};
use crate::record::{Checked, IntoId, Key, Record};
use crate::session::Scope;
use crate::value::{Id, Range, RecordId, RecordKey, Table, escape_identifier};

/// Everything that a builder knows about its write.
#[derive(Debug, Clone)]
pub struct Clauses {
    pub(in crate::query) call: Call,
    verb: Verb,
    target: Records,
    data: Option<Fragment>,
    filter: Vec<Tree>,
    returns: Returns,
    answer: Answer,
    timeout: Option<Duration>,
}

/// The records that a statement is about.
#[derive(Debug, Clone)]
pub struct Records {
    pub(in crate::query) surql: Fragment,
    /// Their name in messages: the table, or the id of the one record.
    pub(in crate::query) name: Target,
    pub(in crate::query) reach: Reach,
}

/// The number of records that a target can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    One,
    Several,
    Table,
}

/// The verb of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
    /// RELATE, which takes any edge.
    Relate,
    /// INSERT RELATION of one edge. Unlike RELATE it refuses an id that is taken (server 3.3.5).
    InsertEdge,
}

/// The part of each record that the server sends back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    After,
    Before,
    Diff,
    Nothing,
}

/// The number of records that the statement gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// One; none is an error.
    One,
    AtMostOne,
    Many,
}

impl Records {
    fn table<T: Record>() -> Self {
        Self { surql: Fragment::of(&Table::new(T::TABLE)), name: Target::Name(T::TABLE), reach: Reach::Table }
    }

    fn id<T: Record>(id: Id<T, T::Key>) -> Self {
        Self { surql: Fragment::of(&id), name: Target::shown(id), reach: Reach::One }
    }
}

impl Clauses {
    pub(in crate::query) fn new(scope: Scope, verb: Verb, target: Records) -> Self {
        let returns = if verb == Verb::Delete { Returns::Before } else { Returns::After };
        Self {
            call: Call::new(scope),
            verb,
            target,
            data: None,
            filter: Vec::new(),
            returns,
            answer: Answer::Many,
            timeout: None,
        }
    }

    /// The same for the table of `T`.
    pub(in crate::query) fn of<T: Record>(scope: Scope, verb: Verb) -> Self {
        Self::new(scope, verb, Records::table::<T>())
    }

    pub(super) fn id<T: Record>(mut self, id: impl IntoId<T>) -> Self {
        let target = Records::id(id.into_id());
        if self.verb == Verb::InsertEdge {
            let edge = Fragment::new("object::extend(").then(self.data.take().unwrap_or_default());
            self.data = Some(edge.text(", { id: ").then(target.surql).text(" })"));
            self.target.name = target.name;
        } else {
            self.target = target;
        }
        self
    }

    /// Chooses the records with these ids. An id that is given twice counts once.
    pub(super) fn ids<T: Record>(mut self, ids: impl IntoIterator<Item: IntoId<T>>) -> Self {
        let mut unique: Vec<Id<T, T::Key>> = Vec::new();
        // Keys have no order or hash of their own.
        let mut seen = HashSet::new();
        for id in ids.into_iter().map(IntoId::into_id) {
            if seen.insert(id.to_record_id()) {
                unique.push(id);
            }
        }
        self.target.surql = Fragment::of(&unique);
        self.target.reach = Reach::Several;
        self
    }

    pub(super) fn range<T: Record, K: IntoId<T>>(mut self, ids: Range<K>) -> Self {
        let keys = ids.map(|id| id.into_id().into_key().to_record_key());
        self.target.surql = Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys)));
        self.target.reach = Reach::Several;
        self
    }

    /// Chooses all records of the table.
    pub(super) fn all(mut self) -> Self {
        if self.verb == Verb::Upsert {
            // An UPSERT of a table without a condition ignores the existing records and makes a new one.
            self.filter.push(Tree::all([]));
        }
        self
    }

    pub(super) fn filter<T: Record, C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    pub(in crate::query) fn data(mut self, data: Option<Fragment>) -> Self {
        self.data = data;
        self
    }

    /// Sets a whole record of type `T` as the data. Fields that the content cannot have are kept.
    ///
    /// Fields that a new record does not have are NONE, for which the server takes their defaults.
    pub(super) fn whole<T: Record>(self, keyword: &str, content: &T::New) -> Self {
        let clause = Fragment::new(keyword).text(" ");
        let content = Checked::<T>(content);
        if T::KEPT.is_empty() || self.verb == Verb::Create {
            return self.data(Some(clause.value(&content)));
        }
        let kept = T::KEPT.iter().map(|name| escape_identifier(name)).map(|name| format!("{name}: {name}"));
        let kept = kept.collect::<Vec<_>>().join(", ");
        self.data(Some(clause.text(&format!("{{ {kept} }} + ")).value(&content)))
    }

    /// Sets data of any type, after `keyword`.
    pub(in crate::query) fn untyped(self, keyword: &str, data: &impl Serialize) -> Self {
        self.data(Some(Fragment::new(keyword).text(" ").value(data)))
    }

    pub(super) fn returns(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }

    pub(super) fn returned(&self) -> Returns {
        self.returns
    }

    pub(super) fn answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub(in crate::query) fn timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    pub(in crate::query) fn deadline(&mut self, deadline: Duration) {
        self.call.deadline = Some(deadline);
    }

    pub(in crate::query) fn operation(&self) -> Operation {
        Operation::statement(self.verb.name(), self.target.name.clone())
    }

    /// The whole statement.
    pub(in crate::query) fn surql(&self) -> Fragment {
        self.statement().text(" RETURN ").text(self.returning()).timeout(self.timeout)
    }

    /// The statement up to RETURN.
    pub(in crate::query) fn statement(&self) -> Fragment {
        let filter = (!self.filter.is_empty()).then(|| Tree::all(self.filter.clone()).for_write().into_fragment());
        let (target, filter) = match filter {
            Some(filter) if filter.reads_others() && self.target.reach != Reach::One => (self.found(filter), None),
            other => (self.target.surql.clone(), other),
        };
        let mut statement = Fragment::new(self.verb.keyword()).text(" ").then(target);
        if let Some(data) = &self.data {
            statement = statement.text(" ").then(data.clone());
        }
        match filter {
            Some(filter) => statement.text(" WHERE ").then(filter),
            None => statement,
        }
    }

    /// The ids of the records that pass the filter, selected before the first record is written.
    ///
    /// The server (3.3.5) writes record by record, and reads the next one after it has changed or deleted the one
    /// before. A filter that follows a link to a written record would see the change.
    fn found(&self, filter: Fragment) -> Fragment {
        let Records { surql: target, reach, .. } = self.target.clone();
        let ids = Fragment::new("(SELECT VALUE id FROM ").then(target.clone()).text(" WHERE ").then(filter).text(")");
        match (self.verb, reach) {
            // An upsert that finds nothing makes a record in the table.
            (Verb::Upsert, Reach::Table) => Fragment::new("(").then(ids).text(" ?: ").then(target).text(")"),
            (Verb::Upsert, _) => ids.refused("an upsert of several ids cannot be filtered by fields of other records"),
            _ => ids,
        }
    }

    fn returning(&self) -> &'static str {
        match self.returns {
            // RETURN NONE gives no rows at all; this gives a NULL for each record, so that they can be counted.
            Returns::Nothing if self.answer != Answer::Many => "NULL",
            returns => returns.clause(),
        }
    }

    /// The error of a write that has to give one record back and gave none.
    pub(in crate::query) fn missing(&self) -> Option<Error> {
        (self.answer == Answer::One).then(|| self.no_record())
    }

    pub(super) fn no_record(&self) -> Error {
        let reason = match (self.verb, self.filter.is_empty()) {
            (Verb::Update | Verb::Delete, false) => "it does not exist or does not pass the filter, or ",
            (Verb::Update | Verb::Delete, true) => "it does not exist, or ",
            (_, false) => "it does not pass the filter, or ",
            (_, true) => "",
        };
        let (name, action) = (&self.target.name, self.verb.action());
        let message = format!("no record came back for `{name}`: {reason}this session may not {action} or read it");
        Error::new(ErrorKind::NotFound, message).answered()
    }
}

impl Verb {
    fn keyword(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Upsert => "UPSERT",
            Self::Delete => "DELETE",
            Self::Relate => "RELATE",
            Self::InsertEdge => "INSERT RELATION INTO",
        }
    }

    /// Its name in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Relate | Self::InsertEdge => "relate",
        }
    }

    /// The permission that it takes.
    fn action(self) -> &'static str {
        match self {
            Self::Create | Self::Relate | Self::InsertEdge => "create",
            Self::Update => "update",
            Self::Upsert => "create, update",
            Self::Delete => "delete",
        }
    }
}

impl Returns {
    /// The clause after RETURN.
    pub(super) fn clause(self) -> &'static str {
        match self {
            Self::After => "AFTER",
            Self::Before => "BEFORE",
            Self::Diff => "DIFF",
            Self::Nothing => "NONE",
        }
    }
}
