//! The running kernel as a source.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_contract::{Wanted, named};
use lanner_probes::event::RawEvent;
use lanner_probes::{Counts, ProbeConfig, Probes, Reader};

use super::attaching::Attaching;
use super::containers::{self, Details, identify};
use super::environment::Environment;
use super::record::{Machine, Record};
use super::view::View;
use super::{Drained, Shortcoming, Source, SourceError, Take, procfs};

/// After events were drained, the next are left to gather for this long: what is cheap for the kernel, which then
/// wakes nobody, is a batch for the packs. With the drain and the judging it stays under the 5 ms that a batch may wait.
const GATHER: Duration = Duration::from_millis(4);
/// Records passed on by one drain, so that reloads are not kept waiting under load.
const PORTION: usize = 1024;
/// How often the kernel's loss counters are read.
const LOSS_CHECK: Duration = Duration::from_secs(1);
/// After process events were lost, /proc is read again, but not more often than this.
const SNAPSHOT_AGAIN: Duration = Duration::from_secs(10);
/// How long an event may be on its way: from its time stamp to the ring buffer.
const ON_ITS_WAY_NS: u64 = 100_000_000;
/// What the process table lives on, in the order in which they are attached: whose birth is seen, his end will be.
const PROCESS_KINDS: [Kind; 5] = [Kind::Exit, Kind::Exec, Kind::Fork, Kind::ContainerStop, Kind::ContainerStart];

/// Live kernel events.
pub struct Live {
    machine: Machine,
    probes: Attaching,
    /// What was asked for and waits for the probes: events to be filtered anew, and kinds to be reported.
    refilter: bool,
    report: Option<Vec<Kind>>,
    /// What was counted last, while others have the probes.
    counts: Vec<Counts>,
    reader: Reader,
    /// What asks runtimes of containers.
    details: Details,
    /// What files are to the host.
    view: View,
    environment: Environment,
    /// Names of files that are asked for in any folder.
    names: BTreeSet<Vec<u8>>,
    /// Keys of events that are not wanted, as they are found out.
    unwanted: Receiver<u64>,
    tell_unwanted: Sender<u64>,
    /// Comes before what is in the ring buffer.
    before: VecDeque<Record>,
    lost: BTreeMap<Kind, u64>,
    undecodable: u64,
    checked: Instant,
    snapshot_at: Instant,
    snapshot_due: bool,
    /// What the last look at /proc did not show.
    hides: bool,
    unreadable: Option<(usize, u32, String)>,
    quiet_since: u64,
    /// The time of the newest event that was passed on, ns since 1970 (UTC).
    passed_on_ns: u64,
}

impl Live {
    /// Loads the probes, with a ring buffer of so many bytes, attaches those that tell of processes, and reads which
    /// processes are there.
    ///
    /// # Errors
    /// The kernel does not have what it takes, or does not let us.
    pub fn start(ring_bytes: u32) -> Result<Self, SourceError> {
        // The kernel side knows processes by their pids in the first namespace, us among them.
        if !procfs::in_first_pid_namespace().map_err(SourceError::UnknownPidNamespace)? {
            return Err(SourceError::PidNamespace);
        }
        let mut probes = Probes::load(&ProbeConfig { ring_bytes, ignore_pid: Some(std::process::id()) })?;
        let machine = procfs::machine();
        let reader = probes.reader()?;
        for kind in PROCESS_KINDS {
            probes.attach(kind)?;
        }
        let (tell_unwanted, unwanted) = channel();
        let now = Instant::now();
        let mut live = Self {
            machine,
            probes: Attaching::new(probes),
            refilter: false,
            report: None,
            counts: Vec::new(),
            reader,
            details: Details::start().map_err(SourceError::Thread)?,
            view: View::start().map_err(SourceError::Thread)?,
            environment: Environment::default(),
            names: BTreeSet::new(),
            unwanted,
            tell_unwanted,
            before: VecDeque::new(),
            lost: BTreeMap::new(),
            undecodable: 0,
            checked: now,
            snapshot_at: now,
            snapshot_due: false,
            hides: false,
            unreadable: None,
            quiet_since: 0,
            passed_on_ns: 0,
        };
        live.snapshot()?;
        Ok(live)
    }

    /// Reads /proc. The probes are attached, so what begins meanwhile comes as events.
    fn snapshot(&mut self) -> Result<(), SourceError> {
        let boot_ns = wall_ns().saturating_sub(self.machine.boot_time_ns);
        let snapshot = procfs::snapshot().map_err(|error| SourceError::Processes(error.to_string()))?;
        (self.hides, self.unreadable) = (snapshot.hides, snapshot.unreadable);
        for (id, path) in containers::groups() {
            if let Some(container) = identify(&path).filter(|identity| identity.whole) {
                self.details.ask(container);
            }
            self.before.push_back(Record::Group { id, path });
        }
        self.before.extend(snapshot.processes.into_iter().map(|process| Record::Process(Box::new(process))));
        self.before.push_back(Record::SnapshotEnd { boot_ns });
        self.snapshot_at = Instant::now();
        self.snapshot_due = false;
        Ok(())
    }

