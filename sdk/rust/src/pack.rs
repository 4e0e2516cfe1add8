//! What a pack is.

use crate::rules::Rules;
use crate::settings::Settings;

/// What a pack says of itself: see [`pack_info!`](crate::pack_info).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackInfo {
    /// Lower-case words and `-`.
    pub name: &'static str,
    /// The pack's version (semver).
    pub version: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
}

/// Rules that travel together, and their state: the fields of the type.
pub trait Pack: Default + 'static {
    /// What it is: `const INFO: PackInfo = pack_info!("name", "summary");`.
    const INFO: PackInfo;

    /// Adds the rules, and what can be set. The same at every call.
    fn rules(r: &mut Rules<Self>);

    /// Takes settings, before the first event: those that [`rules`](Self::rules) adds, of which each is what it takes. Any
    /// other was refused before.
    ///
    /// # Errors
    ///
    /// Where they make no sense together; the pack is not loaded then.
    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        let _ = settings;
        Ok(())
    }

    /// The state that the next version shall start from: see [`state::to_bytes`](crate::state::to_bytes).
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes over what `version` of the pack saved. Not called where it saved nothing.
    ///
    /// # Errors
    ///
    /// Where it cannot be used; the old version keeps running then.
    fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String> {
        let _ = (state, version);
        Ok(())
    }
}
