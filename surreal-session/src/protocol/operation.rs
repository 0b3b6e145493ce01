//! The name of a request in messages.

use std::fmt;
use std::sync::Arc;

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
}

/// The table or record that an operation is about. Its text is made only when it is shown.
#[derive(Clone)]
#[doc(hidden)]
pub enum Target {
    Name(&'static str),
    Shown(Arc<dyn fmt::Display + Send + Sync>),
}

impl Target {
    /// A target that is shown as `target` is: a record id, or a name that is known only at run time.
    pub(crate) fn shown(target: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self::Shown(Arc::new(target))
    }
}

impl Operation {
    /// A statement of a `query` request.
    pub(crate) fn statement(verb: &'static str, target: Target) -> Self {
        Self { method: "query", verb, target: Some(target) }
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
        Self { method: "query_stream", verb: "query", target: None }
    }

    /// Several statements of a `query` request.
    pub(crate) fn batch() -> Self {
        Self { method: "query", verb: "batch", target: None }
    }

    /// Returns true if this is one statement, so that its name says more than the statement's index.
    pub(crate) fn is_statement(&self) -> bool {
        self.target.is_some()
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method
    }
}

/// A request that is named by its RPC method alone.
impl From<&'static str> for Operation {
    fn from(method: &'static str) -> Self {
        Self { method, verb: method, target: None }
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
            (Operation::batch(), "batch"),
            (Operation::on_table("select", "user"), "select user"),
            (Operation::statement("update", Target::shown(RecordId::new("user", "ada"))), "update user:ada"),
        ] {
            assert_eq!(operation.to_string(), text);
        }
    }
}
