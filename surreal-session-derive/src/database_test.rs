//! The attribute for tests with a database of their own.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, ItemFn, LitInt, LitStr, Path, Result, Token, Type, parenthesized, parse_quote};

/// The options of the attribute.
struct Options {
    is_blocking: bool,
    has_own_server: bool,
    flavor: Option<LitStr>,
    workers: Option<LitInt>,
    /// The models that are defined before the fixtures.
    schema: Option<Type>,
    fixtures: Vec<Fixture>,
    /// The path of `surreal_session_embedded`.
    kit: Path,
}

/// SurrealQL in a file, relative to that of the test, or a function of the program.
enum Fixture {
    File(LitStr),
    Function(Path),
}

impl Parse for Fixture {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::File);
        }
        let expected = "expected the name of a file in quotes, or the path of a function";
        input.parse().map(Self::Function).map_err(|error| Error::new(error.span(), expected))
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self {
            is_blocking: false,
            has_own_server: false,
            flavor: None,
            workers: None,
            schema: None,
            fixtures: Vec::new(),
            kit: parse_quote!(::surreal_session_embedded),
        };
        while !input.is_empty() {
            options.parse_one(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.check()?;
        Ok(options)
    }
}

impl Options {
    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            self.kit = input.parse::<LitStr>()?.parse()?;
            return Ok(());
        }
        let name: Ident = input.parse()?;
        match name.to_string().as_str() {
            "blocking" => self.is_blocking = true,
            "fixtures" => {
                let list;
                parenthesized!(list in input);
                self.fixtures.extend(Punctuated::<Fixture, Token![,]>::parse_terminated(&list)?);
            }
            "flavor" => self.flavor = Some(value(input)?),
            "worker_threads" => self.workers = Some(value(input)?),
            "schema" => self.schema = Some(value(input)?),
            "server" => {
                let which: LitStr = value(input)?;
                if which.value() != "own" {
                    return Err(Error::new(which.span(), "expected `server = \"own\"`; otherwise the tests share one"));
                }
                self.has_own_server = true;
            }
            _ => {
                let known = "`blocking`, `crate`, `fixtures(..)`, `flavor`, `schema`, `server` and `worker_threads`";
                return Err(Error::new(name.span(), format!("unknown option `{name}`; the options are {known}")));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let is_multi = match &self.flavor {
            None => false,
            Some(flavor) => match flavor.value().as_str() {
                "current_thread" => false,
                "multi_thread" => true,
                _ => return Err(Error::new(flavor.span(), "expected `\"current_thread\"` or `\"multi_thread\"`")),
            },
        };
        match &self.workers {
            Some(workers) if !is_multi => {
                Err(Error::new(workers.span(), "`worker_threads` needs `flavor = \"multi_thread\"`"))
            }
            _ => Ok(()),
        }
    }

    /// The number of workers of the test's runtime; none for one that uses the thread of the test.
    fn workers(&self) -> TokenStream {
        match (&self.flavor, &self.workers) {
            (_, Some(workers)) => quote!(::core::option::Option::Some(#workers)),
            (Some(flavor), None) if flavor.value() == "multi_thread" => quote!(::core::option::Option::Some(0)),
            _ => quote!(::core::option::Option::None),
        }
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The test of a function, or its mistakes.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => return error.into_compile_error(),
    };
    let test = syn::parse2::<Options>(options).and_then(|options| check(&options, &function).map(|()| options));
    match test {
        Ok(options) => test_of(&options, function),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn check(options: &Options, function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(generic) = signature.generics.params.first() {
        return Err(Error::new_spanned(generic, "a test has no generic parameters"));
    }
    match (options.is_blocking, signature.asyncness) {
        (false, None) => Err(Error::new_spanned(signature.fn_token, "expected `async fn`, or the option `blocking`")),
        (true, Some(is_async)) => Err(Error::new_spanned(is_async, "a `blocking` test is not `async`")),
        _ => Ok(()),
    }
}

fn test_of(options: &Options, mut function: ItemFn) -> TokenStream {
    let kit = &options.kit;
    let is_lint =
        |attribute: &Attribute| ["allow", "expect", "warn", "deny"].iter().any(|lint| attribute.path().is_ident(lint));
    let attributes = std::mem::take(&mut function.attrs);
    let (lints, others): (Vec<_>, Vec<_>) = attributes.into_iter().partition(is_lint);
    function.attrs = lints;
    let expects_panic = others.iter().any(|attribute| attribute.path().is_ident("should_panic"));
    let visibility = std::mem::replace(&mut function.vis, syn::Visibility::Inherited);
    let (name, output) = (&function.sig.ident, &function.sig.output);
    let (workers, has_own_server) = (options.workers(), options.has_own_server);
    let run = run(options, &function);
    quote! {
        #(#others)*
        #[::core::prelude::v1::test]
        #visibility fn #name() #output {
            #function
            let test = #kit::__private::Test {
                name: ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
                expects_panic: #expects_panic,
                has_own_server: #has_own_server,
                workers: #workers,
            };
            #run
        }
    }
}

/// The call that prepares the database, runs the test and cleans up.
fn run(options: &Options, function: &ItemFn) -> TokenStream {
    let (kit, name) = (&options.kit, &function.sig.ident);
    let awaited = (!options.is_blocking).then(|| quote!(.await));
    let outcome = |call: TokenStream| match options.is_blocking {
        true => quote!(#kit::__private::Wait::wait(#call)),
        false => quote!(#call.await),
    };
    let argument = outcome(quote!(place.argument()));
    let argument = quote!(place.check("the database of the test", #argument));
    let schema = options.schema.as_ref().map(|models| {
        let defined = outcome(quote!(place.define::<#models>()));
        quote!(place.check("the schema of the test", #defined);)
    });
    let fixtures = options.fixtures.iter().map(|fixture| match fixture {
        Fixture::File(file) => {
            let executed = outcome(quote!(place.execute(::core::include_str!(#file))));
            quote!(place.check(#file, #executed);)
        }
        Fixture::Function(path) => quote!(place.check(::core::stringify!(#path), #path(#argument) #awaited);),
    });
    let arguments = function.sig.inputs.iter().map(|_| &argument);
    let body = quote!({ #schema #(#fixtures)* #name(#(#arguments),*) #awaited });
    match options.is_blocking {
        true => quote!(#kit::__private::run_blocking(test, |place| #body)),
        false => quote!(#kit::__private::run(test, async |place| #body)),
    }
}
