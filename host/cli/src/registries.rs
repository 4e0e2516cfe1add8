//! How registries are reached, whom to trust, and where packs are kept: options that several verbs share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lanner_pack::credentials::Credential;
use lanner_pack::obtain::Obtainer;
use lanner_pack::remote::Access;
use lanner_pack::store::Store;
use lanner_pack::trust::Trust;

use super::Failure;

/// How registries are reached.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reach {
    /// Reach registries without TLS (those on a loopback address are, in any case)
    #[arg(long, conflicts_with = "ca_file")]
    plain_http: bool,
    /// Trust the authorities in this file (PEM) too when reaching registries
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Who we are to registries, as a configuration says it.
    #[arg(skip)]
    pub(super) logins: BTreeMap<String, Credential>,
}

/// Where packs are kept.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Keep {
    /// Where packs from registries are kept [default: LANNER_STORE, /var/lib/lanner/store for root, else in the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
}

/// All that it takes to get packs.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Get {
    #[command(flatten)]
    pub(super) reach: Reach,
    #[command(flatten)]
    pub(super) keep: Keep,
    /// Whom to trust: a policy file [default: /etc/lanner/trust.toml]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl Reach {
    pub(super) fn access(&self) -> Access {
        Access { plain_http: self.plain_http, ca_file: self.ca_file.clone(), logins: self.logins.clone() }
    }
}

impl Keep {
    pub(super) fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(self.store.as_deref())?)
    }
}

impl Get {
    pub(super) fn trust(&self) -> Result<Trust, Failure> {
        Ok(Trust::load(self.trust.as_deref())?)
    }

    pub(super) fn obtainer(&self, allow_downgrade: bool) -> Result<Obtainer, Failure> {
        Ok(Obtainer::new(self.keep.open()?, self.trust()?, self.reach.access(), allow_downgrade))
    }
}
