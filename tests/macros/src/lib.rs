//! The attribute that runs an asynchronous test on both kinds of tokio runtime.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Attribute, Ident, ItemFn, parse_macro_input};

/// Makes two tests of an `async fn`: `name::one_thread` and `name::four_workers`.
///
/// A runtime with one thread runs tasks in the order in which they were spawned. One with several workers does not, and
/// polls two tasks at the same time. A promise about order, cancellation or ends must hold on both.
///
/// On four workers the test itself is a task, whose future must be `Send`. `#[async_test(not_send)]` polls it on the
/// thread of the test instead; rustc cannot yet see that the future of an async closure with borrowed arguments is `Send`.
#[proc_macro_attribute]
pub fn async_test(how: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    let four_workers = if how.is_empty() {
        quote!(on_four_workers)
    } else {
        let not_send = parse_macro_input!(how as Ident);
        if not_send != "not_send" {
            return syn::Error::new_spanned(not_send, "expected `not_send`").into_compile_error().into();
        }
        quote!(beside_four_workers)
    };
    let name = &function.sig.ident;
    let (signature, body) = (&function.sig, &function.block);
    let is_lint = |attribute: &&Attribute| attribute.path().is_ident("expect") || attribute.path().is_ident("allow");
    let (lints, others): (Vec<_>, Vec<_>) = function.attrs.iter().partition(is_lint);
    quote! {
        #(#lints)*
        #signature #body

        mod #name {
            #(#others)*
            #[test]
            fn one_thread() {
                ::surreal_session_tests::on_one_thread(::std::boxed::Box::pin(super::#name()));
            }

            #(#others)*
            #[test]
            fn four_workers() {
                ::surreal_session_tests::#four_workers(::std::boxed::Box::pin(super::#name()));
            }
        }
    }
    .into()
}
