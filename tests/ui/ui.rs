//! Programs that must not compile, with the compiler's messages, and programs that must compile and run.
//!
//! Each case in `fail` opens with the reason why it must fail. The expected messages belong to the pinned toolchain. After
//! a change, `TRYBUILD=overwrite cargo test -p surreal-session-ui` records them; read them before you commit them.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/**/*.rs");
    cases.pass("pass/*.rs");
}
