//! What a batch is made of.

use super::Part;
use super::answer::Answer;
use crate::error::Result;
use crate::query::statement::Statement;
use crate::record::tuples;

/// What can be run as a batch: a tuple of up to twelve builders, or a `Vec` of builders of one type. Sealed.
///
/// The text of a [`Query`](crate::Query) cannot be part of one: there is no telling how many statements it has, and a
/// RETURN in it would have those after it skipped.
///
/// ```compile_fail,E0277
/// # use surreal_session::prelude::*;
/// # fn example(session: Session) {
/// let batch = session.batch((session.run::<i64>("count"), session.query("CREATE user; CREATE user")));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be run as a batch",
    label = "neither a tuple of builders nor a `Vec` of builders",
    note = "a batch takes builders of one statement, which were not awaited: `session.batch((first, second))`",
    note = "a query with text of its own cannot be part of one: run it by itself, or in a transaction"
)]
pub trait Statements: private::Sealed {}

macro_rules! statements {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        impl<$($type: Statement),+> Statements for ($($type,)+) {}

        impl<$($type: Statement),+> private::Sealed for ($($type,)+) {
            type Output = ($($type::Output,)+);
            type Settled = ($(Result<$type::Output>,)+);

            fn parts(&self) -> Vec<Part> {
                vec![$(Part::of(&self.$index)),+]
            }

            fn read(&self, answer: &Answer) -> Result<Self::Output> {
                Ok(($(answer.read(&self.$index, $index)?,)+))
            }

            fn settle(&self, answer: &Answer) -> Self::Settled {
                ($(answer.read(&self.$index, $index),)+)
            }
        }
    };
}

tuples! { statements }

impl<S: Statement> Statements for Vec<S> {}

impl<S: Statement> private::Sealed for Vec<S> {
    type Output = Vec<S::Output>;
    type Settled = Vec<Result<S::Output>>;

    fn parts(&self) -> Vec<Part> {
        self.iter().map(Part::of).collect()
    }

    fn read(&self, answer: &Answer) -> Result<Self::Output> {
        self.iter().enumerate().map(|(index, statement)| answer.read(statement, index)).collect()
    }

    fn settle(&self, answer: &Answer) -> Self::Settled {
        self.iter().enumerate().map(|(index, statement)| answer.read(statement, index)).collect()
    }
}

mod private {
    use super::{Answer, Part, Result};

    pub trait Sealed: Send + 'static {
        /// What each of them gives.
        type Output;

        /// The result of each of them.
        type Settled;

        fn parts(&self) -> Vec<Part>;
        fn read(&self, answer: &Answer) -> Result<Self::Output>;
        fn settle(&self, answer: &Answer) -> Self::Settled;
    }
}
