//! Calls of functions by name.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::statement::{Call, Fragment, Statement, builder_methods, send};
use super::{Response, Scope};
use crate::codec;
use crate::error::{Error, Result};
use crate::protocol::{Operation, Target};
use crate::record::tuples;
use crate::session::CallFuture;

/// A call of a function: awaiting it returns the result of the function as `T`.
///
/// # Errors
///
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for an invalid name or version;
/// [`Encode`](crate::ErrorKind::Encode) for an argument that cannot be sent, with its index;
/// [`Validation`](crate::ErrorKind::Validation) for a function that the server does not have;
/// [`Decode`](crate::ErrorKind::Decode) if the result does not fit `T`; otherwise the error of the function.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Whether calling again is safe depends on the function.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// let length: usize = session.run("array::len").args(([1, 2, 3],)).await?;
/// assert_eq!(length, 3);
///
/// session.execute("DEFINE FUNCTION fn::greet($name: string) { RETURN 'Hello ' + $name }").await?;
/// let greeting = session.run::<String>("fn::greet").args(("Ada",)).await?;
/// assert_eq!(greeting, "Hello Ada");
/// # Ok(()) });
/// ```
#[must_use = "a function is called when this is awaited"]
pub struct Run<T> {
    call: Call,
    function: String,
    version: Option<String>,
    args: Fragment,
    result: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Run<T> {
    pub(super) fn new(scope: Scope, function: String) -> Self {
        Self { call: Call::new(scope), function, version: None, args: Fragment::default(), result: PhantomData }
    }

    /// Sets the arguments, which are encoded at once. Without this call there are none.
    pub fn args(mut self, args: impl Args) -> Self {
        self.args = args.surql();
        self
    }

    /// Sets the version of the model of an `ml::` function, such as `1.0.0`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    builder_methods! { call }

    /// The call without a RETURN, which would end a transaction block around it.
    fn try_surql(&self) -> Result<Fragment> {
        let Self { function, version, args, .. } = self;
        check_function(function)?;
        let version = version.as_ref().map(|version| check_version(function, version)).transpose()?;
        let version = version.map(|version| format!("<{version}>")).unwrap_or_default();
        Ok(Fragment::new(format!("{function}{version}(")).then(args.clone()).text(")"))
    }
}

impl<T: DeserializeOwned + 'static> Statement for Run<T> {
    type Output = T;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        Operation::statement("run", Target::shown(self.function.clone()))
    }

    fn surql(&self) -> Fragment {
        self.try_surql().unwrap_or_else(|error| Fragment::new(self.function.escape_debug().to_string()).failed(error))
    }

    fn read(&self, response: &Response, index: usize) -> Result<T> {
        response.take(index)
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Run<T> {
    type Output = Result<T>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// Accepts only a path of plain names, which becomes part of the text.
fn check_function(name: &str) -> Result<()> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if name.split("::").all(is_name) {
        return Ok(());
    }
    let shown = name.escape_debug();
    Err(Error::argument(format!("`{shown}` is not the name of a function, such as `fn::greet` or `array::len`")))
}

fn check_version<'a>(function: &str, version: &'a str) -> Result<&'a str> {
    if !function.starts_with("ml::") {
        return Err(Error::argument(format!("`{function}` has no versions; only functions of `ml::` have")));
    }
    if version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(version);
    }
    Err(Error::argument(format!("`{}` is not a version, such as `1.0.0`", version.escape_debug())))
}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("function", &self.function).finish_non_exhaustive()
    }
}

/// The arguments of a [`Run`](super::Run): a tuple of up to twelve, or a slice, array or `Vec` of one type. Sealed.
///
/// The types of the values are not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
/// sent as serde writes them, a time as text. Convert them first, as in `Datetime::from(time)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    note = "write one argument as a tuple with a comma: `.args((value,))`"
)]
pub trait Args {
    /// Returns the encoded arguments, with commas between them.
    #[doc(hidden)]
    fn surql(&self) -> Fragment;
}

fn argument<T: Serialize + ?Sized>(index: usize, value: &T) -> Fragment {
    match codec::encode(value) {
        Ok(value) => Fragment::default().encoded(Ok(value)),
        Err(error) => Fragment::default().failed(Error::from(error).in_context(format_args!("argument {index}"))),
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty;)+) => {$(
        impl<T: Serialize, $($generics)*> Args for $list {
            fn surql(&self) -> Fragment {
                let values = self.iter().enumerate();
                Fragment::default().joined(values.map(|(index, value)| argument(index, value)), ", ")
            }
        }
    )+};
}

lists! {
    [] &[T];
    [] Vec<T>;
    [const N: usize] [T; N];
}

macro_rules! args {
    ($([$type:ident $_type:ident $_name:ident $index:tt])*) => {
        impl<$($type: Serialize),*> Args for ($($type,)*) {
            fn surql(&self) -> Fragment {
                Fragment::default().joined([$(argument($index, &self.$index)),*], ", ")
            }
        }
    };
}

args! {}

tuples! { args }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions_are_paths_of_plain_names() {
        for (name, accepted) in [
            ("fn::greet", true),
            ("fn::area::greet_2", true),
            ("count", true),
            ("type::is_record", true),
            ("", false),
            ("fn::", false),
            ("fn::a b", false),
            ("fn::greet()", false),
            ("fn::greet; DELETE user", false),
            ("fn:greet", false),
            ("1fn", false),
        ] {
            assert_eq!(check_function(name).is_ok(), accepted, "{name}");
        }
    }

    #[test]
    fn only_models_have_versions() {
        for (function, version, accepted) in [
            ("ml::house", "1.0.0", true),
            ("ml::house", "1", true),
            ("ml::house", "1..0", false),
            ("ml::house", "1>(); DELETE user; RETURN ml::house<1", false),
            ("fn::greet", "1.0.0", false),
        ] {
            assert_eq!(check_version(function, version).is_ok(), accepted, "{function}<{version}>");
        }
    }
}
