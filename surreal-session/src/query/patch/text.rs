//! Differences of texts, as the server writes them: hunks of kept, removed and added characters, percent-encoded.
//!
//! The form is that of diff-match-patch. A hunk is applied only at its exact place: a difference belongs to one state of the
//! text, and a guessed place in another state would make up data.

/// Applies a difference to its text.
pub(super) fn apply(text: &str, difference: &str) -> Result<String, String> {
    let mut chars: Vec<char> = text.chars().collect();
    let mut lines = difference.lines().peekable();
    while let Some(header) = lines.next() {
        let start = start_of(header).ok_or_else(|| format!("`{header}` does not begin a difference"))?;
        let (mut old, mut new) = (Vec::new(), Vec::new());
        while let Some(line) = lines.next_if(|line| !line.starts_with("@@")) {
            let mut encoded = line.chars();
            let kind = encoded.next();
            let part: Vec<char> = decode(encoded.as_str())?.chars().collect();
            match kind {
                Some(' ') | None => {
                    old.extend(&part);
                    new.extend(part);
                }
                Some('-') => old.extend(part),
                Some('+') => new.extend(part),
                _ => return Err(format!("`{line}` is not a line of a difference")),
            }
        }
        let end = start.checked_add(old.len()).filter(|end| chars.get(start..*end) == Some(&old[..]));
        let end = end.ok_or("the difference is for another text")?;
        chars.splice(start..end, new);
    }
    Ok(chars.into_iter().collect())
}

/// Returns the start of the hunk `@@ -1,2 +3,4 @@` after the hunks before it are applied, counted from 0.
fn start_of(header: &str) -> Option<usize> {
    let place = header.strip_prefix("@@ -")?.strip_suffix(" @@")?.split_once(" +")?.1;
    match place.split_once(',') {
        Some((start, "0")) => start.parse().ok(),
        Some((start, _)) => start.parse::<usize>().ok()?.checked_sub(1),
        None => place.parse::<usize>().ok()?.checked_sub(1),
    }
}

fn decode(encoded: &str) -> Result<String, String> {
    let invalid = || format!("`{encoded}` is not percent-encoded text");
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, after @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| str::from_utf8(digits).ok()).ok_or_else(invalid)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| invalid())?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunk_is_applied_at_its_place() {
        for (text, difference, expected) in [
            ("", "@@ -0,0 +1,3 @@\n+new\n", "new"),
            ("old", "@@ -1,3 +0,0 @@\n-old\n", ""),
            ("abc", "@@ -1,3 +1,3 @@\n a\n-b\n+%C3%A9\n c\n", "aéc"),
            ("a b+c%", "@@ -1,6 +1,7 @@\n a b+c%25\n+%0A\n", "a b+c%\n"),
            ("aXbbbbbbbbbbYc", "@@ -1,3 +1,2 @@\n a\n-X\n b\n@@ -10,5 +9,4 @@\n bbb\n-Y\n c\n", "abbbbbbbbbbc"),
        ] {
            assert_eq!(apply(text, difference).as_deref(), Ok(expected), "{difference}");
        }
    }

    #[test]
    fn other_texts_and_differences_are_refused() {
        for (text, difference) in [
            ("abd", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"),
            ("", "@@ -1,1 +1,1 @@\n-a\n+b\n"),
            ("a", "no difference"),
            ("a", "@@ -1 +1 @@\n?a\n"),
            ("a", "@@ -1 +99999999999999999999 @@\n-a\n"),
            ("a", "@@ -1 +1 @@\n-%\n"),
            ("a", "@@ -1 +1 @@\n-%FF\n"),
            ("a", "@@ -1 +1 @@\né\n"),
            ("a", "@@ -1,0 +18446744073709551615,0 @@\n+b\n"),
        ] {
            assert!(apply(text, difference).is_err(), "{difference}");
        }
    }
}
