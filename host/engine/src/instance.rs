//! One running pack: its store, its limits, and the calls into it.

use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use lanner_contract::Finding;
use lanner_lists::{Bound, Snapshot};

use super::contract::{self, Level, Pack, PackPre};
use super::kept::{bound, printable, size};
use super::limiter::Limiter;
use super::place;
use super::runtime::{Limits, Listener, MAX_INSTANCES, Runtime, epochs, processor_time};
use super::slot::After;

/// Findings taken from one call; a rule that raises more is broken, and would fill every sink.
const MAX_FINDINGS_PER_CALL: usize = 4096;
/// Bytes of all findings of one call: what the host keeps until they are written.
const MAX_BYTES_PER_CALL: usize = 4 << 20;
/// Bytes that a pack may hand over at once where it calls the host: they are copied whole, whatever is kept of them.
const MAX_HANDED_OVER: usize = 1 << 20;
/// Bytes that it may answer with.
const MAX_ANSWER: usize = 128 << 20;
/// Log lines taken from a pack in a second of event time.
const MAX_LOG_LINES: usize = 32;
const LOG_WINDOW_NS: u64 = 1_000_000_000;

/// What stands behind the contract's imports: collects what a call gave.
pub(crate) struct PackState {
    pub(super) name: Arc<str>,
    limiter: Limiter,
    findings: Vec<Finding>,
    /// Bytes in them.
    raised: usize,
    findings_dropped: u64,
    /// Why one could not be read.
    unreadable: Option<String>,
    /// Log lines since `log_window_ns` (event time), those that were left out too.
    log_lines: usize,
    log_window_ns: u64,
    /// How much processor time this call may take.
    deadline: Duration,
    /// The thread's processor time when the call was first looked at. A short call never is: it would cost as much as the
    /// call.
    looked_at: Option<Duration>,
    last_error: Option<String>,
    /// What it logs was logged before.
    quiet: bool,
    /// Who takes what it logs, where that is not the host's log.
    listener: Option<Listener>,
    /// Its lists, and what is in them in this call; nothing in calls that are not about events.
    pub(super) bound: Bound,
    lists: Option<Arc<Snapshot>>,
}

impl contract::imports::Host for PackState {
    fn emit(&mut self, finding: Vec<u8>) {
        if self.findings.len() >= MAX_FINDINGS_PER_CALL || self.raised >= MAX_BYTES_PER_CALL {
            self.findings_dropped += 1;
            return;
        }
        match Finding::decode(&finding) {
            Ok(mut finding) => {
                bound(&mut finding);
                self.raised += size(&finding);
                self.findings.push(finding);
            }
            Err(malformed) => self.unreadable = Some(malformed.to_string()),
        }
    }

    fn log(&mut self, level: Level, message: String) {
        self.log_lines += 1;
        if self.quiet || self.log_lines > MAX_LOG_LINES {
            return;
        }
        let message = printable(message);
        let pack = &*self.name;
        if let Some(listener) = &self.listener {
            let level = match level {
                Level::Debug => tracing::Level::DEBUG,
                Level::Info => tracing::Level::INFO,
                Level::Warn => tracing::Level::WARN,
                Level::Error => tracing::Level::ERROR,
            };
            listener(pack, level, &message);
        } else {
            match level {
                Level::Debug => tracing::debug!("pack {pack}: {message}"),
                Level::Info => tracing::info!("pack {pack}: {message}"),
                Level::Warn => tracing::warn!("pack {pack}: {message}"),
                Level::Error => tracing::error!("pack {pack}: {message}"),
            }
        }
        if level == Level::Error {
            self.last_error = Some(message);
        }
    }
}

impl PackState {
    /// Whether the list in that place has the value.
    #[inline]
    pub(super) fn is_listed(&self, list: u32, value: &[u8]) -> bool {
        let number = self.bound.number(list);
        self.lists.as_ref().zip(number).is_some_and(|(lists, number)| lists.has(number, value))
    }

    /// Event time has reached `now`, ns: after a second lines are counted anew, and it is said what was left out.
    fn tell_time(&mut self, now: u64) {
        let clock_set_back = now < self.log_window_ns;
        if now.saturating_sub(self.log_window_ns) < LOG_WINDOW_NS && !clock_set_back {
            return;
        }
        let skipped = self.log_lines.saturating_sub(MAX_LOG_LINES);
        if skipped > 0 {
            tracing::warn!("pack {}: {skipped} more log lines in a second were left out", self.name);
        }
        (self.log_lines, self.log_window_ns) = (0, now);
    }

    /// The call goes on after a while by the wall clock, which counts what others do to the machine too: how much
    /// processor time it may still take, or nothing where that is used up.
    fn look(&mut self) -> Option<Duration> {
        let now = processor_time();
        let taken = now.saturating_sub(*self.looked_at.get_or_insert(now));
        self.deadline.checked_sub(taken).filter(|left| !left.is_zero())
    }
}

