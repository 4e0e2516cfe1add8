//! What an index says: which packs there are, where, in which versions, and who publishes them.
//!
//! JSON, with a number for its form. Keys that are not known are passed over, so that a later index can say more; one that
//! must not be read without knowing them has a higher number.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanner_trust::{Identity, PublicKey};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::artifact::MAX_PACK_INDEX;
use crate::digest::Digest;
use crate::reference::Repository;

/// The form that is known here.
const SCHEMA: u32 = 1;
/// Packs of an index at most.
const MAX_PACKS: usize = 4096;
/// Versions of a pack at most; the newest are kept.
pub(super) const MAX_VERSIONS: usize = 256;
/// Keys, and identities, of a publisher at most.
const MAX_SIGNERS: usize = 16;
/// Bytes of a name at most.
const MAX_NAME: usize = 100;

/// An index of packs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackIndex {
    schema: u32,
    /// What it calls itself.
    pub name: String,
    /// When it was published: a later one takes its place, an earlier one does not.
    pub published: Timestamp,
    /// The packs, by name.
    pub packs: Vec<Listed>,
}

/// A pack in an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub repository: Repository,
    /// Who publishes it.
    pub publisher: Publisher,
    /// What it is for.
    pub summary: String,
    /// Under which licence, as SPDX writes it; empty where it is not said.
    #[serde(default)]
    pub licence: String,
    /// How far it is: `stable`, `incubating` or `sandbox`; empty where it is not said.
    #[serde(default)]
    pub maturity: String,
    /// The kinds of events that its newest version asks for.
    #[serde(default)]
    pub events: Vec<String>,
    /// The rules of its newest version.
    #[serde(default)]
    pub rules: Vec<ListedRule>,
    /// Its versions, the newest first.
    pub versions: Vec<Release>,
}

/// A rule of a pack in an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRule {
    /// Its id.
    pub id: String,
    /// What a finding of it means.
    pub summary: String,
    /// How bad a finding is.
    pub severity: String,
    /// ATT&CK technique ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attack: Vec<String>,
    /// How far it is; empty where it is not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub maturity: String,
}

/// A version of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Which.
    pub version: Version,
    /// Its manifest.
    pub digest: Digest,
    /// How many rules it has.
    pub rules: usize,
}

/// Who publishes a pack. What an index says of it makes nobody trusted: it tells whom to ask the user about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// What they call themselves.
    pub name: String,
    /// The public keys that they sign with, as PEM.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// To whom certificates are issued that they sign with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<PublisherIdentity>,
}

/// To whom a certificate is issued, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherIdentity {
    /// Who says so.
    pub issuer: String,
    /// To whom, as a trust policy writes it.
    pub subject: String,
}

/// What is no index.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not JSON of this form.
    #[error("it cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a later form.
    #[error("it has the form {0}, and this lanner knows {SCHEMA}: take a newer lanner")]
    Newer(u32),
    /// More than it may say.
    #[error("it has {found} {what}; {most} are allowed")]
    TooMany {
        /// Of what.
        what: String,
        /// How many.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// What makes no sense.
    #[error("{0}")]
    Nonsense(String),
}

#[derive(Deserialize)]
struct Head {
    schema: u32,
}

impl PackIndex {
    /// One without packs.
    pub fn new(name: &str, published: Timestamp) -> Self {
        Self { schema: SCHEMA, name: name.to_owned(), published, packs: Vec::new() }
    }

    /// Reads what [`PackIndex::to_json`] writes.
    ///
    /// # Errors
    /// It is of another form, too much, or makes no sense.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        at_most("bytes", bytes.len(), MAX_PACK_INDEX as usize)?;
        // First, so that a later form is not called a wrong one.
        let Head { schema } = serde_json::from_slice(bytes)?;
        if schema != SCHEMA {
            return Err(DocumentError::Newer(schema));
        }
        let index: Self = serde_json::from_slice(bytes)?;
        index.check()?;
        Ok(index)
    }

    /// As it is published: the same bytes for the same index.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers can be written")
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// It does not, with the pack.
    pub fn check(&self) -> Result<(), DocumentError> {
        check_name("its own name", &self.name)?;
        at_most("packs", self.packs.len(), MAX_PACKS)?;
        let mut names = BTreeSet::new();
        for pack in &self.packs {
            pack.check().map_err(|error| match error {
                DocumentError::Nonsense(why) => DocumentError::Nonsense(format!("the pack {:?}: {why}", pack.name)),
                DocumentError::TooMany { what, found, most } => {
                    DocumentError::TooMany { what: format!("{what} of the pack {:?}", pack.name), found, most }
                }
                error => error,
            })?;
            if !names.insert(&pack.name) {
                return Err(DocumentError::Nonsense(format!("it has the pack {:?} twice", pack.name)));
            }
        }
        Ok(())
    }

    /// The pack of this name.
    pub fn pack(&self, name: &str) -> Option<&Listed> {
        self.packs.iter().find(|pack| pack.name == name)
    }
}

