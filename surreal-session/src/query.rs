//! The verbs that read and write data, and what they give back.
//!
//! Every verb makes a builder that does nothing until it is awaited, and compiles to one `query` request: names come
//! from the derive and are escaped or bound, values are bound and never spliced into text.

mod args;
mod assignment;
mod batch;
pub(crate) mod condition;
mod effect;
pub(crate) mod expression;
mod fragment;
mod lacking;
pub(crate) mod link;
mod order;
mod patch;
pub(crate) mod queryable;
pub(crate) mod raw;
pub(crate) mod response;
mod results;
mod run;
pub(crate) mod select;
mod statement;
pub(crate) mod traverse;
pub mod untyped;
pub mod write;

pub use args::Args;
pub use assignment::{Assign, Assignment};
pub use batch::{Atomic, Batch, EachAlone, Settled, Statement, Statements};
pub use condition::IntoCondition;
pub use expression::{
    Collection, Computed, Container, List, Number, Operand, Ordered, Settable, Sum, Text, Unassignable,
};
pub use link::{Fetch, Links};
pub use order::{IntoOrder, Order};
pub use patch::{Apply, PatchAction, PatchOp};
pub use results::Results;
pub use run::Run;
pub use select::{Explain, Select, state};

pub(crate) use condition::Tree;
pub(crate) use fragment::Fragment;
pub use raw::Execute;
pub(crate) use raw::Query;
pub(crate) use response::Response;
pub(crate) use select::{Fields, view_object};
pub(crate) use traverse::{Origin, Traverse};
