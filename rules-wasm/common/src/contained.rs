//! Processes in containers: which those are, how they came into theirs, and what of the host they are shown.

use lanner_sdk::abi::process_flag;
use lanner_sdk::prelude::*;

use crate::programs::is_system;

/// What sets up a container from within, until the container's own program begins.
static RUNTIMES: TextSet = TextSet::new()
    .equals(&[
        "buildah",
        "catatonit",
        "conmon",
        "containerd-shim",
        "containerd-shim-runc-v1",
        "containerd-shim-runc-v2",
        "crun",
        "docker-runc",
        "lxc-start",
        "podman",
        "runc",
        "runsc",
        "systemd-nspawn",
        "youki",
    ])
    // Sealed copies of themselves, in memory.
    .starts_with(&["memfd:crun", "memfd:runc_cloned:"]);
/// Begin the kernel's names of what runc has become by then.
const RUNC_STAGE: &str = "runc:[";
/// A container begins with its main program, within this time (ns).
const AT_ONCE: u64 = 2_000_000_000;
/// Bytes of an id that tell containers apart for people.
const SHORT_ID: usize = 12;

/// Of its ancestors the topmost of which the namespaces are known, where it is in no container: it is in the host's.
pub fn outside<'a>(process: &Process<'a>) -> Option<Process<'a>> {
    process.ancestors().filter(|each| each.mnt_ns().is_some()).last().filter(|top| top.container().is_none())
}

/// Whether it runs in a container, or in namespaces that are as good as one: with processes and mounts of their own. Many
/// sandboxes are made so too.
pub fn is_contained(process: &Process<'_>) -> bool {
    process.container().is_some() || has_own_namespaces(process)
}

fn has_own_namespaces(process: &Process<'_>) -> bool {
    has_own_mounts(process) && outside(process).is_some_and(|host| differs(process.pid_ns(), host.pid_ns()))
}

/// Whether it has mounts of its own, as containers, sandboxes and many services have.
pub fn has_own_mounts(process: &Process<'_>) -> bool {
    outside(process).is_some_and(|host| differs(process.mnt_ns(), host.mnt_ns()))
}

fn differs(own: Option<u32>, host: Option<u32>) -> bool {
    own.zip(host).is_some_and(|(own, host)| own != host)
}

/// Whether it still is the runtime's own program, which makes the container ready: nothing of the container has been run.
pub fn is_setting_up(process: &Process<'_>) -> bool {
    const NOT_OF_THE_CONTAINER: u32 =
        process_flag::EXE_UNREACHABLE | process_flag::EXE_FOREIGN | process_flag::EXE_MEMFD;
    let is_called_so = RUNTIMES.matches(process.name()) || process.comm().starts_with(RUNC_STAGE);
    if !is_called_so || process.is_upper() {
        return false;
    }
    let Some(parent) = process.parent() else { return !is_contained(process) };
    // A container can bring a program of that name, but not the file itself that runs outside.
    let same_file = process.exe_inode().is_some()
        && process.exe_inode() == parent.exe_inode()
        && process.exe_dev() == parent.exe_dev();
    let from_outside = process.flags() & NOT_OF_THE_CONTAINER != 0 || same_file;
    match is_contained(process) {
        true => from_outside && (!is_contained(&parent) || is_setting_up(&parent)),
        false => is_system(process) || from_outside,
    }
}

/// Of its ancestors in the same container the topmost, or itself: what the runtime started there.
pub fn entry<'a>(process: &Process<'a>) -> Process<'a> {
    let inside = |each: &Process<'a>| is_contained(each) && !is_setting_up(each);
    process.ancestors().take_while(inside).last().unwrap_or(*process)
}

/// Whether it is part of what the container was made for, not of what was started in it later (`docker exec`).
pub fn is_main(process: &Process<'_>) -> bool {
    let entry = entry(process);
    if entry.ns_pid() == Some(1) {
        return true;
    }
    // Where it shares the numbers of its processes with others, only the time tells.
    let Some(container) = entry.container() else { return false };
    let shares = shares_host_pids(&entry) || !container.pod_uid().is_empty();
    shares && container.started().is_none_or(|started| entry.start() < started.saturating_add(AT_ONCE))
}

/// Whether it is in a container that sees all processes of the host.
pub fn shares_host_pids(process: &Process<'_>) -> bool {
    let host = outside(process).and_then(|host| host.pid_ns());
    process.container().is_some() && host.is_some() && process.pid_ns() == host
}

/// The path on the host of what a container has at `path`, where it lies in something that is mounted from the host.
pub fn host_path(process: &Process<'_>, path: Text<'_>) -> Option<Vec<u8>> {
    let path = path.known()?;
    let below = |destination: &[u8]| {
        let destination = destination.strip_suffix(b"/").unwrap_or(destination);
        let rest = path.strip_prefix(destination)?;
        (rest.is_empty() || rest.starts_with(b"/")).then_some(rest)
    };
    let mounts = process.container()?.mounts()?;
    let (mount, rest) = mounts
        .filter_map(|mount| Some((mount, below(mount.destination().as_bytes())?)))
        .min_by_key(|(_, rest)| rest.len())?;
    let source = mount.source().as_bytes();
    Some([source.strip_suffix(b"/").unwrap_or(source), rest].concat())
}

/// What its container is called in a message.
pub fn place(process: &Process<'_>) -> String {
    let Some(container) = process.container() else { return "namespaces of its own".to_owned() };
    if !container.pod().is_empty() {
        return format!("the pod {}", container.pod());
    }
    if !container.name().is_empty() {
        return format!("the container {}", container.name());
    }
    let id = container.id().as_bytes();
    format!("the container {}", Text::new(id.get(..SHORT_ID).unwrap_or(id)))
}
