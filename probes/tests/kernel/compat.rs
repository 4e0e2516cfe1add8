//! 32-bit system calls of a 64-bit process, which no tracepoint of a single call sees.

use std::arch::asm;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use lanner_abi::{Kind, event_flag, field};

use crate::child::{Done, Notes, c_path, call, in_a_child, in_memory, try_in_a_child};
use crate::file::{asked, opened};
use crate::network::{DATAGRAM, INET, STREAM, TCP, UDP};
use crate::watch::{Watch, folder, number, of, text};

const COMPAT: u16 = event_flag::COMPAT;
const UNRESOLVED: u16 = event_flag::UNRESOLVED;

const ENOENT: i64 = -2;

// Their numbers on i386.
const GETPID: u32 = 20;
const OPEN: u32 = 5;
const CREAT: u32 = 8;
const UNLINK: u32 = 10;
const EXECVE: u32 = 11;
const CHMOD: u32 = 15;
const UMOUNT: u32 = 22;
const KILL: u32 = 37;
const MMAP_OLD: u32 = 90;
const SOCKETCALL: u32 = 102;
const SETUID16: u32 = 23;
const CHOWN16: u32 = 182;
const MMAP: u32 = 192;
const TRUNCATE64: u32 = 193;
const OPENAT: u32 = 295;
const SENDMMSG: u32 = 345;
const SOCKET: u32 = 359;
const CONNECT: u32 = 362;
const SENDMSG: u32 = 370;

/// A 32-bit system call, with as many of its arguments as are wanted here.
fn int80<const N: usize>(number: u32, arguments: [u32; N]) -> i64 {
    let argument = |index: usize| u64::from(arguments.get(index).copied().unwrap_or_default());
    let result: u64;
    // SAFETY: the call is given memory of the caller's only; what it overwrites is said.
    unsafe {
        asm!(
            "xchg {first}, rbx",
            "int 0x80",
            "xchg {first}, rbx",
            first = inout(reg) argument(0) => _,
            inlateout("rax") u64::from(number) => result,
            inlateout("rcx") argument(1) => _,
            inlateout("rdx") argument(2) => _,
            inlateout("rsi") argument(3) => _,
            inlateout("rdi") argument(4) => _,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    i64::from(result as u32 as i32)
}

/// Memory that 32 bits reach.
struct Low {
    start: u32,
    used: u32,
}

impl Low {
    fn new() -> Self {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let address = call!(libc::SYS_mmap, 0, 65_536_u64, access, flags | libc::MAP_32BIT, -1, 0_u64);
        Self { start: u32::try_from(address).unwrap(), used: 0 }
    }

    /// Where this stands from now on.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        let at = self.start + self.used;
        self.used += (bytes.len() as u32).next_multiple_of(8);
        assert!(self.used <= 65_536);
        // SAFETY: there is room for it, and nobody else's.
        unsafe {
            let place = std::ptr::with_exposed_provenance_mut::<u8>(at as usize);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
        }
        at
    }

    fn path(&mut self, path: &Path) -> u32 {
        self.put(c_path(path).as_bytes_with_nul())
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        self.put(&words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>())
    }

    /// A struct sockaddr_in.
    fn address(&mut self, address: SocketAddr) -> u32 {
        let SocketAddr::V4(address) = address else { panic!("not of IPv4") };
        let mut raw = [0; 16];
        raw[..2].copy_from_slice(&INET.to_ne_bytes());
        raw[2..4].copy_from_slice(&address.port().to_be_bytes());
        raw[4..8].copy_from_slice(&address.ip().octets());
        self.put(&raw)
    }
}

impl Drop for Low {
    fn drop(&mut self) {
        call!(libc::SYS_munmap, u64::from(self.start), 65_536_u64);
    }
}

/// In a child, as where there are no such calls they end the process. `None` where the test is skipped.
fn in_a_compat_child(act: impl FnOnce(&mut Notes)) -> Option<Done> {
    let tried = try_in_a_child(|notes| {
        notes.add(call!(libc::SYS_getpid));
        notes.add(int80(GETPID, []));
    });
    if tried.status.signal() == Some(libc::SIGSEGV) {
        eprintln!("skipped: this kernel has no 32-bit system calls");
        return None;
    }
    assert_eq!(tried.notes[0], tried.notes[1]);
    Some(in_a_child(act))
}

#[test]
fn a_file_that_is_opened() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let [path, gone, new] = ["opened", "gone", "new"].map(|name| folder.join(name));
    fs::write(&path, "x").unwrap();
    let mut low = Low::new();
    let [low_path, low_gone, low_new] = [&path, &gone, &new].map(|path| low.path(path));
    let name = low.put(b"./opened\0");
    let here = low.path(&folder);
    let Some(child) = in_a_compat_child(|notes| {
        notes.add(int80(OPEN, [low_path, libc::O_RDWR.cast_unsigned(), 0]));
        notes.add(int80(OPEN, [low_gone, libc::O_RDWR.cast_unsigned(), 0]));
        notes.add(int80(CREAT, [low_new, 0o640]));
        let folder = int80(OPEN, [here, 0, 0]) as u32;
        notes.add(int80(OPENAT, [folder, name, 0, 0]));
        notes.add(int80(OPENAT, [libc::AT_FDCWD.cast_unsigned(), low_path, 0, 0]));
    }) else {
        return;
    };
    let mut next = || watch.next_of(child.pid, Kind::Open);
    let event = next();
    assert_eq!((event.result, event.flags), (Some(child.notes[0]), COMPAT));
    assert_eq!(event.payload, opened(&event, &path, 0, false));
    assert_eq!(number(&event.payload, field::open::INODE), Some(fs::metadata(&path).unwrap().ino()));
    let event = next();
    assert_eq!((event.result, event.flags), (Some(ENOENT), COMPAT | UNRESOLVED));
    assert_eq!((child.notes[1], event.payload.clone()), (ENOENT, asked(&event, gone.to_str().unwrap(), 0)));
    let event = next();
    assert_eq!((event.result, event.flags), (Some(child.notes[2]), COMPAT));
    assert_eq!(event.payload, opened(&event, &new, 0o640, true));
    let _ = next();
    for result in &child.notes[3..] {
        let event = next();
        assert_eq!((event.result, event.flags), (Some(*result), COMPAT));
        assert_eq!(event.payload, opened(&event, &path, 0, false));
    }
    watch.end();
}

