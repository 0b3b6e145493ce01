//! Definitions of a program: tables from records, analyzers, and record access.

use std::fmt;

use crate::record::{IndexModel, Kind, Member};

/// A type that stands for a definition of the schema.
///
/// `#[derive(Record)]` implements it with the record's table. Analyzers and record access are implemented by hand, on a type
/// that has no other use:
///
/// ```
/// use surreal_session::schema::{Definition, Item, Schema};
///
/// struct English;
///
/// impl Definition for English {
///     const ITEM: Item = Item::analyzer("english", "TOKENIZERS class FILTERS lowercase, snowball(english)");
/// }
///
/// struct Account;
///
/// impl Definition for Account {
///     const ITEM: Item = Item::record_access("account")
///         .signup("(CREATE user SET name = $name, pass = crypto::argon2::generate($pass))")
///         .signin("(SELECT * FROM user WHERE name = $name AND crypto::argon2::compare(pass, $pass))")
///         .durations("FOR TOKEN 15m, FOR SESSION 12h");
/// }
///
/// assert_eq!(
///     Schema::of::<English>().to_surql(),
///     "DEFINE ANALYZER english TOKENIZERS class FILTERS lowercase, snowball(english);\n"
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` defines nothing in the schema",
    label = "a record, or a tuple of records, is needed here",
    note = "several are given as a tuple: `(User, Post, Wrote)`",
    note = "analyzers and record access implement `surreal_session::schema::Definition` by hand"
)]
pub trait Definition {
    /// The definition.
    const ITEM: Item;
}

/// A table, an analyzer, or an access method for records.
#[derive(Debug, Clone, Copy)]
pub struct Item(pub(super) ItemKind);

#[derive(Debug, Clone, Copy)]
pub(super) enum ItemKind {
    Table(TableModel),
    Analyzer { name: &'static str, text: &'static str },
    Access(Access),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) name: &'static str,
    pub(super) signup: Option<&'static str>,
    pub(super) signin: Option<&'static str>,
    pub(super) authenticate: Option<&'static str>,
    pub(super) durations: Option<&'static str>,
}

impl Item {
    /// For generated code: the table of a record.
    #[doc(hidden)]
    pub const fn table(model: TableModel) -> Self {
        Self(ItemKind::Table(model))
    }

    /// A text analyzer: its name, not escaped, and its tokenizers and filters as after `DEFINE ANALYZER name`.
    pub const fn analyzer(name: &'static str, text: &'static str) -> Self {
        Self(ItemKind::Analyzer { name, text })
    }

    /// An access method by which records sign in to the database, with its name, not escaped. The other methods say how.
    pub const fn record_access(name: &'static str) -> Self {
        Self(ItemKind::Access(Access { name, signup: None, signin: None, authenticate: None, durations: None }))
    }

    /// Sets the expression that creates the record at a sign-up. Only for record access.
    pub const fn signup(mut self, expression: &'static str) -> Self {
        if let ItemKind::Access(access) = &mut self.0 {
            access.signup = Some(expression);
        }
        self
    }

    /// Sets the expression that finds the record at a sign-in. Only for record access.
    pub const fn signin(mut self, expression: &'static str) -> Self {
        if let ItemKind::Access(access) = &mut self.0 {
            access.signin = Some(expression);
        }
        self
    }

    /// Sets the expression that runs whenever a token of the access method is used. Only for record access.
    pub const fn authenticate(mut self, expression: &'static str) -> Self {
        if let ItemKind::Access(access) = &mut self.0 {
            access.authenticate = Some(expression);
        }
        self
    }

    /// Sets how long tokens and sessions live, as after `DURATION`: `FOR TOKEN 15m, FOR SESSION 12h`. Only for record access.
    pub const fn durations(mut self, durations: &'static str) -> Self {
        if let ItemKind::Access(access) = &mut self.0 {
            access.durations = Some(durations);
        }
        self
    }
}

/// The table of a record. For generated code.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the words of the attribute")]
pub struct TableModel {
    pub name: &'static str,
    pub schemafull: Option<bool>,
    /// The kinds of `in` and `out`.
    pub relation: Option<(Kind, Kind)>,
    pub enforced: bool,
    pub members: fn() -> &'static [Member],
    pub indexes: &'static [IndexModel],
    pub permissions: Option<&'static str>,
    pub changefeed: Option<&'static str>,
    pub comment: Option<&'static str>,
}

impl fmt::Debug for TableModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableModel").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One [`Definition`], or a tuple of up to sixteen; a tuple may contain tuples.
#[diagnostic::on_unimplemented(
    message = "`{Self}` defines nothing in the schema",
    label = "a record, or a tuple of records, is needed here",
    note = "several are given as a tuple: `(User, Post, Wrote)`; more than sixteen as tuples in a tuple"
)]
pub trait Definitions {
    /// Adds the definitions in their order.
    #[doc(hidden)]
    fn items(into: &mut Vec<Item>);
}

#[diagnostic::do_not_recommend]
impl<T: Definition> Definitions for T {
    fn items(into: &mut Vec<Item>) {
        into.push(T::ITEM);
    }
}

#[diagnostic::do_not_recommend]
impl Definitions for () {
    fn items(_: &mut Vec<Item>) {}
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<$first: Definitions, $($rest: Definitions),*> Definitions for ($first, $($rest,)*) {
            fn items(into: &mut Vec<Item>) {
                $first::items(into);
                $($rest::items(into);)*
            }
        }
        tuples! { $($rest)* }
    };
    () => {};
}

tuples! { A B C D E F G H I J K L M N O P }
