//! The tokens and the checks, as tables.

use quote::quote;
use syn::LitStr;

use super::*;
use lexer::Kind;

fn kinds(text: &str) -> Vec<(Kind, &str)> {
    let tokens = tokens(text, Placeholders::Replaced).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    tokens.into_iter().map(|token| (token.kind, token.text)).collect()
}

fn of_kind(text: &str, kind: Kind) -> Vec<&str> {
    kinds(text).into_iter().filter(|(each, _)| *each == kind).map(|(_, text)| text).collect()
}

/// The mistakes in `surql!(text, arguments)`, without the advice after the position.
fn mistakes(input: &str) -> Vec<String> {
    let tokens: TokenStream = syn::parse_str(input).unwrap();
    let input: Input = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return vec![error.to_string()],
    };
    let (text, mut errors) = (input.text.value(), Errors::default());
    match lexer::tokens(&text, Placeholders::Replaced) {
        Ok(tokens) => check(&input, &tokens, &text, &mut errors),
        Err(fault) => errors.push(fault.at(&input.text, &text)),
    }
    errors.messages()
}

#[test]
fn tokens_of_each_kind() {
    use Kind::{Close, Escaped, Literal, Open, Placeholder, Punctuation, Quoted, Script, Variable, Word};
    for (text, expected) in [
        ("a _b2 `c d` ⟨e⟩", &[(Word, "a"), (Word, "_b2"), (Quoted, "`c d`"), (Quoted, "⟨e⟩")][..]),
        ("`a\\`b` ⟨a\\⟩b⟩", &[(Quoted, "`a\\`b`"), (Quoted, "⟨a\\⟩b⟩")]),
        ("'a\\'b' \"c'd\"", &[(Literal, "'a\\'b'"), (Literal, "\"c'd\"")]),
        (
            "r'a:1' u\"x\" d'y' f'z' b'q' s'p'",
            &[
                (Literal, "r'a:1'"),
                (Literal, "u\"x\""),
                (Literal, "d'y'"),
                (Literal, "f'z'"),
                (Literal, "b'q'"),
                (Literal, "s'p'"),
            ],
        ),
        ("'\\\\' x", &[(Literal, "'\\\\'"), (Word, "x")]),
        (
            "1 1_000 1h30m 5µs 0.5",
            &[
                (Literal, "1"),
                (Literal, "1_000"),
                (Literal, "1h30m"),
                (Literal, "5µs"),
                (Literal, "0"),
                (Punctuation, "."),
                (Literal, "5"),
            ],
        ),
        (
            "$a $_1 $`b c` $⟨d⟩ [$]",
            &[
                (Variable, "$a"),
                (Variable, "$_1"),
                (Variable, "$`b c`"),
                (Variable, "$⟨d⟩"),
                (Open, "["),
                (Punctuation, "$"),
                (Close, "]"),
            ],
        ),
        ("a -- $b\nc // $d\r# $e\n/* $f { */ g", &[(Word, "a"), (Word, "c"), (Word, "g")]),
        ("{User}", &[(Placeholder, "{User}")]),
        ("{User.address.r#in}:1", &[(Placeholder, "{User.address.r#in}"), (Punctuation, ":"), (Literal, "1")]),
        ("{Outer::Inner.x}", &[(Placeholder, "{Outer::Inner.x}")]),
        ("{{User}", &[(Escaped, "{{User}")]),
        ("'{User}' `{User}` x -- {User}", &[(Literal, "'{User}'"), (Quoted, "`{User}`"), (Word, "x")]),
        ("{a:1}", &[(Open, "{"), (Word, "a"), (Punctuation, ":"), (Literal, "1"), (Close, "}")]),
        ("{A:1}", &[(Open, "{"), (Word, "A"), (Punctuation, ":"), (Literal, "1"), (Close, "}")]),
        ("{ A }", &[(Open, "{"), (Word, "A"), (Close, "}")]),
        ("{RETURN 1}", &[(Open, "{"), (Word, "RETURN"), (Literal, "1"), (Close, "}")]),
        (
            "a||b <|2|> é",
            &[
                (Word, "a"),
                (Punctuation, "||"),
                (Word, "b"),
                (Punctuation, "<|"),
                (Literal, "2"),
                (Punctuation, "|"),
                (Punctuation, ">"),
                (Punctuation, "é"),
            ],
        ),
        (
            "function() { return `}${x}`; // }\n }",
            &[(Word, "function"), (Open, "("), (Close, ")"), (Script, "{ return `}${x}`; // }\n }")],
        ),
    ] {
        assert_eq!(kinds(text), expected, "{text}");
    }
}

