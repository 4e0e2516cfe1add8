//! Signatures: where they are asked for, and whether a pack has one that counts.
//!
//! A signature is a sigstore bundle in a manifest whose subject is the pack's.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::key::{KeyFileError, Keys};
use super::{SignatureDemand, validation};
use crate::oci::{Digest, Manifest, OciError, Reference, RepositoryName};
use crate::registry::matches;
use crate::store::Store;

/// What the types of sigstore bundles begin with, in all versions.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// How long a bundle may be, in bytes.
const MAX_BUNDLE: u64 = 1 << 20;
/// How many signatures of one manifest are looked at. Only who may push can add any.
const MAX_SIGNATURES: usize = 128;
/// How many results are remembered.
const REMEMBERED: usize = 16_384;
/// Of how many signatures it is remembered who says to have made them; more than the largest page shows.
const SIGNERS: usize = 65_536;
/// How much of the hint of a key is shown, in characters.
const MAX_HINT: usize = 64;

/// Whether something of this kind that refers to a manifest is a signature of it.
pub(crate) fn is_signature(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.starts_with(BUNDLE))
}

/// What is asked for, and what was found.
pub(super) struct Signatures {
    demands: Vec<Demand>,
    results: Mutex<HashMap<Question, bool>>,
    /// Who says to have made a signature. Neither of the manifests changes, nor does what they say.
    signers: Mutex<HashMap<Made, Option<Arc<str>>>>,
}

/// A manifest that is signed, and that of a signature.
type Made = (Digest, Digest);

struct Demand {
    repositories: Vec<String>,
    keys: Arc<Keys>,
}

/// A result stands for as long as neither the manifest nor what refers to it changes.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    manifest: Digest,
    referrers: BTreeSet<Digest>,
    /// The places of the demands.
    demands: Vec<usize>,
}

impl Signatures {
    /// By the configuration.
    pub(super) fn new(demands: &[SignatureDemand]) -> Result<Self, KeyFileError> {
        let read = |demand: &SignatureDemand| match demand.keys.is_empty() {
            true => Err(KeyFileError::None { repositories: demand.repositories.join(", ") }),
            false => {
                Ok(Demand { repositories: demand.repositories.clone(), keys: Arc::new(Keys::read(&demand.keys)?) })
            }
        };
        Ok(Self {
            demands: demands.iter().map(read).collect::<Result<_, _>>()?,
            results: Mutex::default(),
            signers: Mutex::default(),
        })
    }

    fn demands(&self, name: &RepositoryName) -> Vec<usize> {
        let covers = |demand: &Demand| demand.repositories.iter().any(|pattern| matches(pattern, name.as_str()));
        self.demands.iter().enumerate().filter(|(_, demand)| covers(demand)).map(|(index, _)| index).collect()
    }

    /// Whether packs of the repository need signatures.
    pub(super) fn are_asked_for(&self, name: &RepositoryName) -> bool {
        !self.demands(name).is_empty()
    }

    /// Whether a manifest has the signatures that are asked for, among what refers to it; `None` if none are asked for.
    ///
    /// # Errors
    /// The storage fails.
    pub(super) async fn verified(
        &self,
        store: &Store,
        name: &RepositoryName,
        manifest: &Digest,
        referrers: BTreeSet<Digest>,
    ) -> Result<Option<bool>, OciError> {
        let demands = self.demands(name);
        if demands.is_empty() {
            return Ok(None);
        }
        let question = Question { manifest: manifest.clone(), referrers, demands };
        if let Some(known) = self.results.lock().expect("nobody panics with it").get(&question) {
            return Ok(Some(*known));
        }
        let mut bundles = Vec::new();
        let mut missing = false;
        for referrer in question.referrers.iter().take(MAX_SIGNATURES) {
            match bundle(store, name, manifest, referrer).await? {
                Found::Bundle(bytes) => bundles.push(bytes),
                Found::Missing => missing = true,
                Found::None => {}
            }
        }
        let keys: Vec<Arc<Keys>> = question.demands.iter().map(|index| self.demands[*index].keys.clone()).collect();
        let digest = manifest.clone();
        let verify = move || keys.iter().all(|keys| bundles.iter().any(|bundle| keys.verify(bundle, &digest)));
        let verified = tokio::task::spawn_blocking(verify).await.unwrap_or_else(|error| {
            tracing::error!(%manifest, %error, "checking signatures failed");
            false
        });
        // What is missing may still come.
        if verified || !missing {
            let mut results = self.results.lock().expect("nobody panics with it");
            if results.len() >= REMEMBERED {
                results.clear();
            }
            results.insert(question, verified);
        }
        Ok(Some(verified))
    }

