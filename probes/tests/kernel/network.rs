//! connect.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};

use lanner_probes::ProbeKind;
use lanner_probes::event::{Connect, Endpoint, Peer};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

use crate::watch::Watch;

const STREAM: u16 = 1;
const DATAGRAM: u16 = 2;
const TCP: u16 = 6;
const UDP: u16 = 17;

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint { address: address.ip().to_canonical(), port: address.port() }
}

#[test]
fn tcp_over_both_families() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let mut tried = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    tried.retain(|address| TcpListener::bind(address).is_ok());
    for address in tried {
        let listener = TcpListener::bind(address).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (event, connect) = watch.connect();
        assert_eq!(event.task.pid, std::process::id());
        let expected = Connect {
            result: 0,
            fd: stream.as_raw_fd(),
            peer: Peer::Inet(endpoint(listener.local_addr().unwrap())),
            local: Some(endpoint(stream.local_addr().unwrap())),
            socket_type: STREAM,
            protocol: TCP,
            resolved: true,
        };
        assert_eq!(connect, expected);
    }
    watch.end();
}

#[test]
fn an_ipv4_address_through_an_ipv6_socket() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    if TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), port))).is_err() {
        eprintln!("skipped: no IPv6");
        return;
    }
    let (_, connect) = watch.connect();
    assert_eq!(connect.peer, Peer::Inet(Endpoint::v4([127, 0, 0, 1], port)));
    assert!(connect.resolved);
    watch.end();
}

#[test]
fn a_refused_connection_names_whom_it_wanted() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    // Bound and not listening: nobody else gets the port meanwhile.
    let taken = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    rustix::net::bind(&taken, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address: SocketAddr = rustix::net::getsockname(&taken).unwrap().try_into().unwrap();
    TcpStream::connect(address).unwrap_err();
    let (_, connect) = watch.connect();
    let expected = Connect {
        result: -i64::from(libc::ECONNREFUSED),
        fd: connect.fd,
        peer: Peer::Inet(endpoint(address)),
        local: None,
        socket_type: STREAM,
        protocol: TCP,
        resolved: false,
    };
    assert_eq!(connect, expected);
    watch.end();
}

/// Nobody answers at a full queue, so a connect that does not wait is under way when it returns.
#[test]
fn a_connection_under_way() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let open = |flags| socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    let listener = open(SocketFlags::CLOEXEC);
    rustix::net::bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address: SocketAddr = rustix::net::getsockname(&listener).unwrap().try_into().unwrap();
    let sockets: Vec<_> = (0..8)
        .map(|_| {
            let socket = open(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
            let result = connect(&socket, &address);
            (socket, result)
        })
        .collect();
    for (socket, result) in &sockets {
        let (_, connect) = watch.connect();
        assert_eq!(result.is_err(), connect.result == -i64::from(libc::EINPROGRESS));
        assert_eq!((connect.fd, connect.peer), (socket.as_raw_fd(), Peer::Inet(endpoint(address))));
        let local: SocketAddr = rustix::net::getsockname(socket).unwrap().try_into().unwrap();
        assert_eq!((connect.local, connect.resolved), (Some(endpoint(local)), true));
    }
    assert!(sockets.iter().any(|(_, result)| result.is_err()), "none is under way");
    watch.end();
}

#[test]
fn udp_and_its_disconnect() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect("127.0.0.2:53").unwrap();
    let (_, connect) = watch.connect();
    assert_eq!(connect.peer, Peer::Inet(Endpoint::v4([127, 0, 0, 2], 53)));
    assert_eq!((connect.socket_type, connect.protocol), (DATAGRAM, UDP));
    rustix::net::connect_unspec(&socket).unwrap();
    let (_, connect) = watch.connect();
    assert_eq!((connect.result, connect.peer), (0, Peer::Other(0)));
    watch.end();
}

#[test]
fn unix_sockets() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let stream = UnixStream::connect(&path).unwrap();
    let (_, connect) = watch.connect();
    let mut expected = Connect {
        result: 0,
        fd: stream.as_raw_fd(),
        peer: Peer::Unix(path.to_str().unwrap().into()),
        local: None,
        socket_type: STREAM,
        protocol: 0,
        resolved: true,
    };
    assert_eq!(connect, expected);

    let name = format!("lanner-test-{}", std::process::id());
    let address = UnixAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let stream = UnixStream::connect_addr(&address).unwrap();
    let (_, connect) = watch.connect();
    (expected.fd, expected.peer) = (stream.as_raw_fd(), Peer::Unix(format!("@{name}").into()));
    assert_eq!(connect, expected);

    let missing = folder.path().join("missing");
    UnixStream::connect(&missing).unwrap_err();
    let (_, connect) = watch.connect();
    assert_eq!((connect.result, connect.resolved, connect.socket_type), (-2, false, STREAM));
    assert_eq!(connect.peer, Peer::Unix(missing.to_str().unwrap().into()));
    watch.end();
}

#[test]
fn what_is_no_socket() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Connect]) else { return };
    let file = std::fs::File::open("/dev/null").unwrap();
    connect(&file, &SocketAddr::from(([192, 0, 2, 1], 80))).unwrap_err();
    let (_, connect) = watch.connect();
    assert_eq!((connect.result, connect.fd), (-i64::from(libc::ENOTSOCK), file.as_raw_fd()));
    assert_eq!((connect.socket_type, connect.protocol), (0, 0));
    assert_eq!(connect.peer, Peer::Inet(Endpoint::v4([192, 0, 2, 1], 80)));
    watch.end();
}
