//! Why a pack is not taken.

use std::path::PathBuf;

/// Why a pack is refused. Each says what is wrong and what to do; [`PackError`] adds which file.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file could not be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// Too large to be a pack.
    #[error("is {size} bytes long, more than the {limit} a pack may have")]
    TooLarge {
        /// Its size, bytes.
        size: u64,
        /// The bound, bytes.
        limit: u64,
    },
    /// Not WebAssembly at all.
    #[error(
        "is not a WebAssembly component (it does not begin with the wasm magic); build it with `lanner rule build`"
    )]
    NotWasm,
    /// A core module.
    #[error("is a core WebAssembly module, not a component; build it with `lanner rule build`, which makes one of it")]
    CoreModule,
    /// It does not compile.
    #[error("is not a valid component: {0}")]
    Invalid(String),
    /// It exports something else.
    #[error("is a component of another world: a pack exports {expected}, this one {}", list(found))]
    OtherWorld {
        /// The interface it should export.
        expected: String,
        /// What it exports.
        found: Vec<String>,
    },
    /// Another major version of the contract.
    #[error(
        "speaks {found}, and this host {expected}: rebuild the pack from its source with the SDK of this host's version \
         (`lanner rule build`), or take a version of it that was built with that SDK"
    )]
    ContractVersion {
        /// The interface it exports.
        found: String,
        /// The interface it should export.
        expected: String,
    },
    /// It wants what packs do not get.
    #[error("imports {name}, which packs are not given; a pack may import lanner:pack/host and nothing else (no WASI)")]
    Import {
        /// The import.
        name: String,
    },
    /// The machine does not have the memory for it.
    #[error(
        "cannot be loaded, as this machine has no more memory for lanner: raise its limit (ulimit -v, LimitAS= or \
         MemoryMax= of its unit), or load fewer packs"
    )]
    NoMemory,
    /// It could not be started, described or configured.
    #[error("fails in {call}: {reason}")]
    Call {
        /// The export.
        call: &'static str,
        /// What happened.
        reason: String,
    },
    /// Its description is not sound.
    #[error("describes itself wrongly: {0}")]
    Description(String),
    /// None of its rules can run here.
    #[error("has no rule that this host can run: {rule} needs {needs}, for a start; run it on a newer lanner")]
    TooNew {
        /// The first rule that cannot.
        rule: String,
        /// What that needs.
        needs: String,
    },
    /// Something is set for it that it does not have, or not so.
    #[error("cannot be set up: {0}")]
    Setting(String),
    /// What is given for one of its lists cannot be used.
    #[error("cannot have its lists: {0}")]
    List(String),
    /// A rule that another pack has.
    #[error(
        "has the rule {rule}, which the pack {other} has too; rule ids are unique: rename one, or load only one of the packs"
    )]
    DuplicateRule {
        /// The rule.
        rule: String,
        /// The other pack.
        other: String,
    },
    /// A pack of the same name is loaded from elsewhere.
    #[error("is named {name}, as is the pack at {other}; pack names are unique: load only one of them")]
    DuplicatePack {
        /// The name.
        name: String,
        /// Where the other one is.
        other: PathBuf,
    },
    /// It is to go back, and there is nothing to go back to.
    #[error("has no version to go back to: since the host was started it was not replaced")]
    NoVersionBefore,
    /// There is no pack of its name that it could be compared with.
    #[error(
        "is {name}, and no pack of that name runs: a shadow runs beside another version of itself (`lanner status`)"
    )]
    NothingToShadow {
        /// Its name.
        name: String,
    },
    /// It is to be promoted, and there is nothing to promote.
    #[error("has no candidate in its shadow; begin one with `lanner shadow FILE`")]
    NoShadow,
    /// It does not take over the running version's state.
    #[error("does not take over the state of version {from}: {reason}; restart the host to begin without it")]
    State {
        /// The running version.
        from: String,
        /// What it said.
        reason: String,
    },
    /// It is no pack but rules of others, which cannot be made one.
    #[error("cannot be imported: {0}")]
    Imported(String),
    /// The kernel side cannot give what it asks for.
    #[error("needs events that cannot be had here: {0}")]
    Source(String),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A pack that is not taken, and why.
#[derive(Debug, thiserror::Error)]
#[error("pack {path} {refusal}", path = path.display())]
pub struct PackError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub refusal: Refusal,
}
