//! The trust policy: which signatures what comes from a registry must have.

mod check;
mod edit;
mod file;
mod place;

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::digest::DigestError;
use crate::error::SignatureError;
use crate::identity::Identity;
use crate::key::PublicKey;
use crate::keyless::TrustedRoot;
use crate::quoted::Quoted;
use crate::verify::Signer;

pub use edit::{AddError, Added, Change, Newcomer};
pub use file::PolicyError;
use place::Prefix;

/// Whom to trust, by registry and repository. Nothing is trusted that no entry covers.
///
/// ```no_run
/// # let bundles: Vec<Vec<u8>> = Vec::new();
/// let policy = lanner_trust::Policy::load("trust.toml".as_ref())?;
/// let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
/// let verdict = policy.check("registry.example.org/team/starter", digest, &bundles)?;
/// println!("{verdict}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    entries: Vec<Entry>,
    on_revocation: OnRevocation,
    files: Vec<PathBuf>,
}

/// What becomes of a pack that runs and is not trusted any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRevocation {
    /// It runs on, as it was accepted once, and nothing newer is taken.
    #[default]
    Keep,
    /// It is stopped.
    Stop,
}

/// One entry of a policy.
#[derive(Clone, Debug)]
pub struct Entry {
    prefix: Prefix,
    trust: Trust,
    conditions: Conditions,
}

/// What an entry demands besides signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The pack's own name: no other of the same signer takes its place.
    pub pack: Option<String>,
    /// Rules that it has at least.
    pub min_rules: usize,
    /// Rules that it must have, by their ids.
    pub keep: Vec<String>,
    /// From then on the entry trusts nobody.
    pub expires: Option<Timestamp>,
}

/// What an entry asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// Signatures by so many of these keys.
    #[non_exhaustive]
    Keys {
        /// The keys; no two are the same.
        keys: Vec<PublicKey>,
        /// How many of them must have signed: 1 to as many as there are.
        threshold: usize,
    },
    /// Signatures by so many different signers, each admitted by an identity of its own.
    #[non_exhaustive]
    Identities {
        /// Who vouches for the certificates.
        root: TrustedRoot,
        /// The identities.
        identities: Vec<Identity>,
        /// How many of them must have signed: 1 to as many as there are.
        threshold: usize,
    },
    /// No signature at all.
    Unsigned,
}

impl Trust {
    /// A signature by one of these keys. Without any, nothing is trusted.
    pub fn any_key(keys: Vec<PublicKey>) -> Self {
        Self::Keys { keys, threshold: 1 }
    }

    /// A signature by one of these identities. Without any, nothing is trusted.
    pub fn any_identity(root: TrustedRoot, identities: Vec<Identity>) -> Self {
        Self::Identities { root, identities, threshold: 1 }
    }
}

impl Policy {
    /// One for a single repository (`host[:port]/name`) or all below a prefix, as when a command line says whom to trust.
    ///
    /// # Errors
    /// This is not the name of one.
    pub fn only(prefix: &str, trust: Trust) -> Result<Self, Refusal> {
        let prefix = Prefix::parse(prefix).map_err(|why| Refusal::Repository { repository: prefix.to_owned(), why })?;
        let entry = Entry { prefix, trust, conditions: Conditions::default() };
        Ok(Self { entries: vec![entry], on_revocation: OnRevocation::default(), files: Vec::new() })
    }

    /// Reads a policy file and the keys and trust roots that it names, which are relative to it.
    ///
    /// # Errors
    /// A file cannot be read, or says something that makes no sense; the error names the file, and the entry.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        file::load(path)
    }

    /// As [`Policy::load`], of the text of a file in the folder `base`.
    ///
    /// # Errors
    /// Likewise; the error names no file.
    pub fn parse(text: &str, base: &Path) -> Result<Self, PolicyError> {
        file::parse(text, base)
    }

    /// The text of a policy file in the folder `base` with somebody more who is trusted for what begins with `prefix`. What
    /// stands there stays as it is written, comments and all; an empty text is a new file.
    ///
    /// # Errors
    /// The text is no policy, or this cannot be added to it, with a sentence that says why.
    pub fn with(text: &str, base: &Path, prefix: &str, newcomer: &Newcomer) -> Result<Added, AddError> {
        edit::with(text, base, prefix, newcomer)
    }

    /// The entry that covers a repository (`host[:port]/name`): the one with the longest prefix. To be asked before
    /// anything is fetched from there.
    ///
    /// # Errors
    /// There is none, or this is not the name of a repository.
    pub fn entry(&self, repository: &str) -> Result<&Entry, Refusal> {
        self.covering(repository)
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What becomes of a pack that runs and is not trusted any more.
    pub fn on_revocation(&self) -> OnRevocation {
        self.on_revocation
    }

    /// The files that it was read from, its keys and trust roots among them: where one changes, it is to be read anew.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether a pack from this repository is one that its entry admits: by its own name, and the ids of its rules. That is
    /// known only when its signatures were found good and it was asked.
    ///
    /// # Errors
    /// It is not. The refusal says why, in one sentence.
    pub fn admit(&self, repository: &str, pack: &str, rules: &[&str]) -> Result<(), Refusal> {
        check::admit(self.covering(repository)?, pack, rules)
    }

    /// Whether the manifest with this digest (`sha256:…`), from this repository (`host[:port]/name`), has the signatures
    /// that its entry asks for. `bundles` are what the registry has as signatures of it, in any order; those that are
    /// not good do no harm beside those that are.
    ///
    /// # Errors
    /// It has not, or no entry covers it. The refusal says why, in one sentence.
    pub fn check(&self, repository: &str, digest: &str, bundles: &[Vec<u8>]) -> Result<Verdict, Refusal> {
        self.check_at(Timestamp::now(), repository, digest, bundles)
    }

    /// As [`Policy::check`], at this time: entries may expire.
    ///
    /// # Errors
    /// Likewise.
    pub fn check_at(
        &self,
        now: Timestamp,
        repository: &str,
        digest: &str,
        bundles: &[Vec<u8>],
    ) -> Result<Verdict, Refusal> {
        check::check(self, now, repository, digest, bundles)
    }
}

