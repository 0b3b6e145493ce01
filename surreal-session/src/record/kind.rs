//! Types in SurrealQL, and the fields of objects as the derive describes them, with the rules of the schema.

use std::fmt;
use std::ptr::fn_addr_eq;

use crate::value::{Value, escape_identifier};

/// A type in SurrealQL, as after `DEFINE FIELD .. TYPE`. [`Display`](fmt::Display) writes it as SurrealQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `any`
    Any,
    /// `null`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `decimal`
    Decimal,
    /// `number`
    Number,
    /// `string`
    String,
    /// `datetime`
    Datetime,
    /// `duration`
    Duration,
    /// `uuid`
    Uuid,
    /// `bytes`
    Bytes,
    /// `object`, with any fields.
    Object,
    /// `object`, with the fields of a type with `#[derive(Object)]` or `#[derive(Record)]`.
    Fields(Members),
    /// `geometry`
    Geometry,
    /// `geometry<..>` with its kind, such as `point`.
    GeometryOf(&'static str),
    /// `file`
    File,
    /// `range`
    Range,
    /// `record<..>` with the tables, or `record` for all tables.
    Record(&'static [&'static str]),
    /// One of these strings: `'open' | 'closed'`.
    Literal(&'static [&'static str]),
    /// `option<..>`
    Option(&'static Kind),
    /// `array<..>`, with the number of elements if it is fixed.
    Array(&'static Kind, Option<usize>),
    /// `set<..>`
    Set(&'static Kind),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record([]) => "record",
            Self::Record(tables) => {
                let tables: Vec<_> = tables.iter().map(|table| escape_identifier(table)).collect();
                return write!(f, "record<{}>", tables.join(" | "));
            }
            Self::Literal(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| Value::from(*text).to_string()).collect();
                return f.write_str(&texts.join(" | "));
            }
            // `None` and `Some(None)` are stored alike.
            Self::Option(kind @ Self::Option(_)) => return kind.fmt(f),
            Self::Option(kind) if **kind != Self::Any => return write!(f, "option<{kind}>"),
            Self::GeometryOf(kind) => return write!(f, "geometry<{kind}>"),
            Self::Array(Self::Any, None) => "array",
            Self::Array(kind, None) => return write!(f, "array<{kind}>"),
            Self::Array(kind, Some(length)) => return write!(f, "array<{kind}, {length}>"),
            Self::Set(kind) => return write!(f, "set<{kind}>"),
            Self::Any | Self::Option(_) => "any",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Decimal => "decimal",
            Self::Number => "number",
            Self::String => "string",
            Self::Datetime => "datetime",
            Self::Duration => "duration",
            Self::Uuid => "uuid",
            Self::Bytes => "bytes",
            Self::Object | Self::Fields(_) => "object",
            Self::Geometry => "geometry",
            Self::File => "file",
            Self::Range => "range",
        })
    }
}

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
    /// The field has a default that only the database knows.
    pub other_default: bool,
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

/// The rules of the field at `path`, which is SurrealQL, in an object with these fields.
pub(crate) fn rules_at(members: &[Member], path: &str) -> Option<Rules> {
    members.iter().find_map(|member| {
        let mut kind = member.kind;
        while let Kind::Option(inner) = kind {
            kind = *inner;
        }
        let rest = match member.name {
            Some(name) => path.strip_prefix(&*escape_identifier(name))?,
            None => path,
        };
        match (rest.is_empty(), kind) {
            (true, _) => Some(member.rules),
            (false, Kind::Fields(Members(fields))) if member.name.is_none() => rules_at(fields(), rest),
            (false, Kind::Fields(Members(fields))) => rules_at(fields(), rest.strip_prefix('.')?),
            _ => None,
        }
    })
}

impl Rules {
    /// No rules.
    pub const NONE: Self = Self {
        kind: None,
        default: None,
        default_always: None,
        other_default: false,
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
