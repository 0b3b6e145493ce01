//! The names that a program gives to variables, by the rules of the runtime crate.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::input::Input;
use crate::errors::Errors;

/// The variables that the server (3.3.5) sets, for all of SurrealQL or for some places of it. They cannot be bound.
pub(super) const SET_BY_SERVER: [(&str, &str); 11] = [
    ("access", "the access method of the session"),
    ("auth", "the record that is signed in"),
    ("token", "the token of the session"),
    ("session", "the session"),
    ("this", "the record at hand"),
    ("parent", "the record of the outer statement"),
    ("value", "the value of a field or the record of an event"),
    ("input", "the data that came in"),
    ("before", "the record before the change"),
    ("after", "the record after the change"),
    ("event", "the kind of the change"),
];

/// The variables that the server sets in one kind of definition, which has this word in it.
pub(super) const SET_IN_DEFINITION: [(&str, &str); 5] =
    [("request", "API"), ("reference", "REFERENCE"), ("action", "BUCKET"), ("file", "BUCKET"), ("target", "BUCKET")];

/// The verb for a name in the list of variables of the session.
pub(super) const LISTED: &str = "listed in `session(..)`";

/// The names of the binds.
pub(super) fn of_binds(input: &Input, errors: &mut Errors) -> Vec<String> {
    let mut names = Vec::new();
    for bind in &input.binds {
        add(&mut names, &bind.name, "bound", errors);
    }
    names
}

/// The names in `session(..)`.
pub(super) fn of_session(input: &Input, errors: &mut Errors) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in &input.session {
        match input.binds.iter().any(|bind| bind.name.unraw() == name.unraw()) {
            true => errors.at(name, format!("`${}` is bound: a bind hides the variable of the session", name.unraw())),
            false => add(&mut names, name, LISTED, errors),
        }
    }
    names
}

fn add(names: &mut Vec<String>, ident: &Ident, verb: &str, errors: &mut Errors) {
    let name = ident.unraw().to_string();
    if let Some((_, meaning)) = SET_BY_SERVER.iter().find(|(known, _)| *known == name) {
        errors.at(ident, format!("`${name}` is set by the server and cannot be {verb}: it is {meaning}"));
    } else if !name.is_ascii() {
        errors.at(ident, "the name of a variable consists of ASCII letters, digits and underscores");
    } else if names.contains(&name) {
        errors.at(ident, format!("`${name}` is {verb} twice"));
    } else {
        names.push(name);
    }
}