/// After which time, of the wall clock, a call is looked at first. So much longer than its deadline it can get.
fn first_look(deadline: Duration) -> Duration {
    deadline / 8
}

/// Why a call into a pack ended early. The instance cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It took more of the processor than it may.
    #[error("ran longer than {limit:?} in one call and was stopped{place}")]
    Deadline {
        /// What it may take.
        limit: Duration,
        /// The function that ran, and who called it, as the end of a sentence; empty where that is not known.
        place: String,
    },
    /// It asked for more memory than it may have, and did not survive the refusal.
    #[error("asked for more than its {} MiB of memory", .0 >> 20)]
    Memory(usize),
    /// The machine does not have the memory that it may have.
    #[error(
        "could not be given memory: this machine has no more for lanner (ulimit -v, LimitAS= or MemoryMax= of its unit)"
    )]
    NoMemory,
    /// As many run as can.
    #[error("finds no room: {0} instances of packs run already, which is all that this host can have")]
    Full(u32),
    /// Each of its calls was short enough, but all of them together were not.
    #[error("took more than half of a processor for seconds, which the other packs need too, and was stopped")]
    Share,
    /// It trapped.
    #[error("trapped: {0}")]
    Trap(String),
}

/// What one call gave.
#[derive(Default)]
pub struct Gave {
    /// What it raised.
    pub findings: Vec<Finding>,
    /// Findings beyond the bound of one call.
    pub dropped: u64,
    /// Why one was left out that could not be read.
    pub unreadable: Option<String>,
    /// What was raised before it stands in `findings`.
    pub failure: Option<Failure>,
    /// What comes of the failure.
    pub after: Option<After>,
    /// It is of a candidate that runs in the shadow of another version.
    pub is_shadow: bool,
}

/// One running pack.
pub(crate) struct Instance {
    pub(super) runtime: Runtime,
    pack: Pack,
    pub(super) store: Store<PackState>,
}

