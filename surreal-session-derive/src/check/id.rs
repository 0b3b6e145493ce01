//! The `id` field: it must be there, and be read.

use syn::ext::IdentExt;
use syn::{GenericArgument, Ident, PathArguments, Type};

use crate::errors::Errors;
use crate::model::{Field, Model, last_segment};

pub(super) fn check(model: &Model, fields: &[Field], errors: &mut Errors) {
    match model.id() {
        Some(id) => sound(model, id, errors),
        None => missing(model, fields, errors),
    }
}

fn sound(model: &Model, id: &Field, errors: &mut Errors) {
    if let Some(unread) = &id.serde.unread {
        errors.at(unread, "the `id` is read with every record and cannot be skipped");
    }
    for word in [&id.record.readonly, &id.record.computed].into_iter().flatten() {
        let new = model.new_name();
        errors.at(word, format_args!("the `id` needs no attribute: it is never in `{new}`, and given with `.id(..)`"));
    }
}

/// Points at the field that was probably meant, or else at the struct.
fn missing(model: &Model, fields: &[Field], errors: &mut Errors) {
    let record = &model.input.ident;
    if let Some(field) = fields.iter().find(|field| field.own_name() == "id") {
        return unusable(field, errors);
    }
    let mut candidates = fields.iter().filter(|field| is_id_of(&field.node.ty, record));
    if let (Some(field), None) = (candidates.next(), candidates.next()) {
        let wire = &field.wire;
        let message = format!(
            "a record needs a field that is called `id` on the wire, and this one is called `{wire}`; if it is the \
             record's id, put `#[serde(rename = \"id\")]` on it"
        );
        return errors.at(field.ident, message);
    }
    let message = format!(
        "a record needs its id: add a field `id: Id<{record}>`, or put `#[serde(rename = \"id\")]` on the field that \
         holds it"
    );
    errors.at(record, message);
}

/// Says why the field named `id` is not the id.
fn unusable(field: &Field, errors: &mut Errors) {
    if let Some(flatten) = &field.serde.flatten {
        return errors.at(flatten, "the `id` holds the record's id and cannot be flattened");
    }
    if let Some(unread) = &field.serde.unread {
        return errors.at(unread, "the `id` is read with every record and cannot be skipped");
    }
    let wire = &field.wire;
    let message = format!("the record's id must be called `id` on the wire, and here it is called `{wire}`");
    match &field.serde.rename {
        Some(names) => errors.at(&names.path, message),
        None => errors.at(field.ident, format_args!("{message}; put `#[serde(rename = \"id\")]` on it")),
    }
}

/// Tells whether the type is written `Id<Record, ..>` or `Id<Self, ..>`.
fn is_id_of(ty: &Type, record: &Ident) -> bool {
    let Some((ident, arguments)) = last_segment(ty) else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return false;
    };
    let Some(GenericArgument::Type(target)) = arguments.args.first() else {
        return false;
    };
    let target = last_segment(target).map(|(ident, _)| ident.unraw());
    ident == "Id" && target.is_some_and(|target| target == "Self" || target == record.unraw())
}
