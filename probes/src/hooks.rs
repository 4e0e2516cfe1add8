//! Where the programs are attached; `generated.rs` has all of them.

use lanner_abi::Kind;

pub(crate) use crate::generated::{BEGIN_WITH, HOOKS};

/// One program of the object.
pub(crate) struct Hook {
    /// What it tells of.
    pub(crate) kind: Kind,
    /// What else.
    pub(crate) also: &'static [Kind],
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
    /// A system call that returned: the program is entered at these places of the map `calls`.
    Call { name: &'static str, numbers: &'static [u16] },
}

impl Point {
    /// As it is told to people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Typed(name) | Self::Call { name, .. } => name,
        }
    }
}

impl Hook {
    pub(crate) fn is_of(&self, kind: Kind) -> bool {
        self.kind == kind || self.also.contains(&kind)
    }
}

/// Of a kind.
pub(crate) fn of(kind: Kind) -> impl Iterator<Item = &'static Hook> {
    HOOKS.iter().filter(move |hook| hook.is_of(kind))
}

/// The kinds that the kernel side tells of.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.info().from_kernel)
}
