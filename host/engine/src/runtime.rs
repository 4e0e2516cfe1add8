//! The WebAssembly runtime: one for all packs, with its compiled-code cache and its clock for deadlines.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::Thread;
use std::time::Duration;

use lanner_lists::Lists;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::cache::Compiled;
use super::contract::{self, Pack};
use super::description::Settings;
use super::instance::PackState;

/// How much processor time one call into a pack may take, until it is stopped. A batch of 256 events takes a sound pack well
/// under a millisecond. Waiting for the processor does not count: that a machine is busy is not the pack's fault.
pub const DEFAULT_DEADLINE: Duration = Duration::from_millis(250);
/// The same for a start, with all that belongs to it: an interpreter has to read its own modules then.
pub const DEFAULT_START: Duration = Duration::from_secs(10);
/// How much linear memory a pack may have.
pub const DEFAULT_MEMORY: usize = 64 << 20;
/// Findings of a pack that are taken in a second; as many as of one call, so that a burst of one is.
pub const DEFAULT_FINDINGS: usize = 4096;
/// Deadlines are kept to this grain.
const EPOCH: Duration = Duration::from_millis(5);
/// Instances that can be alive at once: packs, and their successors during a reload.
pub(super) const MAX_INSTANCES: u32 = 2048;
/// A pack from a language with a runtime of its own is several core modules in one component: one in Python has 38, of which 25
/// stand for an interface of WASI each.
const MAX_CORE_INSTANCES_PER_PACK: u32 = 64;
/// Entries in one of a pack's tables, and in all of them together; interpreters have large ones.
const MAX_TABLE_ELEMENTS: usize = 100_000;
pub(super) const MAX_ELEMENTS: usize = 4 * MAX_TABLE_ELEMENTS;
/// Stack of a pack.
const WASM_STACK: usize = 1 << 20;

/// What a pack is given.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Processor time for one call.
    pub deadline: Duration,
    /// Processor time for a call that belongs to its start or end: `describe`, `configure`, `save`, `restore`.
    pub start: Duration,
    /// Linear memory, of all its memories together, bytes.
    pub memory: usize,
    /// Findings in a second, where it is `shared`; more are left out, and counted.
    pub findings: usize,
    /// Whether a pack is stopped that takes more than its share of a processor for long. So in a live host, where events
    /// come when they come and the other packs wait; not in a replay, where every pack takes all it can get.
    pub shared: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: DEFAULT_DEADLINE,
            start: DEFAULT_START,
            memory: DEFAULT_MEMORY,
            findings: DEFAULT_FINDINGS,
            shared: false,
        }
    }
}

/// The runtime could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly runtime cannot start: {0}")]
pub struct RuntimeError(String);

/// Takes a line that a pack logs: the pack's name, how important it is, and what it says.
pub type Listener = Arc<dyn Fn(&str, tracing::Level, &str) + Send + Sync>;

/// The runtime. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Linker<PackState>,
    pub(super) limits: Limits,
    /// Where compiled packs are kept, if they are.
    compiled: Option<Compiled>,
    /// Of all clones, whoever changes them.
    settings: Arc<RwLock<Arc<Settings>>>,
    lists: Lists,
    pub(super) listener: Option<Listener>,
    clock: Arc<Clock>,
}

impl Runtime {
    /// Sets the runtime up. Compiled code is kept in `cache`, where it is given: a folder of [`crate::cache::prepare`].
    ///
    /// # Errors
    /// The machine has no room for a single instance.
    pub fn new(limits: Limits, cache: Option<PathBuf>) -> Result<Self, RuntimeError> {
        let space = if getrlimit(Resource::As).current.is_some() { Space::Scarce } else { Space::Pooled };
        // Address space for many instances may not be had for other reasons; single ones still may.
        let engine = Engine::new(&config(&limits, space))
            .or_else(|error| {
                tracing::debug!("no pooled instances: {error:#}");
                Engine::new(&config(&limits, Space::Scarce))
            })
            .map_err(|error| RuntimeError(format!("{error:#}")))?;
        let compiled = cache.map(|folder| Compiled::new(folder, &engine));
        let mut linker = Linker::new(&engine);
        Pack::add_to_linker::<_, wasmtime::component::HasSelf<_>>(&mut linker, |state: &mut PackState| state)
            .and_then(|()| contract::add_lists(&mut linker))
            .map_err(|error| RuntimeError(format!("{error:#}")))?;
        let clock = Clock::start(&engine).map_err(|error| RuntimeError(error.to_string()))?;
        let (settings, lists) = (Arc::default(), Lists::default());
        Ok(Self { engine, linker, limits, compiled, settings, lists, listener: None, clock })
    }

