//! What this process may have, by the limits it was started with (getrlimit(2)).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Failure;

/// Open files that a host needs: programs, their links and maps, packs, registries, and some to spare.
const FILES: u64 = 256;

/// Address space that a host with a few packs needs, MiB: most of it is reserved and not used.
const ADDRESS_SPACE: u64 = 768;

/// Refuses to begin where memory could be refused midway, which ends a process at once.
pub(super) fn check_address_space() -> Result<(), Failure> {
    match getrlimit(Resource::As).current.map(|bytes| bytes >> 20) {
        Some(allowed) if allowed < ADDRESS_SPACE => Err(format!(
            "only {allowed} MiB of address space may be had (RLIMIT_AS), and lanner needs {ADDRESS_SPACE} MiB: raise the limit \
             with `ulimit -v unlimited`, or LimitAS=infinity in a systemd unit; what it really uses is bounded with \
             MemoryMax="
        )
        .into()),
        _ => Ok(()),
    }
}

/// Sees to it that enough files may be open: raises the limit as far as it may be raised.
pub(super) fn allow_files() -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= FILES);
    if enough(limit.maximum) {
        // That it is soft lets old programs live that count up to it; this is none.
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() || enough(limit.current) {
            return Ok(());
        }
    }
    let allowed = limit.maximum.or(limit.current).unwrap_or_default();
    Err(format!(
        "only {allowed} files may be open (RLIMIT_NOFILE), and lanner needs {FILES}: raise the limit with `ulimit -Hn 4096`, \
         LimitNOFILE=4096 in a systemd unit, or --ulimit nofile=4096 of a container"
    )
    .into())
}
