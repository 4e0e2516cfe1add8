//! What a pack is.

use crate::rules::Rules;

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

    /// Adds the rules. The same at every call.
    fn rules(r: &mut Rules<Self>);

    /// Takes settings, before the first event. Without an implementation of its own a pack has none, and refuses any.
    ///
    /// # Errors
    ///
    /// Where a setting makes no sense; the pack is not loaded then.
    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        match settings.iter().next() {
            Some((name, _)) => Err(format!("there is no setting {name:?}: this pack has none")),
            None => Ok(()),
        }
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

/// What the people who run the host set for a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Of names and values.
    pub(crate) fn new(settings: Vec<(String, String)>) -> Self {
        Self(settings)
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(there, _)| *there == name).map(|(_, value)| value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of this name, parsed; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// Where it is set to something else.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let parse = |value: &str| value.parse().map_err(|_| format!("the setting {name} cannot be {value:?}"));
        self.get(name).map(parse).transpose()
    }

    /// Refuses a name that is not one of these: most likely mistyped.
    ///
    /// # Errors
    ///
    /// Where there is one.
    pub fn only(&self, names: &[&str]) -> Result<(), String> {
        match self.iter().find(|(name, _)| !names.contains(name)) {
            Some((name, _)) => Err(format!("there is no setting {name:?}; there are {}", names.join(", "))),
            None => Ok(()),
        }
    }
}