    /// The next record, where there is one.
    fn next(&mut self) -> Option<Record> {
        if let Some(mut record) = self.before.pop_front() {
            if let Record::Process(process) = &mut record {
                self.environment.complete(process);
            }
            return Some(record);
        }
        loop {
            match self.reader.next()? {
                Ok(mut event) => {
                    self.view.complete(&mut event);
                    self.environment.reduce(&mut event);
                    if event.kind == Kind::ContainerStart
                        && let Some(path) = event.payload.get().bytes(field::container_start::CGROUP)
                        && let Some(container) = identify(path).filter(|identity| identity.whole)
                    {
                        self.details.ask(container);
                    }
                    self.passed_on_ns = self.passed_on_ns.max(event.time_ns);
                    return Some(Record::Event(Box::new(event)));
                }
                // Host and probes come from one build, so this is a bug; say it, but not a million times.
                Err(error) => {
                    self.undecodable += 1;
                    if self.undecodable.is_power_of_two() {
                        tracing::error!("{} records of the kernel side were not understood: {error}", self.undecodable);
                    }
                }
            }
        }
    }

    /// Does what was asked for, as far as the probes are here. Says whether all of it is done.
    fn catch_up(&mut self) -> Result<bool, SourceError> {
        let Some(probes) = self.probes.look()? else { return Ok(false) };
        if self.refilter {
            // What was not wanted by then, other things may be.
            while self.unwanted.try_recv().is_ok() {}
            probes.begin_filter(self.names.iter().map(Vec::as_slice))?;
            probes.want_environment(self.environment.is_wanted())?;
            self.refilter = false;
        }
        if let Some(kinds) = self.report.take() {
            self.probes.report(kinds);
        }
        Ok(self.probes.here().is_some())
    }

    /// Where nobody asked what came of what was asked for last.
    fn say_failure(&mut self) {
        if let Some(error) = self.probes.take_failure() {
            tracing::warn!("{error}");
        }
    }

    /// What was counted so far.
    fn counts(&self) -> Vec<Counts> {
        // Counters that cannot be read are said elsewhere, once a second.
        let now = self.probes.here().and_then(|probes| probes.counts().ok());
        now.unwrap_or_else(|| self.counts.clone())
    }

    /// Takes over what files are to the host by now.
    fn renew_view(&mut self) -> Result<(), SourceError> {
        if let Some(probes) = self.probes.look()?
            && let Some(news) = self.view.renew()
        {
            if news.files {
                probes.name_files(self.view.files())?;
            }
            self.refilter |= news.paths;
        }
        self.catch_up().map(|_| ())
    }

    /// Reports what was lost since the last look. The event comes with the next records, at the time of what has been
    /// passed on: what waits in the ring buffer is older than now.
    fn check_loss(&mut self) -> Result<(), SourceError> {
        self.checked = Instant::now();
        let Some(probes) = self.probes.look()? else { return Ok(()) };
        self.counts = probes.counts()?;
        for counts in &self.counts {
            let known = self.lost.entry(counts.kind).or_default();
            let count = counts.lost.saturating_sub(*known);
            if count == 0 {
                continue;
            }
            *known = counts.lost;
            self.snapshot_due |= PROCESS_KINDS.contains(&counts.kind);
            tracing::warn!(
                "{count} {} events were lost: they came faster than they could be judged",
                counts.kind.name()
            );
            let time_ns = if self.passed_on_ns == 0 { wall_ns() } else { self.passed_on_ns };
            let loss = OwnedRecord::new(Kind::Loss.record());
            let loss = loss.with(field::loss::LOST_KIND, counts.kind.number()).with(field::loss::COUNT, count);
            let event = RawEvent::of_nobody(time_ns, Kind::Loss, loss);
            self.before.push_back(Record::Event(Box::new(event)));
        }
        for mut event in probes.overdue() {
            event.time_ns = event.time_ns.max(self.passed_on_ns);
            self.before.push_back(Record::Event(Box::new(event)));
        }
        if self.snapshot_due && self.snapshot_at.elapsed() >= SNAPSHOT_AGAIN {
            self.snapshot()?;
        }
        Ok(())
    }
}

impl Source for Live {
    fn machine(&self) -> &Machine {
        &self.machine
    }

