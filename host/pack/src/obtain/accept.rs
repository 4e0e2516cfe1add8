//! What may take the place of what was accepted under a name before: no older version, no other pack, and none that the
//! trust policy does not admit.

use lanner_engine::Description;

use super::{ObtainError, Obtainer};
use crate::digest::Digest;
use crate::reference::Reference;
use crate::store::Accepted;

impl Obtainer {
    /// Refuses a pack that the policy does not admit, and, unless that is allowed, one that is older than the one that was
    /// accepted under that name before, or another.
    ///
    /// # Errors
    /// It is refused.
    pub fn check_accepted(
        &self,
        reference: &Reference,
        digest: Digest,
        description: &Description,
    ) -> Result<(), ObtainError> {
        self.check_admitted(reference, description)?;
        let index = self.store.index()?;
        let Some(accepted) = index.known(reference).and_then(|known| known.accepted.as_ref()) else { return Ok(()) };
        if digest == accepted.digest {
            return Ok(());
        }
        let version = description.semver();
        let reference = || Box::new(reference.clone());
        if !self.allow_downgrade {
            if let Some(name) = accepted.name.as_ref().filter(|name| **name != description.name) {
                let (now, accepted) = (description.name.clone(), name.clone());
                return Err(ObtainError::OtherPack { reference: reference(), now, accepted });
            }
            if version.cmp_precedence(&accepted.version).is_lt() {
                let accepted = accepted.version.clone();
                return Err(ObtainError::Downgrade { reference: reference(), version, accepted });
            }
        }
        Ok(())
    }

    /// Says which rules of what was accepted under that name before a pack does not have any more: of one that was not
    /// running when this one came, nobody else does.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn warn_of_rules_gone(&self, reference: &Reference, description: &Description) -> Result<(), ObtainError> {
        let index = self.store.index()?;
        if let Some(accepted) = index.known(reference).and_then(|known| known.accepted.as_ref()) {
            let rules = accepted.rules.iter().map(String::as_str);
            description.warn_of_rules_gone(&accepted.version.to_string(), rules);
        }
        Ok(())
    }

    /// Refuses a pack that the policy does not admit, by its own name and its rules.
    ///
    /// # Errors
    /// It is refused.
    pub fn check_admitted(&self, reference: &Reference, description: &Description) -> Result<(), ObtainError> {
        let rules: Vec<&str> = description.rules.iter().map(|rule| rule.id.as_str()).collect();
        self.trust
            .admit(reference.repository(), &description.name, &rules)
            .map_err(|error| ObtainError::Trust { reference: Box::new(reference.clone()), error: Box::new(error) })
    }

    /// Notes that a pack was accepted under a name.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn accept(&self, reference: &Reference, digest: Digest, description: &Description) -> Result<(), ObtainError> {
        let accepted = Accepted {
            digest,
            version: description.semver(),
            name: Some(description.name.clone()),
            rules: description.rules.iter().map(|rule| rule.id.clone()).collect(),
        };
        Ok(self.store.change(|index| {
            index.accept(reference, accepted);
            index.touch(digest);
        })?)
    }
}

#[cfg(test)]
mod tests {
    use lanner_engine::Rule;

    use super::*;
    use crate::obtain::tests::obtainer;

    fn pack(name: &str, version: &str, rules: &[&str]) -> Description {
        let rules = rules.iter().map(|id| Rule { id: (*id).to_owned(), ..Rule::default() }).collect();
        Description { name: name.to_owned(), version: version.to_owned(), rules, ..Description::default() }
    }

    #[test]
    fn what_was_accepted_is_replaced_by_its_own_successors_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut obtainer = obtainer(folder.path(), "unsigned = true");
        let name: Reference = "oci://h.example/team/linux:1".parse().expect("a name");
        let digest = |pack: &Description| Digest::of(pack.version.as_bytes());
        let check = |obtainer: &Obtainer, pack: &Description| {
            obtainer.check_accepted(&name, digest(pack), pack).map_err(|error| error.to_string())
        };
        let first = pack("linux", "1.1.0", &["a/b", "a/c"]);
        assert_eq!(check(&obtainer, &first), Ok(()), "there was none before");
        obtainer.accept(&name, digest(&first), &first).expect("noted");
        assert_eq!(check(&obtainer, &pack("linux", "1.2.0", &["a/b"])), Ok(()));
        let older = check(&obtainer, &pack("linux", "1.0.0", &["a/b", "a/c"])).expect_err("refused");
        assert!(older.contains("older than 1.1.0"), "{older}");
        let other = check(&obtainer, &pack("empty", "2.0.0", &[])).expect_err("refused");
        assert!(other.contains("it is the pack empty now, and linux was accepted under that name"), "{other}");
        obtainer.allow_downgrade = true;
        assert_eq!(check(&obtainer, &pack("empty", "2.0.0", &[])), Ok(()));
    }

    #[test]
    fn what_a_policy_demands_counts_whatever_is_allowed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut obtainer = obtainer(folder.path(), "unsigned = true\npack = \"linux\"\nkeep = [\"a/b\"]");
        obtainer.allow_downgrade = true;
        let name: Reference = "oci://h.example/team/linux:1".parse().expect("a name");
        let check = |pack: &Description| {
            obtainer.check_accepted(&name, Digest::of(b"x"), pack).map_err(|error| error.to_string())
        };
        assert_eq!(check(&pack("linux", "1.0.0", &["a/b"])), Ok(()));
        assert!(check(&pack("empty", "1.0.0", &["a/b"])).expect_err("refused").contains("has taken its place"));
        assert!(check(&pack("linux", "1.0.0", &["a/c"])).expect_err("refused").contains("does not have the rule"));
    }
}
