//! A pack as its author has it: a file, compiled once, of which instances are started for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_engine::{
    Candidate, Description, Engine, Limits, PackError, Program, Refusal, Runtime, RuntimeError, Verdicts, cache,
};
use lanner_lists::Lists;
use lanner_pack::digest::Digest;

/// Processor time for one call: what a test finds must not depend on how fast the machine is, and a call that never ends is
/// still ended.
const DEADLINE: Duration = Duration::from_secs(10);

/// A pack, compiled and described.
pub struct Pack {
    /// Its file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub description: Arc<Description>,
    /// How long it took to compile it, or to find that that was done before.
    pub compiling: Duration,
    pub(crate) runtime: Runtime,
    pub(crate) program: Program,
}

/// A pack cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] PackError),
    /// Nothing can be run.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl Pack {
    /// Reads and compiles a pack; compiled code is kept in the folder, where one is given.
    ///
    /// # Errors
    /// It is refused, with the reason.
    pub fn open(path: &Path, cache: Option<PathBuf>) -> Result<Self, OpenError> {
        let refused = |refusal| PackError { path: path.to_owned(), refusal };
        let bytes = lanner_pack::read(path).map_err(refused)?;
        let limits = Limits { deadline: DEADLINE, ..Limits::default() };
        let runtime = Runtime::new(limits, cache)?;
        let began = Instant::now();
        let program = Program::compile(&runtime, &bytes).map_err(refused)?;
        let compiling = began.elapsed();
        let description = Candidate::of(&runtime, &program).map_err(refused)?.description().clone();
        Ok(Self { path: path.to_owned(), bytes, description, compiling, runtime, program })
    }

    /// With what is given for its lists.
    ///
    /// # Errors
    /// That cannot be used.
    pub fn with_lists(mut self, lists: Lists) -> Result<Self, OpenError> {
        self.runtime = self.runtime.with_lists(lists);
        let described = Candidate::of(&self.runtime, &self.program);
        let refused = |refusal| PackError { path: self.path.clone(), refusal };
        self.description = described.map_err(refused)?.description().clone();
        Ok(self)
    }

    /// An engine that runs it, and nothing else, by this runtime: one of its own's clones, with settings and listeners.
    ///
    /// # Errors
    /// It does not take its settings, or cannot be started.
    pub(crate) fn start(&self, runtime: &Runtime) -> Result<(Engine, Verdicts), Refusal> {
        let candidate = Candidate::of(runtime, &self.program)?;
        let no_thread = |error| Refusal::Call { call: "its start", reason: format!("no thread can be had: {error}") };
        let (mut engine, verdicts) = Engine::start(runtime.clone(), 1).map_err(no_thread)?;
        engine.install(&self.path, candidate)?;
        Ok((engine, verdicts))
    }

    /// What names its bytes for good.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// Where compiled packs are kept when nothing is said, where that can be had: it only saves time.
pub fn default_cache() -> Option<PathBuf> {
    cache::default_folder().and_then(|folder| cache::prepare(&folder).ok())
}
