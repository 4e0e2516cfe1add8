//! Adding to a policy file, as a person would with an editor: what stands there stays as it is written.

use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::file::{API_VERSION, KIND, PolicyError};
use super::place::Prefix;
use super::{Entry, Policy, Trust};
use crate::identity::{Identity, IdentityError};
use crate::key::PublicKey;
use crate::quoted::Quoted;

/// Who is to be trusted too.
#[derive(Clone, Debug)]
pub enum Newcomer {
    /// Who has the private half of this key.
    Key {
        /// The key.
        key: PublicKey,
        /// Its file, as the policy is to name it: relative to it, or absolute.
        file: PathBuf,
    },
    /// To whom a certificate is issued.
    Identity {
        /// Who says so.
        issuer: String,
        /// To whom, as a pattern.
        subject: String,
        /// The file with the authorities that vouch for it, as the policy is to name it; where there is none, the entry's own.
        trusted_root: Option<PathBuf>,
    },
}

/// A policy with somebody more in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The file's new text.
    pub text: String,
    /// What became of it.
    pub change: Change,
    /// The prefix in normal form.
    pub prefix: String,
    /// How many of those that the entry names must have signed.
    pub threshold: usize,
    /// The entry that decided for all of it so far, and does so no more.
    pub shadows: Option<String>,
}

/// What becomes of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: they are trusted already.
    None,
    /// An entry names one more.
    Extended,
    /// There is a new entry.
    New,
}

/// Nobody can be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The text is no policy.
    #[error(transparent)]
    Policy(Box<PolicyError>),
    /// It is not TOML; a policy that was read is.
    #[error("it cannot be changed: {0}")]
    Toml(String),
    /// No prefix.
    #[error("the prefix {} cannot be used: {why}; write it as registry.example.org/team", Quoted(.prefix))]
    Prefix {
        /// What was given.
        prefix: String,
        /// What is wrong with it.
        why: String,
    },
    /// The entries are written in another way.
    #[error("its entries stand in a list (trust = [ … ]); write them as [[trust]], or add this one by hand")]
    Form,
    /// The entry for that prefix is of another kind.
    #[error("the entry for {} has {has}, which {adds} cannot stand beside; change it by hand, or name a longer prefix", Quoted(.prefix))]
    OtherKind {
        /// The prefix.
        prefix: String,
        /// What it has.
        has: &'static str,
        /// What was to be added.
        adds: &'static str,
    },
    /// The entry for that prefix has another trust root.
    #[error("the entry for {} has a trusted_root already; change that by hand, or leave it out here", Quoted(.0))]
    OtherRoot(String),
    /// Nobody vouches for certificates.
    #[error("an identity needs the file with the authorities that vouch for it; name it with --trusted-root")]
    NoRoot,
    /// No identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file's name that TOML cannot hold.
    #[error("the file name {} is not UTF-8; give it another", .0.display())]
    FileName(PathBuf),
}

pub(super) fn with(text: &str, base: &Path, prefix: &str, newcomer: &Newcomer) -> Result<Added, AddError> {
    let begun;
    let text = match text.trim().is_empty() {
        true => {
            begun = format!(
                "# Whom to trust: nothing from a registry is loaded that no entry covers.\n\
                 apiVersion = \"{API_VERSION}\"\nkind = \"{KIND}\"\n"
            );
            begun.as_str()
        }
        false => text,
    };
    let wrong = |why| AddError::Prefix { prefix: prefix.to_owned(), why };
    let place = Prefix::parse(prefix.strip_prefix("oci://").unwrap_or(prefix)).map_err(wrong)?;
    // Read as the host reads it, so that nothing is added to what makes no sense.
    let policy = Policy::parse(text, base).map_err(|error| AddError::Policy(Box::new(error)))?;
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| AddError::Toml(error.to_string().trim_end().to_owned()))?;
    let mut added = Added {
        text: String::new(),
        change: Change::None,
        prefix: place.as_str().to_owned(),
        threshold: 1,
        shadows: policy.covering_prefix(&place).map(|entry| entry.prefix().to_owned()),
    };
    let entries = document.entry("trust").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let entries = entries.as_array_of_tables_mut().ok_or(AddError::Form)?;
    match policy.entries.iter().position(|entry| entry.prefix == place) {
        Some(at) => {
            let table = entries.get_mut(at).ok_or(AddError::Form)?;
            added.shadows = None;
            (added.change, added.threshold) = extend(table, &policy.entries[at], newcomer)?;
        }
        None => {
            entries.push(new_entry(place.as_str(), newcomer)?);
            added.change = Change::New;
        }
    }
    added.text = document.to_string();
    Ok(added)
}

