//! Applying a policy.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::place::Repository;
use super::{Conditions, Entry, Policy, Refusal, RejectedSignature, Trust, Verdict};
use crate::MAX_BUNDLES;
use crate::digest;
use crate::keyless::verify_admitted;
use crate::verify::{Signer, verify_with_key};

/// The most causes that a sentence lists.
const MAX_CAUSES: usize = 4;

impl Policy {
    pub(super) fn covering(&self, repository: &str) -> Result<&Entry, Refusal> {
        let place = Repository::parse(repository)
            .map_err(|why| Refusal::Repository { repository: repository.to_owned(), why })?;
        // All that cover a name are prefixes of it, so the longest text is the one with the most components.
        self.entries
            .iter()
            .filter(|entry| entry.prefix.covers(&place))
            .max_by_key(|entry| entry.prefix().len())
            .ok_or_else(|| Refusal::NoEntry { repository: repository.to_owned() })
    }
}

/// Whether an entry admits a pack of this name with these rules.
pub(super) fn admit(entry: &Entry, pack: &str, rules: &[&str]) -> Result<(), Refusal> {
    let Conditions { pack: expected, min_rules, keep, .. } = &entry.conditions;
    let prefix = || entry.prefix().to_owned();
    if let Some(expected) = expected.as_ref().filter(|expected| *expected != pack) {
        return Err(Refusal::OtherPack { prefix: prefix(), expected: expected.clone(), found: pack.to_owned() });
    }
    let found = rules.len();
    if found < *min_rules {
        return Err(Refusal::TooFewRules { prefix: prefix(), least: *min_rules, found });
    }
    match keep.iter().find(|kept| !rules.contains(&kept.as_str())) {
        Some(rule) => Err(Refusal::RuleGone { prefix: prefix(), rule: rule.clone() }),
        None => Ok(()),
    }
}

pub(super) fn check(
    policy: &Policy,
    now: Timestamp,
    repository: &str,
    digest: &str,
    bundles: &[Vec<u8>],
) -> Result<Verdict, Refusal> {
    let entry = policy.covering(repository)?;
    if let Some(expires) = entry.conditions.expires.filter(|expires| *expires <= now) {
        return Err(Refusal::Expired { prefix: entry.prefix().to_owned(), expires });
    }
    digest::sha256_hex(digest)?;
    let prefix = entry.prefix().to_owned();
    let digest = digest.to_owned();
    if matches!(entry.trust, Trust::Unsigned) {
        return Ok(Verdict { prefix, digest, signers: Vec::new(), rejected: Vec::new() });
    }
    if bundles.is_empty() {
        return Err(Refusal::Unsigned { prefix, digest });
    }
    // Each signer once, with the keys or identities of the entry that admit it.
    let mut admitted: BTreeMap<Signer, Vec<usize>> = BTreeMap::new();
    let mut rejected = Vec::new();
    for (index, bundle) in bundles.iter().take(MAX_BUNDLES).enumerate() {
        let result = match &entry.trust {
            Trust::Keys { keys, .. } => verify_with_key(bundle, &digest, keys).map(|verified| {
                let is_by = |&at: &usize| Signer::Key(keys[at].id().clone()) == verified.signer;
                let by = (0..keys.len()).filter(is_by).collect();
                (verified, by)
            }),
            Trust::Identities { root, identities, .. } => verify_admitted(bundle, &digest, root, identities),
            Trust::Unsigned => continue,
        };
        match result {
            Ok((verified, by)) => {
                admitted.insert(verified.signer, by);
            }
            Err(error) => rejected.push(RejectedSignature { index, error }),
        }
    }
    let threshold = match entry.trust {
        Trust::Keys { threshold, .. } | Trust::Identities { threshold, .. } => threshold,
        Trust::Unsigned => 0,
    };
    let (by, signers): (Vec<_>, Vec<_>) = admitted.into_iter().map(|(signer, by)| (by, signer)).unzip();
    let counted = distinct(&by);
    if signers.is_empty() {
        Err(Refusal::NotTrusted { prefix, digest, rejected })
    } else if counted < threshold {
        Err(Refusal::Threshold { prefix, digest, threshold, counted, signers, rejected })
    } else {
        Ok(Verdict { prefix, digest, signers, rejected })
    }
}

/// How many signers there are when each needs a key or identity of the entry for itself: neither does one signer count
/// twice because two patterns admit it, nor do two whom one pattern admits. (The largest matching, by augmenting paths.)
fn distinct(admitted_by: &[Vec<usize>]) -> usize {
    fn place(
        signer: usize,
        admitted_by: &[Vec<usize>],
        holder: &mut BTreeMap<usize, usize>,
        tried: &mut Vec<usize>,
    ) -> bool {
        for &at in &admitted_by[signer] {
            if tried.contains(&at) {
                continue;
            }
            tried.push(at);
            let free = match holder.get(&at).copied() {
                None => true,
                Some(other) => place(other, admitted_by, holder, tried),
            };
            if free {
                holder.insert(at, signer);
                return true;
            }
        }
        false
    }
    let mut holder = BTreeMap::new();
    (0..admitted_by.len()).filter(|&signer| place(signer, admitted_by, &mut holder, &mut Vec::new())).count()
}

/// What is wrong with each, the first first.
pub(super) fn causes(rejected: &[RejectedSignature]) -> String {
    if let [only] = rejected {
        return only.error.to_string();
    }
    let mut text: Vec<String> = rejected
        .iter()
        .take(MAX_CAUSES)
        .map(|RejectedSignature { index, error }| format!("({}) {error}", index + 1))
        .collect();
    if rejected.len() > MAX_CAUSES {
        text.push(format!("and {} more", rejected.len() - MAX_CAUSES));
    }
    text.join("; ")
}

/// The same after a sentence that is complete without it.
pub(super) fn more_causes(rejected: &[RejectedSignature]) -> String {
    if rejected.is_empty() { String::new() } else { format!("; {}", causes(rejected)) }
}

/// Who signed, and why they are fewer than it seems.
pub(super) fn names(signers: &[Signer], counted: usize) -> String {
    let names = signers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if counted < signers.len() {
        format!("{names}; of those that one identity of the entry admits, one counts")
    } else {
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signer_needs_a_place_of_its_own() {
        assert_eq!(distinct(&[]), 0);
        assert_eq!(distinct(&[vec![0]]), 1);
        // One whom two patterns admit; two whom one pattern admits.
        assert_eq!(distinct(&[vec![0, 1]]), 1);
        assert_eq!(distinct(&[vec![0], vec![0]]), 1);
        // The first has to make room for the second, and that one for the third.
        assert_eq!(distinct(&[vec![0, 1], vec![0]]), 2);
        assert_eq!(distinct(&[vec![0, 1], vec![0, 2], vec![0]]), 3);
        assert_eq!(distinct(&[vec![0, 1], vec![0, 1], vec![0, 1]]), 2);
    }
}
