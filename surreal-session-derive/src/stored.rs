//! Newtypes and enums of unit variants, as `#[derive(Stored)]` sees them.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Fields, Ident, Index, Member, Path, Type, parse_quote};

use crate::case::Rule;
use crate::errors::Errors;
use crate::kind::Kind;
use crate::parse::{record, serde};

pub(crate) struct Stored<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) krate: Path,
    /// `None` if the type cannot be stored, which is reported as an error.
    pub(crate) form: Option<Form<'a>>,
}

/// The form in which serde writes the type.
pub(crate) enum Form<'a> {
    /// As the only field is written.
    Newtype(Member, &'a Type),
    /// As text: the variants with their names on the wire.
    Enum(Vec<(&'a Ident, String)>),
}

impl<'a> Stored<'a> {
    pub(crate) fn of(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let record = record::Container::read(&input.attrs, Kind::Stored, errors);
        let krate = record.krate.unwrap_or_else(|| parse_quote!(::surreal_session));
        let serde = serde::Container::read(&input.attrs);
        let form = match &input.data {
            Data::Struct(data) => newtype(input, data, &serde, errors),
            Data::Enum(data) => variants(input, data, &serde, errors),
            Data::Union(_) => {
                errors.at(&input.ident, "a union cannot be stored: `Stored` is for newtypes and enums");
                None
            }
        };
        Self { input, krate, form }
    }
}

fn newtype<'a>(
    input: &DeriveInput,
    data: &'a DataStruct,
    serde: &serde::Container,
    errors: &mut Errors,
) -> Option<Form<'a>> {
    let ident = &input.ident;
    let is_transparent = serde.reshaping.iter().any(|word| word.is_ident("transparent"));
    let field = match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => &fields.unnamed[0],
        Fields::Named(fields) if fields.named.len() == 1 && is_transparent => &fields.named[0],
        Fields::Named(_) => {
            let message = format!(
                "derive `Object` for a struct with named fields; `Stored` is for a newtype: `struct {ident}(String);`"
            );
            errors.at(ident, message);
            return None;
        }
        Fields::Unnamed(_) | Fields::Unit => {
            errors.at(ident, format_args!("`Stored` is for a struct with one field: `struct {ident}(String);`"));
            return None;
        }
    };
    let attributes = serde::Field::read(&field.attrs);
    let function = attributes.functions.iter().map(|(word, _)| word.to_token_stream());
    let function = function.chain(attributes.reader.map(ToTokens::into_token_stream)).next();
    if let Some(word) = function {
        errors.at(&word, by_hand(ident, &format!("`{word}` decides how the field is stored")));
        return None;
    }
    if !converts(ident, serde, errors) {
        return None;
    }
    let member = field.ident.clone().map_or_else(|| Member::Unnamed(Index::from(0)), Member::Named);
    Some(Form::Newtype(member, &field.ty))
}

fn variants<'a>(
    input: &DeriveInput,
    data: &'a DataEnum,
    serde: &serde::Container,
    errors: &mut Errors,
) -> Option<Form<'a>> {
    let ident = &input.ident;
    if let Some(variant) = data.variants.iter().find(|variant| !matches!(variant.fields, Fields::Unit)) {
        errors.at(
            variant,
            format_args!(
                "`Stored` is for enums whose variants have no fields; without it, a field of type `{ident}` can be \
                 read, written and compared with `eq`, `ne` and `is_in`"
            ),
        );
        return None;
    }
    if !converts(ident, serde, errors) {
        return None;
    }
    let renamed = data.variants.iter().map(|variant| (&variant.ident, name(&variant.ident, &variant.attrs, serde)));
    Some(Form::Enum(renamed.collect()))
}

/// Reports the words that let serde write another type, or an object.
fn converts(ident: &Ident, serde: &serde::Container, errors: &mut Errors) -> bool {
    let word = serde.reshaping.iter().find(|word| !word.is_ident("transparent"));
    if let Some(word) = word {
        let shown = word.to_token_stream();
        errors.at(word, by_hand(ident, &format!("`{shown}` decides how the type is stored")));
    }
    word.is_none()
}

fn by_hand(ident: &Ident, reason: &str) -> String {
    format!("{reason}: implement the trait by hand, as in `impl Stored for {ident} {{ type As = String; }}`")
}

/// Returns the name of a variant on the wire.
fn name(ident: &Ident, attrs: &[Attribute], serde: &serde::Container) -> String {
    let given = serde::Field::read(attrs).rename.and_then(|names| names.writing);
    let rule = serde.rename_all.as_ref().and_then(|names| names.writing.as_ref());
    match (given, rule) {
        (Some(name), _) => name.value(),
        (None, Some(rule)) => Rule::rename_variant(&rule.value(), &ident.unraw().to_string()),
        (None, None) => ident.unraw().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_str;

    use super::*;

    #[test]
    fn forms_and_mistakes() {
        for (input, expected) in [
            ("struct Email(String);", Ok("String")),
            ("#[serde(transparent)] struct Email { text: String }", Ok("String")),
            ("enum State { Open, Closed }", Ok("Open, Closed")),
            (
                "#[serde(rename_all = \"kebab-case\")] enum State { HalfOpen, #[serde(rename = \"c\")] Closed }",
                Ok("half-open, c"),
            ),
            ("struct Pair(u8, u8);", Err("with one field")),
            ("struct User { name: String }", Err("derive `Object`")),
            ("struct Hex(#[serde(with = \"hex\")] String);", Err("`with` decides")),
            ("#[serde(into = \"String\")] struct Hex(u8);", Err("`into` decides")),
            ("#[serde(untagged)] enum State { Open }", Err("`untagged` decides")),
            ("enum Shape { Circle(u8) }", Err("have no fields")),
        ] {
            let input: DeriveInput = parse_str(input).unwrap();
            let mut errors = Errors::default();
            let form = match Stored::of(&input, &mut errors).form {
                Some(Form::Newtype(_, ty)) => Ok(ty.to_token_stream().to_string()),
                Some(Form::Enum(names)) => Ok(names.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ")),
                None => Err(errors.messages().join("; ")),
            };
            match (&form, expected) {
                (Ok(form), Ok(expected)) => assert_eq!(form, expected),
                (Err(messages), Err(expected)) => assert!(messages.contains(expected), "{messages}"),
                _ => panic!("{form:?}, expected {expected:?}"),
            }
        }
    }
}