fn extend(table: &mut Table, entry: &Entry, newcomer: &Newcomer) -> Result<(Change, usize), AddError> {
    let prefix = || entry.prefix().to_owned();
    let other = |has, adds| Err(AddError::OtherKind { prefix: prefix(), has, adds });
    match (&entry.trust, newcomer) {
        (Trust::Keys { keys, threshold }, Newcomer::Key { key, file }) => {
            if keys.contains(key) {
                return Ok((Change::None, *threshold));
            }
            push(table, "keys", file_name(file)?)?;
            Ok((Change::Extended, *threshold))
        }
        (Trust::Identities { identities, threshold, .. }, Newcomer::Identity { issuer, subject, trusted_root }) => {
            if trusted_root.is_some() {
                return Err(AddError::OtherRoot(prefix()));
            }
            if identities.contains(&Identity::new(issuer, subject)?) {
                return Ok((Change::None, *threshold));
            }
            push(table, "identities", identity(issuer, subject))?;
            Ok((Change::Extended, *threshold))
        }
        (Trust::Keys { .. }, Newcomer::Identity { .. }) => other("keys", "an identity"),
        (Trust::Identities { .. }, Newcomer::Key { .. }) => other("identities", "a key"),
        (Trust::Unsigned, Newcomer::Identity { .. }) => other("unsigned = true", "an identity"),
        (Trust::Unsigned, Newcomer::Key { .. }) => other("unsigned = true", "a key"),
    }
}

/// Adds to a list, in a line of its own where the others have one.
fn push(table: &mut Table, list: &str, new: impl Into<toml_edit::Value>) -> Result<(), AddError> {
    // Identities may be written as tables of their own too.
    let list = table.get_mut(list).and_then(Item::as_array_mut).ok_or(AddError::Form)?;
    let before = list.iter().last().map(|last| last.decor().clone());
    let mut new: toml_edit::Value = new.into();
    match before.as_ref().and_then(|decor| decor.prefix()?.as_str()).filter(|before| before.contains('\n')) {
        Some(before) => {
            // The blanks before the last, without a comment that is about it.
            let indent = before.rsplit('\n').next().unwrap_or_default();
            new.decor_mut().set_prefix(format!("\n{indent}"));
            list.push_formatted(new);
            list.set_trailing_comma(true);
        }
        None => list.push(new),
    }
    Ok(())
}

fn new_entry(prefix: &str, newcomer: &Newcomer) -> Result<Table, AddError> {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table["prefix"] = value(prefix);
    match newcomer {
        Newcomer::Key { file, .. } => table["keys"] = value(Array::from_iter([file_name(file)?])),
        Newcomer::Identity { issuer, subject, trusted_root } => {
            Identity::new(issuer, subject)?;
            let root = trusted_root.as_ref().ok_or(AddError::NoRoot)?;
            table["trusted_root"] = value(file_name(root)?);
            table["identities"] = value(Array::from_iter([identity(issuer, subject)]));
        }
    }
    Ok(table)
}

fn identity(issuer: &str, subject: &str) -> InlineTable {
    InlineTable::from_iter([("issuer", issuer), ("subject", subject)])
}

fn file_name(path: &Path) -> Result<&str, AddError> {
    path.to_str().ok_or_else(|| AddError::FileName(path.to_owned()))
}

