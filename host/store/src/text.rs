//! What somebody looks for, as the full-text index understands it.

/// Words as people write them: each has to stand in the finding, and what is within quotation marks as it is. A word that
/// ends with `*` may go on. Nothing where there is no word.
pub(crate) fn query(words: &str) -> Option<String> {
    let query: Vec<String> = parts(words)
        .map(|(word, begins)| {
            let more = if begins && word.ends_with(char::is_alphanumeric) { " *" } else { "" };
            format!("\"{}\"{more}", word.replace(['"', '\0'], " "))
        })
        .collect();
    (!query.is_empty()).then(|| query.join(" "))
}

/// Whether all these words stand somewhere in a text, whatever the case of letters. Not where there is no word.
pub(crate) fn stands_in(words: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = parts(words).peekable();
    parts.peek().is_some() && parts.all(|(word, _)| text.contains(&word.to_lowercase()))
}

/// Words, and whether each may go on.
fn parts(words: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = words.trim_start();
    let parts = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        rest = after.trim_start();
        let begins = word.strip_suffix('*');
        Some((begins.unwrap_or(word), begins.is_some()))
    });
    // What has no letter is no word for the index either, and a phrase of none is an error to it.
    parts.filter(|(word, _)| word.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_asked_for_as_they_are_written() {
        let expected = [
            ("curl /etc/shadow", Some(r#""curl" "/etc/shadow""#)),
            ("\"reads /etc\" NOT", Some(r#""reads /etc" "NOT""#)),
            ("fin* /* -", Some(r#""fin" *"#)),
            ("\"half", Some(r#""half""#)),
            ("  * \"\" ", None),
        ];
        for (words, query) in expected {
            assert_eq!(super::query(words).as_deref(), query, "{words}");
        }
    }

    proptest! {
        /// Whatever somebody types, the index takes it.
        #[test]
        fn nothing_is_wrong_to_ask(words in r#"[a-z"*()^:+{}\-\\/ \u{0}\u{e9}\u{661}]{0,24}"#) {
            let database = rusqlite::Connection::open_in_memory().expect("a database");
            database.execute_batch("CREATE VIRTUAL TABLE t USING fts5 (text, content = '')").expect("a table");
            if let Some(query) = query(&words) {
                let found = database.query_row("SELECT count(*) FROM t WHERE text MATCH ?", [&query], |row| row.get::<_, i64>(0));
                prop_assert_eq!(found.map_err(|error| format!("{query}: {error}")), Ok(0));
            }
        }
    }
}
