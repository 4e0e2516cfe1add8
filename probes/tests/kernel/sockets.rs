//! socket, bind, accept, send, dup, and connecting with the first data.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::child::{call, in_a_child};
use crate::network::{DATAGRAM, INET, INET6, STREAM, TCP, UDP, UNIX, socket, taken};
use crate::watch::{Watch, folder, of};

const SHARED: u16 = event_flag::SHARED;
const UNRESOLVED: u16 = event_flag::UNRESOLVED;

const fn failed(errno: i32) -> i64 {
    -(errno as i64)
}

/// As a call is given it, and how long that is.
fn raw(address: SocketAddr) -> (libc::sockaddr_in, u32) {
    let SocketAddr::V4(address) = address else { panic!("not of IPv4") };
    // SAFETY: all zero it is an address.
    let mut raw: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    raw.sin_family = INET;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from(*address.ip()).to_be();
    (raw, size_of::<libc::sockaddr_in>() as u32)
}

// === socket ===

#[test]
fn sockets_that_are_made_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Socket]) else { return };
    let made = |family: u16, socket_type: u32, protocol: u32| {
        of(Kind::Socket)
            .with(field::socket::FAMILY, family)
            .with(field::socket::SOCKET_TYPE, socket_type)
            .with(field::socket::PROTOCOL, protocol)
    };
    // What stands beside the type is not of it.
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    for (family, socket_type, protocol) in
        [(INET, STREAM, 0), (INET, DATAGRAM, 17), (UNIX, 5, 0), (16, 3, 9), (255, STREAM, 0), (INET, STREAM, 17)]
    {
        let result = call!(libc::SYS_socket, i32::from(family), socket_type as i32 | flags, protocol);
        watch.tells(result, 0, &made(family, socket_type, protocol));
        match (family, protocol) {
            (255, _) => assert_eq!(result, failed(libc::EAFNOSUPPORT)),
            (INET, 17) if socket_type == STREAM => assert_eq!(result, failed(libc::EPROTONOSUPPORT)),
            _ => assert_eq!(call!(libc::SYS_close, result), 0),
        }
    }
    watch.end();
}

// === bind ===

fn bound(descriptor: &impl AsRawFd, family: u16) -> OwnedRecord {
    of(Kind::Bind).with(field::bind::FD, descriptor.as_raw_fd()).with(field::bind::FAMILY, family)
}

fn bound_to(bind: OwnedRecord, local: SocketAddr) -> OwnedRecord {
    bind.with(field::bind::ADDRESS, local.ip()).with(field::bind::PORT, local.port())
}

#[test]
fn internet_sockets_that_get_an_address() {
    let Some(mut watch) = Watch::over(&[Kind::Bind]) else { return };
    let is = |bind: OwnedRecord| bind.with(field::bind::SOCKET_TYPE, STREAM).with(field::bind::PROTOCOL, TCP);
    for (address, family) in [("127.0.0.1:0", INET), ("0.0.0.0:0", INET), ("[::1]:0", INET6)] {
        let asked: SocketAddr = address.parse().unwrap();
        let number = if asked.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let first = socket(number, SocketFlags::empty());
        if rustix::net::bind(&first, &asked).is_err() {
            eprintln!("skipped: no address {address}");
            let _ = watch.next(Kind::Bind);
            continue;
        }
        // The port is the one that the kernel chose.
        let local: SocketAddr = rustix::net::getsockname(&first).unwrap().try_into().unwrap();
        assert_ne!(local.port(), 0);
        watch.tells(0, SHARED, &is(bound_to(bound(&first, family), local)));

        let second = socket(number, SocketFlags::empty());
        rustix::net::bind(&second, &local).unwrap_err();
        watch.tells(failed(libc::EADDRINUSE), UNRESOLVED, &is(bound_to(bound(&second, family), local)));
    }
    let asked: SocketAddr = "127.0.0.1:7".parse().unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    rustix::net::bind(&file, &asked).unwrap_err();
    watch.tells(failed(libc::ENOTSOCK), UNRESOLVED, &bound_to(bound(&file, INET), asked));

    // What cannot be read is not known.
    let unread = socket(AddressFamily::INET, SocketFlags::empty());
    assert_eq!(call!(libc::SYS_bind, unread.as_raw_fd(), 1, 16), failed(libc::EFAULT));
    watch.tells(failed(libc::EFAULT), UNRESOLVED | event_flag::PARTIAL, &is(bound(&unread, INET)));
    watch.end();
}

