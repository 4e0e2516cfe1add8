//! What was released stays: the schema of today beside each that packs and captures were made for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::schema::{Field, Record, Schema};

/// The schemas of released versions.
const RELEASED: &str = "sdk/abi/released";

/// Checks that today's schema only appends to those that were released.
pub(super) fn check(root: &Path, today: &Schema) -> Result<()> {
    let folder = root.join(RELEASED);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for path in files {
        let released = Schema::read(&path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if released.version != today.version {
            // Another layout altogether: its packs and frames are refused.
            continue;
        }
        let changes = changes(&released, today);
        if !changes.is_empty() {
            bail!(
                "the schema changes what was released as {name}, and only appending keeps its packs and captures \
                 alive:\n  {}",
                changes.join("\n  ")
            );
        }
    }
    Ok(())
}

/// What is not as it was.
fn changes(released: &Schema, today: &Schema) -> Vec<String> {
    let mut changes = Vec::new();
    for was in released.records() {
        let Some(is) = today.records().find(|record| record.section == was.section) else {
            changes.push(format!("{} (section {}) is gone", was.name, was.section));
            continue;
        };
        if is.name != was.name {
            changes.push(format!("section {} was {}, and is {}", was.section, was.name, is.name));
        }
        for (place, field) in was.fields.iter().enumerate() {
            match is.fields.get(place) {
                None => changes.push(format!("{}.{} is gone", was.name, field.name)),
                Some(now) => changes.extend(field_changes(was, field, now)),
            }
        }
    }
    for was in &released.kinds {
        let Some(is) = today.kinds.iter().find(|kind| kind.number == was.number) else { continue };
        let facts = |kind: &super::schema::Kind| (kind.process, kind.result, kind.image, kind.fine.clone());
        if facts(is) != facts(was) {
            changes.push(format!("the kind {} has a process, a result or an image where it had none", was.record.name));
        }
    }
    for was in &released.flag_sets {
        let bits = today.flag_set(&was.name).map(|set| &set.values[..]).unwrap_or_default();
        for flag in &was.values {
            if !bits.iter().any(|bit| bit.name == flag.name && bit.bit == flag.bit) {
                changes.push(format!("bit {} of {} is no longer {}", flag.bit, was.name, flag.name));
            }
        }
    }
    changes
}

fn field_changes(record: &Record, was: &Field, is: &Field) -> Option<String> {
    let layout = |field: &Field| (field.name.clone(), field.ty, field.offset, field.reads, field.of.clone());
    let meaning = |field: &Field| (field.flags.clone(), field.json.clone(), field.port.clone());
    let name = format!("{}.{}", record.name, was.name);
    if layout(was) != layout(is) || meaning(was) != meaning(is) {
        return Some(format!("{name} is another field, or stands elsewhere, or means something else"));
    }
    if was.always && !is.always {
        return Some(format!("{name} was always there, and packs count on it"));
    }
    (was.shown && !is.shown).then(|| format!("findings showed {name}, and do no more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = include_str!("../../../sdk/abi/schema.toml");

    fn changed(there: &str, instead: &str) -> Vec<String> {
        assert!(SCHEMA.contains(there), "{there}");
        let [was, is] = [SCHEMA.to_owned(), SCHEMA.replacen(there, instead, 1)].map(|schema| Schema::parse(&schema));
        changes(&was.expect("today's"), &is.expect("it is sound"))
    }

    #[test]
    fn what_is_appended_changes_nothing() {
        let kind = "[[kind]]\nname = \"later\"\nsees = \"\"\nnumber = 99\ndoc = \"\"\nfields = [{ name = \"a\", type = \"u8\", doc = \"\" }]\n";
        assert!(changed("[[kind]]", &format!("{kind}\n[[kind]]")).is_empty());
        let last = "{ name = \"signal\", type = \"u32\", always = true, shown = true, doc = \"The signal that ended it, or 0.\" },";
        assert!(changed(last, &format!("{last} {{ name = \"b\", type = \"u8\", doc = \"\" }},")).is_empty());
    }

    #[test]
    fn what_is_not_appended_is_said() {
        for (there, instead) in [
            ("name = \"tid\", type = \"u32\"", "name = \"tid\", type = \"u64\""),
            ("name = \"tid\"", "name = \"thread\""),
            ("{ name = \"tid\"", "{ name = \"new\", type = \"u8\", doc = \"\" }, { name = \"tid\""),
            ("name = \"connect\"", "name = \"connected\""),
            ("{ name = \"failed\", bit = 2", "{ name = \"failed\", bit = 9"),
            (
                "name = \"uid\", type = \"u32\", reads = \"user\", always = true",
                "name = \"uid\", type = \"u32\", reads = \"user\"",
            ),
            (
                "number = 112\ndoc = \"Events were lost between the kernel and the host.\"\nprocess = false",
                "number = 112\ndoc = \"\"",
            ),
        ] {
            assert!(!changed(there, instead).is_empty(), "{instead}");
        }
    }
}
