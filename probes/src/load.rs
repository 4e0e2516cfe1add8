//! Loading and attaching.

use std::io;

use aya::maps::{Array, MapData, MapError, PerCpuArray, ProgramArray, RingBuf};
use aya::programs::{BtfTracePoint, ProgramError, tp_btf};
use aya::util::KernelVersion;
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};
use lanner_abi::Kind;

use crate::ProbeError;
use crate::clock::boot_time_ns;
use crate::decode::Clock;
use crate::error::{chain, log_end};
use crate::event::RawEvent;
use crate::filter::Filter;
use crate::held::Held;
use crate::hooks::{self, HOOKS, Hook, Point};
use crate::reader::Reader;
use crate::{host, symbols};

#[cfg(target_arch = "x86_64")]
const OBJECT: Option<&[u8]> = Some(aya::include_bytes_aligned!("../objects/x86_64/probes.bpf.o"));
#[cfg(not(target_arch = "x86_64"))]
const OBJECT: Option<&[u8]> = None;

/// The ring buffer where nothing else is said, bytes. A megabyte holds some 3,000 events: this is a quarter of a second of
/// a very busy machine.
pub const DEFAULT_RING_BYTES: u32 = 8 << 20;
/// A page; the kernel wants whole pages and a power of two.
const MIN_RING_BYTES: u32 = 4096;
const MAX_RING_BYTES: u32 = 1 << 30;
/// The ring buffers, the one that is to be read last first, each with what part of the bytes that are asked for it gets: who
/// makes a million opens fills that of the many, and not that of what processes are known by.
const RINGS: [(&str, u32); 3] = [("ring_bulk", 1), ("ring_rare", 4), ("ring_process", 2)];

/// The program that looks at all system calls, and where it is attached.
const DISPATCHER: (&str, &str) = ("call_returned", "sys_exit");

/// Slots of a processor that records are made in: a program may be interrupted by another one.
const SLOTS: u32 = 2;
/// Likewise from Linux 7.0 on, where another task's may come between as well. As MAX_SLOTS in output.bpf.h.
const SLOTS_OF_PREEMPTIBLE: u32 = 4;

/// How the probes are loaded.
#[derive(Clone, Debug)]
pub struct ProbeConfig {
    /// The size of the ring buffer for kinds of which there may be many, bytes; made a power of two from 4 KiB to 1 GiB. That
    /// for processes has half of it, that for the rest a quarter.
    pub ring_bytes: u32,
    /// A process (in the initial pid namespace) whose doings are not reported, but for its children's birth. By default
    /// this one: reporting what the reporting does would not end.
    pub ignore_pid: Option<u32>,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self { ring_bytes: DEFAULT_RING_BYTES, ignore_pid: Some(std::process::id()) }
    }
}

/// Events of a kind since loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Of which kind.
    pub kind: Kind,
    /// Written to the ring buffer.
    pub ok: u64,
    /// Did not fit into it.
    pub lost: u64,
    /// Were not wanted, and not written.
    pub filtered: u64,
}

/// A kernel-side program, as `lanner doctor` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramFacts {
    /// The program.
    pub name: &'static str,
    /// The kind that it tells of, or the first of them.
    pub kind: Kind,
    /// Where it goes.
    pub hook: &'static str,
    /// The first Linux that has that.
    pub since: &'static str,
    /// Instructions that the verifier walked; known once its kind has been attached, on Linux 5.16 and later.
    pub verified_insns: Option<u32>,
}

/// The kernel side: loaded programs and their maps. Dropping it detaches and unloads everything.
pub struct Probes {
    ebpf: Ebpf,
    /// The kernel's types, which take more memory than all else here; read anew when something is to be attached.
    types: Option<Btf>,
    /// Programs of system calls, by number.
    calls: ProgramArray<MapData>,
    /// By kind: whether it is reported.
    wanted: Array<MapData, u64>,
    filter: Filter,
    held: Held,
    /// What holds each of `HOOKS` attached.
    links: Vec<Option<Link>>,
    /// What holds the program attached that looks at all system calls.
    dispatcher: Option<tp_btf::BtfTracePointLink>,
    attached: Vec<Kind>,
}

enum Link {
    Typed {
        _link: tp_btf::BtfTracePointLink,
    },
    /// It is entered in `calls`.
    Call,
}