#[test]
fn other_sockets_that_get_an_address() {
    let Some(mut watch) = Watch::over(&[Kind::Bind]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    let address = rustix::net::SocketAddrUnix::new(&path).unwrap();
    let expected = |socket: &OwnedFd, path: &str| {
        bound(socket, UNIX).with(field::bind::SOCKET_TYPE, STREAM).with(field::bind::UNIX_PATH, path)
    };
    let first = socket(AddressFamily::UNIX, SocketFlags::empty());
    rustix::net::bind(&first, &address).unwrap();
    let event = watch.next(Kind::Bind);
    assert_eq!((event.result, &event.payload), (Some(0), &expected(&first, path.to_str().unwrap())));
    assert_eq!(event.flags & UNRESOLVED, 0, "it is the kernel's");
    let second = socket(AddressFamily::UNIX, SocketFlags::empty());
    rustix::net::bind(&second, &address).unwrap_err();
    watch.tells(failed(libc::EADDRINUSE), UNRESOLVED, &expected(&second, path.to_str().unwrap()));

    let name = format!("lanner-bind-{}", std::process::id());
    let address = rustix::net::SocketAddrUnix::new_abstract_name(name.as_bytes()).unwrap();
    let third = socket(AddressFamily::UNIX, SocketFlags::empty());
    rustix::net::bind(&third, &address).unwrap();
    let event = watch.next(Kind::Bind);
    assert_eq!((event.result, event.payload), (Some(0), expected(&third, &format!("@{name}"))));

    // One that listens to the kernel.
    let netlink = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None).unwrap();
    let address: [u32; 3] = [16, 0, 0];
    assert_eq!(call!(libc::SYS_bind, netlink.as_raw_fd(), address.as_ptr(), 12), 0);
    watch.tells(0, UNRESOLVED, &bound(&netlink, 16).with(field::bind::SOCKET_TYPE, 3_u32));
    watch.end();
}

// === accept ===

fn accepted(descriptor: &impl AsRawFd, family: u16) -> OwnedRecord {
    of(Kind::Accept).with(field::accept::FD, descriptor.as_raw_fd()).with(field::accept::FAMILY, family)
}

fn of_tcp(accept: OwnedRecord, local: SocketAddr, peer: Option<SocketAddr>) -> OwnedRecord {
    let accept = accept
        .with(field::accept::PROTOCOL, TCP)
        .with(field::accept::LOCAL_ADDRESS, local.ip())
        .with(field::accept::LOCAL_PORT, local.port());
    match peer {
        Some(peer) => accept.with(field::accept::ADDRESS, peer.ip()).with(field::accept::PORT, peer.port()),
        None => accept,
    }
}

#[test]
fn connections_that_are_taken_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Accept]) else { return };
    for (address, family) in [("127.0.0.1:0", INET), ("[::1]:0", INET6)] {
        let Ok(listener) = TcpListener::bind(address) else {
            eprintln!("skipped: no address {address}");
            continue;
        };
        let local = listener.local_addr().unwrap();
        for number in [libc::SYS_accept, libc::SYS_accept4] {
            let stream = TcpStream::connect(local).unwrap();
            let result = call!(number, listener.as_raw_fd(), 0, 0, 0);
            let expected = of_tcp(accepted(&listener, family), local, Some(stream.local_addr().unwrap()));
            watch.tells(result, SHARED, &expected);
            assert_eq!(call!(libc::SYS_close, result), 0);
        }
    }
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let _stream = UnixStream::connect(&path).unwrap();
    let (taken, _) = listener.accept().unwrap();
    let expected = accepted(&listener, UNIX).with(field::accept::UNIX_PATH, path.to_str().unwrap());
    watch.tells(taken.as_raw_fd().into(), SHARED, &expected);
    watch.end();
}

