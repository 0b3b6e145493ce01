//! SurrealQL text of the program with its values, which every builder that takes such text accepts.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::codec::reader::{MapEntries, Reader};
use crate::codec::{self, EncodeError};
use crate::error::{Error, Result};
use crate::protocol::check_name;
use crate::record::{FieldRef, HasTable, Path};
use crate::value::escape_identifier;

/// SurrealQL text with its values: for [`query`](crate::Queryable::query), [`execute`](crate::Queryable::execute),
/// [`Condition::raw`](crate::Condition::raw) and [`FieldRef::set_raw`](crate::field::FieldRef::set_raw).
///
/// [`surql!`](crate::surql!) makes it from a literal that the compiler checks. A `&'static str` is accepted wherever a
/// `Surql` is. Text that is made at run time is accepted only through [`Surql::dynamic`], so that a search for `dynamic`
/// finds every place where text from outside could become code.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user SET age = 36").await?;
/// let adults = surql!("RETURN count(SELECT * FROM user WHERE age >= $min)", min = 18);
/// let adults: i64 = session.query(adults).await?.take(0)?;
/// assert_eq!(adults, 1);
///
/// let fields = ["age", "name"].join(", ");
/// let listed = Surql::dynamic(format!("SELECT {fields} FROM user WHERE age >= $min")).bind("min", 18);
/// let listed: Vec<Value> = session.query(listed).await?.take(0)?;
/// assert_eq!(listed.len(), 1);
/// # Ok(()) });
/// ```
#[must_use = "the text does nothing until a builder is given it"]
#[derive(Clone)]
pub struct Surql {
    text: Cow<'static, str>,
    bindings: Vec<(String, Bytes)>,
    /// The first error of a binding, which sending returns.
    error: Option<Error>,
    /// Set for text that is made at run time.
    is_dynamic: bool,
}

impl Surql {
    /// Takes text that is made at run time. The server runs all of it.
    ///
    /// Bind values with [`bind`](Self::bind) instead of writing them into the text: a value in the text can end a string and
    /// run statements of its own. Write only identifiers into it that the program controls, such as those of a fixed list.
    /// Escape every other identifier: the [`Display`](fmt::Display) form of a [`Table`](crate::value::Table) is always one
    /// identifier.
    pub fn dynamic(text: impl Into<String>) -> Self {
        Self { is_dynamic: true, ..fixed(text.into()) }
    }

    /// Binds `value` to `$name`, by the rules of [`Query::bind`](crate::Query::bind).
    ///
    /// A name or value that cannot be bound is an error of the call that the text is sent with.
    pub fn bind(mut self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        if self.error.is_none() {
            self.error = self.try_bind(name.as_ref(), &value).err();
        }
        self
    }

    /// Binds each field of a struct, or each entry of a map, to a parameter of its name; see
    /// [`Query::bind_all`](crate::Query::bind_all).
    pub fn bind_all(mut self, values: impl Serialize) -> Self {
        if self.error.is_none() {
            self.error = self.try_bind_all(&values).err();
        }
        self
    }

    /// The text, without the values.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn try_bind<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        check_free(name, self.bindings.iter().map(|(name, _)| name.as_str()))?;
        let value = codec::encode(value).map_err(|error| cannot_bind(name, error))?;
        self.bindings.push((name.to_owned(), value));
        Ok(())
    }

    fn try_bind_all<T: Serialize + ?Sized>(&mut self, values: &T) -> Result<()> {
        for (name, value) in entries(values)? {
            check_free(&name, self.bindings.iter().map(|(name, _)| name.as_str()))?;
            self.bindings.push((name, value));
        }
        Ok(())
    }

    /// Returns true for text that is made at run time, which may have values written into it.
    pub(super) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// The text, the values with their names, and the reason not to send it.
    pub(super) fn into_parts(self) -> (Cow<'static, str>, Vec<(String, Bytes)>, Option<Error>) {
        (self.text, self.bindings, self.error)
    }
}

/// Without the values.
impl fmt::Debug for Surql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.bindings.iter().map(|(name, _)| name);
        f.debug_tuple("Surql").field(&with_names(self.text.to_string(), names)).finish()
    }
}

/// SurrealQL text that the program contains, or a [`Surql`]. Sealed.
///
/// Text that is made at run time, such as a `String`, is not accepted as it is: it may contain what users type. Bind such
/// values, or wrap the text in [`Surql::dynamic`].
///
/// A reference that is not `'static`, such as `&*text` or `text.as_str()`, is refused with the compiler's message that
/// `text` "does not live long enough" or that "borrowed data escapes", since the text would have to live as long as the
/// program. The same helps: [`Surql::dynamic`]. A function that passes text on takes `&'static str` or `impl IntoSurql`.
#[diagnostic::on_unimplemented(
    message = "text made at run time is not accepted as SurrealQL: `{Self}`",
    label = "expected a string literal, `surql!(..)` or `Surql::dynamic(..)`",
    note = "bind values instead of writing them into the text: `surql!(\"SELECT * FROM user WHERE age >= $min\", min = 18)`",
    note = "for text that has to be made at run time use `Surql::dynamic(text)`, which takes a `String`",
    note = "`&*text` and `text.as_str()` do not help: they fail with \"does not live long enough\", for the same reason"
)]
pub trait IntoSurql: private::Sealed {
    /// Returns the text with its values.
    fn into_surql(self) -> Surql;
}

