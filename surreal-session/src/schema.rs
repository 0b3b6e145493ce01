//! The schema of a database from its models: define it, and verify it.
//!
//! [`Schema::of`] is the text, [`Session::define`] brings a database to it without losing data, and [`Session::verify`]
//! compares. The attributes are on [`derive(Record)`](derive@crate::Record).
//!
//! A model's field has the type in SurrealQL that [`Stored::KIND`](crate::Stored::KIND) says: `Option<T>` is `option<..>`,
//! `[T; 3]` is `array<.., 3>`, `Id<User>` is `record<user>`, an enum with `#[derive(Stored)]` is the list of its texts, a
//! struct with `#[derive(Object)]` is `object` with its fields as `address.city`. A type that does not implement `Stored`, and
//! a field that serde converts by a function, is `any`; `#[record(type = "..")]` says more. A field that may be absent by
//! `#[serde(default)]` or `skip_serializing_if` is `option<..>`. A type that contains itself is an object with any fields at
//! its second visit.
//!
//! # Examples
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use surreal_session::prelude::*;
//!
//! #[derive(Debug, Serialize, Deserialize, Record)]
//! #[record(schemafull, index(fields(last_name, first_name)))]
//! struct User {
//!     id: Id<User>,
//!     first_name: String,
//!     last_name: String,
//!     #[record(unique, value = "string::lowercase($value)", assert = "string::is_email($value)")]
//!     email: String,
//!     #[record(default = "0", assert = "$value >= 0")]
//!     logins: i64,
//!     #[record(readonly, default = "time::now()")]
//!     created_at: Datetime,
//!     #[record(computed = "first_name + ' ' + last_name")]
//!     name: String,
//! }
//!
//! # surreal_session_embedded::example(async |session| {
//! session.define::<User>().await?.check()?;
//! let new = NewUser {
//!     first_name: "Ada".into(),
//!     last_name: "Lovelace".into(),
//!     email: "Ada@Example.com".into(),
//!     logins: None,
//! };
//! let ada = session.create::<User>().content(new).await?;
//! assert_eq!((ada.name.as_str(), ada.email.as_str(), ada.logins), ("Ada Lovelace", "ada@example.com", 0));
//!
//! session.execute("DEFINE FIELD OVERWRITE logins ON user TYPE string DEFAULT ''").await?;
//! let report = session.verify::<User>().await?;
//! assert!(!report.is_clean());
//! println!("{report}");
//! # Ok(()) });
//! ```

mod compare;
mod define;
mod definition;
mod kind;
mod report;
mod rows;
mod structure;
mod table;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::session::{Session, SessionCall};

use self::compare::Expected;
use self::structure::Structure;
use self::table::Parts;
#[doc(hidden)]
pub use definition::TableModel;
pub use definition::{Definition, Definitions, Item};
pub use report::{DefineReport, Difference, Part, PendingChange, SchemaChange, SchemaMismatch, SchemaReport};

/// The definitions of some models as SurrealQL.
///
/// [`Display`](fmt::Display) writes the same as [`to_surql`](Self::to_surql).
#[derive(Debug, Clone)]
pub struct Schema {
    parts: Parts,
}

impl Schema {
    /// The schema of a record, of another [`Definition`], or of a tuple of them. A definition that is in it twice counts once;
    /// several records of one table are one definition, with the fields and indexes of all.
    pub fn of<M: Definitions>() -> Self {
        let mut items = Vec::new();
        M::items(&mut items);
        Self { parts: Parts::of(&items) }
    }

    /// For tests: the schema of these items.
    #[doc(hidden)]
    pub fn of_items(items: &[Item]) -> Self {
        Self { parts: Parts::of(items) }
    }

    /// Returns the text: one statement on each line, in an order that the server takes. Analyzers come first; then the tables
    /// in the order of the models, each with its fields, objects before what is in them, and its indexes; then access methods.
    ///
    /// The statements are for an empty database: they fail if something of the same name is defined.
    pub fn to_surql(&self) -> String {
        self.parts.to_string()
    }

    /// Does what [`Session::define`] does, with a schema that is chosen at run time.
    pub fn define(&self, session: &Session) -> SessionCall<DefineReport> {
        let (session, schema) = (session.clone(), self.clone());
        SessionCall::in_session(&Arc::clone(session.inner()), "define", async move |deadline| {
            define::define(&session, &schema.parts, deadline).await
        })
    }

