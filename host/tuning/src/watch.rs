//! Reads the tuning anew when it changes: as a whole, or not at all.

use lanner_watch::Why;

use crate::document::{Source, Stamp};
use crate::tuned::Tuner;

/// Watches over the tuning. Ends when dropped.
pub struct Watch(lanner_watch::Watch);

impl Watch {
    /// Watches this, which was as `stamp` says just before it was read: what was saved since then is read anew too. What is wrong
    /// is said to `trouble`, and nothing where it is right again.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        source: Source,
        stamp: Stamp,
        tuner: Tuner,
        trouble: impl Fn(Option<String>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let of = source.clone();
        let read = move |why| match source.read() {
            Ok(tuning) => {
                if why == Why::Changed {
                    tracing::info!("the tuning has changed: {tuning}");
                }
                tuner.replace(tuning);
                trouble(None);
            }
            Err(error) => {
                let what = format!("the tuning has changed and cannot be used: {error}; what was said before holds");
                tracing::error!("{what}");
                trouble(Some(what));
            }
        };
        Ok(Self(lanner_watch::Watch::start("lanner-tuning", stamp, move || of.stamp(), read)?))
    }

    /// Looks now.
    pub fn look(&self) {
        self.0.look();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    /// Far longer than it takes to look.
    const PATIENCE: Duration = Duration::from_secs(600);

    #[test]
    fn what_is_saved_between_being_read_and_being_watched_is_read_anew() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("tuning.toml");
        fs::write(&file, "")?;
        let source = Source::new(&file);
        let (stamp, tuning) = (source.stamp(), source.read()?);
        let tuner = Tuner::new(tuning, "host");
        fs::write(&file, "[[rule]]\nid = \"a/*\"\nenabled = false\n")?;
        let (said, told) = channel();
        let _watch = Watch::start(source, stamp, tuner.clone(), move |trouble| drop(said.send(trouble)))?;
        assert_eq!(told.recv_timeout(PATIENCE)?, None, "it was read anew, and is right");
        Ok(())
    }
}