#[test]
fn names_and_programs() {
    let kinds = [Kind::Unlink, Kind::ExecFailed, Kind::Chmod, Kind::Chown, Kind::Truncate, Kind::Umount];
    let Some(mut watch) = Watch::over(&kinds) else { return };
    let (_kept, folder) = folder();
    let [path, gone] = ["there", "gone"].map(|name| folder.join(name));
    fs::write(&path, "").unwrap();
    let mut low = Low::new();
    let [low_path, low_gone] = [&path, &gone].map(|path| low.path(path));
    let no_arguments = low.words(&[0]);
    let Some(child) = in_a_compat_child(|notes| {
        notes.add(int80(CHMOD, [low_path, 0o600]));
        notes.add(int80(CHOWN16, [low_path, 7, 0xffff]));
        // 4 GiB and 1.
        notes.add(int80(TRUNCATE64, [low_path, 1, 1]));
        notes.add(int80(UMOUNT, [low_path, 0xdead]));
        notes.add(int80(EXECVE, [low_gone, no_arguments, no_arguments]));
        notes.add(int80(UNLINK, [low_path]));
        notes.add(int80(UNLINK, [low_path]));
    }) else {
        return;
    };
    assert_eq!(child.notes, [0, 0, 0, -22, ENOENT, 0, ENOENT]);
    let (pid, flags) = (child.pid, COMPAT | UNRESOLVED);
    let (path, gone) = (path.to_str().unwrap(), gone.to_str().unwrap());
    watch.tells_of(pid, 0, flags, &of(Kind::Chmod).with(field::chmod::PATH, path).with(field::chmod::MODE, 0o600_u32));
    watch.tells_of(pid, 0, flags, &of(Kind::Chown).with(field::chown::PATH, path).with(field::chown::OWNER, 7_u32));
    let truncate = of(Kind::Truncate).with(field::truncate::SIZE, (1_i64 << 32) + 1);
    watch.tells_of(pid, 0, flags, &truncate.with(field::truncate::PATH, path));
    // The call without flags.
    let umount = of(Kind::Umount).with(field::umount::PATH, path).with(field::umount::FLAGS, 0_u32);
    watch.tells_of(pid, -22, flags, &umount);
    let refused = of(Kind::ExecFailed).with(field::exec_failed::PATH, gone);
    watch.tells_of(pid, ENOENT, flags, &refused.with(field::exec_failed::FLAGS, 0_u32));
    for result in [0, ENOENT] {
        let unlink = of(Kind::Unlink).with(field::unlink::PATH, path).with(field::unlink::DIRECTORY, false);
        watch.tells_of(pid, result, flags, &unlink);
    }
    watch.end();
}

