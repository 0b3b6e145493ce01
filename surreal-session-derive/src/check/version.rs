//! The field that is the version of a record.

use quote::ToTokens;

use crate::errors::Errors;
use crate::model::{ENDS, Field, Model};

pub(super) fn check(model: &Model, fields: &[Field], errors: &mut Errors) {
    let mut versions = fields.iter().filter(|field| field.record.version.is_some());
    if let Some(version) = versions.next() {
        sound(model, version, errors);
    }
    for word in versions.filter_map(|field| field.record.version.as_ref()) {
        errors.at(word, "a record has one version: two fields have `#[record(version)]`");
    }
}

fn sound(model: &Model, field: &Field, errors: &mut Errors) {
    let Some(word) = &field.record.version else { return };
    if model.is_id(field) || model.is_relation() && ENDS.iter().any(|wire| field.is_called(wire)) {
        let wire = &field.wire;
        return errors
            .at(word, format_args!("`{wire}` is no version: put `#[record(version)]` on a field of type `u64`"));
    }
    for other in excluded(field) {
        let message = "each write sets the version itself";
        errors.at(word, format_args!("`version` and `{other}` exclude each other: {message}"));
    }
    let serde = [&field.serde.unread, &field.serde.unwritten, &field.serde.flatten, &field.serde.reader];
    let functions = field.serde.functions.iter().map(|(function, _)| function.to_token_stream());
    let words = serde.into_iter().flatten().map(ToTokens::to_token_stream).chain(functions);
    if let Some(serde) = words.into_iter().next() {
        let message = format!("`version` does not go with `#[serde({serde})]`: it is read and written as an int");
        errors.at(word, message);
    }
    if field.is_option() {
        errors
            .at(&field.node.ty, "a record always has a version: write `u64`, and `#[serde(default)]` for old records");
    }
    if field.wire.is_empty() || field.wire.contains(|c: char| !c.is_alphanumeric() && c != '_' && c != '-') {
        let wire = &field.wire;
        let message = format!("the version is called `{wire}` on the wire, which a JSON Patch cannot name; rename it");
        errors.at(field.ident, message);
    }
}

/// The other words that say where the value of the field comes from.
fn excluded(field: &Field) -> impl Iterator<Item = &'static str> {
    let rules = &field.record.rules;
    let is_bare_default = field.record.default.is_some() && rules.default.is_none() && rules.default_always.is_none();
    let words = [
        ("readonly", field.record.readonly.is_some()),
        ("computed", field.record.computed.is_some()),
        ("default", is_bare_default),
        ("value", rules.value.is_some()),
        ("flexible", rules.flexible.is_some()),
        ("reference", rules.reference.is_some()),
    ];
    words.into_iter().filter_map(|(word, is_there)| is_there.then_some(word))
}