#[test]
fn slash_is_a_regex_only_where_an_operand_is_expected() {
    for (text, regexes) in [
        ("/a$b/", &["/a$b/"][..]),
        ("RETURN /a\\/b/", &["/a\\/b/"]),
        ("x = /(/", &["/(/"]),
        ("string::matches(x, /'/)", &["/'/"]),
        ("[/a/, /b/]", &["/a/", "/b/"]),
        ("<regex>/a/", &["/a/"]),
        ("x / 2 / y", &[]),
        ("$x/2/$y", &[]),
        ("(1)/2/(3)", &[]),
        ("[1][0]/2/1", &[]),
        ("1/2/3", &[]),
        ("{User.age}/2/1", &[]),
        ("`a`/2/`b`", &[]),
        ("value / 2 / in / 3", &[]),
        ("x WHERE /a/", &["/a/"]),
    ] {
        let found: Vec<_> = of_kind(text, Kind::Literal).into_iter().filter(|text| text.starts_with('/')).collect();
        assert_eq!(found, regexes, "{text}");
    }
}

#[test]
fn good_text_has_no_mistakes() {
    for input in [
        "\"RETURN 1\"",
        "\"RETURN $a\", a = 1",
        "\"RETURN $a\", a",
        "\"RETURN $a\", a,",
        "\"RETURN $type\", r#type = 1",
        "\"RETURN $type\", type = 1",
        "\"RETURN $`a`\", a",
        "\"RETURN $⟨a⟩\", a",
        "\"RETURN $a\", session(a)",
        "\"RETURN [$a, $b, $c]\", session(a, b,), c = 1, crate = ::x::y",
        "\"RETURN $a\", a = 1, crate = \"crate::x\"",
        "\"LET $x = 1; RETURN $x\"",
        "\"LET $x = $x + 1; RETURN $x\", x = 1",
        "\"LET $x: int = 1; RETURN $x\"",
        "\"FOR $p IN [1] { CREATE a SET b = $p }\"",
        "\"RETURN [1].map(|$v| $v + 1)\"",
        "\"RETURN [1].fold(0, |$a: int, $b: option<int | string>, $c: array<int, 5>| $a + $b + $c)\"",
        "\"LET $f = |$x| { RETURN $x }; RETURN $f(1)\"",
        "\"RETURN || 1\"",
        "\"DEFINE FIELD a ON b VALUE |$c| |$d| $c + $d\"",
        "\"SELECT * FROM a WHERE b <|2, 40|> $p\", p",
        "\"CREATE |person:10|\"",
        "\"DEFINE FUNCTION OVERWRITE fn::a::b($x: array<int, 3>, $y: record<a | b>) { RETURN $x + $y }\"",
        "\"DEFINE FIELD a ON b ASSERT $value > 0 AND $this.c AND $before != $after AND $input AND $event\"",
        "\"DEFINE TABLE a PERMISSIONS FOR select WHERE id = $auth.id AND $token.x AND $session.y AND $access\"",
        "\"SELECT *, (SELECT * FROM b WHERE c = $parent.d) FROM a\"",
        "\"DEFINE API '/a' FOR get THEN { RETURN $request }\"",
        "\"DEFINE BUCKET a PERMISSIONS WHERE $action = 'get' AND $file AND $target\"",
        "\"DEFINE FIELD a ON b REFERENCE ON DELETE THEN (UPDATE $this SET c = $reference)\"",
        "\"RETURN {a: {b: [(1)]}}\"",
        "\"RETURN function() { const a = '('; /* { */ return [`${a}`, { $x: 1 }]; }\"",
        "\"SELECT ->likes->{Post} FROM {User}:1 -- $nothing\"",
        "r#\"RETURN \"$a\" + '$b' + `$c`\"#",
        "\"RETURN /$a(/\"",
        "\"{{User}\"",
        "\"BEGIN; CREATE a; COMMIT;\"",
    ] {
        assert_eq!(mistakes(input), [""; 0], "{input}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (input, expected) in [
        ("\"\"", "the text is empty: there is nothing to run (line 1, column 1"),
        ("\" -- only a comment\"", "the text is empty"),
        ("\"RETURN (1\"", "`(` is not closed (line 1, column 8 of the text)"),
        ("\"RETURN 1)\"", "`)` closes nothing (line 1, column 9"),
        ("\"RETURN [1)\"", "`[` is closed by `)` instead of `]` (line 1, column 10"),
        ("\"RETURN\\n  {{a: 1}\"", "`{` is not closed (line 2, column 3"),
        ("\"RETURN {{User}}\"", "`}` closes nothing (line 1, column 15"),
        ("\"RETURN 'a\"", "the string that begins with `'a` is not closed (line 1, column 8"),
        ("\"RETURN d'a\"", "the string that begins with `d'a` is not closed (line 1, column 8"),
        ("\"RETURN 'a\\\\'\"", "is not closed"),
        ("\"RETURN `a\"", "the name that begins with ``a` is not closed"),
        ("\"RETURN $`a\"", "the name of the variable that begins with `$`a` is not closed"),
        ("\"RETURN ⟨a\"", "the name that begins with `⟨a` is not closed"),
        ("\"RETURN /* a\"", "the comment that begins with `/* a` is not closed"),
        ("\"RETURN = /a\"", "the regex that begins with `/a` is not closed"),
        ("\"RETURN function() { return '}' \"", "the function in JavaScript that begins with"),
        (
            "\"RETURN $a\"",
            "`$a` has no value: bind it, as in `a = ..`, or list a variable of the session, as in `session(a)`",
        ),
        ("\"RETURN $mni\", min = 1", "`$mni` has no value: did you mean `$min`? (line 1, column 8"),
        ("\"RETURN $tennant\", session(tenant)", "did you mean `$tenant`?"),
        ("\"RETURN $valeu\"", "did you mean `$value`?"),
        ("\"RETURN $x; LET $x = 1\"", "`$x` has no value: the text introduces it only later"),
        ("\"RETURN [1].map(|$a: option<int>| $b)\"", "`$b` has no value"),
        ("\"RETURN [1].map(|$a| $b + $a)\"", "`$b` has no value"),
        ("\"RETURN $file\"", "`$file` has no value"),
        ("\"RETURN $request\"", "`$request` has no value"),
        ("\"RETURN 1\", min = 1", "`min` is bound, but the text does not use `$min`"),
        ("\"RETURN '$min'\", min = 1", "`min` is bound, but the text does not use `$min`"),
        ("\"LET $min = 2\", min = 1", "`min` is bound, but the text does not use `$min`"),
        ("\"RETURN 1\", session(tenant)", "`tenant` is listed in `session(..)`, but the text does not use `$tenant`"),
        ("\"RETURN $a\", a = 1, a = 2", "`$a` is bound twice"),
        ("\"RETURN $a\", a, r#a", "`$a` is bound twice"),
        ("\"RETURN $a\", session(a, a)", "`$a` is listed in `session(..)` twice"),
        ("\"RETURN $a\", a, session(a)", "`$a` is bound: a bind hides the variable of the session"),
        (
            "\"RETURN $auth\", auth = 1",
            "`$auth` is set by the server and cannot be bound: it is the record that is signed in",
        ),
        ("\"RETURN $session\", session = 1", "`$session` is set by the server and cannot be bound"),
        (
            "\"RETURN $this\", session(this)",
            "`$this` is set by the server and cannot be listed in `session(..)`: it is the record at hand",
        ),
        ("\"RETURN $value\", value", "`$value` is set by the server and cannot be bound"),
        ("\"RETURN 1\", ä = 1", "the name of a variable consists of ASCII letters, digits and underscores"),
        ("\"RETURN {User.tags[0]}\"", "`{User.tags[0]}` is not a placeholder"),
        ("\"RETURN {Page<User>}\"", "without operators and generics"),
        ("\"RETURN {User.age + 1}\"", "begin a block of SurrealQL with a `{` and a space"),
        ("\"RETURN {User::}\"", "is not a placeholder"),
        ("", "expected SurrealQL text"),
        ("text", "expected a string literal, which the compiler can check"),
        ("format!(\"a\")", "use `Surql::dynamic(..)`"),
        ("\"RETURN $a\", &a", "a value needs a name"),
        ("\"RETURN $a\", user.a", "a value needs a name"),
        ("\"RETURN $a\", 1", "a value needs a name"),
        ("\"RETURN $a\", a()", "a value needs a name"),
        ("\"RETURN $a\" a", "expected `,`"),
    ] {
        let mistakes = mistakes(input);
        assert_eq!(mistakes.len(), 1, "{input}: {mistakes:?}");
        assert!(mistakes[0].contains(expected), "{input}: {mistakes:?}");
    }
}

#[test]
fn several_mistakes_are_reported_together() {
    let found = mistakes("\"RETURN [$alpha, $beta, $alpha]\", gamma_rays = 1, auth = 2");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn expansion_keeps_plain_text_and_joins_placeholders() {
    for (input, expected) in [
        (quote!("RETURN 1"), quote!(::surreal_session::__private::fixed("RETURN 1"))),
        (quote!("{{Name}", crate = a::b), quote!(a::b::__private::fixed("{Name}"))),
        (
            quote!("{User}:1", crate = x),
            quote!(x::__private::joined([x::__private::table::<User>(), ::std::borrow::Cow::Borrowed(":1")])),
        ),
        (
            quote!("{Wrote.in.type}", crate = x),
            quote!(x::__private::joined([x::__private::path(
                <Wrote as x::__private::Object>::fields::<x::__private::Of<Wrote>>().r#in.r#type
            )])),
        ),
        (
            quote!("$a + $b", a, b = 1 + 1, crate = x),
            quote!(x::__private::Surql::bind(
                x::__private::Surql::bind(x::__private::fixed("$a + $b"), "a", &(a)),
                "b",
                &(1 + 1)
            )),
        ),
    ] {
        assert_eq!(expand(input).to_string(), expected.to_string());
    }
}

#[test]
fn text_in_attributes_has_neither_placeholders_nor_binds() {
    for (text, allowed, expected) in [
        ("$value > 0", &[][..], None),
        ("$this.{a, b} != NONE", &[], None),
        ("{User}", &[], None),
        ("$reference.id", &["reference"], None),
        ("$vlaue > 0", &[], Some("`$vlaue` has no value: did you mean `$value`?")),
        ("$tenant", &[], Some("`$tenant` has no value")),
        ("($value", &[], Some("`(` is not closed")),
        ("'", &[], Some("the string")),
        ("", &[], Some("the text is empty")),
    ] {
        let literal: LitStr = syn::parse_quote!(#text);
        let outcome = check_expression(&literal, allowed).map_err(|error| error.to_string());
        match expected {
            None => assert_eq!(outcome, Ok(()), "{text}"),
            Some(expected) => {
                assert!(outcome.as_ref().is_err_and(|error| error.contains(expected)), "{text}: {outcome:?}");
            }
        }
    }
}

#[test]
fn any_text_is_survived() {
    let pieces = [
        "{", "}", "'", "\\", "$", "`", "⟨", "User", ".", "::", "r#", "|", "<", "/", "*", "-", "é", "function", "(",
        ")", "1", " ",
    ];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for d in ["", "{Us", "function(){"] {
                    let text = format!("{d}{a}{b}{c}");
                    let literal: LitStr = syn::parse_quote!(#text);
                    let _ = expand(quote!(#literal, x = 1));
                    let _ = check_expression(&literal, &[]);
                }
            }
        }
    }
}
