//! A pack on a stage: the real engine, to which events are given one by one, in their own time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lanner_abi::{Kind, Text};
use lanner_engine::{Candidate, Engine, Program, Refusal, Runtime, Settings, WorkerGone};
use lanner_enrich::{Enricher, Event};
use lanner_finding::{Finding, Findings};
use lanner_lists::Lists;
use lanner_pipeline::Batcher;
use lanner_source::capture::CaptureReader;

use crate::document::{Document, Place, Wrong};
use crate::event::Scene;
use crate::pack::Pack;

/// Bytes of a file of events at most.
const MAX_FILE: u64 = 1 << 30;
/// How long it is waited for room in the engine before it is looked again.
const FULL: Duration = Duration::from_micros(100);
/// Lines of a pack's log that are kept.
const MAX_LINES: usize = 1000;
/// How captures begin, whatever their version.
const CAPTURE: &[u8] = b"\x8bLCAP";

/// A pack that events are given to.
pub(crate) struct Stage {
    path: PathBuf,
    program: Program,
    runtime: Runtime,
    engine: Engine,
    batcher: Batcher,
    listening: JoinHandle<Vec<Finding>>,
    heard: Arc<Mutex<Heard>>,
    /// Events so far, and their kinds.
    pub(crate) events: u64,
    pub(crate) kinds: BTreeSet<Kind>,
}

/// What was said while events were judged.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What the pack logged: how important it is, and the line.
    pub(crate) log: Vec<(tracing::Level, String)>,
    /// What went wrong in it.
    pub(crate) troubles: Vec<String>,
}

/// What somebody else wrote, as it can be shown: it does not steer the terminal of whoever looks.
pub fn printable(text: &str) -> String {
    Text::from(text).to_string()
}

/// A line of a pack's log, for people.
pub fn log_line((level, line): &(tracing::Level, String)) -> String {
    format!("log {}: {line}", level.to_string().to_lowercase())
}

/// What came of it.
pub(crate) struct Played {
    pub(crate) findings: Vec<Finding>,
    pub(crate) heard: Heard,
    pub(crate) events: u64,
    pub(crate) kinds: BTreeSet<Kind>,
}

/// Something cannot be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    #[error("the pack {0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Gone(#[from] WorkerGone),
    #[error("{0}")]
    File(String),
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

/// Takes findings as they come.
pub(crate) type Tell = Box<dyn FnMut(&Finding) + Send>;

impl Stage {
    /// Starts the pack with these settings.
    pub(crate) fn start(pack: &Pack, settings: Settings) -> Result<Self, StageError> {
        Self::telling(pack, settings, None)
    }

    /// Likewise, with what is given for its lists.
    pub(crate) fn with_lists(pack: &Pack, settings: Settings, lists: Lists) -> Result<Self, StageError> {
        Self::of(pack, pack.runtime.clone().with_lists(lists), settings, None)
    }

    /// The same, with somebody who takes findings as they come; they are not kept then.
    pub(crate) fn telling(pack: &Pack, settings: Settings, tell: Option<Tell>) -> Result<Self, StageError> {
        Self::of(pack, pack.runtime.clone(), settings, tell)
    }

    fn of(pack: &Pack, runtime: Runtime, settings: Settings, mut tell: Option<Tell>) -> Result<Self, StageError> {
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let listener = {
            let heard = heard.clone();
            Arc::new(move |_: &str, level: tracing::Level, line: &str| {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                if heard.log.len() < MAX_LINES {
                    heard.log.push((level, line.to_owned()));
                }
            })
        };
        let runtime = runtime.with_settings(settings).with_listener(listener);
        let (engine, verdicts) = pack.start(&runtime)?;
        let troubles = heard.clone();
        let mut findings = Findings::from(verdicts).complaining_to(Box::new(move |_, sentence| {
            let mut heard = troubles.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.troubles.len() < MAX_LINES {
                heard.troubles.push(sentence.to_owned());
            }
        }));
        let listen = move || {
            let mut all = Vec::new();
            findings.by_ref().for_each(|some| match &mut tell {
                Some(tell) => some.iter().for_each(tell),
                None => all.extend(some),
            });
            all
        };
        let listening = std::thread::Builder::new().name("lanner-author".into()).spawn(listen);
        let listening = listening.map_err(|error| StageError::File(format!("no thread can be had: {error}")))?;
        let (batcher, kinds) = Default::default();
        let (path, program) = (pack.path.clone(), pack.program.clone());
        Ok(Self { path, program, runtime, engine, batcher, listening, heard, events: 0, kinds })
    }

