//! Acts of looking around, and how much one says.

use crate::topic::Topic;

/// Every script does it. Few of them add up to little, however many they are.
pub(crate) const WEAK: u32 = 1;
/// Administrators and their scripts do it all the time.
pub(crate) const ROUTINE: u32 = 2;
/// Done by hand now and then, seldom by scripts.
pub(crate) const NOTABLE: u32 = 3;
/// Hardly ever part of ordinary work.
pub(crate) const RARE: u32 = 4;
/// Worth a look by itself.
pub(crate) const TELLING: u32 = 6;

/// One act of looking around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) topic: Topic,
    /// What acts of one kind are called: done twice it is the same act.
    pub(crate) name: &'static str,
    pub(crate) weight: u32,
}

/// An act, where there is one.
pub(crate) fn act(topic: Topic, name: &'static str, weight: u32) -> Option<Act> {
    Some(Act { topic, name, weight })
}
