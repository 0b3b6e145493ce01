//! Runs the examples of documents that no crate with the embedded server has among its documentation.

#[doc = include_str!("../../docs/cluster.md")]
mod cluster {}

#[doc = include_str!("../../docs/observability.md")]
mod observability {}

#[doc = include_str!("../../surreal-session-derive/docs/link_to.md")]
mod link_to {}

#[doc = include_str!("../../surreal-session-derive/docs/object.md")]
mod object {}

#[doc = include_str!("../../surreal-session-derive/docs/record.md")]
mod record {}

#[doc = include_str!("../../surreal-session-derive/docs/surql.md")]
mod surql {}

#[doc = include_str!("../../surreal-session-derive/docs/view.md")]
mod view {}
