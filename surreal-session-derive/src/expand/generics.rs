//! The parameters of a generated struct: those of the original that its fields use. A struct with an unused parameter does
//! not compile.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Generics, LitStr, Token, TypeParam, WherePredicate, parse_quote};

use crate::model::{Field, Model};

/// The names of the original's parameters that a generated struct does not have.
#[derive(Default)]
pub(super) struct Dropped(BTreeSet<String>);

/// The original with all its parameters.
const RECEIVER: &str = "Self";

impl Dropped {
    /// Returns the parameters that `NewUser` does not have.
    pub(super) fn of_new(model: &Model) -> Self {
        Self::of(model, model.written())
    }

    /// Returns the parameters that `UserPatch` does not have.
    pub(super) fn of_patch(model: &Model) -> Self {
        Self::of(model, model.patched())
    }

    fn of<'a>(model: &Model, fields: impl Iterator<Item = &'a Field<'a>>) -> Self {
        let params: BTreeSet<String> = model.input.generics.params.iter().map(name).collect();
        let mut used = BTreeSet::new();
        let looked_for = params.iter().cloned().chain([RECEIVER.to_owned()]).collect();
        for field in fields {
            mentioned(field.node.ty.to_token_stream(), &looked_for, &mut used);
        }
        if used.contains(RECEIVER) {
            return Self(BTreeSet::new());
        }
        Self(params.difference(&used).cloned().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the parameters and the bounds of the generated struct.
    pub(super) fn leave(&self, generics: &Generics) -> Generics {
        let mut generics = generics.clone();
        generics.params = generics.params.into_iter().filter(|param| !self.has(param)).collect();
        for param in &mut generics.params {
            self.leave_bounds(param);
        }
        if let Some(clause) = &mut generics.where_clause {
            clause.predicates = self.leave_predicates(&clause.predicates);
        }
        generics
    }

    /// Returns the missing parameters and their bounds, which a function of the generated struct needs to name the original.
    pub(super) fn rest(&self, generics: &Generics) -> Generics {
        if self.is_empty() {
            return Generics::default();
        }
        let mut rest = generics.clone();
        rest.params = generics.params.iter().filter(|param| self.has(param)).cloned().map(without_default).collect();
        let kept = generics.type_params().filter(|param| !self.0.contains(&param.ident.to_string()));
        for TypeParam { ident, bounds, .. } in kept.filter(|param| !param.bounds.is_empty()) {
            rest.make_where_clause().predicates.push(parse_quote!(#ident: #bounds));
        }
        rest
    }

    /// Returns the bounds on the remaining parameters, for serde to parse.
    pub(super) fn leave_bounds_in_text(&self, bounds: &LitStr) -> LitStr {
        match bounds.parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated) {
            Ok(predicates) if predicates.iter().any(|predicate| self.is_in(predicate)) => {
                let left = self.leave_predicates(&predicates);
                LitStr::new(&left.to_token_stream().to_string(), bounds.span())
            }
            _ => bounds.clone(),
        }
    }

    fn leave_predicates(
        &self,
        predicates: &Punctuated<WherePredicate, Token![,]>,
    ) -> Punctuated<WherePredicate, Token![,]> {
        predicates.iter().filter(|predicate| !self.is_in(predicate)).cloned().collect()
    }

    fn leave_bounds(&self, param: &mut GenericParam) {
        if let GenericParam::Type(param) = param {
            param.bounds = param.bounds.iter().filter(|bound| !self.is_in(bound)).cloned().collect();
            param.default.take_if(|(_, default)| self.is_in(default));
        }
    }

    fn has(&self, param: &GenericParam) -> bool {
        self.0.contains(&name(param))
    }

    fn is_in(&self, tokens: impl ToTokens) -> bool {
        let mut found = BTreeSet::new();
        let mut looked_for = self.0.clone();
        if !self.is_empty() {
            looked_for.insert(RECEIVER.to_owned());
        }
        mentioned(tokens.to_token_stream(), &looked_for, &mut found);
        !found.is_empty()
    }
}

/// The generated patch as a type, with the parameters that it has.
pub(super) fn patch_type(model: &Model) -> TokenStream {
    let patch = model.patch_name();
    let generics = Dropped::of_patch(model).leave(&model.input.generics);
    let (_, type_generics, _) = generics.split_for_impl();
    quote!(#patch #type_generics)
}

fn without_default(mut param: GenericParam) -> GenericParam {
    match &mut param {
        GenericParam::Type(param) => param.default = None,
        GenericParam::Const(param) => param.default = None,
        GenericParam::Lifetime(_) => {}
    }
    param
}

pub(super) fn name(param: &GenericParam) -> String {
    match param {
        GenericParam::Lifetime(param) => param.lifetime.ident.to_string(),
        GenericParam::Type(param) => param.ident.to_string(),
        GenericParam::Const(param) => param.ident.to_string(),
    }
}

/// Collects the names that occur, other than as a later part of a path.
pub(super) fn mentioned(tokens: TokenStream, names: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    let mut after_colons = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => mentioned(group.stream(), names, found),
            TokenTree::Ident(ident) if !after_colons => found.extend(names.get(&ident.to_string()).cloned()),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                after_colons = true;
                continue;
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        after_colons = false;
    }
}
