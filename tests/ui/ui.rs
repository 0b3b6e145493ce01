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

/// The README shows the first lines of one of these messages.
#[test]
fn the_message_in_the_readme_is_real() {
    let message = include_str!("fail/readme.stderr").replace("fail/readme.rs", "src/main.rs");
    let readme = include_str!("../../README.md");
    let (_, shown) = readme.split_once("```text\n").expect("the README shows a message");
    let (shown, _) = shown.split_once("...\n```").expect("the message is shortened");
    assert!(message.starts_with(shown), "the README shows\n{shown}\nand the compiler says\n{message}");
}