    /// Does what [`Session::verify`] does, with a schema that is chosen at run time.
    pub fn verify(&self, session: &Session) -> SessionCall<SchemaReport> {
        let (session, schema) = (session.clone(), self.clone());
        SessionCall::in_session(&Arc::clone(session.inner()), "verify", async move |deadline| {
            let parts = &schema.parts;
            let now = define::read(&session, parts, deadline).await?;
            let expected = match Structure::rendered(&session, parts, &now, deadline).await {
                Ok(structure) => Expected { parts, structure, is_rendered: true, schemaless: BTreeSet::new() },
                Err(error) if error.is_forbidden() => {
                    let structure = Structure::of_models(parts, &now);
                    Expected { parts, structure, is_rendered: false, schemaless: BTreeSet::new() }
                }
                Err(error) => return Err(error),
            };
            let differences = expected.compare(&now).into_iter().map(|found| found.difference).collect();
            Ok(SchemaReport { differences })
        })
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.parts, f)
    }
}

impl Session {
    /// Brings the session's database to the schema of models, without losing data.
    ///
    /// It creates missing tables, fields, indexes, analyzers and access methods, and alters what differs. A change that would
    /// lose data, or after which the server would refuse data that is there, is not made: it is
    /// [pending](DefineReport::pending) in the report, with the statement that would make it and the number of rows in its
    /// way. These are:
    ///
    /// - a type, or an assertion, that values of rows do not have; a required field that rows do not have;
    /// - a unique index over rows with equal values, and any index of a field that is pending itself in a schemafull table;
    /// - `schemafull` over rows with other fields;
    /// - a computed field in place of stored values;
    /// - a field or an index that the model does not have;
    /// - another definition of an access method, which would make its tokens invalid;
    /// - a narrower type, if the table has rows and is schemafull, on server 4.0, which does not look at the rows.
    ///
    /// Permissions, comments, the change feed and the mode (schemafull or not) stay as they are unless the model names them.
    /// Everything else of a field follows the model: an assertion, a default or a VALUE that the model does not have is removed.
    /// An analyzer that differs is replaced, and the indexes of these tables that use it are built again. Other tables of the
    /// database are not looked at.
    ///
    /// Fields and tables are changed in one transaction, and indexes after it, one by one. Run twice, it changes nothing. Two
    /// programs may run it at the same time, and a lost connection is no error; a change whose reply was lost is then not in the
    /// report. A row that is written between the count and the change may be in its way
    /// afterwards. The call waits while an index is built: give it a [`deadline`](SessionCall::deadline) that is long enough.
    ///
    /// The session needs the right to define (owner or editor), and a namespace and a database.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) and other errors of the server, with the definition that it refuses, such
    /// as SurrealQL that does not parse; nothing was changed then. [`Auth`](crate::ErrorKind::Auth) without the
    /// right to define. [`Unsupported`](crate::ErrorKind::Unsupported) for an index of several fields with an array, on servers
    /// before 3.3, which find a record several times by it.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the transaction is cancelled unless its commit was sent. Indexes that are built stay. Run it again.
    pub fn define<M: Definitions>(&self) -> SessionCall<DefineReport> {
        Schema::of::<M>().define(self)
    }

    /// Compares the schema of the session's database with models, and changes nothing.
    ///
    /// Expressions are compared in the server's own form: the models are defined under other names in a transaction that is
    /// cancelled. A session without the right to define, such as that of a viewer, compares the texts, and a difference may
    /// then be none: see [`Difference::is_certain`].
    ///
    /// Permissions, comments, the change feed and the mode are compared only if the model names them. Other tables of the
    /// database are not looked at.
    ///
    /// # Errors
    ///
    /// [`Auth`](crate::ErrorKind::Auth) without the right to see the schema; the errors of
    /// [`define`](Self::define) for models that the server refuses.
    ///
    /// # Cancel safety
    ///
    /// Nothing is written.
    pub fn verify<M: Definitions>(&self) -> SessionCall<SchemaReport> {
        Schema::of::<M>().verify(self)
    }
}
