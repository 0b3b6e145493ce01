//! Builders that read and write data, and the traits of their arguments.
//!
//! The methods of [`Queryable`](crate::Queryable) make them. A builder of one statement implements [`Statement`]: it makes
//! the text and reads the result. Names in the text come from the derive macros and are escaped; values are bound.

mod assignment;
mod batch;
pub(crate) mod condition;
mod effect;
mod execute;
pub(crate) mod expression;
pub(crate) mod fetch;
mod order;
mod patch;
pub(crate) mod queryable;
pub(crate) mod response;
mod run;
mod scope;
pub(crate) mod select;
pub(crate) mod statement;
pub(crate) mod surql;
pub(crate) mod traverse;
pub mod untyped;
pub mod write;

pub use assignment::{Assign, Assignment};
pub use batch::{AtomicBatch, Batch, SettledBatch, Statements};
pub use condition::IntoCondition;
pub use execute::Execute;
pub use expression::{Computed, Operand, Settable, Unassignable};
pub use fetch::Links;
pub use order::{IntoOrder, Order};
pub use patch::{Apply, PatchAction, PatchOp};
pub use response::Results;
pub use run::{Args, Run};
pub use select::{Count, Exists, Explain, Lenient, Select, SelectExactlyOne, SelectIds, SelectLenient, SelectOne};
pub use statement::Statement;
pub use surql::IntoSurql;

pub(crate) use condition::Tree;
pub(crate) use response::Response;
pub use scope::Scope;
pub(crate) use select::{Fields, view_object};
pub(crate) use statement::{Fragment, Query};
pub(crate) use traverse::{Origin, Traverse};
