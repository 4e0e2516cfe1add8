//! connect and listen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};

use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

use crate::child::call;
use crate::watch::{Watch, address, folder, number, task};

pub(crate) const UNSPEC: u16 = 0;
pub(crate) const UNIX: u16 = 1;
pub(crate) const INET: u16 = 2;
pub(crate) const INET6: u16 = 10;
pub(crate) const STREAM: u32 = 1;
pub(crate) const DATAGRAM: u32 = 2;
pub(crate) const TCP: u16 = 6;
pub(crate) const UDP: u16 = 17;

/// A connect of which no more is known.
fn of(descriptor: &impl AsRawFd, family: u16) -> OwnedRecord {
    OwnedRecord::new(Kind::Connect.record())
        .with(field::connect::FD, descriptor.as_raw_fd())
        .with(field::connect::FAMILY, family)
        .with(field::connect::FAST_OPEN, false)
}

/// With its peer.
fn to(connect: OwnedRecord, peer: SocketAddr) -> OwnedRecord {
    connect.with(field::connect::ADDRESS, peer.ip()).with(field::connect::PORT, peer.port())
}

/// With its own side.
fn from(connect: OwnedRecord, local: SocketAddr) -> OwnedRecord {
    connect.with(field::connect::LOCAL_ADDRESS, local.ip()).with(field::connect::LOCAL_PORT, local.port())
}

/// With what its socket is.
fn by(connect: OwnedRecord, socket_type: u32, protocol: u16) -> OwnedRecord {
    connect.with(field::connect::SOCKET_TYPE, socket_type).with(field::connect::PROTOCOL, protocol)
}

pub(crate) fn socket(family: AddressFamily, flags: SocketFlags) -> OwnedFd {
    socket_with(family, SocketType::STREAM, flags | SocketFlags::CLOEXEC, None).unwrap()
}

/// A socket with an address of its own, at which nobody listens: no other gets it meanwhile.
pub(crate) fn taken(address: impl Into<IpAddr>) -> Option<(OwnedFd, SocketAddr)> {
    let address = SocketAddr::new(address.into(), 0);
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).ok()?;
    rustix::net::bind(&socket, &address).ok()?;
    let address = rustix::net::getsockname(&socket).unwrap().try_into().unwrap();
    Some((socket, address))
}

#[test]
fn tcp_over_both_families() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let mut tried = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    tried.retain(|address| TcpListener::bind(address).is_ok());
    for address in tried {
        let listener = TcpListener::bind(address).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let event = watch.connect();
        assert_eq!(task(&event).pid, std::process::id());
        assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
        let expected = of(&stream, if address.is_ipv4() { INET } else { INET6 });
        let expected = from(to(expected, listener.local_addr().unwrap()), stream.local_addr().unwrap());
        assert_eq!(event.payload, by(expected, STREAM, TCP));
    }
    watch.end();
}

/// What its caller named and what the socket holds is the same peer: that of IPv4.
#[test]
fn an_ipv4_address_through_an_ipv6_socket() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap();
    let mapped = |peer: SocketAddr| SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), peer.port()));
    let Ok(stream) = TcpStream::connect(mapped(peer)) else {
        eprintln!("skipped: no IPv6");
        return;
    };
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    let expected = by(to(of(&stream, INET), peer), STREAM, TCP);
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, stream.local_addr().unwrap().port()));
    assert_eq!(event.payload, from(expected, local));
    assert_eq!(address(&event.payload, field::connect::ADDRESS), Some(Ipv4Addr::LOCALHOST.into()));

    let (_taken, peer) = taken(Ipv4Addr::LOCALHOST).unwrap();
    let refused = socket(AddressFamily::INET6, SocketFlags::empty());
    connect(&refused, &mapped(peer)).unwrap_err();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(-i64::from(libc::ECONNREFUSED)), event_flag::UNRESOLVED));
    assert_eq!(event.payload, by(to(of(&refused, INET), peer), STREAM, TCP));
    watch.end();
}