/// Through a socket that takes both.
#[test]
fn an_ipv4_connection_that_an_ipv6_socket_takes() {
    let Some(mut watch) = Watch::over(&[Kind::Accept]) else { return };
    let Ok(listener) = TcpListener::bind("[::]:0") else {
        eprintln!("skipped: no IPv6");
        return;
    };
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port()));
    let Ok(stream) = TcpStream::connect(local) else {
        eprintln!("skipped: IPv6 sockets do not take IPv4 connections here");
        return;
    };
    let (taken, _) = listener.accept().unwrap();
    let expected = of_tcp(accepted(&listener, INET), local, Some(stream.local_addr().unwrap()));
    watch.tells(taken.as_raw_fd().into(), SHARED, &expected);
    watch.end();
}

#[test]
fn that_there_is_no_connection_to_be_had_is_not_told() {
    let Some(mut watch) = Watch::over(&[Kind::Accept]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    listener.accept().unwrap_err();
    // Another failure is; it comes first.
    let (socket, local_of_socket) = taken(Ipv4Addr::LOCALHOST).unwrap();
    rustix::net::accept(&socket).unwrap_err();
    watch.tells(failed(libc::EINVAL), SHARED, &of_tcp(accepted(&socket, INET), local_of_socket, None));
    let file = std::fs::File::open("/dev/null").unwrap();
    rustix::net::accept(&file).unwrap_err();
    let unknown = of(Kind::Accept).with(field::accept::FD, file.as_raw_fd());
    watch.tells(failed(libc::ENOTSOCK), 0, &unknown);
    assert_ne!(local, local_of_socket);
    watch.end();
}

// === send ===

fn sent(descriptor: &impl AsRawFd, family: u16) -> OwnedRecord {
    of(Kind::Send)
        .with(field::send::FD, descriptor.as_raw_fd())
        .with(field::send::FAMILY, family)
        .with(field::send::SOCKET_TYPE, DATAGRAM)
}

fn of_udp(socket: &UdpSocket, peer: SocketAddr) -> OwnedRecord {
    let sent = sent(socket, INET)
        .with(field::send::PROTOCOL, UDP)
        .with(field::send::ADDRESS, peer.ip())
        .with(field::send::PORT, peer.port());
    // One whose first data was refused has none yet.
    match socket.local_addr().unwrap().port() {
        0 => sent,
        port => sent.with(field::send::LOCAL_PORT, port),
    }
}

#[test]
fn datagrams_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Send, Kind::Connect]) else { return };
    let receivers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let peers = receivers.each_ref().map(|receiver| receiver.local_addr().unwrap());
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(sender.send_to(b"abc", peers[0]).unwrap(), 3);
    watch.tells(3, UNRESOLVED, &of_udp(&sender, peers[0]));

    let (mut addresses, mut data) = (peers.map(raw), *b"abcde");
    let mut parts = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: 5 };
    // SAFETY: all zero they are messages of nothing to nobody.
    let mut messages: [libc::mmsghdr; 2] = unsafe { std::mem::zeroed() };
    for (message, (address, length)) in messages.iter_mut().zip(&mut addresses) {
        message.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
        message.msg_hdr.msg_namelen = *length;
        message.msg_hdr.msg_iov = &raw mut parts;
        message.msg_hdr.msg_iovlen = 1;
    }
    assert_eq!(call!(libc::SYS_sendmsg, sender.as_raw_fd(), &raw const messages[1].msg_hdr, 0), 5);
    watch.tells(5, UNRESOLVED, &of_udp(&sender, peers[1]));
    // One call, and an event of each.
    assert_eq!(call!(libc::SYS_sendmmsg, sender.as_raw_fd(), messages.as_ptr(), 2, 0), 2);
    for peer in peers {
        let event = watch.next(Kind::Send);
        assert_eq!((event.flags, &event.payload), (UNRESOLVED, &of_udp(&sender, peer)));
        assert!(event.result.is_some_and(|result| result >= 0));
    }

    // To all, which is to be asked for first.
    let all = SocketAddr::from((Ipv4Addr::BROADCAST, 9));
    let refused = UdpSocket::bind("0.0.0.0:0").unwrap();
    let error = refused.send_to(b"x", all).unwrap_err();
    watch.tells(failed(error.raw_os_error().unwrap()), UNRESOLVED, &of_udp(&refused, all));
    (addresses[0], parts.iov_len) = (raw(all), 1);
    messages[0].msg_hdr.msg_name = (&raw mut addresses[0].0).cast();
    messages[0].msg_hdr.msg_iov = &raw mut parts;
    let result = call!(libc::SYS_sendmsg, refused.as_raw_fd(), &raw const messages[0].msg_hdr, 0);
    watch.tells(result, UNRESOLVED, &of_udp(&refused, all));
    let result = call!(libc::SYS_sendmmsg, refused.as_raw_fd(), messages.as_ptr(), 2, 0);
    watch.tells(result, UNRESOLVED, &of_udp(&refused, all));
    assert!(result < 0);
    watch.end();
}