impl Probes {
    /// Reads the kernel's types and makes the maps. Programs are given to the verifier when they are first attached, so
    /// that a kind that nobody wants costs nothing and its failure hurts nobody.
    ///
    /// # Errors
    /// The kernel lacks what every probe needs, or does not permit it.
    pub fn load(config: &ProbeConfig) -> Result<Self, ProbeError> {
        let object = OBJECT.ok_or(ProbeError::Architecture { architecture: std::env::consts::ARCH })?;
        let types = kernel_types()?;
        let preemptible = KernelVersion::current().is_ok_and(|version| version >= KernelVersion::new(7, 0, 0));
        let slots = if preemptible { SLOTS_OF_PREEMPTIBLE } else { SLOTS };
        let ring_bytes = config.ring_bytes.clamp(MIN_RING_BYTES, MAX_RING_BYTES).next_power_of_two();
        let ignored = config.ignore_pid.unwrap_or(0);
        let rename_lock = symbols::rename_lock();
        let mut loader = EbpfLoader::new();
        for (name, part) in RINGS {
            loader.map_max_entries(name, (ring_bytes / part).max(MIN_RING_BYTES));
        }
        let mut ebpf = loader
            .btf(Some(&types))
            .map_max_entries("scratch", possible_cpus()?.saturating_mul(slots))
            .override_global("slots_per_cpu", &slots, true)
            .override_global("self_tgid", &ignored, true)
            .override_global("rename_lock", &rename_lock, true)
            .override_global("filter_seed", &random(), true)
            .override_global("host_mnt_ns", &host::mount_namespace(), true)
            .load(object)
            .map_err(|error| load_error(&error))?;
        let mut take =
            |name: &'static str| ebpf.take_map(name).ok_or(ProbeError::Map { name, reason: "there is none".into() });
        let calls = ProgramArray::try_from(take("calls")?).map_err(|error| map_error("calls", &error))?;
        let wanted = Array::try_from(take("wanted")?).map_err(|error| map_error("wanted", &error))?;
        let filter = Filter::new(&mut take)?;
        let held = Held::new(&mut take)?;
        let links = HOOKS.iter().map(|_| None).collect();
        let types = Some(types);
        Ok(Self { ebpf, types, calls, wanted, filter, held, links, dispatcher: None, attached: Vec::new() })
    }

    /// Begins to report a kind. Does nothing where it is reported already.
    ///
    /// # Errors
    /// The program at fault, and why. Nothing of the kind stays attached then.
    pub fn attach(&mut self, kind: Kind) -> Result<(), ProbeError> {
        if self.attached.contains(&kind) {
            return Ok(());
        }
        // What one kind tells of began with another's events.
        if let Some((_, beginning)) = hooks::BEGIN_WITH.iter().find(|(of, _)| *of == kind) {
            self.attach(*beginning)?;
        }
        self.attached.push(kind);
        let attached = self.set_wanted(kind, true).and_then(|()| self.attach_hooks(kind));
        if attached.is_err() {
            // What it cannot undo either is not reported all the same: the kernel side asks whether it is wanted.
            let _ = self.detach(kind);
        }
        attached
    }

