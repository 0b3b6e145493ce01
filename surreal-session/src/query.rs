//! The verbs that read and write data, and what they give back.
//!
//! Every verb makes a builder that does nothing until it is awaited, and compiles to one `query` request: names come
//! from the derive and are escaped or bound, values are bound and never spliced into text.

mod args;
mod assignment;
pub mod batch;
mod condition;
mod create;
mod delete;
mod effect;
mod expression;
mod fragment;
mod insert;
mod lacking;
mod link;
mod order;
mod patch;
mod queryable;
mod raw;
mod relate;
mod response;
mod results;
mod run;
mod select;
mod statement;
mod traverse;
pub mod untyped;
mod update;
mod upsert;
pub mod write;

pub use args::Args;
pub use assignment::{Assign, Assignment};
pub use batch::Batch;
pub(crate) use condition::Tree;
pub use condition::{Condition, IntoCondition, all, any};
pub use create::Create;
pub use delete::Delete;
pub use expression::{
    Collection, Computed, Container, Expression, List, Nowhere, Number, Operand, Ordered, Settable, Sum, Term, Text,
};
pub(crate) use fragment::Fragment;
pub use insert::{Insert, NewRecords, NewRow};
pub use link::{Fetch, Link, Links};
pub use order::{IntoOrder, Order};
pub use patch::{Apply, PatchAction, PatchOp};
pub use queryable::Queryable;
pub use raw::Query;
pub use relate::Relate;
pub use response::Response;
pub use results::Results;
pub use run::Run;
pub(crate) use select::view_object;
pub use select::{Explain, Fields, Select, state};
pub use traverse::{
    Against, Along, BeginsAt, Direction, Edges, EndsAt, Filters, Origin, Own, Reached, ReachedBy, Referred, Referrers,
    Refers, Repeated, Repeats, Start, Traverse,
};
pub use update::Update;
pub use upsert::Upsert;
