//! What of a process changes without an exec: whose it is, and where.

use lanner_abi::{OwnedRecord, field};
use lanner_probes::event::{Standing, Task};

/// As the last event told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    ppid: u32,
    uid: u32,
    euid: u32,
    gid: u32,
    egid: u32,
    /// Not there where no event told, as in captures of older versions.
    standing: Option<Standing>,
}

impl State {
    /// Whether it is what the event tells.
    pub(crate) fn is_of(&self, task: &Task) -> bool {
        *self == self.then(task)
    }

    /// As the event tells it, and where that says nothing, as it was.
    pub(crate) fn then(&self, task: &Task) -> Self {
        let Task { ppid, uid, euid, gid, egid, .. } = *task;
        Self { ppid, uid, euid, gid, egid, standing: task.standing.or(self.standing) }
    }

    /// As an event would tell it.
    pub(crate) fn as_task(&self) -> Task {
        let Self { ppid, uid, euid, gid, egid, standing } = *self;
        Task { ppid, uid, euid, gid, egid, standing, ..Task::default() }
    }

    /// The control group that it is in; 0 where that is not known.
    pub(crate) fn cgroup_id(&self) -> u64 {
        self.standing.map_or(0, |standing| standing.cgroup_id)
    }

    /// Of a child that has just begun.
    pub(crate) fn of_child(&self, ppid: u32) -> Self {
        Self { ppid, ..*self }
    }

    /// Writes it into a process record.
    pub(crate) fn write(&self, record: &mut OwnedRecord) {
        let mut set = |field, value: u64| {
            // They are fields for such numbers.
            let set = record.set(field, Some(value.into()));
            debug_assert!(set.is_ok(), "{set:?}");
        };
        set(field::process::PPID, self.ppid.into());
        set(field::process::UID, self.uid.into());
        set(field::process::EUID, self.euid.into());
        set(field::process::GID, self.gid.into());
        set(field::process::EGID, self.egid.into());
        let Some(standing) = self.standing else { return };
        set(field::process::SUID, standing.suid.into());
        set(field::process::SGID, standing.sgid.into());
        set(field::process::CAPS_EFFECTIVE, standing.caps_effective);
        set(field::process::CAPS_PERMITTED, standing.caps_permitted);
        set(field::process::CAPS_INHERITABLE, standing.caps_inheritable);
        // Of these, 0 is one that could not be read.
        let numbers = [
            (field::process::SID, standing.sid.into()),
            (field::process::PGID, standing.pgid.into()),
            (field::process::MNT_NS, standing.mnt_ns.into()),
            (field::process::PID_NS, standing.pid_ns.into()),
            (field::process::NET_NS, standing.net_ns.into()),
            (field::process::USER_NS, standing.user_ns.into()),
            (field::process::CGROUP_ID, standing.cgroup_id),
        ];
        numbers.into_iter().filter(|(_, number)| *number != 0).for_each(|(field, number)| set(field, number));
    }
}