impl Listed {
    fn check(&self) -> Result<(), DocumentError> {
        let nonsense = |why: String| Err(DocumentError::Nonsense(why));
        check_name("a name", &self.name)?;
        at_most("versions", self.versions.len(), MAX_VERSIONS)?;
        if self.versions.is_empty() {
            return nonsense("it has no version".to_owned());
        }
        if !self.versions.is_sorted_by(|newer, older| newer.version > older.version) {
            return nonsense("its versions do not stand in their order, the newest first".to_owned());
        }
        let Publisher { name, keys, identities } = &self.publisher;
        check_text("its publisher's name", name)?;
        at_most("keys", keys.len(), MAX_SIGNERS)?;
        at_most("identities", identities.len(), MAX_SIGNERS)?;
        for key in keys {
            if let Err(error) = PublicKey::from_pem(key) {
                return nonsense(format!("a key of its publisher's: {error}"));
            }
        }
        for PublisherIdentity { issuer, subject } in identities {
            if let Err(error) = Identity::new(issuer, subject) {
                return nonsense(format!("an identity of its publisher's: {error}"));
            }
        }
        Ok(())
    }

    /// The version to take where none is asked for: the newest, and one before its release only where there is no other.
    pub fn newest(&self) -> &Release {
        let released = self.versions.iter().find(|release| release.version.pre.is_empty());
        // It has one at least: that was checked.
        released.unwrap_or(&self.versions[0])
    }

    /// This version.
    pub fn version(&self, version: &Version) -> Option<&Release> {
        self.versions.iter().find(|release| release.version == *version)
    }
}

impl Publisher {
    /// The names of its keys.
    pub fn key_ids(&self) -> Vec<String> {
        self.public_keys().iter().map(|key| key.id().to_string()).collect()
    }

    /// Its keys; that they can be read was checked.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.keys.iter().filter_map(|key| PublicKey::from_pem(key).ok()).collect()
    }
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), DocumentError> {
    match found > most {
        true => Err(DocumentError::TooMany { what: what.to_owned(), found, most }),
        false => Ok(()),
    }
}

/// A name is a word on the command line, before an `@` that a version follows.
fn check_name(what: &str, name: &str) -> Result<(), DocumentError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(fits) && !name.starts_with('-') {
        true => Ok(()),
        false => Err(DocumentError::Nonsense(format!(
            "{what} is {name:?}, and one has up to {MAX_NAME} letters, digits, -, _ and ."
        ))),
    }
}

