//! Links that a read follows to the records that they lead to.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};

use crate::record::{FieldRef, Key, Record, Shows, Within, tuples};
use crate::value::Id;

/// A link that a read has followed, by [`fetch`](crate::query::Select::fetch) or in a view.
///
/// Models hold an [`Id`], and so does everything that is written; a `Link` is only read. A field that may be empty gives an
/// `Option<Link<T>>`.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Company { id: Id<Company>, name: String }
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, employer: Option<Id<Company>> }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE company:acme SET name = 'ACME'").await?;
/// # session.execute("CREATE user:ada SET name = 'Ada', employer = company:acme").await?;
/// # session.execute("CREATE user:bob SET name = 'Bob', employer = company:initech").await?;
/// # session.execute("CREATE user:cy SET name = 'Cy'").await?;
/// # let mut lines = Vec::new();
/// for (user, employer) in session.select::<User>().fetch(|u| u.employer).await? {
///     let line = match employer {
///         Some(Link::Record(company)) => format!("{} works for {}", user.name, company.name),
///         Some(Link::Dangling(id)) => format!("{} works for {id}, which does not exist", user.name),
///         None => format!("{} has no employer", user.name),
///     };
/// #   lines.push(line);
/// }
/// # assert_eq!(lines[..2], ["Ada works for ACME", "Bob works for company:initech, which does not exist"]);
/// # assert_eq!(lines[2], "Cy has no employer");
/// # Ok(()) });
/// ```
pub enum Link<T: Record> {
    /// The linked record.
    Record(T),
    /// The id of a record that does not exist, or that the identity of the session may not see.
    Dangling(Id<T, T::Key>),
}

impl<T: Record> Link<T> {
    /// Returns the linked record if it exists.
    pub fn record(&self) -> Option<&T> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// Returns the linked record if it exists.
    pub fn into_record(self) -> Option<T> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }

    /// Returns whether the linked record does not exist.
    pub fn is_dangling(&self) -> bool {
        matches!(self, Self::Dangling(_))
    }
}

/// The links of a record of type `R` to follow: a field, or several in a tuple of up to twelve.
///
/// The field holds an [`Id`], an `Option` of one, or a `Vec` of them.
#[diagnostic::on_unimplemented(
    message = "this is not a link of `{R}` that can be followed",
    label = "expected a field of type `Id<_>`, `Option<Id<_>>` or `Vec<Id<_>>`, or a tuple of them"
)]
pub trait Links<R: Record> {
    /// The type with a [`Link`] in place of each [`Id`].
    type Fetched: DeserializeOwned + 'static;

    /// The row: a tuple of the record and of each link.
    type Row: DeserializeOwned + 'static;

    /// Returns the expression that reads each link.
    #[doc(hidden)]
    fn fetched(self) -> Vec<String>;
}

macro_rules! links {
    ($($id:ty => $link:ty, $followed:ident;)+) => {$(
        impl<R: Record, P: Within<R>, T: Record<Key = K>, K: Key> Links<R> for FieldRef<P, $id> {
            type Fetched = $link;
            type Row = (R, $link);

            fn fetched(self) -> Vec<String> {
                let mut path = String::new();
                P::write(&mut path);
                vec![$followed(&path)]
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Record<Key = K>, K: Key> Shows<$id> for $link {
            const IS_FOLLOWED: bool = true;

            fn shown(path: String) -> String {
                $followed(&path)
            }
        }
    )+};
}

links! {
    Id<T, K> => Link<T>, pair;
    Option<Id<T, K>> => Option<Link<T>>, pair_if_any;
    Vec<Id<T, K>> => Vec<Link<T>>, pairs;
    Option<Vec<Id<T, K>>> => Option<Vec<Link<T>>>, pairs;
}

macro_rules! several {
    ($([$path:ident $id:ident $_name:ident $index:tt])+) => {
        impl<R: Record, $($path, $id),+> Links<R> for ($(FieldRef<$path, $id>,)+)
        where
            $(FieldRef<$path, $id>: Links<R>),+
        {
            type Fetched = ($(<FieldRef<$path, $id> as Links<R>>::Fetched,)+);
            type Row = (R, $(<FieldRef<$path, $id> as Links<R>>::Fetched),+);

            fn fetched(self) -> Vec<String> {
                [$(self.$index.fetched()),+].concat()
            }
        }
    };
}

tuples! { several }

/// A field of an object or record that may be missing may be missing as well.
#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> Shows<Id<T, K>> for Option<Link<T>> {
    const IS_FOLLOWED: bool = true;

    fn shown(path: String) -> String {
        pair_if_any(&path)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> Shows<Vec<Id<T, K>>> for Option<Vec<Link<T>>> {
    const IS_FOLLOWED: bool = true;

    fn shown(path: String) -> String {
        pairs(&path)
    }
}

/// The id with the record. FETCH would return NONE for a record that does not exist, without its id.
fn pair(path: &str) -> String {
    format!("[{path}, {path}.*]")
}

fn pair_if_any(path: &str) -> String {
    format!("(IF {path} > NULL THEN {} END)", pair(path))
}

fn pairs(path: &str) -> String {
    format!("(IF type::is_array({path}) THEN {path}.map(|$link| {}) END)", pair("$link"))
}

impl<'de, T: Record> Deserialize<'de> for Link<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LinkVisitor(PhantomData))
    }
}

struct LinkVisitor<T>(PhantomData<T>);

impl<'de, T: Record> Visitor<'de> for LinkVisitor<T> {
    type Value = Link<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a link to a record of `{}` that was followed", T::TABLE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Link<T>, A::Error> {
        let id = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let record: Option<T> = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        Ok(record.map_or(Link::Dangling(id), Link::Record))
    }
}

impl<T: Record + Clone> Clone for Link<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Record(record) => Self::Record(record.clone()),
            Self::Dangling(id) => Self::Dangling(id.clone()),
        }
    }
}

impl<T: Record + PartialEq> PartialEq for Link<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Record(one), Self::Record(other)) => one == other,
            (Self::Dangling(one), Self::Dangling(other)) => one == other,
            _ => false,
        }
    }
}

impl<T: Record + fmt::Debug> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => f.debug_tuple("Record").field(record).finish(),
            Self::Dangling(id) => f.debug_tuple("Dangling").field(id).finish(),
        }
    }
}