#[test]
fn a_refused_connection_names_whom_it_wanted() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let both = [taken(Ipv4Addr::LOCALHOST), taken(Ipv6Addr::LOCALHOST)];
    for (_taken, peer) in both.into_iter().flatten() {
        let (family, number) = if peer.is_ipv4() { (AddressFamily::INET, INET) } else { (AddressFamily::INET6, INET6) };
        let refused = socket(family, SocketFlags::empty());
        connect(&refused, &peer).unwrap_err();
        let event = watch.connect();
        assert_eq!((event.result, event.flags), (Some(-i64::from(libc::ECONNREFUSED)), event_flag::UNRESOLVED));
        assert_eq!(event.payload, by(to(of(&refused, number), peer), STREAM, TCP));
    }
    watch.end();
}

/// Nobody answers at a full queue, so a connect that does not wait is under way when it returns.
#[test]
fn a_connection_under_way() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let (listener, peer) = taken(Ipv4Addr::LOCALHOST).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let sockets: Vec<_> = (0..8)
        .map(|_| {
            let socket = socket(AddressFamily::INET, SocketFlags::NONBLOCK);
            let result = connect(&socket, &peer);
            (socket, result)
        })
        .collect();
    for (socket, result) in &sockets {
        let event = watch.connect();
        assert_eq!(result.is_err(), event.result == Some(-i64::from(libc::EINPROGRESS)));
        assert_eq!(event.flags, event_flag::SHARED);
        let local: SocketAddr = rustix::net::getsockname(socket).unwrap().try_into().unwrap();
        assert_eq!(event.payload, by(from(to(of(socket, INET), peer), local), STREAM, TCP));
    }
    assert!(sockets.iter().any(|(_, result)| result.is_err()), "none is under way");
    watch.end();
}

#[test]
fn udp_and_its_disconnect() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = socket.local_addr().unwrap();
    let peer = SocketAddr::from(([127, 0, 0, 2], 53));
    socket.connect(peer).unwrap();
    let event = watch.connect();
    assert_eq!(event.payload, by(from(to(of(&socket, INET), peer), local), DATAGRAM, UDP));
    rustix::net::connect_unspec(&socket).unwrap();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    // The kernel had chosen the port, and takes it back: no side is left.
    assert_eq!(socket.local_addr().unwrap().port(), 0);
    assert_eq!(event.payload, by(of(&socket, UNSPEC), DATAGRAM, UDP));
    watch.end();
}

#[test]
fn unix_sockets() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let stream = UnixStream::connect(&path).unwrap();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    // Neither an address nor a port, and of protocols it has none.
    let expected = |stream: &UnixStream, path: &str| {
        let connect = of(stream, UNIX).with(field::connect::SOCKET_TYPE, STREAM);
        connect.with(field::connect::UNIX_PATH, path)
    };
    assert_eq!(event.payload, expected(&stream, path.to_str().unwrap()));

    // Wherever it is by now, and whatever it was called by.
    let (moved, link) = (folder.join("moved"), folder.join("link"));
    std::fs::rename(&path, &moved).unwrap();
    std::os::unix::fs::symlink("moved", &link).unwrap();
    let stream = UnixStream::connect(&link).unwrap();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    assert_eq!(event.payload, expected(&stream, moved.to_str().unwrap()));

    let name = format!("lanner-test-{}", std::process::id());
    let address = UnixAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let stream = UnixStream::connect_addr(&address).unwrap();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    assert_eq!(event.payload, expected(&stream, &format!("@{name}")));
    watch.end();
}

