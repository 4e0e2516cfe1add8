//! Sockets and their addresses.

use super::DecodeError;
use super::cursor::Cursor;
use super::path::until_nul;
use crate::event::{Endpoint, Peer, Stdio};

const AF_UNSPEC: u16 = 0;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

const S_IFMT: u32 = 0o170_000;
const S_IFSOCK: u32 = 0o140_000;
const S_IFREG: u32 = 0o100_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFIFO: u32 = 0o010_000;

/// `struct socket_facts`.
pub(super) struct SocketFacts {
    family: u16,
    pub(super) socket_type: u16,
    protocol: u16,
    peer_port: u16,
    local_port: u16,
    peer: [u8; 16],
    local: [u8; 16],
}

impl SocketFacts {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let (family, socket_type, protocol) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
        let (peer_port, local_port) = (cursor.u16()?, cursor.u16()?);
        cursor.skip(6)?;
        Ok(Self { family, socket_type, protocol, peer_port, local_port, peer: cursor.array()?, local: cursor.array()? })
    }

    /// The IP protocol; that of other families is another numbering.
    pub(super) fn protocol(&self) -> u16 {
        if matches!(self.family, AF_INET | AF_INET6) { self.protocol } else { 0 }
    }

    /// This side, once it has a port.
    pub(super) fn local(&self) -> Option<Endpoint> {
        endpoint(self.family, self.local, self.local_port).filter(|local| local.port != 0)
    }

    /// The other side. A connect with AF_UNSPEC takes a peer away, which leaves zeros.
    pub(super) fn peer(&self, unix_name: &[u8]) -> Peer {
        match endpoint(self.family, self.peer, self.peer_port) {
            Some(peer) if peer.port == 0 && peer.address.is_unspecified() => Peer::Other(AF_UNSPEC),
            Some(peer) => Peer::Inet(peer),
            None if self.family == AF_UNIX => Peer::Unix(unix_name_of(unix_name)),
            None => Peer::Other(self.family),
        }
    }
}

fn endpoint(family: u16, address: [u8; 16], port: u16) -> Option<Endpoint> {
    match family {
        AF_INET => {
            let [a, b, c, d, ..] = address;
            Some(Endpoint::v4([a, b, c, d], port))
        }
        AF_INET6 => Some(Endpoint::v6(address, port)),
        _ => None,
    }
}

/// A `sun_path`: of an abstract name every byte counts, a path ends at its NUL.
fn unix_name_of(path: &[u8]) -> Vec<u8> {
    match path {
        [0, name @ ..] if !name.is_empty() => [b"@", name].concat(),
        path => until_nul(path).to_vec(),
    }
}

/// The peer that a caller's `sockaddr` names.
pub(super) fn named_peer(address: &[u8]) -> Peer {
    let mut cursor = Cursor::new(address);
    let Ok(family) = cursor.u16() else { return Peer::default() };
    named_endpoint(family, &mut cursor).map(Peer::Inet).unwrap_or_else(|_| match (family, address) {
        (AF_UNIX, [_, _, path @ ..]) => Peer::Unix(unix_name_of(path)),
        _ => Peer::Other(family),
    })
}

/// `sockaddr_in` and `sockaddr_in6` behind the family.
fn named_endpoint(family: u16, cursor: &mut Cursor<'_>) -> Result<Endpoint, DecodeError> {
    let port = cursor.array().map(u16::from_be_bytes)?;
    match family {
        AF_INET => Ok(Endpoint::v4(cursor.array()?, port)),
        AF_INET6 => {
            cursor.skip(4)?; // flow information
            Ok(Endpoint::v6(cursor.array()?, port))
        }
        _ => Err(DecodeError::Short { missing: 0 }),
    }
}

/// `struct stdio_facts`.
pub(super) fn stdio(cursor: &mut Cursor<'_>) -> Result<Stdio, DecodeError> {
    let (mode, rdev) = (cursor.u32()?, cursor.u32()?);
    let socket = SocketFacts::read(cursor)?;
    Ok(match mode & S_IFMT {
        0 if mode == 0 => Stdio::None,
        S_IFREG => Stdio::File,
        S_IFIFO => Stdio::Pipe,
        S_IFCHR if is_terminal(rdev) => Stdio::Tty,
        S_IFCHR => Stdio::Device,
        S_IFSOCK if socket.family == AF_UNIX => Stdio::Unix,
        S_IFSOCK => endpoint(socket.family, socket.peer, socket.peer_port)
            .map_or(Stdio::Other, |peer| Stdio::Inet(Some(peer).filter(|peer| peer.port != 0))),
        _ => Stdio::Other,
    })
}

/// By the major number (Documentation/admin-guide/devices.txt): virtual consoles and serial lines, /dev/tty and
/// /dev/console, and the slaves of Unix 98 pseudo terminals.
fn is_terminal(rdev: u32) -> bool {
    matches!(rdev >> 20, 4 | 5 | 136..=143)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_addresses() {
        let v4 = [&AF_INET.to_ne_bytes()[..], &443_u16.to_be_bytes(), &[10, 0, 0, 1], &[0; 8]].concat();
        assert_eq!(named_peer(&v4), Peer::Inet(Endpoint::v4([10, 0, 0, 1], 443)));
        let mut v6 = [&AF_INET6.to_ne_bytes()[..], &53_u16.to_be_bytes(), &[0; 4], &[0; 16], &[0; 4]].concat();
        v6[23] = 1;
        let mut one = [0; 16];
        one[15] = 1;
        assert_eq!(named_peer(&v6), Peer::Inet(Endpoint::v6(one, 53)));
        assert_eq!(named_peer(b"\x01\0/run/x\0rest"), Peer::Unix(b"/run/x".to_vec()));
        assert_eq!(named_peer(b"\x01\0\0name"), Peer::Unix(b"@name".to_vec()));
        assert_eq!(named_peer(b"\x01\0"), Peer::Unix(Vec::new()));
        assert_eq!(named_peer(b"\x02\0\0"), Peer::Other(AF_INET), "too short for a port and an address");
        assert_eq!(named_peer(b"\x10\0\0\0\0\0"), Peer::Other(16));
        assert_eq!(named_peer(b""), Peer::Other(0));
    }

    #[test]
    fn terminals() {
        assert!(is_terminal(4 << 20 | 64) && is_terminal(136 << 20) && is_terminal(143 << 20 | 5));
        assert!(!is_terminal(1 << 20 | 3) && !is_terminal(144 << 20));
    }
}
