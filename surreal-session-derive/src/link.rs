//! Enums of ids as the derive sees them: each variant holds the id of another record.

use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Ident, Path, Type, parse_quote};

use crate::errors::Errors;
use crate::kind::Kind;
use crate::parse::record::Container;

pub(crate) struct Link<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) krate: Path,
    /// Those in which nothing is wrong.
    pub(crate) variants: Vec<Variant<'a>>,
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    /// The type of the id.
    pub(crate) id: &'a Type,
}

impl<'a> Link<'a> {
    pub(crate) fn of(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let record = Container::read(&input.attrs, Kind::Link, errors);
        let krate = record.krate.unwrap_or_else(|| parse_quote!(::surreal_session));
        Self { input, krate, variants: variants(input, errors) }
    }
}

fn variants<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Vec<Variant<'a>> {
    let ident = &input.ident;
    let Data::Enum(data) = &input.data else {
        let message = format!(
            "a link to records of several tables is an enum of their ids: `enum {ident} {{ User(Id<User>), … }}`; to \
             those of one table it is `Id<User>`"
        );
        errors.at(ident, message);
        return Vec::new();
    };
    if data.variants.is_empty() {
        errors.at(
            ident,
            "a link leads somewhere: the enum needs a variant for each kind of record, as in `User(Id<User>)`",
        );
    }
    let mut variants: Vec<Variant> = Vec::new();
    for variant in &data.variants {
        let name = &variant.ident;
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let id = &fields.unnamed[0].ty;
                let written = |ty: &Type| ty.to_token_stream().to_string();
                match variants.iter().find(|other| written(other.id) == written(id)) {
                    Some(other) => {
                        let message = format!(
                            "`{}` and `{name}` hold the same type of id, and one would never be read",
                            other.ident
                        );
                        errors.at(id, message);
                    }
                    None => variants.push(Variant { ident: name, id }),
                }
            }
            _ => errors.at(variant, format_args!("a variant holds one id and nothing else, as in `{name}(Id<User>)`")),
        }
    }
    variants
}
