//! Pieces of SurrealQL with the values that belong into them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::Query;
use super::raw::with_names;
use crate::codec::{self, EncodeError};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::record::{Assignment, Assignments, Path};
use crate::session::Scope;
use crate::value;

/// A piece of a statement. Its values have no names yet, so that any two pieces go together.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Fragment {
    text: String,
    /// Where in the text each value belongs, in ascending order.
    values: Vec<(usize, Result<Item, EncodeError>)>,
    /// Values with names that the program chose.
    named: Vec<(Arc<str>, Encoded)>,
    /// What is wrong with it, whatever the server would say.
    refusal: Option<Error>,
    /// Whether it may read other records than the one that it is about.
    reads_others: bool,
}

type Encoded = Result<Bytes, EncodeError>;

/// An encoded value, which is copied once: into the frame.
#[derive(Clone)]
enum Item {
    Value(Bytes),
    /// An array of this length, without its header.
    Array(usize, Bytes),
}

/// A hundred years. The server (3.3.5) never answers a statement whose timeout its clock cannot be added to.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(100 * 365 * 24);

impl Fragment {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A value alone.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::default().value(value)
    }

    /// A place in a record alone.
    pub(crate) fn path<P: Path>() -> Self {
        let mut text = String::new();
        P::write(&mut text);
        Self { text, reads_others: P::IS_LINKED, ..Self::default() }
    }

    /// Says that it may read other records than the one that it is about.
    pub(crate) fn reading_others(self, reads_others: bool) -> Self {
        Self { reads_others: self.reads_others || reads_others, ..self }
    }

    pub(crate) fn reads_others(&self) -> bool {
        self.reads_others
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn value<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.encoded(codec::encode(value))
    }

    /// Adds a value that is encoded already.
    pub(crate) fn encoded(mut self, value: Encoded) -> Self {
        self.values.push((self.text.len(), value.map(Item::Value)));
        self
    }

    /// Adds an array of encoded values.
    pub(crate) fn array(mut self, length: usize, values: Bytes) -> Self {
        self.values.push((self.text.len(), Ok(Item::Array(length, values))));
        self
    }

    /// Binds a value to a name that stands in the text.
    pub(crate) fn bind<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.named.push((name.into(), codec::encode(value)));
        self
    }

    /// The same without the values that are bound to names, for a piece that repeats another.
    pub(crate) fn unnamed(mut self) -> Self {
        self.named.clear();
        self
    }

    /// Adds the clause that limits how long the server may take.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Self {
        match timeout {
            Some(timeout) => self.text(" TIMEOUT ").value(&value::Duration::from(timeout.min(LONGEST_TIMEOUT))),
            None => self,
        }
    }

    /// Makes the statement fail before it is sent.
    pub(crate) fn refused(self, reason: &str) -> Self {
        self.failed(Error::argument(reason.to_owned()))
    }

    /// The same for a reason that is an error already.
    pub(crate) fn failed(mut self, error: Error) -> Self {
        self.refusal.get_or_insert(error);
        self
    }

    pub(crate) fn then(mut self, next: Self) -> Self {
        let offset = self.text.len();
        self.text.push_str(&next.text);
        self.refusal = self.refusal.or(next.refusal);
        self.reads_others |= next.reads_others;
        self.values.extend(next.values.into_iter().map(|(at, value)| (at + offset, value)));
        self.named.extend(next.named);
        self
    }

    /// Adds the pieces with `separator` between them.
    pub(crate) fn joined(mut self, pieces: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(separator);
            }
            self = self.then(piece);
        }
        self
    }

    /// Adds `path = value, ..`. A field of an object that may be missing is changed only where the object is there.
    pub(crate) fn assignments(self, assignments: &Assignments) -> Self {
        let assignments = match assignments.checked() {
            Ok(assignments) => assignments,
            Err(error) => return self.failed(error.into()),
        };
        let pieces = assignments.iter().map(|Assignment { path, part, value }| {
            let value = Self::default().encoded(value.clone());
            match part {
                Some(part) => {
                    let condition = format!("{path} = IF {} {{ ", part.condition());
                    Self::new(condition).then(value).text(" } ELSE { NONE }")
                }
                None => Self::new(format!("{path} = ")).then(value),
            }
        });
        self.joined(pieces, ", ")
    }

    #[cfg(test)]
    pub(crate) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Fails if it cannot be sent.
    pub(crate) fn check(&self) -> Result<()> {
        let values = self.values.iter().map(|(_, value)| value.as_ref().err());
        let mut invalid = values.chain(self.named.iter().map(|(_, value)| value.as_ref().err()));
        let invalid = invalid.find_map(|error| error).map(|error| error.clone().into());
        self.refusal.clone().or(invalid).map_or(Ok(()), Err)
    }

    #[cfg(test)]
    pub(crate) fn values(self) -> impl Iterator<Item = Encoded> {
        self.values.into_iter().map(|(_, value)| value.map(|(Item::Value(bytes) | Item::Array(_, bytes))| bytes))
    }

    /// The text and the names bound to it, for logs.
    pub(crate) fn to_surql(&self) -> String {
        let numbered = (0..self.values.len()).map(|index| format!("_{index}"));
        let names = numbered.chain(self.named.iter().map(|(name, _)| name.to_string()));
        with_names(self.to_string(), names)
    }

    /// The finished statement, its values bound as `$_0`, `$_1` and so on.
    pub(crate) fn into_query(self, scope: Scope, operation: Operation, deadline: Option<Duration>) -> Query {
        let bytes = self.values.iter().map(|(_, value)| value.as_ref().map_or(0, Item::len_bytes)).sum();
        let query = Query::of(scope, operation, &self.to_string(), bytes);
        let query = query.deadline_if_any(deadline).refused_if(self.refusal);
        let numbered = self.values.into_iter().enumerate();
        let query = numbered.fold(query, |query, (index, (_, value))| {
            let name = format!("_{index}");
            match value {
                Ok(Item::Array(length, values)) => query.bind_array(name, length, &values),
                Ok(Item::Value(value)) => query.bind_encoded(name, Ok(value)),
                Err(error) => query.bind_encoded(name, Err(error)),
            }
        });
        self.named.into_iter().fold(query, |query, (name, value)| query.bind_checked(&name, value))
    }
}

impl Item {
    /// The bytes in the frame, with the name and the longest header.
    fn len_bytes(&self) -> usize {
        let (Self::Value(bytes) | Self::Array(_, bytes)) = self;
        bytes.len() + 16
    }
}

/// The text, with `$_0`, `$_1` and so on where the values belong.
impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for (index, (at, _)) in self.values.iter().enumerate() {
            write!(f, "{}$_{index}", &self.text[from..*at])?;
            from = *at;
        }
        f.write_str(&self.text[from..])
    }
}

/// Without the values.
impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fragment({self})")
    }
}
