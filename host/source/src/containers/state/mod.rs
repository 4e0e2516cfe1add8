//! What runtimes write down of their containers.
//!
//! Only files are read, those that the runtimes of root keep, so that no runtime has to answer. Rootless containers (Podman's in
//! `~/.local/share/containers`, Docker's alike) are left out: their files are their users', who could say anything in them.

mod containerd;
mod crio;
mod docker;
mod facts;
mod image;
mod place;
mod podman;
mod spec;
mod storage;

use std::sync::LazyLock;

use lanner_abi::OwnedRecord;

use self::facts::Facts;
use self::place::Place;
use super::identity::Identity;

/// What is known of a container: a record of the schema's `container`; `None` where no runtime knows of it, by now.
pub(super) fn read(container: &Identity) -> Option<OwnedRecord> {
    static HOST: LazyLock<Place> = LazyLock::new(|| Place::new("/"));
    read_in(&HOST, container)
}

fn read_in(place: &Place, container: &Identity) -> Option<OwnedRecord> {
    let facts = match (container.runtime, plain(&container.id)) {
        // Nothing is written down of those but their names.
        (Some(runtime @ ("systemd-nspawn" | "lxc")), _) => {
            let name = String::from_utf8_lossy(&container.id).into_owned();
            Some(Facts { name: Some(name), ..Facts::new(runtime) })
        }
        (_, None) => None,
        // One whose data is elsewhere is known to its containerd still.
        (Some("docker"), Some(id)) => {
            docker::read(place, id, container.pod_uid.is_some()).or_else(|| containerd::read(place, id))
        }
        (Some("podman"), Some(id)) => podman::read(place, id),
        (Some("cri-o"), Some(id)) => crio::read(place, id),
        (Some("containerd"), Some(id)) => containerd::read(place, id),
        // Docker and Podman before containerd, which knows of Docker's too, but less.
        (_, Some(id)) => docker::read(place, id, container.pod_uid.is_some())
            .or_else(|| crio::read(place, id))
            .or_else(|| podman::read(place, id))
            .or_else(|| containerd::read(place, id)),
    };
    facts.map(|facts| facts.record(container))
}

/// An id that can be the name of a folder.
fn plain(id: &[u8]) -> Option<&str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let id = std::str::from_utf8(id).ok().filter(|id| id.bytes().all(|byte| allowed(&byte)))?;
    (!matches!(id, "" | "." | "..")).then_some(id)
}

#[cfg(test)]
mod tests;
