//! The indexes of packs that are known, for the verbs that look into them.

use lanner_pack::index::{Asking, ObtainedIndex};
use lanner_pack::obtain::Obtainer;
use lanner_pack::store;

use super::Failure;

/// How they are looked into.
#[derive(Debug, clap::Args)]
pub(super) struct Known {
    /// Ask no registry: look into the indexes as they were when they were asked last
    #[arg(long)]
    offline: bool,
}

impl Known {
    /// Whether no registry is to be asked.
    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }

    /// All that can be used. One that cannot is told, and is a failure only where there is no other.
    pub(super) fn obtain(&self, obtainer: &Obtainer) -> Result<Vec<ObtainedIndex>, Failure> {
        let asking = if self.offline { Asking::Nobody } else { Asking::Registry };
        let mut obtaining = obtainer.obtain_indexes(asking)?;
        if obtaining.indexes.is_empty() {
            return Err(match obtaining.refused.is_empty() {
                true => "no index of packs is known; add one with `lanner pack index add oci://…`".into(),
                false => obtaining.refused.swap_remove(0).into(),
            });
        }
        for error in &obtaining.refused {
            tracing::warn!("{error}");
        }
        if self.offline {
            for index in &obtaining.indexes {
                let (asked, published) = (store::age(index.asked), store::age(index.index.published));
                tracing::info!("index {} is as it was {asked} ago; it was published {published} ago", index.index.name);
            }
        }
        Ok(obtaining.indexes)
    }
}
