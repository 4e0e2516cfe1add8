//! What is done through io_uring.

use std::ffi::CStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;

use io_uring::squeue::{Entry, Flags};
use io_uring::{IoUring, opcode, types};
use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use lanner_probes::RawEvent;

use crate::child::c_path;
use crate::watch::{Watch, assert_is, bytes, folder, number, of, text};

const IO_URING: u16 = event_flag::IO_URING;
const UNRESOLVED: u16 = event_flag::UNRESOLVED;
const SUBMITTED: u16 = event_flag::SUBMITTED;
const SHARED: u16 = event_flag::SHARED;
const ENOENT: i32 = -2;
const HERE: types::Fd = types::Fd(libc::AT_FDCWD);

/// A ring, where there can be any and it is seen.
fn ring() -> Option<IoUring> {
    match IoUring::new(8) {
        Ok(ring) if kernel_tells() => Some(ring),
        Ok(_) => {
            eprintln!("skipped: before Linux 6.0 the kernel does not tell what is needed");
            None
        }
        // Only where it is switched off.
        Err(error) => {
            let switch = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
            assert!(switch.trim() != "0" || error.kind() == std::io::ErrorKind::Unsupported, "{error}");
            eprintln!("skipped: no io_uring can be made: {error}");
            None
        }
    }
}

fn kernel_tells() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    release.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap() >= 6
}

/// Submits one, waits for it, and gives its result.
fn done(ring: &mut IoUring, entry: &Entry) -> i32 {
    submit(ring, entry);
    ring.completion().next().expect("a completion").result()
}

fn submit(ring: &mut IoUring, entry: &Entry) {
    push(ring, entry);
    assert_eq!(ring.submit_and_wait(1).unwrap(), 1);
}

fn push(ring: &mut IoUring, entry: &Entry) {
    // SAFETY: what it points at lives until it is completed: the callers wait for that.
    unsafe { ring.submission().push(entry).unwrap() };
}

fn open_at(path: &CStr, flags: i32) -> Entry {
    opcode::OpenAt::new(HERE, path.as_ptr()).flags(flags).mode(0o600).build()
}

/// The next of its kind that this process did through a ring; its threads may have worked on it.
fn next(watch: &mut Watch, kind: Kind) -> RawEvent {
    watch.find(kind.name(), |event| {
        let ours = event.task.as_ref().is_some_and(|task| task.pid == std::process::id());
        event.kind == kind && ours && event.flags & IO_URING != 0
    })
}

#[track_caller]
fn tells(watch: &mut Watch, result: i32, payload: &OwnedRecord) {
    let kind = Kind::ALL.into_iter().find(|kind| std::ptr::eq(kind.record(), payload.info())).unwrap();
    assert_is(&next(watch, kind), result.into(), IO_URING | UNRESOLVED, payload);
}