fn check_text(what: &str, text: &str) -> Result<(), DocumentError> {
    match !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control) {
        true => Ok(()),
        false => {
            Err(DocumentError::Nonsense(format!("{what} is {text:?}, and is to have up to {MAX_NAME} characters")))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lanner_trust::KeyPair;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn listed(name: &str, versions: &[&str]) -> Listed {
        let release = |version: &&str| Release {
            version: version.parse().expect("a version"),
            digest: Digest::of(version.as_bytes()),
            rules: 1,
        };
        let rule = ListedRule {
            id: format!("{name}/one"),
            summary: "Something happened".to_owned(),
            severity: "high".to_owned(),
            attack: vec!["T1003.008".to_owned()],
            maturity: "stable".to_owned(),
        };
        Listed {
            name: name.to_owned(),
            repository: format!("oci://h.example/team/{name}").parse().expect("a repository"),
            publisher: Publisher {
                name: "Team".to_owned(),
                keys: vec![KeyPair::generate().public().to_pem()],
                identities: Vec::new(),
            },
            summary: "What it is for".to_owned(),
            licence: "Apache-2.0".to_owned(),
            maturity: "stable".to_owned(),
            events: vec!["open".to_owned()],
            rules: vec![rule],
            versions: versions.iter().map(release).collect(),
        }
    }

    pub(crate) fn index(packs: Vec<Listed>) -> PackIndex {
        let published = "2026-11-30T12:00:00Z".parse().expect("a time");
        PackIndex { packs, ..PackIndex::new("ours", published) }
    }

    #[test]
    fn what_is_written_is_read_and_more_is_passed_over() {
        let index = index(vec![listed("a", &["1.1.0", "1.0.0"]), listed("b", &["0.1.0"])]);
        assert_eq!(PackIndex::read(&index.to_json()).expect("it is one"), index);
        let mut more: Value = serde_json::from_slice(&index.to_json()).expect("JSON");
        more["later"] = json!({"any": "thing"});
        more["packs"][0]["later"] = json!(1);
        more["packs"][0]["versions"][0]["later"] = json!(1);
        assert_eq!(PackIndex::read(more.to_string().as_bytes()).expect("it is one"), index);
        // What may be left out.
        for key in ["licence", "maturity", "events", "rules"] {
            more["packs"][0].as_object_mut().expect("a pack").remove(key);
        }
        assert_eq!(PackIndex::read(more.to_string().as_bytes()).expect("it is one").packs[0].rules, []);
    }

    #[test]
    fn the_newest_is_one_that_was_released() {
        let newest = |versions: &[&str]| listed("a", versions).newest().version.to_string();
        assert_eq!(newest(&["2.0.0-rc.1", "1.1.0", "1.0.0"]), "1.1.0");
        assert_eq!(newest(&["2.0.0-rc.2", "2.0.0-rc.1"]), "2.0.0-rc.2");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let good: Value =
            serde_json::from_slice(&index(vec![listed("a", &["1.1.0", "1.0.0"])]).to_json()).expect("JSON");
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut changed = good.clone();
            change(&mut changed);
            PackIndex::read(changed.to_string().as_bytes()).expect_err("refused").to_string()
        };
        assert!(refused(&|i| i["schema"] = json!(2)).contains("take a newer lanner"));
        // A later form may be anything else.
        assert!(PackIndex::read(br#"{"schema":9,"packs":7}"#).expect_err("refused").to_string().contains("the form 9"));
        assert!(refused(&|i| i["name"] = json!("a b")).contains("its own name"));
        assert!(refused(&|i| i["packs"][0]["name"] = json!("-x")).contains("a name is"));
        assert!(refused(&|i| i["packs"][0]["versions"] = json!([])).contains("no version"));
        assert!(refused(&|i| i["packs"][0]["repository"] = json!("h.example/a")).contains("oci://"));
        assert!(
            refused(&|i| i["packs"][0]["publisher"]["keys"] = json!(["no key"])).contains("a key of its publisher's")
        );
        assert!(refused(&|i| i["packs"][0]["publisher"]["name"] = json!("\u{1b}[2J")).contains("publisher's name"));
        assert!(refused(&|i| i["packs"][0]["versions"][0]["digest"] = json!("x")).contains("digest"));
        let identity = json!([{"issuer": "x", "subject": "y"}]);
        assert!(refused(&|i| i["packs"][0]["publisher"]["identities"] = identity.clone()).contains("an identity"));
        assert!(
            refused(&|i| i["packs"][0]["versions"].as_array_mut().expect("some").reverse()).contains("their order")
        );
        assert!(
            refused(&|i| {
                let pack = i["packs"][0].clone();
                i["packs"].as_array_mut().expect("packs").push(pack);
            })
            .contains("twice")
        );
        assert!(refused(&|i| i["packs"] = json!(vec![good["packs"][0].clone(); MAX_PACKS + 1])).contains("4097 packs"));
        let keys = json!(vec![good["packs"][0]["publisher"]["keys"][0].clone(); MAX_SIGNERS + 1]);
        assert!(refused(&|i| i["packs"][0]["publisher"]["keys"] = keys.clone()).contains("17 keys of the pack \"a\""));
        assert!(PackIndex::read(&vec![b' '; MAX_PACK_INDEX as usize + 1]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_index_or_are_refused(text in "\\PC*", at in 0_usize..2000, byte: u8) {
            let _ = PackIndex::read(text.as_bytes());
            let mut bytes = index(vec![listed("a", &["1.0.0"])]).to_json();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(read) = PackIndex::read(&bytes) {
                proptest::prop_assert_eq!(PackIndex::read(&read.to_json()).expect("what was written"), read);
            }
        }
    }
}
