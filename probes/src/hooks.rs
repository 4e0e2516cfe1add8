//! Where the programs are attached; `generated.rs` has all of them.

use lanner_abi::Kind;

pub(crate) use crate::generated::HOOKS;

/// One program of the object.
pub(crate) struct Hook {
    pub(crate) kind: Kind,
    /// The function's name in `src/bpf/`.
    pub(crate) program: &'static str,
    pub(crate) point: Point,
    /// The first Linux that has the point.
    pub(crate) since: &'static str,
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

/// Of a kind.
pub(crate) fn of(kind: Kind) -> impl Iterator<Item = &'static Hook> {
    HOOKS.iter().filter(move |hook| hook.kind == kind)
}

/// The kinds that the kernel side tells of.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.info().from_kernel)
}
