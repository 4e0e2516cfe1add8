//! Candidates that run in the shadow of the version that runs: what the engine does of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::Comparison;
use super::exchange::{Newcomer, Previous};
use super::swap::fits;
use super::{Candidate, Description, Engine, Loaded, PackId, Refusal, ShadowStatus};

/// What makes a loaded pack a shadow.
pub(crate) struct Shadow {
    /// Of which one.
    pub(crate) of: PackId,
    pub(crate) comparison: Arc<Comparison>,
    /// To start it in the place of the other one.
    pub(crate) start: Previous,
}

impl ShadowStatus {
    pub(crate) fn of(loaded: &Loaded) -> Option<Self> {
        let compared = loaded.shadow.as_ref()?.comparison.compared();
        let (path, description, figures) = (loaded.path.clone(), loaded.description.clone(), loaded.meter.figures());
        Some(Self { path, description, figures, compared })
    }
}

impl Engine {
    /// The one in the shadow of a pack.
    pub(crate) fn shadow_of(&self, of: PackId) -> Option<(PackId, &Loaded)> {
        let is_it = |loaded: &Loaded| loaded.shadow.as_ref().is_some_and(|shadow| shadow.of == of);
        self.packs.iter().find(|(_, loaded)| is_it(loaded)).map(|(pack, loaded)| (*pack, loaded))
    }

    /// Whether a candidate may run in the shadow of the pack from this path; gives which one that is.
    pub(crate) fn check_shadow(&self, path: &Path, candidate: &Candidate) -> Result<PackId, Refusal> {
        let name = &candidate.description().name;
        let running = self.running().find(|(_, loaded)| loaded.path == path);
        let Some((of, _)) = running.filter(|(_, loaded)| loaded.description.name == *name) else {
            return Err(Refusal::NothingToShadow { name: name.clone() });
        };
        let others = self.running().filter(|(pack, _)| *pack != of);
        let others: Vec<(&Path, &Description)> =
            others.map(|(_, loaded)| (loaded.path.as_path(), &*loaded.description)).collect();
        fits(candidate.description(), &others)?;
        Ok(of)
    }

    /// The candidate in the shadow of the pack from this path, to take its place.
    pub(crate) fn promoted(&self, path: &Path) -> Result<Newcomer, (PathBuf, Refusal)> {
        let of = self.shadowed(path)?;
        let start = self.shadow_of(of).and_then(|(_, loaded)| Some(loaded.shadow.as_ref()?.start.clone()));
        let start = start.ok_or_else(|| (path.to_owned(), Refusal::NoShadow))?;
        Ok(Newcomer::Promoted(Box::new(start)))
    }

    /// The pack from this path, which has one in its shadow.
    pub(crate) fn shadowed(&self, path: &Path) -> Result<PackId, (PathBuf, Refusal)> {
        let of = self.at(path).filter(|of| self.shadow_of(*of).is_some());
        of.ok_or_else(|| (path.to_owned(), Refusal::NoShadow))
    }
}