#[diagnostic::do_not_recommend]
impl IntoSurql for Surql {
    fn into_surql(self) -> Surql {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoSurql for &'static str {
    fn into_surql(self) -> Surql {
        fixed(self)
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::Surql {}
    impl Sealed for &'static str {}
}

/// Fails if the name cannot be bound besides these.
pub(super) fn check_free<'a>(name: &str, mut bound: impl Iterator<Item = &'a str>) -> Result<()> {
    check_name(name)?;
    if bound.any(|bound| bound == name) {
        return Err(Error::argument(format!("`${name}` is bound twice")));
    }
    Ok(())
}

/// The fields of a struct or the entries of a map, encoded.
pub(super) fn entries<T: Serialize + ?Sized>(values: &T) -> Result<Vec<(String, Bytes)>> {
    let encoded = codec::encode(values).map_err(|error| Error::from(error).in_context("cannot bind the values"))?;
    let mut reader = Reader::new(&encoded);
    let mut bindings = Vec::new();
    let read = MapEntries::of(&mut reader).and_then(|mut entries| {
        while let Some(name) = entries.next(&mut reader)? {
            bindings.push((name.into_owned(), encoded.slice_ref(reader.skip()?)));
        }
        Ok(bindings)
    });
    read.map_err(|_| Error::argument("the values of `bind_all` must be a struct or a map"))
}

/// The error for a value that cannot be encoded.
pub(super) fn cannot_bind(name: &str, error: EncodeError) -> Error {
    Error::from(error).in_context(format_args!("cannot bind `${name}`"))
}

/// Adds the names that are bound, as a comment.
pub(super) fn with_names(mut text: String, names: impl Iterator<Item: AsRef<str>>) -> String {
    for (index, name) in names.enumerate() {
        text.push_str(if index == 0 { " -- $" } else { ", $" });
        text.push_str(name.as_ref());
    }
    text
}

/// For generated code: text without placeholders.
pub fn fixed(text: impl Into<Cow<'static, str>>) -> Surql {
    Surql { text: text.into(), bindings: Vec::new(), error: None, is_dynamic: false }
}

/// For generated code: text and the names in it.
pub fn joined<const N: usize>(pieces: [Cow<'static, str>; N]) -> Surql {
    fixed(pieces.concat())
}

/// For generated code: the table of a record.
pub fn table<T: HasTable>() -> Cow<'static, str> {
    escape_identifier(T::NAME)
}

/// For generated code: the path of a field.
pub fn path<F: Place>(_: F) -> Cow<'static, str> {
    F::path().into()
}

/// A field with a name in the database, as a placeholder of [`surql!`](crate::surql!) needs it.
#[diagnostic::on_unimplemented(
    message = "a flattened object has no name in the database",
    label = "one of its fields is needed here, as in `{{User.flattened.field}}`"
)]
pub trait Place {
    /// The path as SurrealQL.
    fn path() -> String;
}

#[diagnostic::do_not_recommend]
impl<P: Path, T> Place for FieldRef<P, T> {
    fn path() -> String {
        let mut path = String::new();
        P::write(&mut path);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let surql = Surql::dynamic("RETURN $a + $b").bind("a", "secret").bind("b", 1);
        assert_eq!(surql.text(), "RETURN $a + $b");
        assert_eq!(format!("{surql:?}"), "Surql(\"RETURN $a + $b -- $a, $b\")");
    }

    type Map = std::collections::BTreeMap<&'static str, i64>;

    #[test]
    fn first_error_of_a_binding_is_kept() {
        for (surql, expected) in [
            (Surql::dynamic("").bind("auth", 1).bind("auth", 2), "`$auth` is set by the server"),
            (Surql::dynamic("").bind("a", 1).bind("a", 2), "`$a` is bound twice"),
            (Surql::dynamic("").bind("a", u64::MAX), "cannot bind `$a`"),
            (Surql::dynamic("").bind("a", 1).bind_all([("a", 2)].into_iter().collect::<Map>()), "`$a` is bound twice"),
            (Surql::dynamic("").bind_all([("a b", 2)].into_iter().collect::<Map>()), "a b"),
            (Surql::dynamic("").bind_all(5), "must be a struct or a map"),
            (Surql::dynamic("").bind_all([1, 2]), "must be a struct or a map"),
            (Surql::dynamic("").bind_all(u64::MAX), "cannot bind the values"),
        ] {
            let (_, _, error) = surql.clone().into_parts();
            let error = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{error}");
        }
    }
}
