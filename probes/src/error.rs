//! What can keep the probes from working, and what to do about it.

use lanner_abi::Kind;

/// Why the probes cannot be loaded, attached or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// This build carries no kernel-side object.
    #[error("there are no probes for {architecture} yet: live events need an x86_64 machine, captures can be replayed")]
    Architecture {
        /// What Lanner was built for.
        architecture: &'static str,
    },
    /// The kernel does not describe its types.
    #[error(
        "the kernel's types cannot be read from /sys/kernel/btf/vmlinux ({reason}): \
         mount sysfs, or use a kernel built with CONFIG_DEBUG_INFO_BTF=y"
    )]
    KernelTypes {
        /// What reading them gave.
        reason: String,
    },
    /// The kernel does not let this process.
    #[error(
        "the kernel does not permit {what}: run as root, or with CAP_BPF and CAP_PERFMON in the initial user namespace"
    )]
    Permission {
        /// To do what.
        what: String,
    },
    /// The kernel has no memory for it, or gives this process none.
    #[error(
        "the kernel has no memory for {what}, or the cgroup that lanner runs in may have no more (memory.max, MemoryMax= of \
         its unit): give it more, or a smaller ring buffer (--buffer)"
    )]
    Memory {
        /// For what.
        what: String,
    },
    /// No more files may be open.
    #[error(
        "no more files may be open, which {what} needs: raise the limit (ulimit -n, RLIMIT_NOFILE, LimitNOFILE= of the \
         unit; fs.file-max of the machine)"
    )]
    Files {
        /// What needs one.
        what: String,
    },
    /// The embedded object does not fit.
    #[error("the probes do not fit this kernel ({reason}): Linux 5.15 or later is needed")]
    Object {
        /// What the loader said.
        reason: String,
    },
    /// The kernel's verifier refused a program.
    #[error(
        "the kernel rejected the program {program} of the {} probe ({reason}); Linux 5.15 or later is needed, on one \
         please report this with the kernel's release and these last lines of the verifier:\n{log}", kind.name()
    )]
    Rejected {
        /// The program.
        program: &'static str,
        /// Its kind.
        kind: Kind,
        /// The error of the system call.
        reason: String,
        /// The end of the verifier's log.
        log: String,
    },
    /// A program could not be attached.
    #[error("the program {program} of the {} probe cannot be attached to {hook}: {reason}", kind.name())]
    Attach {
        /// The program.
        program: &'static str,
        /// Its kind.
        kind: Kind,
        /// Where it should have gone.
        hook: &'static str,
        /// What the kernel said.
        reason: String,
    },
    /// This kernel has no such tracepoint.
    #[error("this kernel does not have the tracepoint {hook}, which the {} probe needs", kind.name())]
    Absent {
        /// Its kind.
        kind: Kind,
        /// The tracepoint.
        hook: &'static str,
    },
    /// A map of the object cannot be used.
    #[error("the probes' map `{name}` cannot be used: {reason}")]
    Map {
        /// The map.
        name: &'static str,
        /// What the kernel said.
        reason: String,
    },
    /// There is one ring buffer and one reader.
    #[error("the ring buffer already has its reader")]
    ReaderTaken,
}

/// Lines of a verifier log that tell: the rejected instruction and what was known there.
const LOG_LINES: usize = 12;

/// The end of a verifier's log, without its statistics of success.
pub(crate) fn log_end(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// An error with what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Many errors already print their source.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn the_end_of_a_log_is_kept() {
        let log: String = (0..40).map(|line| format!("line {line}\n\n")).collect();
        let end = log_end(&log);
        assert_eq!(end.lines().count(), LOG_LINES);
        assert!(end.ends_with("line 39"));
        assert_eq!(log_end(""), "");
    }

    #[test]
    fn a_chain_does_not_repeat_itself() {
        let error = io::Error::other(io::Error::other("not root"));
        assert_eq!(chain(&error).matches("not root").count(), 1);
    }
}
