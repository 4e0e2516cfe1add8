//! Whom to trust, as a file says it: read anew when it changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lanner_trust::{OnRevocation, Policy, PolicyError, Refusal, Verdict};
use lanner_watch::Facts;

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
    /// The policy was changed, and cannot be read any more: nothing newer is taken until it can.
    #[error("the trust policy has changed and cannot be used, so nothing newer is taken: {why}")]
    Broken {
        /// Why not.
        why: String,
    },
    /// The policy does not trust it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl TrustError {
    /// Whether it would be trusted if the policy named whoever signed it: nobody is named for it, or others are.
    pub fn is_of_a_stranger(&self) -> bool {
        match self {
            Self::NoPolicy { .. } | Self::Refused(Refusal::NoEntry { .. } | Refusal::NotTrusted { .. }) => true,
            Self::Broken { .. } | Self::Refused(_) => false,
        }
    }
}

/// The trust policy, or that there is none.
#[derive(Debug)]
pub struct Trust {
    path: PathBuf,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    policy: Option<Arc<Policy>>,
    /// Why what is there now cannot be used.
    broken: Option<String>,
    /// What its files were like when they were read.
    files: Vec<(PathBuf, Option<Facts>)>,
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
            true => Some(Arc::new(Policy::load(&path)?)),
            false => None,
        };
        let files = facts(&path, policy.as_deref());
        Ok(Self { path, now: Mutex::new(Now { policy, broken: None, files }) })
    }

    /// Where the policy lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The command that would have this policy trust more; `whom` are the words that name them, such as `--key FILE`.
    pub fn remedy(&self, prefix: &str, whom: &[&str]) -> String {
        let path = self.path.to_string_lossy();
        let policy: &[&str] = if self.path == Path::new(DEFAULT_POLICY) { &[] } else { &["--trust", &path] };
        let words = [&["lanner", "pack", "trust", "add", prefix], whom, policy].concat();
        words.into_iter().map(shell_word).collect::<Vec<_>>().join(" ")
    }

    /// Reads the policy anew where a file of it has changed; says whether one has. What is not sound is an error, once; until
    /// it is mended nobody is trusted anew. One that is not there any more is none, and trusts nobody.
    ///
    /// # Errors
    /// It is not sound.
    pub fn refresh(&self) -> Result<bool, PolicyError> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if facts(&self.path, now.policy.as_deref()) == now.files {
            return Ok(false);
        }
        let read =
            if self.path.exists() { Policy::load(&self.path).map(|policy| Some(Arc::new(policy))) } else { Ok(None) };
        let policy = match read {
            Ok(policy) => policy,
            Err(error) => {
                // As they are now, so that it is said once.
                now.files = facts(&self.path, now.policy.as_deref());
                now.broken = Some(error.to_string());
                return Err(error);
            }
        };
        now.files = facts(&self.path, policy.as_deref());
        (now.policy, now.broken) = (policy, None);
        Ok(true)
    }

    /// Whether it could trust anything in the repository: to be asked before anything is fetched from there.
    ///
    /// # Errors
    /// It could not.
    pub fn covers(&self, repository: &Repository) -> Result<(), TrustError> {
        self.policy()?.entry(&repository.path())?;
        Ok(())
    }

    fn policy(&self) -> Result<Arc<Policy>, TrustError> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &now.broken {
            return Err(TrustError::Broken { why: why.clone() });
        }
        now.policy.clone().ok_or_else(|| TrustError::NoPolicy { path: self.path.clone() })
    }

    /// Whether it trusts the pack with this digest in the repository, by these signatures.
    ///
    /// # Errors
    /// It does not; with the reason.
    pub fn check(&self, repository: &Repository, digest: Digest, bundles: &[Vec<u8>]) -> Result<Verdict, TrustError> {
        Ok(self.policy()?.check(&repository.path(), &digest.to_string(), bundles)?)
    }

    /// Whether a pack of the repository is one that it admits, by its own name and its rules.
    ///
    /// # Errors
    /// It is not; with the reason.
    pub fn admit(&self, repository: &Repository, pack: &str, rules: &[&str]) -> Result<(), TrustError> {
        Ok(self.policy()?.admit(&repository.path(), pack, rules)?)
    }

    /// What becomes of a pack that runs and is not trusted any more. Where there is no policy any more, nobody asked for it
    /// to be stopped.
    pub fn on_revocation(&self) -> OnRevocation {
        self.policy().map(|policy| policy.on_revocation()).unwrap_or_default()
    }
}

