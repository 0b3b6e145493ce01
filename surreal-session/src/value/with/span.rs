//! What is wrong with a span of time on its way to or from one that is signed.

use std::fmt::Display;

use crate::value::InvalidValue;
use crate::value::tag::Tag;

pub(super) fn negative() -> InvalidValue {
    InvalidValue::new(Tag::Duration.noun(), "it is negative")
}

pub(super) fn too_long(noun: &'static str, longest: impl Display) -> InvalidValue {
    InvalidValue::new(noun, format!("it is longer than {longest}"))
}
