//! The fields of an object as the derive describes them, with the rules of the schema.

use std::fmt;
use std::ptr::fn_addr_eq;

use super::{FieldRef, Kind, Path, Stored};
use crate::value::with::foreign::Probe;

/// The fields of an object. For generated code.
pub trait HasMembers {
    /// Returns the fields in their order.
    fn members() -> &'static [Member];
}

/// The fields of a type that implements [`HasMembers`].
#[derive(Clone, Copy)]
pub struct Members(pub(crate) fn() -> &'static [Member]);

impl Members {
    /// The fields of `T`.
    pub const fn of<T: HasMembers>() -> Self {
        Self(T::members)
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Members {}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Members").finish_non_exhaustive()
    }
}

/// One field. For generated code.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// The name, not escaped; `None` for a flattened field.
    pub(crate) name: Option<&'static str>,
    pub(crate) kind: Kind,
    /// Set if a record without the field can be read.
    pub(crate) is_optional: bool,
    pub(crate) rules: Rules,
}

/// The rules of a field, as SurrealQL. For generated code.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the words of the attribute")]
pub struct Rules {
    pub kind: Option<&'static str>,
    pub default: Option<&'static str>,
    pub default_always: Option<&'static str>,
    pub value: Option<&'static str>,
    pub assert: Option<&'static str>,
    pub computed: Option<&'static str>,
    pub readonly: bool,
    pub flexible: bool,
    pub reference: Option<&'static str>,
    pub permissions: Option<&'static str>,
    pub comment: Option<&'static str>,
    pub indexes: &'static [IndexModel],
}

/// An index. For generated code.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the words of the attribute")]
pub struct IndexModel {
    pub name: Option<&'static str>,
    /// The paths of its fields; none for the index of the field where it is.
    pub columns: fn() -> Vec<String>,
    pub kind: &'static str,
    pub suffix: &'static str,
    pub needs_dimension: bool,
    pub comment: Option<&'static str>,
}

impl fmt::Debug for IndexModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexModel").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Member {
    /// A field.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name: Some(name), kind, is_optional: false, rules: Rules::NONE }
    }

    /// A flattened field.
    pub const fn flat(kind: Kind) -> Self {
        Self { name: None, kind, is_optional: false, rules: Rules::NONE }
    }

    /// A field that a record need not have.
    pub const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// A field with rules.
    pub const fn ruled(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }
}

impl Rules {
    /// No rules.
    pub const NONE: Self = Self {
        kind: None,
        default: None,
        default_always: None,
        value: None,
        assert: None,
        computed: None,
        readonly: false,
        flexible: false,
        reference: None,
        permissions: None,
        comment: None,
        indexes: &[],
    };
}

/// The kind of a type that does not implement [`Stored`]. For generated code.
pub trait UnknownKind {
    /// Any value.
    const STORED: Kind = Kind::Any;
}

impl<T: ?Sized> UnknownKind for Probe<T> {}

impl<T: Stored + ?Sized> Probe<T> {
    /// The kind of the type.
    pub const STORED: Kind = T::KIND;
}

/// For generated code: the path of a field, as SurrealQL.
pub fn path_of<P: Path, T>(field: FieldRef<P, T>) -> String {
    const { assert!(!P::IS_LINKED, "an index is about fields of its own table, and this one is read through a link") };
    let _ = field;
    let mut path = String::new();
    P::write(&mut path);
    path
}

/// For generated code: the columns of an index of one field.
pub fn no_columns() -> Vec<String> {
    Vec::new()
}
