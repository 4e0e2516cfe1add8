//! Secrets: a configuration says where one lies, never what it is.

use std::path::Path;

use lanner_document::{Node, Problem};
use lanner_trust::Secret;

/// What a table that says where a secret lies has, one of them.
pub(crate) const WAYS: [&str; 2] = ["file", "credential"];

/// As a file says it: `{ file = "…" }` or `{ credential = "…" }`.
pub(crate) fn of(node: &Node, name: &str, folder: &Path) -> Result<Secret, Problem> {
    let takes = "where a secret lies: { file = \"…\" }, or { credential = \"…\" } of systemd's";
    let Ok(members) = node.map(name) else {
        // What it is must not get into a log.
        return Err(node.problem(format!("`{name}` takes {takes}; a secret itself does not stand here")));
    };
    let [(key, value)] = members else {
        return Err(node.problem(format!("`{name}` takes {takes}, and one of them")));
    };
    let text = value.text(&key.name)?;
    match key.name.as_str() {
        "file" if !text.is_empty() => Ok(Secret::File(folder.join(text))),
        "credential" if Secret::is_credential_name(text) => Ok(Secret::Credential(text.to_owned())),
        "file" => Err(value.problem("`file` is empty")),
        "credential" => Err(value.problem(format!("{text:?} cannot be the name of a credential"))),
        _ => Err(key.unknown("way to say where a secret lies", WAYS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn a_secret_is_named_by_a_table_and_nothing_else() {
        let said = |text: &str| {
            let node = tree::parse(text).expect("TOML");
            of(node.get("p").expect("p"), "p", Path::new("/etc")).map_err(|problem| problem.what)
        };
        assert_eq!(said("p = { file = \"x\" }"), Ok(Secret::File("/etc/x".into())));
        assert_eq!(said("p = { credential = \"x\" }"), Ok(Secret::Credential("x".into())));
        for (wrong, why) in [
            ("p = \"hunter2\"", "a secret itself does not stand here"),
            ("p = { fiel = \"x\" }", "did you mean \"file\"?"),
            ("p = { credential = \"../x\" }", "cannot be the name"),
            ("p = { file = \"a\", credential = \"b\" }", "one of them"),
            ("p = {}", "one of them"),
        ] {
            let what = said(wrong).expect_err("it is wrong");
            assert!(what.contains(why) && !what.contains("hunter2"), "{what}");
        }
    }
}
