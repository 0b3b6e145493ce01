//! `migrate!`: the migrations of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitStr, Result, Token, parse_quote};

use crate::surql;

struct Input {
    folder: Option<LitStr>,
    krate: syn::Path,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut parsed = Self { folder: None, krate: parse_quote!(::surreal_session) };
        if input.peek(LitStr) {
            parsed.folder = Some(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            parsed.krate = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
        }
        match input.is_empty() {
            true => Ok(parsed),
            false => Err(input.error("expected the name of a folder in quotes, as in `migrate!(\"migrations\")`")),
        }
    }
}

/// A file that may be a migration.
struct File {
    number: u64,
    name: String,
    path: PathBuf,
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let expanded = syn::parse2::<Input>(input).and_then(|input| migrations(&input));
    expanded.unwrap_or_else(Error::into_compile_error)
}

fn migrations(input: &Input) -> Result<TokenStream> {
    let span = input.folder.as_ref().map_or_else(Span::call_site, LitStr::span);
    let folder = input.folder.as_ref().map_or_else(|| "migrations".to_owned(), LitStr::value);
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let files = files(&package.join(&folder)).map_err(|message| Error::new(span, message.replace(FOLDER, &folder)))?;
    let krate = &input.krate;
    let mut entries = Vec::new();
    for File { number, name, path } in &files {
        let path = path.to_str().ok_or_else(|| Error::new(span, format!("the path of `{name}` is not UTF-8")))?;
        entries.push(quote! {
            #krate::__private::Migration::embedded(#number, #name, ::core::include_str!(#path))
        });
    }
    Ok(quote!(#krate::__private::Migrations::embedded(const { &[#(#entries),*] })))
}

/// The files of a folder in the order of their numbers.
fn files(folder: &Path) -> std::result::Result<Vec<File>, String> {
    let unreadable = |error| format!("cannot read the folder `{FOLDER}` beside the package's Cargo.toml: {error}");
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "surql") {
            let number = number_of(&name).ok_or_else(|| {
                format!("the name of the migration `{name}` does not begin with a number, as in `0001_users.surql`")
            })?;
            check(&name, &path)?;
            files.push(File { number, name, path });
        }
    }
    files.sort_by(|one, other| (one.number, &one.name).cmp(&(other.number, &other.name)));
    match files.windows(2).find(|pair| pair[0].number == pair[1].number) {
        Some(pair) => Err(format!("the migrations `{}` and `{}` have the same number", pair[0].name, pair[1].name)),
        None => Ok(files),
    }
}

/// The number that a name begins with, before the first `_`.
fn number_of(name: &str) -> Option<u64> {
    let (number, rest) = name.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|number| *number <= i64::MAX.unsigned_abs());
    number.filter(|_| is_number && rest != ".surql")
}

/// Refuses a file that the server would not parse, as far as the lexer can tell.
fn check(name: &str, path: &Path) -> std::result::Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read the migration `{name}`: {error}"))?;
    let literal = LitStr::new(&text, Span::call_site());
    surql::check_brackets(&literal).map_err(|error| format!("the migration `{name}` is not SurrealQL: {error}"))
}

/// Stands for the folder in a message, as the program names it.
const FOLDER: &str = "{folder}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_numbers() {
        for (name, expected) in [
            ("0001_users.surql", Some(1)),
            ("20260101120000_a_b.surql", Some(20_260_101_120_000)),
            ("1_.surql", None),
            ("_a.surql", None),
            ("users.surql", None),
            ("1a_users.surql", None),
            ("99999999999999999999_a.surql", None),
            ("9223372036854775807_a.surql", Some(9_223_372_036_854_775_807)),
            ("9223372036854775808_a.surql", None),
        ] {
            assert_eq!(number_of(name), expected, "{name}");
        }
    }

    #[test]
    fn mistakes_name_the_file() {
        let folder = std::env::temp_dir().join(format!("surreal_session_migrate_{}", std::process::id()));
        let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        assert!(files(&folder).is_err_and(|error| error.contains("cannot read the folder")));
        fs::create_dir_all(&folder).unwrap();
        put("10_b.surql", "CREATE b");
        put("9_a.surql", "CREATE a; -- done");
        put("README.md", "not SurrealQL: (");
        let names: Vec<_> = files(&folder).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["9_a.surql", "10_b.surql"]);
        for (name, text, expected) in [
            ("010_c.surql", "CREATE c", "`010_c.surql` and `10_b.surql` have the same number"),
            ("c.surql", "CREATE c", "`c.surql` does not begin with a number"),
            ("11_c.surql", "CREATE c SET a = (1", "`11_c.surql` is not SurrealQL: `(` is not closed"),
            ("12_c.surql", " -- nothing", "`12_c.surql` is not SurrealQL: the text is empty"),
        ] {
            put(name, text);
            let error = files(&folder).err().unwrap_or_default();
            assert!(error.contains(expected), "{name}: {error}");
            fs::remove_file(folder.join(name)).unwrap();
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
