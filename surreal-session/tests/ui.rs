//! What does not compile, with what the compiler says about it, and what does.
//!
//! Each case under `ui` opens with the reason why it must fail. What is expected of the compiler belongs to the pinned
//! toolchain: after a change, `TRYBUILD=overwrite cargo test -p surreal-session --test ui` writes it anew, and then it
//! is read before it is accepted.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/**/*.rs");
    cases.pass("tests/ui-pass/*.rs");
}
