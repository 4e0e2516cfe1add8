//! Saying something to the people who run the host. Limited there: a flood is cut and counted.
//!
//! Natively, in tests, it goes to standard error.

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For who writes the pack.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is not as it should be, and the pack goes on.
    Warn,
    /// Something did not work.
    Error,
}

/// Says it.
pub fn log(level: Level, message: impl AsRef<str>) {
    crate::host::say(level, message.as_ref());
}

/// Says it to who writes the pack.
pub fn debug(message: impl AsRef<str>) {
    log(Level::Debug, message);
}

/// Says what is worth knowing.
pub fn info(message: impl AsRef<str>) {
    log(Level::Info, message);
}

/// Says that something is not as it should be.
pub fn warn(message: impl AsRef<str>) {
    log(Level::Warn, message);
}

/// Says that something did not work.
pub fn error(message: impl AsRef<str>) {
    log(Level::Error, message);
}
