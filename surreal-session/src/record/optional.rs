//! What may be missing.

use super::Adapted;

/// A type that says when there is nothing: an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be unset",
    label = "this is for fields of type `Option`",
    note = "a record whose field is missing could not be read as `{Self}` any more"
)]
pub trait Optional {}

impl<T> Optional for Option<T> {}

impl<T: Optional, O, const INDEX: usize> Optional for Adapted<T, O, INDEX> {}
