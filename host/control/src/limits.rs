//! What this process may have, by the limits it was started with (getrlimit(2)), against what a host needs.

use std::sync::mpsc::channel;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A limit, and what is needed of it.
struct Need {
    resource: Resource,
    /// As getrlimit(2) calls it.
    name: &'static str,
    /// Of what.
    what: &'static str,
    unit: &'static str,
    /// So many are one unit.
    size: u64,
    least: u64,
    remedy: &'static str,
}

/// Open files: programs, their links and maps, packs, registries, and some to spare.
const FILES: Need = Need {
    resource: Resource::Nofile,
    name: "RLIMIT_NOFILE",
    what: "open files",
    unit: "",
    size: 1,
    least: 256,
    remedy: "`ulimit -Hn 4096`, LimitNOFILE=4096 in a systemd unit, or --ulimit nofile=4096 of a container",
};
/// Most of the address space is reserved, and not used.
const ADDRESS_SPACE: Need = Need {
    resource: Resource::As,
    name: "RLIMIT_AS",
    what: "of address space",
    unit: " MiB",
    size: 1 << 20,
    least: 1536,
    remedy: "`ulimit -v unlimited`, or LimitAS=infinity in a systemd unit; what is really used is bounded with MemoryMax=",
};
const DATA: Need = Need {
    resource: Resource::Data,
    name: "RLIMIT_DATA",
    what: "of data",
    unit: " MiB",
    size: 1 << 20,
    least: 512,
    remedy: "`ulimit -d unlimited`, or LimitDATA=infinity in a systemd unit",
};
const STACK: Need = Need {
    resource: Resource::Stack,
    name: "RLIMIT_STACK",
    what: "of stack",
    unit: " MiB",
    size: 1 << 20,
    least: 2,
    remedy: "`ulimit -s 8192`, or LimitSTACK=8M in a systemd unit",
};
/// Threads that a host has, and those that compile packs.
const THREADS: usize = 32;

/// What is refused midway ends a process at once: so it is looked at before. Raises what may be raised.
///
/// # Errors
/// A limit is too low: a sentence with the limit, and how it is raised.
pub fn prepare() -> Result<(), String> {
    raise(&FILES);
    lacking().map_or(Ok(()), Err)
}

/// The first limit that is too low even if it is raised as far as that is allowed, and how it is raised.
pub(crate) fn lacking() -> Option<String> {
    let low = [FILES, ADDRESS_SPACE, DATA, STACK].iter().find_map(|need| {
        let limit = getrlimit(need.resource);
        // A soft limit on files is raised; the others are as they are.
        let allowed = if need.name == FILES.name { limit.maximum } else { limit.current }? / need.size;
        let Need { name, what, unit, least, remedy, .. } = need;
        (allowed < *least).then(|| {
            format!("only {allowed}{unit} {what} may be had ({name}), and lanner needs {least}{unit}: raise the limit with {remedy}")
        })
    });
    low.or_else(|| {
        let made = threads();
        (made < THREADS).then(|| {
            format!(
                "only {made} threads may be made, and lanner needs {THREADS}: raise the limit (TasksMax= of its systemd unit, \
                 pids.max of its cgroup, --pids-limit of a container, or `ulimit -u`)"
            )
        })
    })
}

fn raise(need: &Need) {
    let limit = getrlimit(need.resource);
    // That it is soft lets old programs live that count up to it; this is none. Where it may not be raised, it stays.
    let _ = setrlimit(need.resource, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// How many threads can be made, up to as many as are needed.
fn threads() -> usize {
    let mut made = Vec::new();
    let mut stop = Vec::new();
    while made.len() < THREADS {
        let (end, ended) = channel::<()>();
        match std::thread::Builder::new().stack_size(64 << 10).spawn(move || ended.recv()) {
            Ok(thread) => made.push(thread),
            Err(_) => break,
        }
        stop.push(end);
    }
    drop(stop);
    let count = made.len();
    for thread in made {
        let _ = thread.join();
    }
    count
}

#[cfg(test)]
mod tests {
    #[test]
    fn here_nothing_lacks() {
        assert_eq!(super::prepare(), Ok(()));
    }
}
