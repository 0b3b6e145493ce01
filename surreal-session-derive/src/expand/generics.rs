//! The parameters of the generated struct: those of the record that its fields use, as a struct with a parameter that
//! none of its fields use does not compile.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{GenericParam, Generics, LitStr, Token, WherePredicate};

use crate::model::Model;

/// The names of the record's parameters that the generated struct does not have.
pub(super) struct Dropped(BTreeSet<String>);

/// Returns the parameters and the bounds of the generated struct.
pub(super) fn of_new(model: &Model) -> Generics {
    let dropped = Dropped::of(model);
    let mut generics = model.input.generics.clone();
    generics.params = generics.params.into_iter().filter(|param| !dropped.has(param)).collect();
    for param in &mut generics.params {
        dropped.leave_bounds(param);
    }
    if let Some(clause) = &mut generics.where_clause {
        clause.predicates = dropped.leave_predicates(&clause.predicates);
    }
    generics
}

impl Dropped {
    pub(super) fn of(model: &Model) -> Self {
        let params = model.input.generics.params.iter().map(name).collect();
        let mut used = BTreeSet::new();
        for field in model.written() {
            mentioned(field.node.ty.to_token_stream(), &params, &mut used);
        }
        Self(params.difference(&used).cloned().collect())
    }

    /// Returns the bounds that speak of the parameters that are left, for serde to parse.
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
        mentioned(tokens.to_token_stream(), &self.0, &mut found);
        !found.is_empty()
    }
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
