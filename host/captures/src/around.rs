//! Has a capture written around findings.

use std::fs;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lanner_finding::Finding;
use lanner_pipeline::{Excerpt, Recent};
use lanner_sink::{Sink, SinkError};

use crate::{Choice, Folder, FolderError};

/// What is written, and where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Around which findings.
    pub choice: Choice,
    /// Where to.
    pub folder: Folder,
    /// How long after a finding: what follows from it is written too.
    pub after: Duration,
    /// From one capture to the next at least, as one has what happened for so long before: however much is found, captures do
    /// not repeat each other, and cost no more than one each such time.
    pub apart: Duration,
    /// Bytes that all take at most; the oldest go first.
    pub bytes: u64,
}

/// Has captures written, on a thread of its own.
pub struct Around {
    choice: Choice,
    recent: Recent,
    asked: Arc<Asked>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Asked {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When the first finding came of which none is written yet, of which rule it is, and what was there by then: whoever did
    /// it may do so much afterwards that it would be forgotten.
    first: Option<(Instant, String, Excerpt)>,
    closed: bool,
}

impl Around {
    /// Writes what is kept there of what came last.
    ///
    /// # Errors
    /// The folder cannot be used, or no thread can be started.
    pub fn start(settings: Settings, recent: Recent) -> Result<Self, FolderError> {
        settings.folder.prepare()?;
        let (choice, asked) = (settings.choice.clone(), Arc::<Asked>::default());
        let writer = Writer { settings, recent: recent.clone(), asked: asked.clone(), next: None };
        let path = writer.settings.folder.path().to_owned();
        let thread = std::thread::Builder::new().name("lanner-captures".into()).spawn(move || writer.run());
        let thread = thread.map_err(|error| FolderError::Io { path, error })?;
        Ok(Self { choice, recent, asked, thread: Some(thread) })
    }
}

impl Sink for Around {
    fn write(&mut self, finding: &Finding) {
        if self.choice.is_of(finding) {
            let mut state = self.asked.state();
            if state.first.is_none() {
                state.first = Some((Instant::now(), finding.rule().id.clone(), self.recent.excerpt()));
            }
            self.asked.changed.notify_all();
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) {}

    fn is_place(&self) -> bool {
        false
    }
}

/// What was asked for is written, with what there is by then.
impl Drop for Around {
    fn drop(&mut self) {
        self.asked.state().closed = true;
        self.asked.changed.notify_all();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread that writes captures has panicked");
        }
    }
}

impl Asked {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Writer {
    settings: Settings,
    recent: Recent,
    asked: Arc<Asked>,
    /// When the next may be written.
    next: Option<Instant>,
}

impl Writer {
    fn run(mut self) {
        while let Some((rule, before)) = self.wait() {
            let excerpt = before.followed_by(self.recent.excerpt());
            self.next = Some(Instant::now() + self.settings.apart);
            if let Err(why) = self.write(excerpt, &rule) {
                tracing::warn!("what happened before the finding of {rule} is not written: {why}");
            }
        }
    }

    /// Waits until one is to be written, and gives the rule and what was there before; nothing where there is none and no more
    /// will come.
    fn wait(&self) -> Option<(String, Excerpt)> {
        let mut state = self.asked.state();
        loop {
            let now = Instant::now();
            let due = state.first.as_ref().map(|(came, ..)| {
                let after = *came + self.settings.after;
                self.next.map_or(after, |next| next.max(after))
            });
            state = match due {
                Some(due) if due <= now || state.closed => {
                    return state.first.take().map(|(_, rule, before)| (rule, before));
                }
                Some(due) => {
                    let waited = self.asked.changed.wait_timeout(state, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None if state.closed => return None,
                None => self.asked.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn write(&self, excerpt: Excerpt, rule: &str) -> Result<(), String> {
        let Some(span_ns) = excerpt.span_ns() else { return Ok(()) };
        let folder = &self.settings.folder;
        // It may have been removed meanwhile.
        folder.prepare().map_err(|error| error.to_string())?;
        let (unfinished, path) = folder.places(span_ns);
        let written = excerpt.write(&unfinished).map_err(|error| error.to_string());
        let placed = written.and_then(|progress| {
            fs::rename(&unfinished, &path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(progress)
        });
        match placed {
            Ok(progress) => {
                let events = progress.events;
                tracing::info!("{events} events around a finding of {rule} are written to {}", path.display());
            }
            Err(why) => {
                let _ = fs::remove_file(&unfinished);
                return Err(why);
            }
        }
        folder.trim(self.settings.bytes, &path).map_err(|error| error.to_string())
    }
}
