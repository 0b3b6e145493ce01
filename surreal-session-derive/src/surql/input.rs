//! The arguments of the macro: the text, the values, and what it should know of the program.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, LitStr, Path, Result, Token, parenthesized, token};

/// The arguments.
pub(super) struct Input {
    pub(super) text: LitStr,
    pub(super) binds: Vec<Bind>,
    /// The variables of the session that the text uses.
    pub(super) session: Vec<Ident>,
    krate: Option<Path>,
}

/// `min = 18`, or `min` for a variable of the program with that name.
pub(super) struct Bind {
    pub(super) name: Ident,
    pub(super) value: Option<Expr>,
}

impl Input {
    /// The path of the runtime crate.
    pub(super) fn krate(&self) -> TokenStream {
        self.krate.as_ref().map_or_else(|| quote!(::surreal_session), |path| quote!(#path))
    }

    fn argument(&mut self, input: ParseStream<'_>) -> Result<()> {
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.krate = Some(if input.peek(LitStr) { input.parse::<LitStr>()?.parse()? } else { input.parse()? });
            return Ok(());
        }
        if input.peek(Ident::peek_any) && input.peek2(token::Paren) && input.fork().call(Ident::parse_any)? == "session"
        {
            input.call(Ident::parse_any)?;
            let names;
            parenthesized!(names in input);
            self.session.extend(Punctuated::<Ident, Token![,]>::parse_terminated_with(&names, Ident::parse_any)?);
            return Ok(());
        }
        self.binds.push(input.parse()?);
        Ok(())
    }
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(input.span(), "expected SurrealQL text, as in `surql!(\"RETURN $x\", x = 1)`"));
        }
        let text = literal(input)?;
        let mut this = Self { text, binds: Vec::new(), session: Vec::new(), krate: None };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                this.argument(input)?;
            }
        }
        Ok(this)
    }
}

fn literal(input: ParseStream<'_>) -> Result<LitStr> {
    if input.peek(LitStr) {
        return input.parse();
    }
    // A literal that a macro passes on may be in a group.
    let expr: Expr = input.parse()?;
    let mut inner = &expr;
    while let Expr::Group(group) = inner {
        inner = &group.expr;
    }
    match inner {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Ok(text.clone()),
        _ => Err(Error::new_spanned(
            expr,
            "expected a string literal, which the compiler can check; for text made at run time use `Surql::dynamic(..)`",
        )),
    }
}

impl Parse for Bind {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let is_name = input.peek(Ident::peek_any);
        if is_name && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            return Ok(Self { name, value: Some(input.parse()?) });
        }
        if is_name && (input.peek2(Token![,]) || input.fork().call(Ident::parse_any).is_ok_and(|_| is_last(input))) {
            return input.parse().map(|name| Self { name, value: None });
        }
        let expr: Expr = input.parse()?;
        let message =
            "a value needs a name: write `name = ..` for `$name` in the text, or the name of a local variable";
        Err(Error::new_spanned(expr, message))
    }
}

/// Returns true if only one token is left.
fn is_last(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.call(Ident::parse_any).is_ok() && fork.is_empty()
}
