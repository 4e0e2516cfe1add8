//! Whom to trust, as a file says it.

use std::path::{Path, PathBuf};

use lanner_trust::{Policy, PolicyError, Refusal, Verdict};

use super::digest::Digest;
use super::reference::Repository;

/// Where the policy lies when nothing is said.
pub const DEFAULT_POLICY: &str = "/etc/lanner/trust.toml";

/// A pack is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// There is no policy.
    #[error("there is no trust policy at {path}, and nothing from a registry is loaded without one; write it, or name another with --trust", path = path.display())]
    NoPolicy {
        /// Where it would be.
        path: PathBuf,
    },
    /// The policy does not trust it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The trust policy, or that there is none.
#[derive(Debug)]
pub struct Trust {
    path: PathBuf,
    policy: Option<Policy>,
}

impl Trust {
    /// Reads the policy from this file, or from where it lies when nothing is said.
    ///
    /// # Errors
    /// It is not sound. One that is not there is an error only where it was named.
    pub fn load(path: Option<&Path>) -> Result<Self, PolicyError> {
        let named = path.is_some();
        let path = path.unwrap_or(Path::new(DEFAULT_POLICY)).to_owned();
        let policy = match named || path.exists() {
            true => Some(Policy::load(&path)?),
            false => None,
        };
        Ok(Self { path, policy })
    }

    /// Whether it could trust anything in the repository: to be asked before anything is fetched from there.
    ///
    /// # Errors
    /// It could not.
    pub fn covers(&self, repository: &Repository) -> Result<(), TrustError> {
        self.policy()?.entry(&repository.path())?;
        Ok(())
    }

    fn policy(&self) -> Result<&Policy, TrustError> {
        self.policy.as_ref().ok_or_else(|| TrustError::NoPolicy { path: self.path.clone() })
    }

    /// Whether it trusts the pack with this digest in the repository, by these signatures.
    ///
    /// # Errors
    /// It does not; with the reason.
    pub fn check(&self, repository: &Repository, digest: Digest, bundles: &[Vec<u8>]) -> Result<Verdict, TrustError> {
        Ok(self.policy()?.check(&repository.path(), &digest.to_string(), bundles)?)
    }
}
