//! The verbs that read and write data, and what they give back.
//!
//! Every verb makes a builder that does nothing until it is awaited, and compiles to one `query` request: names come
//! from the derive and are escaped or bound, values are bound and never spliced into text.

mod args;
mod create;
mod queryable;
mod raw;
mod response;
mod results;
mod run;
mod select;

pub use args::Args;
pub use create::{Content, Create, NeedsContent};
pub use queryable::Queryable;
pub use raw::Query;
pub use response::Response;
pub use results::Results;
pub use run::Run;
pub use select::{Select, SelectOne};