/// By one call for all of them, and by one of its own each.
#[test]
fn connections() {
    let Some(mut watch) = Watch::over(&[Kind::Connect, Kind::Socket]) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap();
    let (_taken, nobody) = crate::network::taken(Ipv4Addr::LOCALHOST).unwrap();
    let mut low = Low::new();
    let [to_peer, to_nobody] = [peer, nobody].map(|peer| low.address(peer));
    let socket = low.words(&[INET.into(), STREAM, 0]);
    let room = low.words(&[0; 4]);
    let Some(child) = in_a_compat_child(|notes| {
        // 1 is socket, 3 connect.
        let first = int80(SOCKETCALL, [1, socket]);
        let second = int80(SOCKET, [INET.into(), STREAM, 0]);
        notes.add(first);
        notes.add(second);
        let place = std::ptr::with_exposed_provenance_mut::<[u32; 3]>(room as usize);
        for address in [to_nobody, to_peer] {
            // SAFETY: it is this test's, and large enough.
            unsafe { place.write_volatile([first as u32, address, 16]) };
            notes.add(int80(SOCKETCALL, [3, room]));
            notes.add(int80(CONNECT, [second as u32, address, 16]));
        }
    }) else {
        return;
    };
    let refused = -i64::from(libc::ECONNREFUSED);
    assert_eq!(child.notes[2..], [refused, refused, 0, 0]);
    let made = of(Kind::Socket)
        .with(field::socket::FAMILY, INET)
        .with(field::socket::SOCKET_TYPE, STREAM)
        .with(field::socket::PROTOCOL, 0_u32);
    for fd in &child.notes[..2] {
        watch.tells_of(child.pid, *fd, COMPAT, &made);
    }
    let connect = |fd: i64, peer: SocketAddr| {
        of(Kind::Connect)
            .with(field::connect::FD, fd as i32)
            .with(field::connect::FAMILY, INET)
            .with(field::connect::FAST_OPEN, false)
            .with(field::connect::SOCKET_TYPE, STREAM)
            .with(field::connect::PROTOCOL, TCP)
            .with(field::connect::ADDRESS, peer.ip())
            .with(field::connect::PORT, peer.port())
    };
    for fd in &child.notes[..2] {
        watch.tells_of(child.pid, refused, COMPAT | UNRESOLVED, &connect(*fd, nobody));
    }
    for fd in &child.notes[..2] {
        let local = listener.accept().unwrap().1;
        let expected = connect(*fd, peer)
            .with(field::connect::LOCAL_ADDRESS, local.ip())
            .with(field::connect::LOCAL_PORT, local.port());
        watch.tells_of(child.pid, 0, COMPAT, &expected);
    }
    watch.end();
}

