//! The attribute that runs an asynchronous test on both kinds of tokio runtime.

use proc_macro::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, ItemFn, Token, parse_macro_input};

/// Makes two tests of an `async fn`: `name::one_thread` and `name::four_workers`.
///
/// A runtime with one thread runs tasks in the order in which they were spawned. One with several workers does not, and
/// polls two tasks at the same time. A promise about order, cancellation or ends must hold on both.
///
/// On four workers the test itself is a task, whose future must be `Send`. `#[async_test(not_send)]` polls it on the
/// thread of the test instead; rustc cannot yet see that the future of an async closure with borrowed arguments is `Send`.
///
/// A test that needs another version of the server than the one under test is skipped; see `needs.rs`.
///
/// `#[async_test(blocking)]` makes a third test, `name::blocking`, that waits for the whole as a program without `async` does.
#[proc_macro_attribute]
pub fn async_test(how: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    let options = parse_macro_input!(how with Punctuated::<Ident, Token![,]>::parse_terminated);
    if let Some(unknown) = options.iter().find(|option| *option != "not_send" && *option != "blocking") {
        return syn::Error::new_spanned(unknown, "expected `not_send` or `blocking`").into_compile_error().into();
    }
    let has = |name: &str| options.iter().any(|option| option == name);
    let four_workers = if has("not_send") { quote!(beside_four_workers) } else { quote!(on_four_workers) };
    let name = &function.sig.ident;
    let (signature, body) = (&function.sig, &function.block);
    let is_lint = |attribute: &&Attribute| attribute.path().is_ident("expect") || attribute.path().is_ident("allow");
    let (lints, others): (Vec<_>, Vec<_>) = function.attrs.iter().partition(is_lint);
    let test = quote! {
        async {
            if !::surreal_session_tests::is_skipped(module_path!()).await {
                super::#name().await;
            }
        }
    };
    let blocking = has("blocking").then(|| {
        quote! {
            #(#others)*
            #[test]
            fn blocking() {
                ::surreal_session_tests::without_a_runtime(::std::boxed::Box::pin(#test));
            }
        }
    });
    quote! {
        #(#lints)*
        #signature #body

        mod #name {
            #(#others)*
            #[test]
            fn one_thread() {
                ::surreal_session_tests::on_one_thread(::std::boxed::Box::pin(#test));
            }

            #(#others)*
            #[test]
            fn four_workers() {
                ::surreal_session_tests::#four_workers(::std::boxed::Box::pin(#test));
            }

            #blocking
        }
    }
    .into()
}
