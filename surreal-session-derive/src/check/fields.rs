//! Each field, and the fields beside each other.

use quote::ToTokens;

use super::id::last_segment;
use super::one_for_both;
use crate::case::Rule;
use crate::errors::Errors;
use crate::model::Field;

pub(super) fn check(fields: &[Field], rule: Rule, errors: &mut Errors) {
    for field in fields {
        one_name(field, rule, errors);
        default(field, errors);
    }
    for (at, field) in fields.iter().enumerate() {
        if let Some(first) = fields[..at].iter().find(|first| collide(first, field)) {
            report_collision(first, field, errors);
        }
    }
}

fn one_name(field: &Field, rule: Rule, errors: &mut Errors) {
    let Some(names) = &field.serde.rename else {
        return;
    };
    let both_ways = field.is_read() && field.is_written() && field.is_named();
    if both_ways && field.name_read(rule) != field.name_written(rule) {
        errors.at(&names.path, one_for_both("rename", "name", names));
    }
}

/// An optional field must be serialised, and have its own name.
fn default(field: &Field, errors: &mut Errors) {
    let Some(default) = &field.record.default else {
        return;
    };
    if field.record.readonly.is_some() {
        errors.at(default, "`default` and `readonly` exclude each other: what is read-only is not written at all");
    } else if let Some(unwritten) = &field.serde.unwritten {
        let word = unwritten.to_token_stream();
        errors
            .at(default, format_args!("`default` has no meaning with `#[serde({word})]`: the field is never written"));
    } else if let Some(flatten) = &field.serde.flatten {
        errors.at(flatten, "a flattened field has no name that a default could be defined for");
    } else if last_segment(&field.node.ty).is_some_and(|(ident, _)| ident == "Option") {
        errors.at(
            default,
            "an optional field needs no `default`: `None` is written as NONE, for which the server's DEFAULT applies",
        );
    }
}

fn collide(one: &Field, other: &Field) -> bool {
    let meet = (one.is_read() && other.is_read()) || (one.is_written() && other.is_written());
    meet && one.is_named() && other.is_named() && one.wire == other.wire
}

fn report_collision(first: &Field, second: &Field, errors: &mut Errors) {
    let (one, other, wire) = (first.own_name(), second.own_name(), &second.wire);
    let message = format!("two fields, `{one}` and `{other}`, are called `{wire}` on the wire; rename one of them");
    match second.serde.rename.as_ref().or(first.serde.rename.as_ref()) {
        Some(names) => errors.at(&names.path, message),
        None => errors.at(second.ident, message),
    }
}