    fn want(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.names = named::names(wanted);
        self.view.name(named::files(wanted));
        let environment = Environment::of(named::environment(wanted));
        // Those that were passed on without what is asked for now are passed on again.
        let waits = self.before.iter().any(|record| matches!(record, Record::Process(_)));
        self.snapshot_due |= !waits && environment.asks_for_more(&self.environment);
        self.environment = environment;
        let is_wanted = |kind: &Kind| wanted.iter().any(|wanted| wanted.kind == *kind);
        let others = Probes::kinds().into_iter().filter(|kind| is_wanted(kind) && !PROCESS_KINDS.contains(kind));
        self.report = Some(PROCESS_KINDS.into_iter().chain(others).collect());
        self.refilter = true;
        self.say_failure();
        self.catch_up().map(|_| ())
    }

    fn settle(&mut self) -> Result<bool, SourceError> {
        let settled = self.catch_up()?;
        self.probes.take_failure().map_or(Ok(settled), |error| Err(error.into()))
    }

    fn drain(&mut self, take: &mut Take<'_>) -> Result<Drained, SourceError> {
        let began = wall_ns();
        self.renew_view()?;
        let mut drained = Drained::Nothing;
        if let Some(probes) = self.probes.look()? {
            while let Ok(key) = self.unwanted.try_recv() {
                // Those that cannot be entered go on coming, and are left out later.
                if let Err(error) = probes.filter_out(key) {
                    tracing::debug!("{error}");
                    break;
                }
            }
        }
        while let Some(container) = self.details.found() {
            self.before.push_back(Record::Container(Box::new(container)));
        }
        for taken in 0.. {
            if taken == PORTION {
                drained = Drained::Some;
                break;
            }
            let Some(record) = self.next() else { break };
            drained = Drained::All;
            if take(record).is_break() {
                drained = Drained::Some;
                break;
            }
        }
        if drained == Drained::Nothing {
            self.quiet_since = began.saturating_sub(ON_ITS_WAY_NS);
            // All that was in the ring buffer is older than this.
            self.passed_on_ns = self.passed_on_ns.max(self.quiet_since);
        }
        self.look()?;
        Ok(drained)
    }

    fn wait(&mut self, last: Drained, timeout: Duration) -> Result<(), SourceError> {
        match last {
            Drained::Some | Drained::End => {}
            Drained::All => std::thread::sleep(GATHER.min(timeout)),
            Drained::Nothing => {
                self.reader.wait(timeout).map_err(SourceError::Wait)?;
            }
        }
        Ok(())
    }

    fn unwanted(&self) -> Option<Sender<u64>> {
        Some(self.tell_unwanted.clone())
    }

    fn quiet_since(&self) -> Option<u64> {
        Some(self.quiet_since)
    }

    fn close(&mut self) -> Result<(), SourceError> {
        self.report = None;
        let Some(probes) = self.probes.wait()? else { return Ok(()) };
        Ok(Probes::kinds().into_iter().try_for_each(|kind| probes.detach(kind))?)
    }

    fn look(&mut self) -> Result<(), SourceError> {
        if self.checked.elapsed() >= LOSS_CHECK { self.check_loss() } else { Ok(()) }
    }

    fn finish(&mut self, take: &mut Take<'_>) -> Result<(), SourceError> {
        self.check_loss()?;
        // Few: the reports of losses.
        while let Some(record) = self.before.pop_front() {
            let _ = take(record);
        }
        Ok(())
    }

    fn lost(&self) -> u64 {
        self.lost.values().sum()
    }

    fn by_kind(&self) -> Vec<(Kind, u64, u64)> {
        self.counts().into_iter().map(|count| (count.kind, count.lost, count.filtered)).collect()
    }

    fn filtered(&self) -> u64 {
        self.counts().iter().map(|count| count.filtered).sum()
    }

    fn degraded(&self) -> Vec<Shortcoming> {
        let mut degraded = Vec::new();
        if self.hides {
            degraded.push(Shortcoming {
                what: "/proc does not show all processes (hidepid, or another pid namespace's): of those that ran before, \
                       and of their children's ancestors, nothing is known"
                    .to_owned(),
                remedy: Some("remount it with `mount -o remount,hidepid=0 /proc`, or run with CAP_SYS_PTRACE".to_owned()),
            });
        }
        if let Some((count, pid, name)) = &self.unreadable {
            let what = format!(
                "/proc does not say what runs in {count} of the processes that were there before, such as {name} (pid {pid})"
            );
            // There are some that not even root may look into.
            let remedy = (!procfs::may_look_into_others()).then(|| "run with CAP_SYS_PTRACE".to_owned());
            degraded.push(Shortcoming { what, remedy });
        }
        degraded
    }

    fn begin_anew(&mut self) -> Result<(), SourceError> {
        self.snapshot()
    }
}

fn wall_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