    /// Who says to have made a signature; nothing of it is checked. It is read once, when it is pushed or first shown: a
    /// page shows thousands.
    ///
    /// # Errors
    /// The storage fails.
    pub(super) async fn signer(
        &self,
        store: &Store,
        name: &RepositoryName,
        manifest: &Digest,
        signature: &Digest,
    ) -> Result<Option<Arc<str>>, OciError> {
        let key = (manifest.clone(), signature.clone());
        if let Some(known) = self.signers.lock().expect("nobody panics with it").get(&key) {
            return Ok(known.clone());
        }
        let signer = match bundle(store, name, manifest, signature).await? {
            Found::Bundle(bytes) => signer(&bytes).map(Arc::from),
            Found::None => None,
            // It may still come.
            Found::Missing => return Ok(None),
        };
        let mut signers = self.signers.lock().expect("nobody panics with it");
        if signers.len() >= SIGNERS {
            signers.clear();
        }
        signers.insert(key, signer.clone());
        Ok(signer)
    }
}

/// What a manifest that refers to another has in it.
enum Found {
    Bundle(Bytes),
    /// It names a bundle that is not there.
    Missing,
    /// No bundle.
    None,
}

async fn bundle(store: &Store, name: &RepositoryName, subject: &Digest, referrer: &Digest) -> Result<Found, OciError> {
    let Some(stored) = store.manifest(name, &Reference::Digest(referrer.clone())).await? else {
        return Ok(Found::Missing);
    };
    let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else { return Ok(Found::None) };
    let about = manifest.subject.as_ref().is_some_and(|descriptor| descriptor.digest == *subject);
    let [layer] = manifest.layers.as_deref().unwrap_or_default() else { return Ok(Found::None) };
    if !about || !layer.media_type.starts_with(BUNDLE) {
        return Ok(Found::None);
    }
    match store.blob(name, &layer.digest).await? {
        None => Ok(Found::Missing),
        Some(blob) if blob.size > MAX_BUNDLE => Ok(Found::None),
        Some(blob) => Ok(Found::Bundle(validation::read(store, &layer.digest, blob.size).await?)),
    }
}

/// The hint of the key, or that there is a certificate.
fn signer(bundle: &[u8]) -> Option<String> {
    let bundle: serde_json::Value = serde_json::from_slice(bundle).ok()?;
    let material = bundle.get("verificationMaterial")?;
    let hint = material.get("publicKey").and_then(|key| key.get("hint")).and_then(serde_json::Value::as_str);
    match hint {
        Some(hint) => Some(format!("key {}", hint.chars().take(MAX_HINT).collect::<String>())),
        None if material.get("certificate").is_some() || material.get("x509CertificateChain").is_some() => {
            Some("a certificate".to_owned())
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_to_have_signed() {
        let hint = "x".repeat(100);
        let bundle = format!(r#"{{"verificationMaterial":{{"publicKey":{{"hint":"{hint}"}}}}}}"#);
        assert_eq!(signer(bundle.as_bytes()).unwrap(), format!("key {}", "x".repeat(64)));
        let keyless = br#"{"verificationMaterial":{"certificate":{"rawBytes":""}}}"#;
        assert_eq!(signer(keyless).unwrap(), "a certificate");
        for bundle in [&b""[..], b"[]", b"{}", br#"{"verificationMaterial":{"publicKey":{"hint":1}}}"#] {
            assert_eq!(signer(bundle), None);
        }
    }

    #[test]
    fn a_demand_without_keys_is_refused() {
        let demand = SignatureDemand { repositories: vec!["team/*".into()], keys: Vec::new() };
        let error = Signatures::new(&[demand]).err().unwrap().to_string();
        assert!(error.contains("team/*"), "{error}");
    }
}