    /// Ends reporting a kind; its events that are under way still arrive. Does nothing where it is not reported.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn detach(&mut self, kind: Kind) -> Result<(), ProbeError> {
        self.attached.retain(|attached| *attached != kind);
        let set = self.set_wanted(kind, false);
        let Self { links, attached, calls, .. } = self;
        let mut cleared = Ok(());
        for (hook, link) in HOOKS.iter().zip(links) {
            if attached.iter().any(|kind| hook.is_of(*kind)) {
                continue;
            }
            let Some(Link::Call) = link.take() else { continue };
            let Point::Call { numbers, .. } = hook.point else { continue };
            for number in numbers {
                cleared = cleared.and(calls.clear_index(&u32::from(*number)));
            }
        }
        if !self.links.iter().any(|link| matches!(link, Some(Link::Call))) {
            self.dispatcher = None;
        }
        set.and(cleared.map_err(|error| map_error("calls", &error)))
    }

    /// Forgets which events are unwanted, and has events have keys from here on, so that it can be found out. Verdicts on
    /// folders are not about files of these names.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn begin_filter<'n>(&mut self, names: impl IntoIterator<Item = &'n [u8]>) -> Result<(), ProbeError> {
        self.filter.begin(names)
    }

    /// Sends all events that are reported.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn end_filter(&mut self) -> Result<(), ProbeError> {
        self.filter.set(0)
    }

    /// Events with this key are not wanted.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn filter_out(&mut self, key: u64) -> Result<(), ProbeError> {
        self.filter.add(key)
    }

    /// Whether execs tell the environment of what begins.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn want_environment(&mut self, wanted: bool) -> Result<(), ProbeError> {
        const NAME: &str = "environment_wanted";
        let map = self.ebpf.map_mut(NAME).ok_or(ProbeError::Map { name: NAME, reason: "there is none".into() })?;
        let mut map: Array<_, u32> = Array::try_from(map).map_err(|error| map_error(NAME, &error))?;
        map.set(0, u32::from(wanted), 0).map_err(|error| map_error(NAME, &error))
    }

    /// Files that packs name, as their devices (kernel encoding) and inode numbers. Where they have other names beside, their
    /// events are never left out, whatever they are called by.
    ///
    /// # Errors
    /// The kernel side's maps cannot be written.
    pub fn name_files(&mut self, files: impl IntoIterator<Item = (u32, u64)>) -> Result<(), ProbeError> {
        self.filter.name_files(files)
    }

    /// What io_uring was asked for more than a second ago, and of which no completion was told: there may be none. Where one
    /// comes after all, it is not told any more.
    pub fn overdue(&mut self) -> Vec<RawEvent> {
        self.held.overdue(&Clock { boot_time_ns: boot_time_ns() })
    }

    /// The kinds that are reported.
    pub fn attached(&self) -> Vec<Kind> {
        hooks::kinds().filter(|kind| self.attached.contains(kind)).collect()
    }

    /// Takes the ring buffers.
    ///
    /// # Errors
    /// They were taken before, or cannot be mapped.
    pub fn reader(&mut self) -> Result<Reader, ProbeError> {
        let mut rings = Vec::with_capacity(RINGS.len());
        for (name, _) in RINGS {
            let map = self.ebpf.take_map(name).ok_or(ProbeError::ReaderTaken)?;
            rings.push(RingBuf::try_from(map).map_err(|error| map_error(name, &error))?);
        }
        Ok(Reader::new(rings))
    }

    /// What was reported and what was lost.
    ///
    /// # Errors
    /// The counters cannot be read.
    pub fn counts(&self) -> Result<Vec<Counts>, ProbeError> {
        const NAME: &str = "counts";
        let map = self.ebpf.map(NAME).ok_or(ProbeError::Map { name: NAME, reason: "there is none".into() })?;
        let map: PerCpuArray<_, [u64; 3]> = PerCpuArray::try_from(map).map_err(|error| map_error(NAME, &error))?;
        Kind::ALL
            .into_iter()
            .map(|kind| {
                let values = map.get(&u32::from(kind.number()), 0).map_err(|error| map_error(NAME, &error))?;
                let sum = |index: usize| values.iter().fold(0_u64, |sum, value| sum.wrapping_add(value[index]));
                Ok(Counts { kind, ok: sum(0), lost: sum(1), filtered: sum(2) })
            })
            .collect()
    }

    /// Every program.
    pub fn programs(&self) -> Vec<ProgramFacts> {
        let verified = |program: &str| self.ebpf.program(program)?.info().ok()?.verified_instruction_count();
        let facts = |hook: &'static Hook| ProgramFacts {
            name: hook.program,
            kind: hook.kind,
            hook: hook.point.name(),
            since: hook.since,
            verified_insns: verified(hook.program),
        };
        HOOKS.iter().map(facts).collect()
    }

    /// The names of a kind's hooks, as the kernel has them.
    pub fn hooks(kind: Kind) -> Vec<&'static str> {
        hooks::of(kind).map(|hook| hook.point.name()).collect()
    }

    /// Where a kind is attached: those of its hooks that this kernel has.
    pub fn attached_at(&self, kind: Kind) -> Vec<&'static str> {
        let hooks = HOOKS.iter().zip(&self.links).filter(|(hook, link)| hook.is_of(kind) && link.is_some());
        hooks.map(|(hook, _)| hook.point.name()).collect()
    }

    /// The kinds that the kernel side tells of.
    pub fn kinds() -> Vec<Kind> {
        hooks::kinds().collect()
    }

    fn set_wanted(&mut self, kind: Kind, wanted: bool) -> Result<(), ProbeError> {
        let set = self.wanted.set(u32::from(kind.number()), u64::from(wanted), 0);
        set.map_err(|error| map_error("wanted", &error))
    }

    fn attach_hooks(&mut self, kind: Kind) -> Result<(), ProbeError> {
        let mut missing = None;
        let mut any = false;
        for (index, hook) in HOOKS.iter().enumerate().filter(|(_, hook)| hook.is_of(kind)) {
            if self.links.get(index).is_some_and(Option::is_none) {
                match self.attach_hook(hook) {
                    Ok(link) => self.links[index] = Some(link),
                    // A kernel without modules has no tracepoint for them.
                    Err(ProbeError::Absent { .. }) if hooks::of(kind).count() > 1 => {
                        missing = Some(hook);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            any = true;
        }
        match missing {
            Some(hook) if !any => Err(ProbeError::Absent { kind, hook: hook.point.name() }),
            _ => Ok(()),
        }
    }

    /// Gives back what is only needed to attach. To be called when that is done for now.
    pub fn rest(&mut self) {
        self.types = None;
    }

    fn attach_hook(&mut self, hook: &'static Hook) -> Result<Link, ProbeError> {
        let types = match &mut self.types {
            Some(types) => &*types,
            missing => missing.insert(kernel_types()?),
        };
        match hook.point {
            // Before that its arguments were others.
            Point::Typed(point) if KernelVersion::current().is_ok_and(|running| running < first(hook.since)) => {
                Err(ProbeError::Absent { kind: hook.kind, hook: point })
            }
            Point::Typed(point) => {
                let link = attach(&mut self.ebpf, types, hook, hook.program, point)?;
                Ok(Link::Typed { _link: link })
            }
            Point::Call { numbers, .. } => {
                let (dispatcher, point) = DISPATCHER;
                if self.dispatcher.is_none() {
                    self.dispatcher = Some(attach(&mut self.ebpf, types, hook, dispatcher, point)?);
                }
                let program = load(&mut self.ebpf, types, hook, hook.program, point)?;
                let program = program.fd().map_err(|error| program_error(hook, &error))?;
                for number in numbers {
                    let entered = self.calls.set(u32::from(*number), program, 0);
                    entered.map_err(|error| map_error("calls", &error))?;
                }
                Ok(Link::Call)
            }
        }
    }
}

impl std::fmt::Debug for Probes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Probes").field("attached", &self.attached).finish_non_exhaustive()
    }
}