#[test]
fn files_that_are_opened() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let Some(mut ring) = ring() else { return };
    let (_kept, folder) = folder();
    let (file, link, gone) = (folder.join("file"), folder.join("link"), folder.join("gone"));
    std::os::unix::fs::symlink("file", &link).unwrap();

    // Its path is the kernel's own, whatever it was asked for as.
    for (asked, flags) in [(&file, libc::O_CREAT | libc::O_RDWR), (&link, libc::O_RDONLY)] {
        let fd = done(&mut ring, &open_at(&c_path(asked), flags));
        assert!(fd >= 0, "{fd}");
        let event = next(&mut watch, Kind::Open);
        let open = &event.payload;
        assert_eq!((event.result, event.flags & !SHARED), (Some(fd.into()), IO_URING));
        assert_eq!(text(open, field::open::PATH), file.to_str().unwrap());
        assert_eq!(text(open, field::open::ASKED), asked.to_str().unwrap());
        assert_eq!(number(open, field::open::INODE), Some(fs::metadata(&file).unwrap().ino()));
        assert_eq!(number(open, field::open::CREATED), Some((flags != libc::O_RDONLY).into()));
        close(fd);
    }
    assert_eq!(done(&mut ring, &open_at(&c_path(&gone), libc::O_WRONLY)), ENOENT);
    let failed = of(Kind::Open)
        .with(field::open::PATH, gone.to_str().unwrap())
        .with(field::open::FLAGS, libc::O_WRONLY.unsigned_abs())
        .with(field::open::MODE, 0_u32)
        .with(field::open::CREATED, false);
    tells(&mut watch, ENOENT, &failed);

    // From the folder of a descriptor, and by openat2.
    let at = fs::File::open(&folder).unwrap();
    let how = types::OpenHow::new().flags(libc::O_RDONLY as u64).resolve(0x10);
    let fd = done(&mut ring, &opcode::OpenAt2::new(types::Fd(at.as_raw_fd()), c"/file".as_ptr(), &how).build());
    assert!(fd >= 0, "{fd}");
    let event = next(&mut watch, Kind::Open);
    assert_eq!(text(&event.payload, field::open::PATH), file.to_str().unwrap());
    close(fd);

    // Into the ring's own table: there is no descriptor whose file could be looked at.
    ring.submitter().register_files(&[-1, -1]).unwrap();
    let slot = types::DestinationSlot::try_from_slot_target(1).unwrap();
    let c_file = c_path(&file);
    assert_eq!(done(&mut ring, &opcode::OpenAt::new(HERE, c_file.as_ptr()).file_index(Some(slot)).build()), 0);
    let event = next(&mut watch, Kind::Open);
    assert_eq!((event.result, event.flags), (Some(0), IO_URING | UNRESOLVED));
    assert_eq!(text(&event.payload, field::open::PATH), file.to_str().unwrap());
    watch.end();
}

/// Who does not want to be told of his success is told of all the same, as is who asks by a name too long to be kept.
#[test]
fn what_is_not_to_be_told() {
    let Some(mut watch) = Watch::over(&[Kind::Open, Kind::Mkdir, Kind::Socket]) else { return };
    let Some(mut ring) = ring() else { return };
    let (_kept, folder) = folder();
    let (file, made) = (folder.join("file"), folder.join("made"));
    fs::write(&file, "x").unwrap();
    let (c_file, c_made) = (c_path(&file), c_path(&made));
    let silent = [
        open_at(&c_file, libc::O_RDONLY),
        opcode::MkDirAt::new(HERE, c_made.as_ptr()).mode(0o700).build(),
        opcode::Socket::new(libc::AF_INET, libc::SOCK_DGRAM, 0).build(),
    ];
    for entry in silent {
        push(&mut ring, &entry.flags(Flags::SKIP_SUCCESS | Flags::IO_LINK));
    }
    // That it comes to this one says that the others succeeded.
    push(&mut ring, &opcode::Nop::new().build());
    assert_eq!(ring.submit_and_wait(1).unwrap(), 4);
    assert_eq!(ring.completion().map(|entry| entry.result()).collect::<Vec<_>>(), [0]);
    for (kind, at, path) in [(Kind::Open, field::open::PATH, &file), (Kind::Mkdir, field::mkdir::PATH, &made)] {
        let event = next(&mut watch, kind);
        assert_eq!((event.result, event.flags), (Some(0), IO_URING | SUBMITTED | UNRESOLVED));
        assert_eq!(text(&event.payload, at), path.to_str().unwrap());
    }
    let socket = next(&mut watch, Kind::Socket);
    assert_eq!((socket.result, socket.flags), (Some(0), IO_URING | SUBMITTED));
    assert_eq!(number(&socket.payload, field::socket::SOCKET_TYPE), Some(libc::SOCK_DGRAM as u64));

    let long = folder.join("x".repeat(255)).join("y".repeat(255)).join("z".repeat(255)).join("0".repeat(255));
    assert_eq!(done(&mut ring, &open_at(&c_path(&long), libc::O_RDONLY)), ENOENT);
    let event = next(&mut watch, Kind::Open);
    assert_eq!((event.result, event.flags), (Some(0), IO_URING | SUBMITTED | UNRESOLVED));
    assert_eq!(text(&event.payload, field::open::PATH), long.to_str().unwrap());
    watch.end();
}

