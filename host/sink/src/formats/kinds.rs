//! What kinds of events, severities, tactics and errors are called elsewhere.

use serde_json::Value;

/// A kind of event elsewhere.
pub(super) struct Called {
    /// Lanner's name.
    pub(super) kind: &'static str,
    /// Falco's type: the first of those calls that make events of the kind. Empty where Falco has none.
    pub(super) falco: &'static str,
    /// The category and the types of ECS.
    pub(super) ecs: (&'static str, &'static [&'static str]),
}

const fn called(
    kind: &'static str,
    falco: &'static str,
    category: &'static str,
    types: &'static [&'static str],
) -> Called {
    Called { kind, falco, ecs: (category, types) }
}

/// All kinds that findings can have.
pub(super) const KINDS: &[Called] = &[
    called("exec", "execve", "process", &["start"]),
    called("fork", "clone", "process", &["start"]),
    called("exit", "procexit", "process", &["end"]),
    called("credentials", "setuid", "process", &["change"]),
    called("ptrace", "ptrace", "process", &["access"]),
    called("signal", "kill", "process", &["change"]),
    called("prctl", "prctl", "process", &["change"]),
    called("setns", "setns", "process", &["change"]),
    called("unshare", "unshare", "process", &["change"]),
    called("chroot", "chroot", "process", &["change"]),
    called("pivot_root", "pivot_root", "process", &["change"]),
    called("process_memory", "process_vm_readv", "process", &["access"]),
    called("exec_failed", "execve", "process", &["start"]),
    called("open", "open", "file", &["access"]),
    called("unlink", "unlink", "file", &["deletion"]),
    called("rename", "rename", "file", &["change"]),
    called("link", "link", "file", &["creation"]),
    called("symlink", "symlink", "file", &["creation"]),
    called("chmod", "chmod", "file", &["change"]),
    called("chown", "chown", "file", &["change"]),
    called("truncate", "truncate", "file", &["change"]),
    called("utimes", "utimensat", "file", &["change"]),
    called("xattr", "setxattr", "file", &["change"]),
    called("mount", "mount", "host", &["change"]),
    called("umount", "umount2", "host", &["change"]),
    called("mkdir", "mkdir", "file", &["creation"]),
    called("mknod", "mknod", "file", &["creation"]),
    called("memfd", "memfd_create", "process", &["change"]),
    called("mmap", "mmap", "process", &["change"]),
    called("mprotect", "mprotect", "process", &["change"]),
    called("module_load", "finit_module", "driver", &["start"]),
    called("module_unload", "delete_module", "driver", &["end"]),
    called("kexec", "kexec_load", "host", &["change"]),
    called("bpf", "bpf", "driver", &["info"]),
    called("perf_event", "perf_event_open", "process", &["info"]),
    called("userfaultfd", "userfaultfd", "process", &["info"]),
    called("io_uring", "io_uring_setup", "process", &["info"]),
    called("connect", "connect", "network", &["connection", "start"]),
    called("connect_end", "", "network", &["connection", "end"]),
    called("bind", "bind", "network", &["connection", "info"]),
    called("listen", "listen", "network", &["connection", "info"]),
    called("accept", "accept", "network", &["connection", "start"]),
    called("send", "sendto", "network", &["connection", "info"]),
    called("dns", "", "network", &["protocol"]),
    called("socket", "socket", "network", &["info"]),
    called("dup", "dup", "network", &["connection", "info"]),
    called("loss", "", "host", &["info"]),
    called("container_start", "", "host", &["start"]),
    called("container_stop", "", "host", &["end"]),
];

/// What is known of a finding's event.
pub(super) fn of(finding: &Value) -> Option<&'static Called> {
    let kind = finding["event"]["kind"].as_str()?;
    KINDS.iter().find(|called| called.kind == kind)
}

/// A severity elsewhere.
pub(super) struct Grade {
    /// Lanner's name.
    pub(super) name: &'static str,
    /// Falco's priority.
    pub(super) falco: &'static str,
    /// As Elastic's own rules grade: 1 to 99.
    pub(super) ecs: u64,
    /// `severity_id`, and its caption.
    pub(super) ocsf: (u64, &'static str),
    /// 0 to 10.
    pub(super) cef: u64,
}

/// Mildest first.
pub(super) const GRADES: [Grade; 5] = [
    Grade { name: "info", falco: "Informational", ecs: 1, ocsf: (1, "Informational"), cef: 1 },
    Grade { name: "low", falco: "Notice", ecs: 21, ocsf: (2, "Low"), cef: 3 },
    Grade { name: "medium", falco: "Warning", ecs: 47, ocsf: (3, "Medium"), cef: 5 },
    Grade { name: "high", falco: "Error", ecs: 73, ocsf: (4, "High"), cef: 8 },
    Grade { name: "critical", falco: "Critical", ecs: 99, ocsf: (5, "Critical"), cef: 10 },
];

/// How bad a finding is. Where it does not say so it is made no less than it may be.
pub(super) fn grade(finding: &Value) -> &'static Grade {
    let name = finding["severity"].as_str().unwrap_or_default();
    let [.., critical] = &GRADES;
    GRADES.iter().find(|grade| grade.name == name).unwrap_or(critical)
}

/// The tactic that a finding's rule is filed under.
pub(super) fn tactic(finding: &Value) -> Option<&'static lanner_attack::Tactic> {
    let (head, _) = finding["rule"].as_str()?.split_once('/')?;
    lanner_attack::Tactic::of(head)
}

/// Errors that calls return, by their numbers (errno(3), as on x86-64 and arm64).
pub(super) const ERRORS: &[(i64, &str)] = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (8, "ENOEXEC"),
    (9, "EBADF"),
    (10, "ECHILD"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (20, "ENOTDIR"),
    (21, "EISDIR"),
    (22, "EINVAL"),
    (24, "EMFILE"),
    (26, "ETXTBSY"),
    (28, "ENOSPC"),
    (30, "EROFS"),
    (36, "ENAMETOOLONG"),
    (38, "ENOSYS"),
    (40, "ELOOP"),
    (98, "EADDRINUSE"),
    (101, "ENETUNREACH"),
    (104, "ECONNRESET"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (113, "EHOSTUNREACH"),
    (115, "EINPROGRESS"),
    (95, "EOPNOTSUPP"),
];

/// Whether what the event is about went well, and the name of the error where not; nothing where there is no event.
pub(super) fn outcome(finding: &Value) -> Option<Result<(), String>> {
    let result = finding["event"]["result"].as_i64()?;
    if result >= 0 {
        return Some(Ok(()));
    }
    let name = ERRORS.iter().find(|(number, _)| result.checked_neg() == Some(*number));
    Some(Err(name.map_or_else(|| result.to_string(), |(_, name)| (*name).to_owned())))
}