impl Policy {
    /// The entry that decides for all below a prefix, where it is a shorter one.
    fn covering_prefix(&self, prefix: &Prefix) -> Option<&Entry> {
        let wider = self.entries.iter().filter(|entry| entry.prefix.contains(prefix));
        wider.max_by_key(|entry| entry.prefix().len())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::key::KeyPair;

    const HEAD: &str = "apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n";

    struct Scene(tempfile::TempDir);

    impl Scene {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn key(&self, name: &str) -> Newcomer {
            let key = KeyPair::generate().public().clone();
            fs::write(self.0.path().join(name), key.to_pem()).expect("a key");
            Newcomer::Key { key, file: name.into() }
        }

        fn with(&self, text: &str, prefix: &str, newcomer: &Newcomer) -> Result<Added, String> {
            let added = Policy::with(text, self.0.path(), prefix, newcomer).map_err(|error| error.to_string());
            if let Ok(added) = &added {
                Policy::parse(&added.text, self.0.path()).expect("what comes out is a policy");
            }
            added
        }
    }

    #[test]
    fn what_stands_there_stays_as_it_is_written() {
        let scene = Scene::new();
        let (first, second) = (scene.key("a.pub"), scene.key("b.pub"));
        let text = format!(
            "# ours\n{HEAD}on_revocation   =   \"stop\" # at once\n\n# the team\n[[trust]]\nprefix = 'H.example/team' # theirs\nkeys = [\n    # Ann\n    \"a.pub\",\n]\nmin_rules = 2\n\n# the end\n"
        );
        let added = scene.with(&text, "h.example/team/", &second).expect("added");
        assert_eq!((added.change, &*added.prefix, added.shadows), (Change::Extended, "h.example/team", None));
        let expected = text.replace("\"a.pub\",\n", "\"a.pub\",\n    \"b.pub\",\n");
        assert_eq!(added.text, expected);
        // Again, and by the key, not by the name of its file.
        assert_eq!(scene.with(&added.text, "h.example/team", &second).expect("known").change, Change::None);
        let Newcomer::Key { key, .. } = first else { unreachable!("a key") };
        let again = scene.with(&text, "h.example/team", &Newcomer::Key { key, file: "other.pub".into() });
        assert_eq!(again.map(|again| (again.change, again.text)), Ok((Change::None, text.clone())));
        // Another place is an entry of its own, after the others.
        let added = scene.with(&text, "oci://h.example/team/linux", &second).expect("added");
        assert_eq!((added.change, added.shadows.as_deref()), (Change::New, Some("h.example/team")));
        assert!(added.text.starts_with(text.trim_end_matches("\n\n# the end\n")), "{}", added.text);
        assert!(
            added.text.contains("\n[[trust]]\nprefix = \"h.example/team/linux\"\nkeys = [\"b.pub\"]\n"),
            "{}",
            added.text
        );
        assert!(added.text.contains("# the end"), "{}", added.text);
    }

    #[test]
    fn a_file_that_is_not_there_begins() {
        let scene = Scene::new();
        let key = scene.key("a.pub");
        let added = scene.with("", "h.example", &key).expect("added");
        assert!(
            added.text.ends_with(&format!("{HEAD}\n[[trust]]\nprefix = \"h.example\"\nkeys = [\"a.pub\"]\n")),
            "{}",
            added.text
        );
        assert_eq!(added.change, Change::New);
    }

    #[test]
    fn a_threshold_stays_and_is_told() {
        let scene = Scene::new();
        scene.key("a.pub");
        scene.key("b.pub");
        let text = format!("{HEAD}[[trust]]\nprefix = \"h.example\"\nkeys = [\"a.pub\", \"b.pub\"]\nthreshold = 2\n");
        let added = scene.with(&text, "h.example", &scene.key("c.pub")).expect("added");
        assert_eq!((added.threshold, added.change), (2, Change::Extended));
        assert!(added.text.contains("keys = [\"a.pub\", \"b.pub\", \"c.pub\"]\nthreshold = 2"), "{}", added.text);
    }

    #[test]
    fn what_cannot_be_added_is_told() {
        let scene = Scene::new();
        let key = scene.key("a.pub");
        let identity = |root: Option<&str>| Newcomer::Identity {
            issuer: "https://i.example".into(),
            subject: "x@h.example".into(),
            trusted_root: root.map(Into::into),
        };
        let entry = |body: &str| format!("{HEAD}[[trust]]\nprefix = \"h.example\"\n{body}\n");
        let refused =
            |text: &str, prefix: &str, newcomer: &Newcomer| scene.with(text, prefix, newcomer).expect_err("refused");
        assert!(
            refused(&entry("unsigned = true"), "h.example", &key).contains("has unsigned = true, which a key cannot")
        );
        assert!(refused(&entry("keys = [\"a.pub\"]"), "h.example", &identity(None)).contains("has keys"));
        assert!(refused("", "h.example", &identity(None)).contains("--trusted-root"));
        assert!(refused("", "h.example/Team", &key).contains("the prefix \"h.example/Team\" cannot be used"));
        assert!(refused("nonsense", "h.example", &key).contains("is not TOML"));
        let inline = format!("{HEAD}trust = [{{ prefix = \"h.example\", unsigned = true }}]\n");
        assert!(refused(&inline, "other.example", &key).contains("write them as [[trust]]"));
    }
}
