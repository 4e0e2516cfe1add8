//! What is remembered of earlier events.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use lanner_abi::{Event, RecordRef};

use crate::field::{Socket, address_of, number_of};
use crate::test::How;

/// Addresses of hosts that are kept; the one that came first goes first.
const MAX_ADDRESSES: usize = 4096;
/// Hosts of one address.
const MAX_HOSTS: usize = 16;
/// Bytes of a host's name (RFC 1035).
const MAX_HOST: usize = 255;
/// Sockets whose last peer is known: where two share a place, the earlier one is forgotten.
const SOCKETS: usize = 4096;

/// Where the kubelet tells each container the address of the API server.
pub(crate) const KUBERNETES_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";
/// What that is called within a cluster.
pub(crate) const KUBERNETES: [&str; 3] =
    ["kubernetes.default.svc.cluster.local", "kubernetes.default.svc", "kubernetes.default"];

/// Whether a host is the API server of the cluster that somebody is in: its address is known from the environment of each process
/// there.
#[must_use]
pub fn is_kubernetes(host: &[u8]) -> bool {
    KUBERNETES.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(host))
}

/// Hosts by their addresses, and sockets by their last peers.
#[derive(Debug)]
pub(crate) struct Memory {
    /// What rules say of them.
    named: Vec<(How, Vec<u8>)>,
    addresses: BTreeMap<[u8; 16], Known>,
    count: u64,
    /// By a hash of the process and the descriptor: what their socket is, and a hash of its peer.
    peers: RefCell<Vec<(u64, u64)>>,
    /// What was said of the event at hand.
    said: Cell<(u64, bool)>,
}

#[derive(Debug, Default)]
struct Known {
    hosts: Vec<Vec<u8>>,
    since: u64,
}

impl Memory {
    pub(crate) fn new(hosts: &[(How, Vec<u8>)]) -> Self {
        let named = hosts.iter().map(|(how, host)| (*how, host.to_ascii_lowercase())).collect();
        Self { named, addresses: BTreeMap::new(), count: 0, peers: RefCell::default(), said: Cell::new((0, false)) }
    }

    /// An answer of DNS came by.
    pub(crate) fn answered(&mut self, name: &[u8], address: [u8; 16]) {
        let name = name.to_ascii_lowercase();
        if name.len() > MAX_HOST || !self.named.iter().any(|(how, host)| how.holds(&name, host)) {
            return;
        }
        if self.addresses.len() >= MAX_ADDRESSES && !self.addresses.contains_key(&address) {
            let oldest = self.addresses.iter().min_by_key(|(_, known)| known.since).map(|(address, _)| *address);
            oldest.map(|oldest| self.addresses.remove(&oldest));
        }
        self.count += 1;
        let known = self.addresses.entry(address).or_default();
        known.since = self.count;
        if !known.hosts.contains(&name) && known.hosts.len() < MAX_HOSTS {
            known.hosts.push(name);
        }
    }

    /// The hosts that an address is known to be of.
    pub(crate) fn hosts_of(&self, address: [u8; 16]) -> impl Iterator<Item = &[u8]> {
        let known = self.addresses.get(&address).map_or(&[][..], |known| known.hosts.as_slice());
        known.iter().map(Vec::as_slice)
    }

    /// Whether a socket's peer is another than at the event of it before. The same for the same event, however often it is
    /// asked.
    pub(crate) fn has_peer_changed(&self, event: &Event<'_>, socket: &Socket, record: RecordRef<'_>) -> bool {
        let (seq, said) = self.said.get();
        if seq == event.seq() {
            return said;
        }
        let hash = |of: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            of(&mut hasher);
            hasher.finish()
        };
        let which = hash(&|hasher| {
            event.process().map(|process| process.id()).hash(hasher);
            socket.fd.and_then(|fd| number_of(record, fd)).hash(hasher);
        });
        let peer = hash(&|hasher| {
            let (address, port) = socket.peer.unwrap_or_default();
            address_of(record, address).hash(hasher);
            port.and_then(|port| number_of(record, port)).hash(hasher);
        });
        let mut peers = self.peers.borrow_mut();
        if peers.is_empty() {
            peers.resize(SOCKETS, (0, 0));
        }
        let place = which as usize % SOCKETS;
        let changed = peers.get(place).is_none_or(|known| *known != (which, peer));
        if let Some(known) = peers.get_mut(place) {
            *known = (which, peer);
        }
        self.said.set((event.seq(), changed));
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_hosts_are_kept_and_not_without_end() {
        let mut memory =
            Memory::new(&[(How::Equals, b"Pool.example".to_vec()), (How::EndsWith, b".tunnel.example".to_vec())]);
        memory.answered(b"pool.EXAMPLE", [1; 16]);
        memory.answered(b"other.example", [1; 16]);
        memory.answered(b"other.example", [2; 16]);
        assert_eq!(memory.hosts_of([1; 16]).collect::<Vec<_>>(), [b"pool.example"]);
        assert_eq!(memory.hosts_of([2; 16]).count(), 0);
        memory.answered(b"A.tunnel.example", [3; 16]);
        assert_eq!(memory.hosts_of([3; 16]).collect::<Vec<_>>(), [b"a.tunnel.example"]);
        for number in 0..10_000_u128 {
            memory.answered(b"pool.example", number.to_be_bytes());
        }
        assert_eq!(memory.addresses.len(), MAX_ADDRESSES);
        assert_eq!(memory.hosts_of(9_999_u128.to_be_bytes()).count(), 1);
    }
}