#[test]
fn names_that_are_changed() {
    let kinds = [Kind::Mkdir, Kind::Symlink, Kind::Link, Kind::Rename, Kind::Unlink];
    let Some(mut watch) = Watch::over(&kinds) else { return };
    let Some(mut ring) = ring() else { return };
    let (_kept, folder) = folder();
    let [file, made, symlink, link, moved] = ["file", "made", "symlink", "link", "moved"].map(|name| folder.join(name));
    fs::write(&file, "x").unwrap();
    let [c_file, c_made, c_symlink, c_link, c_moved] = [&file, &made, &symlink, &link, &moved].map(c_path);
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();

    assert_eq!(done(&mut ring, &opcode::MkDirAt::new(HERE, c_made.as_ptr()).mode(0o700).build()), 0);
    tells(
        &mut watch,
        0,
        &of(Kind::Mkdir).with(field::mkdir::PATH, path(&made).as_str()).with(field::mkdir::MODE, 0o700_u32),
    );

    assert_eq!(done(&mut ring, &opcode::SymlinkAt::new(HERE, c"file".as_ptr(), c_symlink.as_ptr()).build()), 0);
    let made_link = of(Kind::Symlink).with(field::symlink::TARGET, "file");
    tells(&mut watch, 0, &made_link.with(field::symlink::PATH, path(&symlink).as_str()));

    assert_eq!(done(&mut ring, &opcode::LinkAt::new(HERE, c_file.as_ptr(), HERE, c_link.as_ptr()).build()), 0);
    let made_link = of(Kind::Link).with(field::link::OLD_PATH, path(&file).as_str());
    tells(&mut watch, 0, &made_link.with(field::link::NEW_PATH, path(&link).as_str()).with(field::link::FLAGS, 0_u32));

    let entry = opcode::RenameAt::new(HERE, c_link.as_ptr(), HERE, c_moved.as_ptr()).flags(1).build();
    assert_eq!(done(&mut ring, &entry), 0);
    let renamed = of(Kind::Rename).with(field::rename::OLD_PATH, path(&link).as_str());
    tells(
        &mut watch,
        0,
        &renamed.with(field::rename::NEW_PATH, path(&moved).as_str()).with(field::rename::FLAGS, 1_u32),
    );

    let removed = |of_what: &std::path::Path, directory: bool| {
        let removed = of(Kind::Unlink).with(field::unlink::PATH, path(of_what).as_str());
        removed.with(field::unlink::DIRECTORY, directory)
    };
    assert_eq!(done(&mut ring, &opcode::UnlinkAt::new(HERE, c_moved.as_ptr()).build()), 0);
    tells(&mut watch, 0, &removed(&moved, false));
    assert_eq!(done(&mut ring, &opcode::UnlinkAt::new(HERE, c_made.as_ptr()).flags(libc::AT_REMOVEDIR).build()), 0);
    tells(&mut watch, 0, &removed(&made, true));
    assert_eq!(done(&mut ring, &opcode::UnlinkAt::new(HERE, c_made.as_ptr()).build()), ENOENT);
    tells(&mut watch, ENOENT, &removed(&made, false));
    watch.end();
}