fn kernel_types() -> Result<Btf, ProbeError> {
    Btf::from_sys_fs().map_err(|error| ProbeError::KernelTypes { reason: chain(&error) })
}

/// Gives a program to the verifier, where that has not happened yet.
fn load<'a>(
    ebpf: &'a mut Ebpf,
    types: &Btf,
    hook: &'static Hook,
    program: &'static str,
    point: &'static str,
) -> Result<&'a mut BtfTracePoint, ProbeError> {
    let program = ebpf
        .program_mut(program)
        .ok_or_else(|| ProbeError::Object { reason: format!("the program {program} is not in the object") })?;
    let program: &mut BtfTracePoint = program.try_into().map_err(|error| program_error(hook, &error))?;
    match program.load(point, types) {
        Ok(()) | Err(ProgramError::AlreadyLoaded) => Ok(program),
        Err(ProgramError::Btf(_)) => Err(ProbeError::Absent { kind: hook.kind, hook: point }),
        Err(error) => Err(verifier_error(hook, &error)),
    }
}

/// Likewise, and attaches it.
fn attach(
    ebpf: &mut Ebpf,
    types: &Btf,
    hook: &'static Hook,
    program: &'static str,
    point: &'static str,
) -> Result<tp_btf::BtfTracePointLink, ProbeError> {
    let program = load(ebpf, types, hook, program, point)?;
    program.attach().and_then(|id| program.take_link(id)).map_err(|error| program_error(hook, &error))
}

/// A version such as `5.15`.
fn first(since: &str) -> KernelVersion {
    let mut numbers = since.split('.').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    KernelVersion::new(next(), next(), 0)
}

/// A number that nobody can guess.
fn random() -> u64 {
    let mut bytes = [0; 8];
    // Where there is no randomness, keys that are alike could be found out; events that should be sent still are, unless
    // somebody has done so.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    u64::from_ne_bytes(bytes)
}

/// How many numbers of processors there can be, those of absent ones included.
fn possible_cpus() -> Result<u32, ProbeError> {
    const FILE: &str = "/sys/devices/system/cpu/possible";
    let refuse = |reason: String| ProbeError::Object { reason: format!("{FILE}: {reason}") };
    let text = std::fs::read_to_string(FILE).map_err(|error| refuse(error.to_string()))?;
    cpu_numbers(&text).ok_or_else(|| refuse(format!("`{}` is no list of processors", text.trim())))
}