/// Each has its own call, whose event would come before that of the last.
#[test]
fn what_goes_over_a_connection_is_not_told() {
    let Some(mut watch) = Watch::over(&[Kind::Send, Kind::Connect]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = listener.local_addr().unwrap();
    let stream = TcpStream::connect(local).unwrap();
    let _ = watch.connect();
    let (address, length) = raw(local);
    // An address changes nothing there.
    assert_eq!(call!(libc::SYS_sendto, stream.as_raw_fd(), c"x".as_ptr(), 1, 0, &raw const address, length), 1);
    assert_eq!(call!(libc::SYS_sendto, stream.as_raw_fd(), c"x".as_ptr(), 1, 0, 0, 0), 1);
    let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    connected.connect(receiver.local_addr().unwrap()).unwrap();
    let _ = watch.connect();
    connected.send(b"x").unwrap();
    let (one, _other) = UnixDatagram::pair().unwrap();
    one.send(b"x").unwrap();
    let peer = receiver.local_addr().unwrap();
    assert_eq!(connected.send_to(b"xy", peer).unwrap(), 2);
    watch.tells(2, UNRESOLVED, &of_udp(&connected, peer));
    watch.end();
}

#[test]
fn datagrams_over_unix_sockets() {
    let Some(mut watch) = Watch::over(&[Kind::Send]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    let _receiver = UnixDatagram::bind(&path).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    let expected = |path: &std::path::Path| sent(&sender, UNIX).with(field::send::UNIX_PATH, path.to_str().unwrap());
    assert_eq!(sender.send_to(b"xyz", &path).unwrap(), 3);
    watch.tells(3, UNRESOLVED, &expected(&path));
    let missing = folder.join("missing");
    sender.send_to(b"xyz", &missing).unwrap_err();
    watch.tells(failed(libc::ENOENT), UNRESOLVED, &expected(&missing));
    watch.end();
}

// === connecting with the first data ===

#[test]
fn a_connection_that_the_first_data_makes() {
    let Some(mut watch) = Watch::over(&[Kind::Send, Kind::Connect]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap();
    let connected = |socket: &OwnedFd, peer: SocketAddr| {
        of(Kind::Connect)
            .with(field::connect::FD, socket.as_raw_fd())
            .with(field::connect::FAMILY, INET)
            .with(field::connect::FAST_OPEN, true)
            .with(field::connect::SOCKET_TYPE, STREAM)
            .with(field::connect::PROTOCOL, TCP)
            .with(field::connect::ADDRESS, peer.ip())
            .with(field::connect::PORT, peer.port())
    };
    let (address, length) = raw(peer);
    // Of a datagram the flag means nothing.
    let datagram = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let fd = datagram.as_raw_fd();
    assert_eq!(call!(libc::SYS_sendto, fd, c"x".as_ptr(), 1, libc::MSG_FASTOPEN, &raw const address, length), 1);
    let event = watch.next(Kind::Send);
    assert_eq!(event.payload.get().value(field::send::ADDRESS), Some(peer.ip().into()));
    assert_eq!(event.payload.get().number(field::send::PORT), Some(peer.port().into()));
    let first = socket(AddressFamily::INET, SocketFlags::empty());
    let send = |socket: &OwnedFd, address: *const libc::sockaddr_in| {
        call!(libc::SYS_sendto, socket.as_raw_fd(), c"x".as_ptr(), 1, libc::MSG_FASTOPEN, address, length)
    };
    let result = send(&first, &raw const address);
    if result == failed(libc::EOPNOTSUPP) {
        eprintln!("skipped: net.ipv4.tcp_fastopen is off");
        return;
    }
    assert_eq!(result, 1);
    let local: SocketAddr = rustix::net::getsockname(&first).unwrap().try_into().unwrap();
    let expected = connected(&first, peer)
        .with(field::connect::LOCAL_ADDRESS, local.ip())
        .with(field::connect::LOCAL_PORT, local.port());
    watch.tells(1, SHARED, &expected);

    // To a port at which nobody listens.
    let (_taken, nobody) = taken(Ipv4Addr::LOCALHOST).unwrap();
    let second = socket(AddressFamily::INET, SocketFlags::empty());
    let (address, _) = raw(nobody);
    assert_eq!(send(&second, &raw const address), failed(libc::ECONNREFUSED));
    watch.tells(failed(libc::ECONNREFUSED), UNRESOLVED, &connected(&second, nobody));
    assert!(!watch.seen().iter().any(|event| crate::watch::is_ours(event, Kind::Send)), "it is no send");
    watch.end();
}

// === dup ===

/// In a process of its own: its standard input is one of the test program's.
#[test]
fn sockets_that_become_standard_descriptors() {
    let Some(mut watch) = Watch::over(&[Kind::Dup]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (unix, _other) = UnixStream::pair().unwrap();
    let null = std::fs::File::open("/dev/null").unwrap();
    let [stream_fd, unix_fd, null_fd] = [stream.as_raw_fd(), unix.as_raw_fd(), null.as_raw_fd()];
    let child = in_a_child(|notes| {
        // A file, a failure, and a descriptor that is none of the three: none of them is told.
        call!(libc::SYS_dup3, null_fd, 1, 0);
        call!(libc::SYS_dup3, 999_999, 1, 0);
        call!(libc::SYS_dup, stream_fd);
        call!(libc::SYS_dup3, stream_fd, 100, 0);
        call!(libc::SYS_fcntl, stream_fd, libc::F_DUPFD, 3);
        call!(libc::SYS_close, 0);
        notes.add(call!(libc::SYS_dup, stream_fd));
        notes.add(call!(libc::SYS_dup3, stream_fd, 1, 0));
        call!(libc::SYS_close, 2);
        notes.add(call!(libc::SYS_fcntl, unix_fd, libc::F_DUPFD, 2));
        call!(libc::SYS_close, 0);
        notes.add(call!(libc::SYS_fcntl, stream_fd, libc::F_DUPFD_CLOEXEC, 0));
        #[cfg(target_arch = "x86_64")]
        notes.add(call!(libc::SYS_dup2, stream_fd, 2));
    });
    let peer = listener.local_addr().unwrap();
    let of_stream = of(Kind::Dup)
        .with(field::dup::FD, stream_fd)
        .with(field::dup::FAMILY, INET)
        .with(field::dup::ADDRESS, peer.ip())
        .with(field::dup::PORT, peer.port());
    let of_unix = of(Kind::Dup).with(field::dup::FD, unix_fd).with(field::dup::FAMILY, UNIX);
    let expected = [(0, &of_stream), (1, &of_stream), (2, &of_unix), (0, &of_stream), (2, &of_stream)];
    assert_eq!(child.notes, expected[..child.notes.len()].iter().map(|(result, _)| *result).collect::<Vec<i64>>());
    for (result, payload) in &expected[..child.notes.len()] {
        // Nobody shares its descriptors.
        watch.tells_of(child.pid, *result, 0, payload);
    }
    watch.end();
}