#[test]
fn sockets() {
    let kinds = [Kind::Socket, Kind::Connect, Kind::Accept, Kind::Send];
    let Some(mut watch) = Watch::over(&kinds) else { return };
    let Some(mut ring) = ring() else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let fd = done(&mut ring, &opcode::Socket::new(libc::AF_INET, libc::SOCK_STREAM, 0).build());
    if fd == -libc::EINVAL {
        eprintln!("skipped: this kernel makes no sockets so");
        return;
    }
    let event = next(&mut watch, Kind::Socket);
    assert_eq!((event.result, event.flags), (Some(fd.into()), IO_URING));
    assert_eq!(number(&event.payload, field::socket::FAMILY), Some(libc::AF_INET as u64));

    let to = |port: u16| address_of(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    let (address, length) = (to(port), size_of::<libc::sockaddr_in>() as u32);
    let entry = opcode::Connect::new(types::Fd(fd), (&raw const address).cast(), length).build();
    assert_eq!(done(&mut ring, &entry), 0);
    let event = next(&mut watch, Kind::Connect);
    assert_eq!((event.result, event.flags), (Some(0), IO_URING));
    assert_eq!(crate::watch::address(&event.payload, field::connect::ADDRESS), Some(Ipv4Addr::LOCALHOST.into()));
    assert_eq!(number(&event.payload, field::connect::PORT), Some(port.into()));

    let entry =
        opcode::Accept::new(types::Fd(listener.as_raw_fd()), std::ptr::null_mut(), std::ptr::null_mut()).build();
    let accepted = done(&mut ring, &entry);
    assert!(accepted >= 0, "{accepted}");
    let event = next(&mut watch, Kind::Accept);
    assert_eq!((event.result, event.flags & !SHARED), (Some(accepted.into()), IO_URING));
    assert_eq!(number(&event.payload, field::accept::LOCAL_PORT), Some(port.into()));
    close(accepted);
    // Into the ring's own table: what has that number among the descriptors is another.
    ring.submitter().register_files(&[-1, -1]).unwrap();
    let other = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let slot = types::DestinationSlot::try_from_slot_target(1).unwrap();
    let entry = opcode::Accept::new(types::Fd(listener.as_raw_fd()), std::ptr::null_mut(), std::ptr::null_mut());
    assert_eq!(done(&mut ring, &entry.file_index(Some(slot)).build()), 0);
    let event = next(&mut watch, Kind::Accept);
    assert_eq!((event.result, event.flags & !SHARED), (Some(0), IO_URING | event_flag::PARTIAL));
    assert_eq!(number(&event.payload, field::accept::LOCAL_PORT), Some(port.into()));
    assert_eq!(crate::watch::address(&event.payload, field::accept::ADDRESS), None);
    drop(other);
    close(fd);

    let (from, to_whom) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = to(to_whom.local_addr().unwrap().port());
    let mut data = *b"x";
    let mut part = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: all zero is a message of nothing to nobody.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw const address).cast_mut().cast();
    message.msg_namelen = length;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    assert_eq!(done(&mut ring, &opcode::SendMsg::new(types::Fd(from.as_raw_fd()), &raw const message).build()), 1);
    let event = next(&mut watch, Kind::Send);
    assert_eq!((event.result, event.flags), (Some(1), IO_URING | UNRESOLVED));
    let port = to_whom.local_addr().unwrap().port();
    assert_eq!(number(&event.payload, field::send::PORT), Some(port.into()));
    assert_eq!(bytes(&event.payload, field::send::UNIX_PATH), None);
    watch.end();
}

fn address_of(address: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

fn close(fd: RawFd) {
    // SAFETY: nobody else has it.
    assert_eq!(unsafe { libc::close(fd) }, 0);
}

/// A ring that has no room for completions tells of none: what was asked for is told all the same, later.
#[test]
fn what_is_not_completed() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let Some(_) = ring() else { return };
    let mut ring = IoUring::builder().setup_cqsize(2).build(2).unwrap();
    let (_kept, folder) = folder();
    let file = folder.join("file");
    fs::write(&file, "x").unwrap();
    let _ = watch.open("/file");
    for _ in 0..2 {
        submit(&mut ring, &opcode::Nop::new().build());
    }
    let path = c_path(&file);
    push(&mut ring, &open_at(&path, libc::O_RDONLY));
    assert_eq!(ring.submit().unwrap(), 1);
    let is_meant =
        |event: &RawEvent| bytes(&event.payload, field::open::PATH) == Some(file.to_str().unwrap().as_bytes());
    let event = loop {
        if let Some(event) = watch.probes.overdue().into_iter().find(is_meant) {
            break event;
        }
        if let Some(event) = watch.look(is_meant) {
            break event;
        }
    };
    // Some kernels tell of the completion.
    let told =
        if event.flags & SUBMITTED == 0 { IO_URING | event.flags & SHARED } else { IO_URING | SUBMITTED | UNRESOLVED };
    assert_eq!(event.flags, told);
    assert!(watch.probes.overdue().is_empty(), "it is told once");
    watch.end();
}
