//! What this process may do, and what it has to work with.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use lanner_abi::NO_ID;
use lanner_source::procfs::Status;
use rustix::fs::{Access, AtFlags, CWD};

use super::{Check, Place};

/// Numbers of capabilities, from `include/uapi/linux/capability.h`.
const CAP_DAC_OVERRIDE: u32 = 1;
const CAP_DAC_READ_SEARCH: u32 = 2;
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Inode numbers of the first namespaces, from `include/linux/proc_ns.h`.
const INITIAL_USER_NAMESPACE: u32 = 0xEFFF_FFFD;
const INITIAL_PID_NAMESPACE: u32 = 0xEFFF_FFFC;

/// Room for the ring buffer, some compiled packs and their memories.
const ENOUGH_MEMORY_KIB: u64 = 256 << 10;

pub(super) fn capabilities(place: &Place) -> Check {
    const NAME: &str = "capabilities";
    let Ok(status) = place.text("/proc/self/status") else {
        let cost = "loading probes needs CAP_BPF and CAP_PERFMON";
        return Check::unknown(NAME, "/proc/self/status cannot be read", cost, "mount -t proc proc /proc");
    };
    let status = Status::parse(status.as_bytes());
    if status.uids[1] == NO_ID {
        let cost = "loading probes needs CAP_BPF and CAP_PERFMON";
        return Check::unknown(NAME, "/proc/self/status says nothing of them", cost, "mount -t proc proc /proc");
    }
    let has = |cap: u32| status.caps_effective >> cap & 1 == 1;
    let user = format!("uid {}", status.uids[1]);

    let cost = "capabilities count for nothing in a user namespace: no probe can be loaded";
    match namespace(place, "user") {
        Some(INITIAL_USER_NAMESPACE) => {}
        Some(_) => {
            let found = format!("{user} in a user namespace");
            return Check::missing(NAME, found, cost, "run outside of rootless containers");
        }
        None => {
            let found = format!("{user}, and /proc/self/ns/user cannot be read");
            return Check::unknown(NAME, found, cost, "mount -t proc proc /proc");
        }
    }
    let mut lacking = Vec::new();
    if !has(CAP_SYS_ADMIN) {
        lacking.extend([(CAP_BPF, "CAP_BPF"), (CAP_PERFMON, "CAP_PERFMON")].iter().filter(|(cap, _)| !has(*cap)));
    }
    if !lacking.is_empty() {
        let found = format!("{user} without {}", names(&lacking));
        let remedy = "run as root, or with AmbientCapabilities=CAP_BPF CAP_PERFMON CAP_DAC_READ_SEARCH CAP_SYS_PTRACE";
        return Check::missing(NAME, found, "no probe can be loaded", remedy);
    }
    if !has(CAP_SYS_PTRACE) {
        lacking.push((CAP_SYS_PTRACE, "CAP_SYS_PTRACE"));
    }
    if !has(CAP_DAC_READ_SEARCH) && !has(CAP_DAC_OVERRIDE) {
        lacking.push((CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"));
    }
    if lacking.is_empty() {
        return Check::ok(NAME, format!("{user} with all that are needed"));
    }
    Check::degraded(
        NAME,
        format!("{user} without {}", names(&lacking)),
        "of processes that ran before Lanner, others' executables and directories are not known",
        "run as root, or add these capabilities",
    )
}

fn names(capabilities: &[(u32, &str)]) -> String {
    capabilities.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(" and ")
}

pub(super) fn pid_namespace(place: &Place) -> Check {
    const NAME: &str = "pid namespace";
    let cost = "Lanner would take other processes for itself, so it does not run";
    let remedy = "run on the host, or its container with the host's pid namespace (--pid=host, hostPID: true)";
    match namespace(place, "pid") {
        Some(INITIAL_PID_NAMESPACE) => Check::ok(NAME, "the first"),
        Some(inode) => Check::missing(NAME, format!("another than the first ({inode})"), cost, remedy),
        // What is not known is not assumed.
        None => {
            let remedy = "mount -t proc proc /proc";
            Check::missing(NAME, "not known, as /proc/self/ns/pid cannot be read", cost, remedy)
        }
    }
}

/// Whether /proc shows the processes of others.
pub(super) fn processes(place: &Place) -> Check {
    const NAME: &str = "processes";
    let cost = "of processes that ran before Lanner, and of their children's ancestors, nothing is known";
    // The first is there as long as the machine is; where others' are hidden, so is this one.
    match place.text("/proc/1/stat") {
        Ok(_) => Check::ok(NAME, "/proc shows those of others"),
        Err(error) if place.exists("/proc/self/status") => {
            let remedy = "mount -o remount,hidepid=0 /proc, or run with CAP_SYS_PTRACE";
            Check::degraded(NAME, format!("/proc hides those of others ({error})"), cost, remedy)
        }
        Err(_) => Check::unknown(NAME, "/proc/self/status cannot be read", cost, "mount -t proc proc /proc"),
    }
}

/// The inode number of one of this process's namespaces.
fn namespace(place: &Place, name: &str) -> Option<u32> {
    let link = std::fs::read_link(place.path("/proc/self/ns").join(name)).ok()?;
    let (_, inode) = link.to_str()?.split_once('[')?;
    inode.strip_suffix(']')?.parse().ok()
}

pub(super) fn memory(place: &Place) -> Check {
    const NAME: &str = "memory";
    let cost = "the ring buffer or a pack's memory may not be had, and events be lost";
    let free = place.text("/proc/meminfo").ok().and_then(|text| {
        let value = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        value.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    });
    match free {
        None => Check::unknown(NAME, "/proc/meminfo does not tell", cost, "mount -t proc proc /proc"),
        Some(free) if free >= ENOUGH_MEMORY_KIB => Check::ok(NAME, format!("{} MiB free", free >> 10)),
        Some(free) => {
            let remedy = format!("make {} MiB available", ENOUGH_MEMORY_KIB >> 10);
            Check::degraded(NAME, format!("{} MiB free", free >> 10), cost, &remedy)
        }
    }
}

/// What this process may have.
pub(super) fn limits() -> Check {
    const NAME: &str = "limits";
    match crate::limits::lacking() {
        None => Check::ok(NAME, "files, memory and threads that lanner needs may be had"),
        Some(lacking) => {
            let (found, remedy) = lacking.split_once(": ").unwrap_or((&lacking, ""));
            Check::missing(NAME, found, "lanner does not start", remedy)
        }
    }
}

pub(super) fn cache(folder: Option<&Path>) -> Check {
    const NAME: &str = "cache";
    let cost = "packs are compiled at each start";
    // Where it is not there yet, it has to be made in the nearest folder above that is.
    let nearest = folder.and_then(|folder| Some((folder, folder.ancestors().find(|path| path.exists())?)));
    let Some((folder, nearest)) = nearest else {
        return Check::degraded(NAME, "there is no folder for it", cost, "set HOME or XDG_CACHE_HOME, or give --cache");
    };
    let shown = nearest.display();
    let (found, remedy) =
        match (rustix::fs::accessat(CWD, nearest, Access::WRITE_OK, AtFlags::EACCESS), nearest.metadata()) {
            (Ok(()), Ok(facts)) if !facts.is_dir() => {
                (format!("{shown} is not a folder"), "remove it, or give another with --cache".to_owned())
            }
            // What lies there is run.
            (Ok(()), Ok(facts))
                if nearest == folder
                    && (facts.uid() != rustix::process::geteuid().as_raw() || facts.mode() & 0o022 != 0) =>
            {
                (format!("others can write to {shown}"), format!("chown to the user of lanner, and chmod 700 {shown}"))
            }
            (Ok(()), Ok(_)) => return Check::ok(NAME, folder.display().to_string()),
            (Err(error), _) => {
                (format!("{shown}: {error}"), "make it writable, or give another with --cache".to_owned())
            }
            (_, Err(error)) => (format!("{shown}: {error}"), "give another with --cache".to_owned()),
        };
    Check::degraded(NAME, found, cost, &remedy)
}