    /// With what is set for packs, for those that are prepared from here on.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { settings: Arc::new(RwLock::new(Arc::new(settings))), ..self }
    }

    /// This is set for packs that are prepared from here on, with this runtime and all its clones.
    pub fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// With what is given for the lists of packs, for those that are prepared from here on.
    #[must_use]
    pub fn with_lists(self, lists: Lists) -> Self {
        Self { lists, ..self }
    }

    /// With somebody who takes what packs log, in place of the host's log.
    #[must_use]
    pub fn with_listener(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// The lists of packs.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Compiles a component, or takes it from where compiled packs are kept.
    ///
    /// # Errors
    /// It is not a valid component.
    pub(super) fn compile(&self, bytes: &[u8]) -> wasmtime::Result<Component> {
        match &self.compiled {
            Some(compiled) => compiled.component(&self.engine, bytes),
            None => Component::from_binary(&self.engine, bytes),
        }
    }

    /// Marks that a pack runs, until the guard goes: the clock ticks only then.
    pub(super) fn running(&self) -> Running<'_> {
        if self.clock.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.clock.thread.unpark();
        }
        Running(&self.clock)
    }
}

/// A time, in epochs from now. One more than it is long, as the current one is partly over.
pub(super) fn epochs(time: Duration) -> u64 {
    time.as_nanos().div_ceil(EPOCH.as_nanos()) as u64 + 1
}

/// Processor time of this thread: what others do meanwhile does not count.
pub(super) fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// How much address space there is for memories.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    /// All that there can be: each has its 4 GiB, so that no access needs to be checked, and they are made beforehand.
    Pooled,
    /// Each has what it may use, and every access is checked.
    Scarce,
}

fn config(limits: &Limits, space: Space) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true).concurrency_support(false).epoch_interruption(true).max_wasm_stack(WASM_STACK);
    if getrlimit(Resource::Fsize).current.is_some() {
        // What a memory begins with would lie in a file in memory, for which that limit counts too.
        config.memory_init_cow(false);
    }
    if space == Space::Scarce {
        config.memory_reservation(limits.memory as u64).memory_reservation_for_growth(0).memory_guard_size(0);
    } else {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(MAX_INSTANCES)
            .total_core_instances(MAX_INSTANCES * 2)
            .total_memories(MAX_INSTANCES)
            .total_tables(MAX_INSTANCES)
            .max_core_instances_per_component(MAX_CORE_INSTANCES_PER_PACK)
            .max_tables_per_module(4)
            .table_elements(MAX_TABLE_ELEMENTS)
            .max_memory_size(limits.memory);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Advances the epoch while any pack runs, and sleeps while none does.
struct Clock {
    running: AtomicUsize,
    thread: Thread,
}

impl Clock {
    fn start(engine: &Engine) -> std::io::Result<Arc<Self>> {
        let weak_engine = engine.weak();
        let (send, receive) = std::sync::mpsc::channel::<std::sync::Weak<Clock>>();
        let handle = std::thread::Builder::new().name("lanner-epoch".into()).spawn(move || {
            let Ok(clock) = receive.recv() else { return };
            loop {
                // Held weakly, so that the clock ends with the last runtime.
                let idle = match clock.upgrade() {
                    None => return,
                    Some(clock) => clock.running.load(Ordering::SeqCst) == 0,
                };
                if idle {
                    std::thread::park_timeout(Duration::from_secs(5));
                } else {
                    std::thread::sleep(EPOCH);
                    match weak_engine.upgrade() {
                        None => return,
                        Some(engine) => engine.increment_epoch(),
                    }
                }
            }
        })?;
        let clock = Arc::new(Self { running: AtomicUsize::new(0), thread: handle.thread().clone() });
        // The thread waits for exactly this message.
        let _ = send.send(Arc::downgrade(&clock));
        Ok(clock)
    }
}

/// While it lives, deadlines are kept.
pub(super) struct Running<'a>(&'a Clock);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
