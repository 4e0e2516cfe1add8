//! Taking up what a configuration says by now: which files are the rules, and what is set in packs.

use std::path::PathBuf;

use lanner_engine::{PackStatus, Settings};

use super::apply::{Anew, ApplyError, Report};
use super::locate::{self, Located};
use super::reload::Reloader;

/// What is to be so from here on.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Pack files, and folders of them: all that is to run of files. Nothing where that is as it was.
    pub paths: Option<Vec<PathBuf>>,
    /// What is not there yet is waited for.
    pub waits: bool,
    /// What is set in packs.
    pub settings: Settings,
    /// The packs in which that is another than before, by name.
    pub anew: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// What changed.
    pub report: Report,
    /// The packs from registries in which something else is set: it counts with their next version, or after a restart.
    pub later: Vec<String>,
}

impl Reloader {
    /// Has it so, or leaves all as it is. A pack in which something else is set is started anew, and takes its state along.
    pub(super) fn configure(&mut self, wanted: &Wanted) -> Result<Configured, ApplyError> {
        let located = match &wanted.paths {
            None => locate::locate_what_is_there(&self.named()),
            Some(paths) if paths.is_empty() => Located::default(),
            Some(paths) if wanted.waits => locate::locate_what_is_there(paths),
            Some(paths) => locate::locate(paths)?,
        };
        let before = self.running()?;
        let runtime = self.runtime.clone().with_settings(wanted.settings.clone());
        let report = self.make(
            located,
            &runtime,
            Anew { packs: &wanted.anew, waits: wanted.waits, only: wanted.paths.is_none() },
            false,
        )?;
        self.runtime.set_settings(wanted.settings.clone());
        let from_registry = |pack: &&PackStatus| {
            wanted.anew.contains(&pack.description.name) && pack.path.to_string_lossy().contains("://")
        };
        let later = before.iter().filter(from_registry).map(|pack| pack.description.name.clone()).collect();
        Ok(Configured { report, later })
    }

    /// The paths that were named.
    fn named(&self) -> Vec<PathBuf> {
        let there = self.located.named.iter().map(|(named, _)| named.clone());
        there.chain(self.located.missing.iter().cloned()).collect()
    }
}
