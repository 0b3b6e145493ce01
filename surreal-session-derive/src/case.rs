//! Names: the table that a struct's name stands for, and serde's `rename_all` rules.

/// Returns the name in `snake_case`, with a run of capitals taken as one word: `HTTPRequest` is `http_request`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &this) in chars.iter().enumerate() {
        if at > 0 && starts_word(chars[at - 1], this, chars.get(at + 1).copied()) {
            snake.push('_');
        }
        snake.extend(this.to_lowercase());
    }
    snake
}

fn starts_word(before: char, this: char, after: Option<char>) -> bool {
    let ends_capitals = before.is_uppercase() && after.is_some_and(char::is_lowercase);
    this.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_capitals)
}

/// A `rename_all` rule of serde, as far as it changes the name of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `lowercase`, `snake_case`, or no rule at all: serde leaves the names of fields as they are.
    #[default]
    Unchanged,
    Upper,
    Pascal,
    Camel,
    Kebab,
    UpperKebab,
}

impl Rule {
    /// Returns `None` for a rule that serde does not know either.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" | "snake_case" => Self::Unchanged,
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::UpperKebab,
            _ => return None,
        })
    }

    pub(crate) fn apply(self, field: &str) -> String {
        match self {
            Self::Unchanged => field.to_owned(),
            Self::Upper => field.to_ascii_uppercase(),
            Self::Pascal => pascal_case(field, true),
            Self::Camel => pascal_case(field, false),
            Self::Kebab => field.replace('_', "-"),
            Self::UpperKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }
    /// Returns the name of a variant under the rule, as serde has it: the name of a variant begins in capitals.
    pub(crate) fn rename_variant(rule: &str, variant: &str) -> String {
        match rule {
            "lowercase" => return variant.to_ascii_lowercase(),
            "UPPERCASE" => return variant.to_ascii_uppercase(),
            _ => {}
        }
        let mut snake = String::with_capacity(variant.len() + 4);
        for (at, letter) in variant.char_indices() {
            if at > 0 && letter.is_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        match Self::named(rule) {
            Some(Self::Pascal) | None => variant.to_owned(),
            Some(Self::Camel) => {
                let mut letters = variant.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            }
            Some(rule) => rule.apply(&snake),
        }
    }
}

fn pascal_case(field: &str, capital: bool) -> String {
    let mut name = String::with_capacity(field.len());
    let mut next_is_capital = capital;
    for letter in field.chars() {
        if letter == '_' {
            next_is_capital = capital || !name.is_empty();
        } else if next_is_capital {
            name.push(letter.to_ascii_uppercase());
            next_is_capital = false;
        } else if name.is_empty() && !capital {
            name.push(letter.to_ascii_lowercase());
        } else {
            name.push(letter);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_splits_words() {
        for (name, expected) in [
            ("User", "user"),
            ("BlogPost", "blog_post"),
            ("HTTPRequest", "http_request"),
            ("MyHTTP", "my_http"),
            ("A", "a"),
            ("User2", "user2"),
            ("Utf8Text", "utf8_text"),
            ("Blog_Post", "blog_post"),
            ("already_snake", "already_snake"),
            ("type", "type"),
            ("ÄrgerListe", "ärger_liste"),
        ] {
            assert_eq!(snake_case(name), expected, "{name}");
        }
    }

    #[test]
    fn rules_rename_as_serde_does() {
        for (rule, expected) in [
            ("lowercase", ["outcome", "very_tasty", "a", "_z42"]),
            ("snake_case", ["outcome", "very_tasty", "a", "_z42"]),
            ("UPPERCASE", ["OUTCOME", "VERY_TASTY", "A", "_Z42"]),
            ("SCREAMING_SNAKE_CASE", ["OUTCOME", "VERY_TASTY", "A", "_Z42"]),
            ("PascalCase", ["Outcome", "VeryTasty", "A", "Z42"]),
            ("camelCase", ["outcome", "veryTasty", "a", "z42"]),
            ("kebab-case", ["outcome", "very-tasty", "a", "-z42"]),
            ("SCREAMING-KEBAB-CASE", ["OUTCOME", "VERY-TASTY", "A", "-Z42"]),
        ] {
            let renamed = ["outcome", "very_tasty", "a", "_z42"].map(|field| Rule::named(rule).unwrap().apply(field));
            assert_eq!(renamed, expected, "{rule}");
        }
        assert_eq!(Rule::named("Camel"), None);
    }
}