/// One more than the last of a list such as `0-3,8`.
fn cpu_numbers(list: &str) -> Option<u32> {
    list.trim().rsplit([',', '-']).next()?.parse::<u32>().ok()?.checked_add(1)
}

/// What the kernel refused for a reason that has nothing to do with what was asked: permission, memory, open files.
fn refused(error: &(dyn std::error::Error + 'static), what: impl FnOnce() -> String) -> Option<ProbeError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return refused_io(error, what);
        }
        cause = error.source();
    }
    None
}

fn refused_io(error: &io::Error, what: impl FnOnce() -> String) -> Option<ProbeError> {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::PermissionDenied, _) => Some(ProbeError::Permission { what: what() }),
        (io::ErrorKind::OutOfMemory, _) => Some(ProbeError::Memory { what: what() }),
        (_, Some(EMFILE | ENFILE)) => Some(ProbeError::Files { what: what() }),
        _ => None,
    }
}

/// Too many open files in the process, and in the system (errno(3)).
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

fn load_error(error: &EbpfError) -> ProbeError {
    refused(error, || "making BPF maps".into()).unwrap_or_else(|| ProbeError::Object { reason: chain(error) })
}

fn verifier_error(hook: &'static Hook, error: &ProgramError) -> ProbeError {
    let ProgramError::LoadError { io_error, verifier_log } = error else { return program_error(hook, error) };
    not_loaded(hook, io_error, log_end(&verifier_log.to_string()))
}

fn not_loaded(hook: &'static Hook, io_error: &io::Error, log: String) -> ProbeError {
    // The verifier says EACCES, with a log, for what it does not accept.
    let plain = if log.is_empty() || io_error.kind() != io::ErrorKind::PermissionDenied {
        refused_io(io_error, || format!("loading the program {}", hook.program))
    } else {
        None
    };
    plain.unwrap_or_else(|| ProbeError::Rejected {
        program: hook.program,
        kind: hook.kind,
        reason: io_error.to_string(),
        log,
    })
}

fn program_error(hook: &'static Hook, error: &ProgramError) -> ProbeError {
    let (program, kind, hook) = (hook.program, hook.kind, hook.point.name());
    refused(error, || format!("attaching the program {program} to {hook}")).unwrap_or_else(|| ProbeError::Attach {
        program,
        kind,
        hook,
        reason: chain(error),
    })
}

pub(crate) fn map_error(name: &'static str, error: &MapError) -> ProbeError {
    refused(error, || format!("the BPF map {name}")).unwrap_or_else(|| ProbeError::Map { name, reason: chain(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_by_the_last_number() {
        assert_eq!(cpu_numbers("0\n"), Some(1));
        assert_eq!(cpu_numbers("0-1\n"), Some(2));
        assert_eq!(cpu_numbers("0-3,8\n"), Some(9));
        assert_eq!(cpu_numbers("0-3,8-11"), Some(12));
        assert_eq!(cpu_numbers(""), None);
        assert_eq!(cpu_numbers("0-4294967295"), None);
    }

    #[test]
    fn each_cause_has_its_name() {
        let hook = HOOKS.first().expect("a hook");
        let of = |errno: i32| io::Error::from_raw_os_error(errno);
        let loading = |errno: i32, log: &str| not_loaded(hook, &of(errno), log.to_owned()).to_string();
        assert!(loading(12, "").contains("no memory for loading the program"), "{}", loading(12, ""));
        assert!(loading(EMFILE, "").contains("RLIMIT_NOFILE"), "{}", loading(EMFILE, ""));
        assert!(loading(13, "").contains("run as root"), "{}", loading(13, ""));
        // EACCES with a log is the verifier's, and any other is the kernel's.
        for said in [loading(13, "R1 is wrong"), loading(22, "")] {
            assert!(said.contains("Linux 5.15 or later"), "{said}");
        }
        let map = map_error("events", &MapError::CreateError { name: "events".into(), io_error: of(12) });
        assert!(map.to_string().contains("no memory for the BPF map events"), "{map}");
    }

    #[test]
    fn this_process_is_ignored_by_default() {
        assert_eq!(ProbeConfig::default().ignore_pid, Some(std::process::id()));
    }
}