#[test]
fn unix_sockets_that_nobody_listens_at() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing");
    let missing = rustix::net::SocketAddrUnix::new(&path).unwrap();
    let name = format!("lanner-missing-{}", std::process::id());
    let unclaimed = rustix::net::SocketAddrUnix::new_abstract_name(name.as_bytes()).unwrap();
    let both = [
        (missing, path.to_str().unwrap().to_owned(), libc::ENOENT),
        (unclaimed, format!("@{name}"), libc::ECONNREFUSED),
    ];
    for (address, name, error) in both {
        let socket = socket(AddressFamily::UNIX, SocketFlags::empty());
        connect(&socket, &address).unwrap_err();
        let event = watch.connect();
        assert_eq!((event.result, event.flags), (Some(-i64::from(error)), event_flag::UNRESOLVED));
        let expected = of(&socket, UNIX).with(field::connect::SOCKET_TYPE, STREAM);
        assert_eq!(event.payload, expected.with(field::connect::UNIX_PATH, name.as_str()));
    }
    watch.end();
}

/// Without a peer there is no path, which is another thing than an empty one.
#[test]
fn a_unix_socket_whose_peer_is_taken_away() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let (one, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
    rustix::net::connect_unspec(&one).unwrap();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(0), event_flag::SHARED));
    assert_eq!(event.payload, of(&one, UNIX).with(field::connect::SOCKET_TYPE, DATAGRAM));
    watch.end();
}

#[test]
fn what_is_no_socket() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let file = std::fs::File::open("/dev/null").unwrap();
    let peer = SocketAddr::from(([192, 0, 2, 1], 80));
    connect(&file, &peer).unwrap_err();
    let event = watch.connect();
    assert_eq!((event.result, event.flags), (Some(-i64::from(libc::ENOTSOCK)), event_flag::UNRESOLVED));
    // Neither a type nor a protocol.
    assert_eq!(event.payload, to(of(&file, INET), peer));
    assert_eq!(number(&event.payload, field::connect::SOCKET_TYPE), None);
    watch.end();
}

/// By numbers of virtual machines, of which this is one at most.
#[test]
fn a_vsock_that_nobody_answers() {
    let Some(mut watch) = Watch::over(&[Kind::Connect]) else { return };
    let fd = call!(libc::SYS_socket, libc::AF_VSOCK, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
    if fd < 0 {
        eprintln!("skipped: there are no vsocks here: {fd}");
        return;
    }
    // A struct sockaddr_vm: the family, the port, and whose it is: this machine's own.
    let peer = [libc::AF_VSOCK.unsigned_abs(), 4711, 1, 0];
    let result = call!(libc::SYS_connect, fd as i32, peer.as_ptr(), 16);
    assert!(result < 0);
    let expected = OwnedRecord::new(Kind::Connect.record())
        .with(field::connect::FD, fd as i32)
        .with(field::connect::FAMILY, 40_u16)
        .with(field::connect::FAST_OPEN, false)
        .with(field::connect::SOCKET_TYPE, STREAM)
        .with(field::connect::CID, 1_u32)
        .with(field::connect::VSOCK_PORT, 4711_u32);
    watch.tells(result, event_flag::UNRESOLVED, &expected);
    assert_eq!(call!(libc::SYS_close, fd), 0);
    watch.end();
}

// === listen ===

/// A listen of which no more is known.
fn waiting(descriptor: &impl AsRawFd, backlog: i32) -> OwnedRecord {
    OwnedRecord::new(Kind::Listen.record())
        .with(field::listen::FD, descriptor.as_raw_fd())
        .with(field::listen::BACKLOG, backlog)
}

#[test]
fn sockets_that_wait_for_connections_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Listen]) else { return };
    for (address, family) in [("127.0.0.1:0", INET), ("[::1]:0", INET6), ("0.0.0.0:0", INET)] {
        let Some((socket, local)) = taken(address.parse::<SocketAddr>().unwrap().ip()) else {
            eprintln!("skipped: no address {address}");
            continue;
        };
        rustix::net::listen(&socket, 5).unwrap();
        let expected = waiting(&socket, 5)
            .with(field::listen::ADDRESS, local.ip())
            .with(field::listen::PORT, local.port())
            .with(field::listen::FAMILY, family)
            .with(field::listen::SOCKET_TYPE, STREAM)
            .with(field::listen::PROTOCOL, TCP);
        watch.tells(0, event_flag::SHARED, &expected);
    }
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    let unix = socket(AddressFamily::UNIX, SocketFlags::empty());
    rustix::net::bind(&unix, &rustix::net::SocketAddrUnix::new(&path).unwrap()).unwrap();
    // Wherever it is by now.
    let moved = folder.join("moved");
    std::fs::rename(&path, &moved).unwrap();
    rustix::net::listen(&unix, 1).unwrap();
    let expected = waiting(&unix, 1).with(field::listen::FAMILY, UNIX).with(field::listen::SOCKET_TYPE, STREAM);
    watch.tells(0, event_flag::SHARED, &expected.with(field::listen::UNIX_PATH, moved.to_str().unwrap()));

    // Not a socket that can.
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&udp, 7).unwrap_err();
    let local = udp.local_addr().unwrap();
    let expected = waiting(&udp, 7)
        .with(field::listen::ADDRESS, local.ip())
        .with(field::listen::PORT, local.port())
        .with(field::listen::FAMILY, INET)
        .with(field::listen::SOCKET_TYPE, DATAGRAM)
        .with(field::listen::PROTOCOL, UDP);
    watch.tells(-i64::from(libc::EOPNOTSUPP), event_flag::SHARED, &expected);

    // Nor a socket at all.
    let file = std::fs::File::open("/dev/null").unwrap();
    rustix::net::listen(&file, 7).unwrap_err();
    watch.tells(-i64::from(libc::ENOTSOCK), 0, &waiting(&file, 7));
    watch.end();
}

