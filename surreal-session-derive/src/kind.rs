//! The derive macros of this crate, as the messages name them.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Record,
    Object,
    View,
    Link,
    Stored,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Record, Self::Object, Self::View, Self::Link, Self::Stored];

    /// Returns the name of the derive macro.
    pub(crate) fn derive(self) -> &'static str {
        match self {
            Self::Record => "Record",
            Self::Object => "Object",
            Self::View => "View",
            Self::Link => "LinkTo",
            Self::Stored => "Stored",
        }
    }

    /// Returns the noun for a type with the derive.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Record => "a record",
            Self::Object => "an object",
            Self::View => "a view",
            Self::Link => "a link",
            Self::Stored => "a stored value",
        }
    }
}
