//! Trying a pack out beside the version that runs, putting it in its place, and going back.

use std::path::{Path, PathBuf};

use lanner_engine::{Candidate, Description, PackError, PackStatus, Set};

use super::apply::{self, ApplyError};
use super::exchange;
use super::load;
use super::reload::Reloader;

/// A file that runs in the shadow of a pack, by its name.
pub(super) struct Shadowing {
    pack: String,
    digest: [u8; 32],
}

/// A pack, and the version that it goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steered {
    /// Its name.
    pub pack: String,
    /// The version that runs before and after: of one that is tried out that beside which it runs.
    pub before: String,
    /// Likewise.
    pub now: String,
}

impl Reloader {
    /// Has the pack of a file run in the shadow of the one of its name.
    pub(super) fn shadow(&mut self, file: &Path) -> Result<Steered, ApplyError> {
        let refused = |refusal| PackError { path: file.to_owned(), refusal };
        let bytes = load::read(file).map_err(refused)?;
        let candidate = Candidate::prepare(&self.runtime, &bytes).map_err(refused)?;
        let (name, now) = (candidate.description().name.clone(), candidate.description().version.clone());
        let (path, before) = self.version(&name)?;
        let set = Set { shadows: vec![(path, file.to_owned(), candidate)], ..Set::default() };
        exchange::exchange(&self.orders, set)??;
        tracing::info!("pack {name} {now} runs in the shadow of {before}: what it finds is compared, and not raised");
        let digest = load::digest(&bytes);
        self.shadows.retain(|shadowing| shadowing.pack != name);
        self.shadows.push(Shadowing { pack: name.clone(), digest });
        Ok(Steered { pack: name, before, now })
    }

    /// Ends the one in the shadow of a pack.
    pub(super) fn unshadow(&mut self, name: &str) -> Result<Steered, ApplyError> {
        let (path, now) = self.version(name)?;
        self.exchange_of(name, Set { unshadow: vec![path], ..Set::default() })?;
        tracing::info!("nothing runs in the shadow of pack {name} any more");
        self.shadows.retain(|shadowing| shadowing.pack != name);
        Ok(Steered { pack: name.to_owned(), before: now.clone(), now })
    }

    /// Has the one in the shadow of a pack take its place, and its state.
    pub(super) fn promote(&mut self, name: &str) -> Result<Steered, ApplyError> {
        let (path, before) = self.version(name)?;
        self.exchange_of(name, Set { promote: vec![path.clone()], ..Set::default() })?;
        let (_, now) = self.version(name)?;
        tracing::warn!("pack {name} {now} takes the place of {before}; what that comes from is left as it is");
        let promoted = self.shadows.iter().position(|shadowing| shadowing.pack == name);
        let promoted = promoted.map(|at| self.shadows.swap_remove(at).digest);
        // Its file is as it was, and is no news; where the promoted one is put there, it is what runs already.
        if self.known.contains_key(&path) {
            self.others.insert(path, promoted);
        }
        Ok(Steered { pack: name.to_owned(), before, now })
    }

    /// Has a pack go back to the version that ran before, with the state that it had.
    pub(super) fn roll_back(&mut self, name: &str) -> Result<Steered, ApplyError> {
        let (path, before) = self.version(name)?;
        self.exchange_of(name, Set { back: vec![path.clone()], ..Set::default() })?;
        // It may have had another name then.
        let running = self.running()?;
        let now = running.iter().find(|pack| pack.path == path).map(|pack| &pack.description);
        let now = now.map_or_else(String::new, |now| match now.name == name {
            true => now.version.clone(),
            false => format!("{} {}", now.name, now.version),
        });
        if self.known.contains_key(&path) {
            self.others.insert(path, None);
        }
        tracing::warn!(
            "pack {name} is back at {now} from {before}, with the state of then; what it comes from is left as it is"
        );
        Ok(Steered { pack: name.to_owned(), before, now })
    }

    /// Has it done; what is refused is called by the name that was asked for.
    fn exchange_of(&self, name: &str, set: Set) -> Result<(), ApplyError> {
        let placed = exchange::exchange(&self.orders, set)?;
        placed.map(drop).map_err(|error| PackError { path: name.into(), ..error }.into())
    }

    /// Where the pack of a name comes from, and its version.
    fn version(&self, name: &str) -> Result<(PathBuf, String), ApplyError> {
        let running = self.running()?;
        let described = |pack: &PackStatus| -> (PathBuf, String) {
            let Description { version, .. } = &*pack.description;
            (pack.path.clone(), version.clone())
        };
        let named = running.iter().find(|pack| pack.description.name == name);
        named.map(described).ok_or_else(|| apply::no_such_pack(name, &running))
    }
}