/// The end is told of whoever called connect, whoever runs when it comes.
#[test]
fn how_a_connection_under_way_ends() {
    // What it began with is told, too.
    let Some(mut watch) = Watch::over(&[Kind::ConnectEnd]) else { return };
    let under_way = |peer: &SocketAddr| {
        let socket = socket(AddressFamily::INET, SocketFlags::NONBLOCK);
        let result = connect(&socket, peer);
        assert_eq!(result, Err(rustix::io::Errno::INPROGRESS));
        socket
    };
    let end = |watch: &mut Watch, peer: SocketAddr, local: SocketAddr, result: i64| {
        let event = watch.next(Kind::ConnectEnd);
        let address = |ip: IpAddr| lanner_abi::Value::from(ip);
        let payload = crate::watch::of(Kind::ConnectEnd)
            .with(field::connect_end::FAMILY, INET)
            .with(field::connect_end::PROTOCOL, TCP)
            .with(field::connect_end::ADDRESS, address(peer.ip()))
            .with(field::connect_end::PORT, peer.port())
            .with(field::connect_end::LOCAL_ADDRESS, address(local.ip()))
            .with(field::connect_end::LOCAL_PORT, local.port());
        assert_eq!((event.result, event.flags, &event.payload), (Some(result), 0, &payload));
    };
    let local_of = |socket: &OwnedFd| -> SocketAddr { rustix::net::getsockname(socket).unwrap().try_into().unwrap() };

    let (waiting, peer) = taken(Ipv4Addr::LOCALHOST).unwrap();
    // Nobody listens yet.
    let refused = under_way(&peer);
    let event = watch.next(Kind::ConnectEnd);
    assert_eq!(event.result, Some(-i64::from(libc::ECONNREFUSED)));
    assert_eq!(number(&event.payload, field::connect_end::PORT), Some(peer.port().into()));
    drop(refused);

    rustix::net::listen(&waiting, 0).unwrap();
    let answered = under_way(&peer);
    end(&mut watch, peer, local_of(&answered), 0);
    // There may be room for one more; then nobody answers, until it is given up.
    let more: Vec<_> = (0..8).map(|_| under_way(&peer)).collect();
    let locals: Vec<_> = more.iter().map(local_of).collect();
    drop(more);
    let given_up = -i64::from(libc::ECONNABORTED);
    let results: Vec<_> = locals.iter().map(|_| watch.next(Kind::ConnectEnd).result.unwrap()).collect();
    assert!(results.contains(&given_up) && results.iter().all(|result| [given_up, 0].contains(result)), "{results:?}");
    watch.end();
}
