//! The thread that writes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::Options;
use crate::database::{Database, is_damage};
use crate::state::{PORTION, Shared, Work};

/// How often it is looked for what has become too old, though nothing comes.
const LOOK: Duration = Duration::from_secs(60);
/// What cannot be written is tried again after this, and then after twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// What is left when it is to close is tried so often.
const LAST_TRIES: u32 = 3;

/// Writes what comes, until the spool is closed.
pub(crate) struct Writer {
    folder: PathBuf,
    names: Vec<String>,
    options: Options,
    shared: Arc<Shared>,
    /// Nothing where a damaged one could not be replaced yet.
    database: Option<Database>,
    pause: Duration,
    /// Findings that are written at once: fewer where there is little room.
    portion: usize,
    /// It was said that nothing can be written.
    said: bool,
    /// Findings that were dropped for lack of room or for their age, and for how many that was said.
    dropped: u64,
    dropped_said: u64,
}

impl Writer {
    pub(crate) fn new(
        folder: PathBuf,
        names: Vec<String>,
        options: Options,
        shared: Arc<Shared>,
        database: Database,
    ) -> Self {
        Self {
            folder,
            names,
            options,
            shared,
            database: Some(database),
            pause: FIRST_PAUSE,
            portion: PORTION,
            said: false,
            dropped: 0,
            dropped_said: 0,
        }
    }

    pub(crate) fn run(mut self) {
        self.write_all();
        // Closed by the last connection, the file holds all, and needs no log beside it.
        self.database = None;
        self.shared.ended();
    }

    fn write_all(&mut self) {
        let mut last_tries = LAST_TRIES;
        loop {
            let work = self.shared.work(LOOK, self.portion);
            if let Some(why) = &work.damaged {
                self.begin_anew(&crate::database::damage(why.clone()));
            }
            match self.write(&work) {
                Ok(()) => {
                    self.shared.written(&work);
                    self.goes_again();
                    if work.closing {
                        return;
                    }
                }
                Err(error) if is_damage(&error) => self.begin_anew(&error),
                Err(error) => {
                    self.shared.not_written(error.to_string());
                    if work.closing || last_tries < LAST_TRIES {
                        last_tries -= 1;
                        if last_tries == 0 {
                            let left = self.shared.spool().unwritten;
                            tracing::error!("{left} findings are not in the spool {}: {error}", self.folder.display());
                            return;
                        }
                    }
                    self.fails(&error);
                }
            }
        }
    }

    fn write(&mut self, work: &Work) -> rusqlite::Result<()> {
        let Some(database) = &mut self.database else {
            self.database = Some(Database::open(&self.folder, &self.names, &self.options)?);
            return self.write(work);
        };
        let written = database.write(&work.records, &work.cursors);
        if let Err(error) = written {
            // Perhaps there is room for some of it, or when what all have is removed.
            self.portion = (work.records.len() / 2).max(1);
            return Err(database.write(&[], &work.cursors).and_then(|()| database.tidy()).err().unwrap_or(error));
        }
        let age = u64::try_from(self.options.age.as_nanos()).unwrap_or(u64::MAX);
        let before_ns = (self.options.now)().saturating_sub(age);
        loop {
            let gone = database.make_room(self.options.bytes, before_ns)?;
            if gone.is_empty() {
                break;
            }
            self.dropped += self.shared.dropped(&gone) as u64;
        }
        if work.records.is_empty() {
            database.shrink()?;
        }
        self.say_dropped();
        Ok(())
    }

    /// Sets the database aside, and begins a new one.
    fn begin_anew(&mut self, why: &rusqlite::Error) {
        self.database = None;
        if let Err(error) = crate::give_up(&self.folder, why) {
            tracing::error!("the spool {} is damaged ({why}), and cannot be set aside: {error}", self.folder.display());
        }
        match Database::open(&self.folder, &self.names, &self.options) {
            Ok(database) => self.database = Some(database),
            Err(error) => self.fails(&error),
        }
        let lost = self.shared.begun_anew();
        if lost > 0 {
            tracing::error!("{lost} findings that waited in the damaged spool are not delivered");
        }
    }

    /// Says that nothing can be written, once, and waits.
    fn fails(&mut self, error: &rusqlite::Error) {
        if !std::mem::replace(&mut self.said, true) {
            tracing::warn!(
                "the spool {} cannot be written to: {error}. Findings wait in memory, {} or {} bytes of them; what comes \
                 beyond is left out and counted",
                self.folder.display(),
                self.options.memory_records,
                self.options.memory_bytes
            );
        }
        self.shared.pause(self.pause);
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
    }

    fn goes_again(&mut self) {
        self.pause = FIRST_PAUSE;
        self.portion = PORTION.min(self.portion * 2);
        if std::mem::take(&mut self.said) {
            tracing::info!("the spool {} is written to again", self.folder.display());
        }
    }

    /// At first, and again when they are twice as many.
    fn say_dropped(&mut self) {
        if self.dropped > 0 && self.dropped >= self.dropped_said * 2 {
            self.dropped_said = self.dropped;
            tracing::warn!(
                "{} findings that some sink did not take were dropped from the spool {}, the oldest first, as there is no \
                 room (`bytes`) or they were too old (`age`)",
                self.dropped,
                self.folder.display()
            );
        }
    }
}
