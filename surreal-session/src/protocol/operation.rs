//! The name of a request in messages.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::value::{RecordId, Table};

/// The work that a request asks for, such as `update user:ada`: a verb, and the table or record that it is about.
///
/// It names a request in errors and traces. The id of a record is part of it; a bound value never is.
#[doc(hidden)]
#[derive(Clone)]
pub struct Operation {
    /// The RPC method of the request.
    method: &'static str,
    verb: &'static str,
    target: Option<Target>,
    /// The number of statements of a batch.
    statements: usize,
}

/// The table or record that an operation is about. Its text is made only when it is shown.
#[derive(Clone)]
#[doc(hidden)]
pub enum Target {
    Name(&'static str),
    Shown(Arc<dyn Subject + Send + Sync>),
}

/// A record id, a table or a function.
#[doc(hidden)]
pub trait Subject: fmt::Display {
    /// The name without the key of a record, which may be a secret.
    fn name(&self) -> Cow<'_, str>;

    /// Returns true for the name of a function.
    fn is_function(&self) -> bool {
        false
    }
}

impl Subject for RecordId {
    fn name(&self) -> Cow<'_, str> {
        self.table().into()
    }
}

impl Subject for Table {
    fn name(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

/// The name of a function.
impl Subject for String {
    fn name(&self) -> Cow<'_, str> {
        self.into()
    }

    fn is_function(&self) -> bool {
        true
    }
}

impl Target {
    /// A target that is shown as `target` is: a record id, or a name that is known only at run time.
    pub(crate) fn shown(target: impl Subject + Send + Sync + 'static) -> Self {
        Self::Shown(Arc::new(target))
    }

    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Name(name) => (*name).into(),
            Self::Shown(target) => target.name(),
        }
    }

    fn is_function(&self) -> bool {
        matches!(self, Self::Shown(target) if target.is_function())
    }
}

impl Operation {
    /// A statement of a `query` request.
    pub(crate) fn statement(verb: &'static str, target: Target) -> Self {
        Self { method: "query", verb, target: Some(target), statements: 1 }
    }

    /// The same about the table with this name.
    pub(crate) fn on_table(verb: &'static str, table: &'static str) -> Self {
        Self::statement(verb, Target::Name(table))
    }

    /// The same target under another verb.
    pub(crate) fn with_verb(self, verb: &'static str) -> Self {
        Self { verb, ..self }
    }

    /// The text of a request whose reply is streamed.
    pub(crate) fn stream() -> Self {
        Self { method: "query_stream", verb: "query", target: None, statements: 1 }
    }

    /// Several statements of a `query` request.
    pub(crate) fn batch(statements: usize) -> Self {
        Self { method: "query", verb: "batch", target: None, statements }
    }

    /// Returns true if this is one statement, so that its name says more than the statement's index.
    pub(crate) fn is_statement(&self) -> bool {
        self.target.is_some()
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// The name for traces and metrics: a word of SurrealQL, such as `SELECT`, or the RPC method.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        match self.verb {
            "traverse" => "SELECT".into(),
            "changes" => "SHOW CHANGES".into(),
            "live" => "LIVE SELECT".into(),
            verb if self.is_named() => verb.to_ascii_uppercase().into(),
            verb => verb.into(),
        }
    }

    /// The name with that of the table or function, such as `SELECT user`. Never the id of a record.
    pub(crate) fn summary(&self) -> String {
        let name = self.name();
        self.target.as_ref().map_or_else(|| name.clone().into_owned(), |target| format!("{name} {}", target.name()))
    }

    /// The table that it is about.
    pub(crate) fn table(&self) -> Option<Cow<'_, str>> {
        self.target.as_ref().filter(|target| !target.is_function()).map(Target::name)
    }

    /// The function that it calls.
    pub(crate) fn function(&self) -> Option<Cow<'_, str>> {
        self.target.as_ref().filter(|target| target.is_function()).map(Target::name)
    }

    /// Returns true if its summary says more than the name of an RPC method.
    pub(crate) fn is_named(&self) -> bool {
        self.is_statement() || self.is_batch()
    }

    /// The number of statements of a batch of several.
    pub(crate) fn batch_size(&self) -> Option<usize> {
        (self.is_batch() && self.statements > 1).then_some(self.statements)
    }

    fn is_batch(&self) -> bool {
        self.verb == "batch"
    }
}

/// A request that is named by its RPC method alone.
impl From<&'static str> for Operation {
    fn from(method: &'static str) -> Self {
        Self { method, verb: method, target: None, statements: 1 }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb)?;
        self.target.iter().try_for_each(|target| write!(f, " {target}"))
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Shown(target) => target.fmt(f),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::RecordId;

    #[test]
    fn operation_is_its_verb_and_its_target() {
        for (operation, text) in [
            (Operation::from("signin"), "signin"),
            (Operation::batch(2), "batch"),
            (Operation::on_table("select", "user"), "select user"),
            (Operation::statement("update", Target::shown(RecordId::new("user", "ada"))), "update user:ada"),
        ] {
            assert_eq!(operation.to_string(), text);
        }
    }

    #[test]
    fn summary_has_words_of_surrealql_and_no_id() {
        let of = |verb, target| Operation::statement(verb, target);
        for (operation, summary, table, function) in [
            (Operation::from("signin"), "signin", None, None),
            (Operation::from("query"), "query", None, None),
            (Operation::batch(3), "BATCH", None, None),
            (Operation::on_table("select", "user"), "SELECT user", Some("user"), None),
            (of("update", Target::shown(RecordId::new("user", "ada"))), "UPDATE user", Some("user"), None),
            (of("traverse", Target::shown(RecordId::new("user", "ada"))), "SELECT user", Some("user"), None),
            (of("live", Target::shown(Table::new("a b"))), "LIVE SELECT a b", Some("a b"), None),
            (of("run", Target::shown("fn::greet".to_owned())), "RUN fn::greet", None, Some("fn::greet")),
        ] {
            assert_eq!(operation.summary(), summary);
            assert_eq!((operation.table().as_deref(), operation.function().as_deref()), (table, function));
        }
        assert_eq!([1, 2].map(|statements| Operation::batch(statements).batch_size()), [None, Some(2)]);
    }
}
