//! Which program serves which kind, and where it is attached.

use crate::event::ProbeKind;

/// One program of the object.
pub(crate) struct Hook {
    pub(crate) kind: ProbeKind,
    /// The function's name in `src/bpf/`.
    pub(crate) program: &'static str,
    pub(crate) point: Point,
}

/// Where a program is attached.
#[derive(Clone, Copy)]
pub(crate) enum Point {
    /// A raw tracepoint with typed arguments (`tp_btf`, 5.5).
    Typed(&'static str),
    /// A tracepoint of tracefs.
    Tracefs { category: &'static str, name: &'static str, path: &'static str },
}

impl Point {
    /// As it is told to people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Typed(name) => name,
            Self::Tracefs { path, .. } => path,
        }
    }
}

macro_rules! syscall {
    ($name:literal) => {
        Point::Tracefs { category: "syscalls", name: $name, path: concat!("syscalls/", $name) }
    };
}

pub(crate) const HOOKS: [Hook; 8] = [
    Hook { kind: ProbeKind::Exec, program: "exec_done", point: Point::Typed("sched_process_exec") },
    Hook { kind: ProbeKind::Fork, program: "fork_done", point: Point::Typed("sched_process_fork") },
    Hook { kind: ProbeKind::Exit, program: "exit_begun", point: Point::Typed("sched_process_exit") },
    Hook { kind: ProbeKind::Open, program: "open_returned", point: syscall!("sys_exit_open") },
    Hook { kind: ProbeKind::Open, program: "openat_returned", point: syscall!("sys_exit_openat") },
    Hook { kind: ProbeKind::Open, program: "openat2_returned", point: syscall!("sys_exit_openat2") },
    Hook { kind: ProbeKind::Open, program: "creat_returned", point: syscall!("sys_exit_creat") },
    Hook { kind: ProbeKind::Connect, program: "connect_returned", point: syscall!("sys_exit_connect") },
];

/// The names of a kind's hooks.
pub(crate) fn names(kind: ProbeKind) -> &'static [&'static str] {
    match kind {
        ProbeKind::Exec => &["sched_process_exec"],
        ProbeKind::Fork => &["sched_process_fork"],
        ProbeKind::Exit => &["sched_process_exit"],
        ProbeKind::Open => &[
            "syscalls/sys_exit_open",
            "syscalls/sys_exit_openat",
            "syscalls/sys_exit_openat2",
            "syscalls/sys_exit_creat",
        ],
        ProbeKind::Connect => &["syscalls/sys_exit_connect"],
    }
}

/// Of a kind.
pub(crate) fn of(kind: ProbeKind) -> impl Iterator<Item = &'static Hook> {
    HOOKS.iter().filter(move |hook| hook.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_names_its_hooks() {
        for kind in ProbeKind::ALL {
            assert_eq!(names(kind), of(kind).map(|hook| hook.point.name()).collect::<Vec<_>>());
        }
    }
}