/// A word as a shell reads it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// What the policy's files are like.
fn facts(path: &Path, policy: Option<&Policy>) -> Vec<(PathBuf, Option<Facts>)> {
    let files = policy.map(Policy::files).unwrap_or_default();
    let all = std::iter::once(path).chain(files.iter().map(PathBuf::as_path));
    all.map(|path| (path.to_owned(), Facts::of(path))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_remedy_can_be_pasted_into_a_shell() {
        let folder = tempfile::tempdir().expect("a folder");
        let trust = Trust {
            path: DEFAULT_POLICY.into(),
            now: Mutex::new(Now { policy: None, broken: None, files: Vec::new() }),
        };
        assert_eq!(trust.remedy("h:1/a", &["--key", "a.pub"]), "lanner pack trust add h:1/a --key a.pub");
        let path = folder.path().join("it's ours.toml");
        let trust = Trust { path: path.clone(), ..trust };
        let remedy = trust.remedy("h", &["--identity", "https://x/**; rm"]);
        let shown = std::process::Command::new("sh").args(["-c", &format!("printf '%s\n' {remedy}")]).output();
        let shown = String::from_utf8(shown.expect("sh runs").stdout).expect("UTF-8");
        let expected = ["lanner", "pack", "trust", "add", "h", "--identity", "https://x/**; rm", "--trust"];
        assert_eq!(shown.lines().take(8).collect::<Vec<_>>(), expected);
        assert_eq!(shown.lines().nth(8), path.to_str());
    }

    #[test]
    fn what_changes_is_read_anew_and_what_is_broken_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trust.toml");
        let write = |entries: &str| {
            let text = format!("apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n{entries}");
            fs::write(folder.path().join("aside"), text).expect("written");
            fs::rename(folder.path().join("aside"), &path).expect("in place");
        };
        let repository = "oci://h.example/a".parse::<Repository>().expect("a name");
        write("[[trust]]\nprefix = \"h.example\"\nunsigned = true\n");
        let trust = Trust::load(Some(&path)).expect("a policy");
        let trusts = |trust: &Trust| trust.check(&repository, Digest::of(b"x"), &[]).is_ok();
        assert!(trusts(&trust) && !trust.refresh().expect("sound"));
        fs::write(&path, "nonsense").expect("written");
        assert!(trust.refresh().is_err(), "it is said");
        assert!(!trust.refresh().expect("and said once") && !trusts(&trust), "nobody is trusted meanwhile");
        write("");
        assert!(trust.refresh().expect("sound") && !trusts(&trust), "an empty policy trusts nobody");
        write("on_revocation = \"stop\"\n[[trust]]\nprefix = \"h.example\"\nkeys = [\"a.pub\"]\n");
        assert!(trust.refresh().is_err(), "there is no such key");
        fs::write(folder.path().join("a.pub"), lanner_trust::KeyPair::generate().public().to_pem()).expect("a key");
        write("on_revocation = \"stop\"\n[[trust]]\nprefix = \"h.example\"\nkeys = [\"a.pub\"]\n");
        assert!(trust.refresh().expect("sound") && trust.on_revocation() == OnRevocation::Stop);
        // A key that is put in the place of another.
        fs::write(folder.path().join("a.pub"), lanner_trust::KeyPair::generate().public().to_pem()).expect("a key");
        assert!(trust.refresh().expect("sound"));
        fs::remove_file(&path).expect("removed");
        assert!(trust.refresh().expect("none") && trust.covers(&repository).is_err());
    }
}
