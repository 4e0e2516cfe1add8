//! Sockets through which whoever may open them acts as somebody else: agents that hold keys, shared connections of ssh,
//! terminals of tmux and screen.

use std::time::Duration;

use common::command::line;
use common::programs::label;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::CommandAndControl;

const SOCKETS: usize = 2048;
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
const AF_UNIX: u16 = 1;

/// Sockets of agents, by where they lie.
static AGENTS: TextSet = TextSet::new()
    .starts_with(&["/tmp/ssh-", "/tmp/tmux-", "/run/screen/", "/var/run/screen/", "/run/tmux/"])
    .contains(&["/.ssh/", "/gnupg/S.gpg-agent", "/keyring/ssh", "/.screen/"]);
/// Who makes such sockets, wherever they lie.
static MAKERS: TextSet = TextSet::new().equals(&[
    "/usr/bin/ssh",
    "/usr/bin/ssh-agent",
    "/usr/bin/gpg-agent",
    "/usr/bin/tmux",
    "/usr/bin/screen",
    "/usr/sbin/sshd",
    "/usr/lib/openssh/sshd-session",
    "/usr/libexec/openssh/sshd-session",
    "/usr/libexec/sshd-session",
]);
/// How the kernel's resolved path begins of what a user's own folder in /tmp is called.
const TMUX: &str = "/tmp/tmux-";

/// Who made which socket.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Agents {
    owners: Recent<Vec<u8>, u32>,
}

impl Default for Agents {
    fn default() -> Self {
        Self { owners: Recent::new(SOCKETS, KEEP) }
    }
}

impl Agents {
    pub(crate) fn with_limits(self) -> Self {
        Self { owners: self.owners.with_limits(SOCKETS, KEEP) }
    }

    /// The user whose socket it is: who bound it, or what its path says.
    fn owner(&self, now: u64, path: Text<'_>) -> Option<u32> {
        let by_path = || {
            let rest = path.as_bytes().strip_prefix(TMUX.as_bytes())?;
            let digits = rest.split(|byte| *byte == b'/').next()?;
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        by_path().or_else(|| self.owners.get(now, path.as_bytes()).copied())
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("lateral-movement/agent-hijack")
        .summary("A program used the keys, the connection or the terminal that another user has open")
        .severity(High)
        .attack("T1563.001")
        .attack("T1021.004")
        .property("maturity", "incubating")
        .property("misses", "sockets that were there before the host, but for tmux's")
        .only(bind::family().equals(AF_UNIX))
        .only(bind::unix_path().matches(&AGENTS).or(process::exe().matches(&MAKERS)))
        .on_bind(|pack, e, _| {
            let path = e.unix_path();
            if !e.failed() && path.is_known() && !path.is_empty() {
                pack.agents.owners.insert(e.time(), path.as_bytes().to_vec(), e.process().euid());
            }
        })
        .unfiltered()
        // ssh binds the socket of a shared connection under another name, and links it to where it is to be.
        .only(
            link::new_path()
                .starts_with(["/tmp/", "/run/", "/home/", "/root/"])
                .or(process::exe().equals(["/usr/bin/ssh"])),
        )
        .on_link(|pack, e, _| {
            let owner = pack.agents.owners.get(e.time(), e.old_path().as_bytes()).copied();
            // Only of what is a socket of an agent is the owner known.
            if let Some(owner) = owner.filter(|_| !e.failed()) {
                pack.agents.owners.insert(e.time(), e.new_path().as_bytes().to_vec(), owner);
            }
        })
        .unfiltered()
        .only(connect::family().equals(AF_UNIX))
        .only(connect::unix_path().matches(&AGENTS).or(process::exe().matches(&USERS)))
        .on_connect(|pack, e, out| {
            let path = e.unix_path();
            let process = e.process();
            let Some(owner) = pack.agents.owner(e.time(), path) else { return };
            if owner == process.euid() || e.failed() {
                return;
            }
            out.finding(format!("{} used {path}, which is user {owner}'s", line(&process)))
                .fact("path", path)
                .fact("owner", u64::from(owner))
                .field("by", label(&process));
        });
}

/// Programs that such a socket is given to.
static USERS: TextSet = TextSet::new().equals(&[
    "/usr/bin/ssh",
    "/usr/bin/ssh-add",
    "/usr/bin/scp",
    "/usr/bin/sftp",
    "/usr/bin/tmux",
    "/usr/bin/screen",
]);