    /// An event happens.
    pub(crate) fn event(&mut self, event: Event) -> Result<(), StageError> {
        self.events += 1;
        self.kinds.insert(event.kind);
        self.make_room()?;
        Ok(self.batcher.push(event, &mut self.engine)?)
    }

    /// Time goes by, up to this, ns since 1970.
    pub(crate) fn wait(&mut self, until: u64) -> Result<(), StageError> {
        self.make_room()?;
        self.batcher.advance(until, &mut self.engine)?;
        self.make_room()
    }

    /// The pack is replaced by itself, with its state.
    pub(crate) fn reload(&mut self) -> Result<(), StageError> {
        self.make_room()?;
        self.batcher.flush(&mut self.engine)?;
        let candidate = Candidate::of(&self.runtime, &self.program)?;
        self.engine.install(&self.path, candidate)?;
        Ok(())
    }

    /// Has judged what has gathered, as nothing more comes for now.
    pub(crate) fn flush(&mut self) -> Result<(), StageError> {
        self.make_room()?;
        Ok(self.batcher.flush(&mut self.engine)?)
    }

    /// Takes what was said since this was last asked.
    pub(crate) fn heard(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The events of a file happen: a capture's, or one of JSON lines.
    pub(crate) fn file(&mut self, scene: &mut Scene, path: &Path) -> Result<(), StageError> {
        let shown = path.display();
        let unreadable = |error: std::io::Error| StageError::File(format!("{shown} cannot be read: {error}"));
        let facts = std::fs::metadata(path).map_err(unreadable)?;
        if !facts.is_file() || facts.len() > MAX_FILE {
            let what = if facts.is_file() { "more than 1 GiB" } else { "no file" };
            return Err(StageError::File(format!("{shown} is {what}, and cannot be read as events")));
        }
        let mut head = [0; CAPTURE.len()];
        let mut file = std::fs::File::open(path).map_err(unreadable)?;
        let is_capture = std::io::Read::read_exact(&mut file, &mut head).is_ok() && head == *CAPTURE;
        if !is_capture {
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            return self.lines(scene, path, &text);
        }
        let broken = |error| StageError::File(format!("{error}"));
        let reader = CaptureReader::open(path).map_err(broken)?;
        let mut enricher = Enricher::new(reader.machine(), None);
        for record in reader {
            if let Some(event) = enricher.take(record.map_err(broken)?) {
                self.event(scene.adopt(event))?;
            }
        }
        Ok(())
    }

    /// The events of lines of JSON happen, each as it is written in a test or as a host prints it.
    pub(crate) fn lines(&mut self, scene: &mut Scene, path: &Path, text: &str) -> Result<(), StageError> {
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let document = Document::parse_line(path, line.to_owned(), number)?;
            // Where a host could not keep up it says so, among its events.
            if document.root.get("type").is_some_and(|what| what.text("type").is_ok_and(|what| what == "left_out")) {
                continue;
            }
            let events = scene.events(&document.root).map_err(|problem| problem.in_file(path))?;
            events.into_iter().try_for_each(|event| self.event(event))?;
        }
        match text.trim().is_empty() {
            true => Err(Wrong::new(path, Place::default(), "there is no event in it").into()),
            false => Ok(()),
        }
    }

    /// Judges what is left, and gives what came of it all.
    pub(crate) fn end(mut self) -> Result<Played, StageError> {
        self.make_room()?;
        self.batcher.flush(&mut self.engine)?;
        // Its threads end when they are done.
        drop(self.engine);
        let findings = self.listening.join().unwrap_or_default();
        let heard = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Played { findings, heard, events: self.events, kinds: self.kinds })
    }

    /// Waits until the engine takes more.
    fn make_room(&mut self) -> Result<(), StageError> {
        loop {
            // Who takes findings only goes where it panics.
            if !self.engine.is_heard() {
                return Err(WorkerGone.into());
            }
            self.batcher.catch_up(&mut self.engine)?;
            if !self.batcher.is_behind() && self.engine.has_room() {
                return Ok(());
            }
            std::thread::sleep(FULL);
        }
    }
}