#[test]
fn datagrams() {
    let Some(mut watch) = Watch::over(&[Kind::Send]) else { return };
    let receiver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = receiver.local_addr().unwrap();
    let mut low = Low::new();
    let data = low.put(b"abc");
    let parts = low.words(&[data, 3]);
    let address = low.address(peer);
    // A struct msghdr of 28 bytes, and the length that was sent of it.
    let message = [address, 16, parts, 1, 0, 0, 0, 0];
    let messages = low.words(&[message, message].concat());
    let Some(child) = in_a_compat_child(|notes| {
        let socket = int80(SOCKET, [INET.into(), DATAGRAM, 0]);
        notes.add(socket);
        notes.add(int80(SENDMSG, [socket as u32, messages, 0]));
        notes.add(int80(SENDMMSG, [socket as u32, messages, 2, 0]));
    }) else {
        return;
    };
    assert_eq!(child.notes[1..], [3, 2]);
    for _ in 0..3 {
        let event = watch.next_of(child.pid, Kind::Send);
        let port = number(&event.payload, field::send::LOCAL_PORT).unwrap();
        let expected = of(Kind::Send)
            .with(field::send::FD, child.notes[0] as i32)
            .with(field::send::FAMILY, INET)
            .with(field::send::SOCKET_TYPE, DATAGRAM)
            .with(field::send::PROTOCOL, UDP)
            .with(field::send::ADDRESS, peer.ip())
            .with(field::send::PORT, peer.port())
            .with(field::send::LOCAL_PORT, port as u16);
        assert_eq!((event.flags, event.payload), (COMPAT | UNRESOLVED, expected));
        assert_eq!(receiver.recv_from(&mut [0; 8]).unwrap().1.port(), port as u16);
    }
    watch.end();
}

/// What else the one call for all of them does.
#[test]
fn sockets_that_wait() {
    let Some(mut watch) = Watch::over(&[Kind::Bind, Kind::Listen, Kind::Accept, Kind::Send]) else { return };
    let (any, receiver) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv4Addr::LOCALHOST, 9)));
    let mut low = Low::new();
    let [any, to] = [any, receiver].map(|address| low.address(address));
    let (tcp, udp) = (low.words(&[INET.into(), STREAM, 0]), low.words(&[INET.into(), DATAGRAM, 0]));
    let (room, data) = (low.words(&[0; 6]), low.put(b"abc"));
    let Some(child) = in_a_compat_child(|notes| {
        let call = |which: u32, arguments: [u32; 6]| {
            // SAFETY: it is this test's, and large enough.
            unsafe { std::ptr::with_exposed_provenance_mut::<[u32; 6]>(room as usize).write_volatile(arguments) };
            int80(SOCKETCALL, [which, room])
        };
        let (tcp, udp) = (int80(SOCKETCALL, [1, tcp]), int80(SOCKETCALL, [1, udp]));
        [tcp, udp].into_iter().for_each(|fd| notes.add(fd));
        let (tcp, udp) = (tcp as u32, udp as u32);
        // Bind, listen, accept (by both), sendto.
        notes.add(call(2, [tcp, any, 16, 0, 0, 0]));
        notes.add(call(4, [tcp, 3, 0, 0, 0, 0]));
        notes.add(call(5, [udp, 0, 0, 0, 0, 0]));
        notes.add(call(18, [udp, 0, 0, 0, 0, 0]));
        notes.add(call(11, [udp, data, 3, 0, to, 16]));
    }) else {
        return;
    };
    let (tcp, udp, refused) = (child.notes[0] as i32, child.notes[1] as i32, -i64::from(libc::EOPNOTSUPP));
    assert_eq!(child.notes[2..], [0, 0, refused, refused, 3]);
    let event = watch.next_of(child.pid, Kind::Bind);
    let port = number(&event.payload, field::bind::PORT).unwrap() as u16;
    assert_ne!(port, 0);
    let bind = of(Kind::Bind)
        .with(field::bind::FD, tcp)
        .with(field::bind::FAMILY, INET)
        .with(field::bind::SOCKET_TYPE, STREAM)
        .with(field::bind::PROTOCOL, TCP)
        .with(field::bind::ADDRESS, receiver.ip())
        .with(field::bind::PORT, port);
    assert_eq!((event.result, event.flags, event.payload), (Some(0), COMPAT, bind));
    let listen = of(Kind::Listen)
        .with(field::listen::FD, tcp)
        .with(field::listen::BACKLOG, 3)
        .with(field::listen::FAMILY, INET)
        .with(field::listen::SOCKET_TYPE, STREAM)
        .with(field::listen::PROTOCOL, TCP)
        .with(field::listen::ADDRESS, receiver.ip())
        .with(field::listen::PORT, port);
    watch.tells_of(child.pid, 0, COMPAT, &listen);
    let accept = of(Kind::Accept).with(field::accept::FD, udp).with(field::accept::FAMILY, INET);
    for _ in 0..2 {
        watch.tells_of(child.pid, refused, COMPAT, &accept.clone().with(field::accept::PROTOCOL, UDP));
    }
    let event = watch.next_of(child.pid, Kind::Send);
    let send = of(Kind::Send)
        .with(field::send::FD, udp)
        .with(field::send::FAMILY, INET)
        .with(field::send::SOCKET_TYPE, DATAGRAM)
        .with(field::send::PROTOCOL, UDP)
        .with(field::send::ADDRESS, receiver.ip())
        .with(field::send::PORT, receiver.port())
        .with(field::send::LOCAL_PORT, number(&event.payload, field::send::LOCAL_PORT).unwrap() as u16);
    assert_eq!((event.result, event.flags, event.payload), (Some(3), COMPAT | UNRESOLVED, send));
    watch.end();
}

