//! Builders that read and write data, and the traits of their arguments.
//!
//! The methods of [`Queryable`](crate::Queryable) make them. A builder of one statement implements [`Statement`]: it makes
//! the text and reads the result. Names in the text come from the derive macros and are escaped; values are bound.

mod aggregate;
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
mod selection;
pub(crate) mod statement;
mod stream;
pub(crate) mod surql;
pub(crate) mod traverse;
pub mod untyped;
pub mod write;

pub use aggregate::{Aggregate, Aggregates, Group, GroupKey, GroupValue, count, count_if};
pub use assignment::{Assign, Assignment};
pub use batch::{AtomicBatch, Batch, SettledBatch, Statements};
pub use condition::IntoCondition;
pub use execute::Execute;
pub use expression::{Computed, Edges, Operand, Settable, TimeUnit, Unassignable};
pub use fetch::Links;
pub use order::{IntoOrder, Order};
pub use patch::{Apply, PatchAction, PatchOp};
pub use response::Results;
pub use run::{Args, Run};
pub use select::{
    Aggregated, AggregatedAll, Count, Cursor, Distance, Exists, Explain, GroupBy, Hybrid, Lenient, Near, Nearest,
    NumberedPage, Page, RowStream, Scored, Search, SearchFields, Select, SelectExactlyOne, SelectIds, SelectLenient,
    SelectNumberedPage, SelectOne, SelectPage, Values, Weighted,
};
pub use selection::{OptionalFields, Selection, SingleColumn, Split};
pub use statement::Statement;
pub use stream::QueryStream;
pub use surql::IntoSurql;

pub(crate) use condition::Tree;
pub(crate) use response::Response;
pub use scope::Scope;
pub(crate) use select::{Fields, limited_range, view_object};
pub(crate) use statement::{Fragment, Query};
pub(crate) use traverse::{Origin, Traverse};
