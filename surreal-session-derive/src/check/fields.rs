//! Each field, and the fields beside each other.

use quote::ToTokens;

use super::one_for_both;
use crate::case::Rule;
use crate::errors::Errors;
use crate::model::Field;

pub(super) fn check(fields: &[Field], rule: Rule, errors: &mut Errors) {
    for field in fields {
        one_name(field, rule, errors);
        default(field, errors);
        computed(field, errors);
        flattened(field, errors);
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
    let has_text = field.record.rules.default.is_some() || field.record.rules.default_always.is_some();
    if field.record.readonly.is_some() && !has_text {
        errors.at(
            default,
            "a `readonly` field is never written, so that its default has to be given: `default = \"time::now()\"`",
        );
    } else if let Some(unwritten) = &field.serde.unwritten {
        let word = unwritten.to_token_stream();
        errors
            .at(default, format_args!("`default` has no meaning with `#[serde({word})]`: the field is never written"));
    } else if let Some(flatten) = &field.serde.flatten {
        errors.at(flatten, "a flattened field has no name that a default could be defined for");
    } else if field.is_option() && !has_text {
        errors.at(
            default,
            "an optional field needs no `default`: `None` is written as NONE, for which the server's DEFAULT applies",
        );
    }
}

/// The server computes the field whenever it is read, and stores nothing.
fn computed(field: &Field, errors: &mut Errors) {
    let Some(computed) = &field.record.computed else {
        return;
    };
    let rules = &field.record.rules;
    let texts = [("value", &rules.value), ("assert", &rules.assert)];
    let others = texts.into_iter().filter_map(|(word, text)| text.as_ref().map(|_| word));
    let default = field.record.default.as_ref().map(|_| "default");
    let readonly = field.record.readonly.as_ref().map(|_| "readonly");
    let reference = rules.reference.as_ref().map(|_| "reference");
    for word in others.chain(default).chain(readonly).chain(reference) {
        errors.at(computed, format_args!("`computed` and `{word}` exclude each other: a computed field is not stored"));
    }
    if field.serde.unread.is_some() {
        errors.at(computed, "a computed field is never written, so that it has to be read");
    }
}

/// A flattened field is not in the database by itself.
fn flattened(field: &Field, errors: &mut Errors) {
    if let Some(flatten) = &field.serde.flatten
        && (!field.record.rules.is_empty() || field.record.computed.is_some())
    {
        errors.at(flatten, "a flattened field is no field of the table: put the attribute on the fields inside");
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