impl Entry {
    /// What it covers, in normal form: the host in lower case, no slash at the end.
    pub fn prefix(&self) -> &str {
        self.prefix.as_str()
    }

    /// What it asks for.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What it demands besides.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }
}

/// Why a manifest may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// The prefix of the entry that was applied.
    pub prefix: String,
    /// The digest that was checked: what is loaded must have it.
    pub digest: String,
    /// Who signed, each once, sorted; empty when the entry asks for no signature.
    pub signers: Vec<Signer>,
    /// The signatures that did not count.
    pub rejected: Vec<RejectedSignature>,
}

impl Verdict {
    /// What is to be logged each time that something without a signature is loaded; `None` if it has one.
    pub fn warning(&self) -> Option<String> {
        self.signers.is_empty().then(|| {
            format!(
                "{} is loaded without a verified signature: the trust policy says unsigned = true for {}",
                self.digest,
                Quoted(&self.prefix)
            )
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.signers.is_empty() {
            return write!(f, "not signed, allowed by the entry for {}", Quoted(&self.prefix));
        }
        f.write_str("signed by ")?;
        for (at, signer) in self.signers.iter().enumerate() {
            write!(f, "{}{signer}", if at == 0 { "" } else { " and " })?;
        }
        write!(f, ", trusted by the entry for {}", Quoted(&self.prefix))
    }
}

/// A bundle that did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedSignature {
    /// Which of the bundles that were given, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub error: SignatureError,
}

/// Why a manifest must not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What was given is not the name of a repository.
    #[error("{} is not a repository: {why}; write it as registry.example.org/team/pack", Quoted(.repository))]
    Repository {
        /// What was given.
        repository: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was given is not a digest that can be signed.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// No entry covers it.
    #[error(
        "nothing is trusted from {}: no entry of the trust policy covers it; add a [[trust]] with a prefix of it",
        Quoted(.repository)
    )]
    NoEntry {
        /// The repository.
        repository: String,
    },
    /// The entry that covers it is over.
    #[error("nothing is trusted by the entry for {} any more: it expired at {expires}; write a new one", Quoted(.prefix))]
    Expired {
        /// The prefix of the entry.
        prefix: String,
        /// When it expired.
        expires: Timestamp,
    },
    /// Another pack has taken its place.
    #[error(
        "it is the pack {}, and the entry for {} is for the pack {}: another of the same signer has taken its place",
        Quoted(.found), Quoted(.prefix), Quoted(.expected)
    )]
    OtherPack {
        /// The prefix of the entry.
        prefix: String,
        /// The pack that it is for.
        expected: String,
        /// The pack that is there.
        found: String,
    },
    /// It has fewer rules than it must have.
    #[error("it has {found} rules, and the entry for {} asks for at least {least} (min_rules)", Quoted(.prefix))]
    TooFewRules {
        /// The prefix of the entry.
        prefix: String,
        /// How many it must have.
        least: usize,
        /// How many it has.
        found: usize,
    },
    /// A rule that it must have is gone.
    #[error("it does not have the rule {}, which the entry for {} keeps (keep)", Quoted(.rule), Quoted(.prefix))]
    RuleGone {
        /// The prefix of the entry.
        prefix: String,
        /// The rule.
        rule: String,
    },
    /// There is no signature of it.
    #[error(
        "{digest} is not signed, and the trust policy asks for a signature of everything from {}; sign it with \
         `lanner pack sign`, or look whether its signatures were left behind or removed",
        Quoted(.prefix)
    )]
    Unsigned {
        /// The prefix of the entry.
        prefix: String,
        /// The manifest.
        digest: String,
    },
    /// None of the signatures is good.
    #[error("{digest} is not trusted by the entry for {}: {}", Quoted(.prefix), check::causes(.rejected))]
    NotTrusted {
        /// The prefix of the entry.
        prefix: String,
        /// The manifest.
        digest: String,
        /// What is wrong with each of the signatures.
        rejected: Vec<RejectedSignature>,
    },
    /// Some are good, and they are not enough.
    #[error(
        "{digest} needs {threshold} signatures that the entry for {} trusts, and has {counted} ({}){}",
        Quoted(.prefix),
        check::names(.signers, *.counted),
        check::more_causes(.rejected)
    )]
    Threshold {
        /// The prefix of the entry.
        prefix: String,
        /// The manifest.
        digest: String,
        /// How many it has to be.
        threshold: usize,
        /// How many it is: a signer counts once, and so does a key or identity of the entry.
        counted: usize,
        /// Who signed, each once.
        signers: Vec<Signer>,
        /// What is wrong with the other signatures.
        rejected: Vec<RejectedSignature>,
    },
}
