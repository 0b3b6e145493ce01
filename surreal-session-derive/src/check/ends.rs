//! The fields `in` and `out` of an edge: they must be there, be read, and be written.

use crate::errors::Errors;
use crate::model::{ENDS, Field, Model};

pub(super) fn check(model: &Model, fields: &[Field], errors: &mut Errors) {
    let Some(relation) = &model.record.relation else {
        return;
    };
    let missing: Vec<&str> = ENDS.into_iter().filter(|wire| model.end(wire).is_none()).collect();
    for end in ENDS.into_iter().filter_map(|wire| model.end(wire)) {
        sound(end, errors);
    }
    let meant: Vec<(&str, Option<&Field>)> = missing.iter().map(|wire| (*wire, meant_for(wire, fields))).collect();
    for (wire, field) in &meant {
        if let Some(field) = field {
            misnamed(field, wire, errors);
        }
    }
    let lost: Vec<String> =
        meant.iter().filter(|(_, field)| field.is_none()).map(|(wire, _)| format!("`{wire}`")).collect();
    if !lost.is_empty() {
        let fields = if lost.len() == 1 { "field" } else { "fields" };
        let keyword = if lost[0] == "`in`" { "; `in` is a keyword of Rust, so write `r#in`" } else { "" };
        let message = format!(
            "a relation needs the {fields} {} of type `Id<T>`, as an edge goes from the record `in` to the record \
             `out`{keyword}",
            lost.join(" and ")
        );
        errors.at(relation, message);
    }
}

fn sound(end: &Field, errors: &mut Errors) {
    let wire = &end.wire;
    if let Some(skipped) = end.serde.unread.as_ref().or(end.serde.unwritten.as_ref()) {
        errors.at(skipped, format_args!("`{wire}` is read and written with every edge and cannot be skipped"));
    }
    if let Some(readonly) = &end.record.readonly {
        let message = format!(
            "`{wire}` is not `readonly`: the program says where an edge goes when it makes it; that it is not changed \
             later needs no attribute"
        );
        errors.at(readonly, message);
    }
    if let Some(default) = &end.record.default {
        errors.at(default, format_args!("`{wire}` has no `default`: every edge says where it goes"));
    }
}

/// Returns the field that was probably meant to be the end.
fn meant_for<'f>(wire: &str, fields: &'f [Field<'f>]) -> Option<&'f Field<'f>> {
    let names: &[&str] = match wire {
        "in" => &["in", "in_", "_in", "from", "source", "input"],
        _ => &["out", "out_", "_out", "to", "target", "output"],
    };
    names.iter().find_map(|name| fields.iter().find(|field| field.own_name() == *name))
}

fn misnamed(field: &Field, wire: &str, errors: &mut Errors) {
    if let Some(flatten) = &field.serde.flatten {
        return errors.at(flatten, format_args!("`{wire}` holds an id and cannot be flattened"));
    }
    if let Some(unread) = &field.serde.unread {
        return errors.at(unread, format_args!("`{wire}` is read and written with every edge and cannot be skipped"));
    }
    let called = &field.wire;
    let message =
        format!("an edge needs a field that is called `{wire}` on the wire, and this one is called `{called}`");
    match &field.serde.rename {
        Some(names) => errors.at(&names.path, message),
        None => errors.at(field.ident, format_args!("{message}; put `#[serde(rename = \"{wire}\")]` on it")),
    }
}