impl Instance {
    /// Starts an instance of a checked component.
    pub(crate) fn start(
        runtime: &Runtime,
        pre: &PackPre<PackState>,
        name: Arc<str>,
        bound: Bound,
    ) -> Result<Self, Failure> {
        let state = PackState {
            name,
            limiter: Limiter {
                elements: 0,
                bytes: runtime.limits.memory,
                used: 0,
                exceeded: false,
                grown: 0,
                lacking: false,
            },
            findings: Vec::new(),
            raised: 0,
            findings_dropped: 0,
            unreadable: None,
            log_lines: 0,
            log_window_ns: 0,
            deadline: runtime.limits.start,
            looked_at: None,
            last_error: None,
            quiet: false,
            listener: runtime.listener.clone(),
            bound,
            lists: None,
        };
        let mut store = Store::new(&runtime.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(|mut context| {
            Ok(match context.data_mut().look() {
                Some(left) => UpdateDeadline::Continue(epochs(left)),
                None => UpdateDeadline::Interrupt,
            })
        });
        store.set_epoch_deadline(epochs(first_look(runtime.limits.start)));
        store.set_hostcall_fuel(MAX_HANDED_OVER);
        let _running = runtime.running();
        let pack = pre.instantiate(&mut store).map_err(|error| failure(store.data_mut(), &error))?;
        Ok(Self { runtime: runtime.clone(), pack, store })
    }

    /// Runs one call under the limits; it may take so much processor time.
    fn call<T>(
        &mut self,
        deadline: Duration,
        call: impl FnOnce(&Pack, &mut Store<PackState>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        let state = self.store.data_mut();
        state.raised = 0;
        // An old error, or an old refusal, did not end this call.
        state.last_error = None;
        (state.limiter.exceeded, state.limiter.lacking) = (false, false);
        (state.deadline, state.looked_at) = (deadline, None);
        self.store.set_epoch_deadline(epochs(first_look(deadline)));
        let _running = self.runtime.running();
        call(&self.pack, &mut self.store).map_err(|error| failure(self.store.data_mut(), &error))
    }

    /// Takes what was raised.
    fn gave(&mut self, outcome: Result<(), Failure>) -> Gave {
        let state = self.store.data_mut();
        Gave {
            findings: std::mem::take(&mut state.findings),
            dropped: std::mem::take(&mut state.findings_dropped),
            unreadable: state.unreadable.take(),
            failure: outcome.err(),
            after: None,
            is_shadow: false,
        }
    }

    /// Runs a call that is not about events, and that may answer with more than others. What it raises is left out: there is
    /// nothing that it could be about.
    fn call_aside<T>(
        &mut self,
        name: &str,
        call: impl FnOnce(&Pack, &mut Store<PackState>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        self.store.set_hostcall_fuel(MAX_ANSWER);
        let outcome = self.call(self.runtime.limits.start, call);
        self.store.set_hostcall_fuel(MAX_HANDED_OVER);
        let raised = self.gave(Ok(()));
        let count = raised.findings.len() as u64 + raised.dropped;
        if count > 0 || raised.unreadable.is_some() {
            let pack = &self.store.data().name;
            tracing::warn!(
                "pack {pack} raised {count} findings in {name}, which are left out: that is for evaluate and tick"
            );
        }
        outcome
    }

    pub(crate) fn describe(&mut self) -> Result<Vec<u8>, Failure> {
        self.call_aside("describe", |pack, store| pack.lanner_pack_rules().call_describe(store))
    }

    pub(crate) fn configure(&mut self, configuration: &[u8]) -> Result<Result<(), String>, Failure> {
        let call =
            |pack: &Pack, store: &mut Store<PackState>| pack.lanner_pack_rules().call_configure(store, configuration);
        self.call_aside("configure", call).map(|answer| answer.map_err(printable))
    }

    /// Judges a frame, by these lists; `now` is the time of the batch's newest event, ns.
    pub(crate) fn evaluate(&mut self, frame: &[u8], now: u64, lists: &Arc<Snapshot>) -> Gave {
        self.call_on_events(now, lists, |pack, store| pack.lanner_pack_rules().call_evaluate(store, frame))
    }

    pub(crate) fn tick(&mut self, now: u64, lists: &Arc<Snapshot>) -> Gave {
        self.call_on_events(now, lists, |pack, store| pack.lanner_pack_rules().call_tick(store, now))
    }

    fn call_on_events(
        &mut self,
        now: u64,
        lists: &Arc<Snapshot>,
        call: impl FnOnce(&Pack, &mut Store<PackState>) -> wasmtime::Result<()>,
    ) -> Gave {
        let state = self.store.data_mut();
        state.tell_time(now);
        state.lists = Some(lists.clone());
        let outcome = self.call(self.runtime.limits.deadline, call);
        self.store.data_mut().lists = None;
        self.gave(outcome)
    }

    pub(crate) fn save(&mut self) -> Result<Vec<u8>, Failure> {
        self.call_aside("save", |pack, store| pack.lanner_pack_rules().call_save(store))
    }

    pub(crate) fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String> {
        self.call_aside("restore", |pack, store| pack.lanner_pack_rules().call_restore(store, state, version))
            .map_err(|failure| format!("it {failure} in restore"))?
            .map_err(printable)
    }

    /// From here on it has these.
    pub(crate) fn set_limits(&mut self, limits: &Limits) {
        self.runtime.limits.clone_from(limits);
    }

    /// Whether what it logs is left out.
    pub(crate) fn set_quiet(&mut self, quiet: bool) {
        self.store.data_mut().quiet = quiet;
    }

    /// Linear memory that it has, bytes.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().limiter.used
    }
}

impl Gave {
    /// Leaves out what is more than one call may give, and counts it.
    pub(crate) fn cut(&mut self) {
        let mut bytes = 0;
        let mut fits = |finding: &Finding| {
            bytes += size(finding);
            bytes <= MAX_BYTES_PER_CALL
        };
        let kept = self.findings.iter().take(MAX_FINDINGS_PER_CALL).take_while(|finding| fits(finding)).count();
        self.dropped += (self.findings.len() - kept) as u64;
        self.findings.truncate(kept);
    }

    /// Bytes that its findings take, about.
    pub(crate) fn size(&self) -> usize {
        self.findings.iter().map(size).sum()
    }
}

/// Says what a call ended with.
fn failure(state: &mut PackState, error: &wasmtime::Error) -> Failure {
    if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
        return Failure::Deadline { limit: state.deadline, place: place::of(error) };
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Failure::Full(MAX_INSTANCES);
    }
    let said = state.last_error.take();
    if state.limiter.lacking || is_out_of_memory(error) {
        return Failure::NoMemory;
    }
    if state.limiter.exceeded {
        return Failure::Memory(state.limiter.bytes);
    }
    let said = said.unwrap_or_else(|| match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => format!("{:#}", error.root_cause()),
    });
    // Who has said in which line has said more than names of functions do, which in interpreters are the interpreter's.
    let place = if place::is_in(&said) { String::new() } else { place::of(error) };
    Failure::Trap(said + &place)
}

/// Whether the machine did not have the memory for it.
pub(super) fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    const NOMEM: Errno = Errno::NOMEM;
    let is_it = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<Errno>() == Some(&NOMEM)
            || cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error)
                == Some(NOMEM.raw_os_error())
    };
    error.chain().any(is_it)
}