#[test]
fn memory_and_what_is_done_to_others() {
    let Some(mut watch) = Watch::over(&[Kind::Mmap, Kind::Signal, Kind::Credentials]) else { return };
    let (all, flags) = (7_u32, (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS).cast_unsigned());
    let mut low = Low::new();
    let arguments = low.words(&[0, 4096, all, flags, u32::MAX, 0]);
    let Some(child) = in_a_compat_child(|notes| {
        notes.add(int80(MMAP_OLD, [arguments]));
        notes.add(int80(MMAP, [0, 8192, all, flags, u32::MAX]));
        notes.add(int80(KILL, [0x3fff_ffff, 15]));
        notes.add(int80(SETUID16, [1000]));
    }) else {
        return;
    };
    for (address, length) in child.notes.iter().zip([4096_u32, 8192]) {
        let expected = of(Kind::Mmap)
            .with(field::mmap::ADDRESS, u64::from(*address as u32))
            .with(field::mmap::LENGTH, length)
            .with(field::mmap::PROTECTION, all)
            .with(field::mmap::FLAGS, flags);
        let event = watch.next_of(child.pid, Kind::Mmap);
        assert_eq!((event.flags, event.payload), (COMPAT, expected));
        assert_eq!(event.result.map(|result| result as u32), Some(*address as u32));
    }
    let refused = of(Kind::Signal).with(field::signal::SIGNAL, 15_u32).with(field::signal::TARGET_PID, 0x3fff_ffff_u32);
    watch.tells_of(child.pid, -3, COMPAT, &refused.with(field::signal::TARGET_NS_PID, 0x3fff_ffff));
    let event = watch.next_of(child.pid, Kind::Credentials);
    assert_eq!((event.result, event.flags), (Some(0), COMPAT));
    assert_eq!(number(&event.payload, field::credentials::FSUID), Some(1000));
    watch.end();
}

/// Those of x32, whose numbers have a bit more; a kernel without them says that there is no such call.
#[test]
fn calls_of_x32() {
    const X32: libc::c_long = 0x4000_0000;
    let Some(mut watch) = Watch::over(&[Kind::Open, Kind::ExecFailed]) else { return };
    let missing = c"/no such file of x32";
    let result = call!(X32 | libc::SYS_open, in_memory(missing), libc::O_RDONLY, 0);
    let event = watch.next(Kind::Open);
    assert_eq!((event.result, event.flags), (Some(result), UNRESOLVED));
    assert_eq!(text(&event.payload, field::open::PATH), missing.to_str().unwrap());
    // It has a number of its own there.
    let none: [u64; 1] = [0];
    let result = call!(X32 | 520, in_memory(missing), none.as_ptr(), none.as_ptr());
    let refused = of(Kind::ExecFailed).with(field::exec_failed::PATH, missing.to_str().unwrap());
    watch.tells(result, UNRESOLVED, &refused.with(field::exec_failed::FLAGS, 0_u32));
    watch.end();
}
