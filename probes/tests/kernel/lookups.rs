//! Names that are looked up: questions and answers of DNS over UDP.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};

use crate::child::call;
use crate::watch::{Watch, of};

/// An address of the loopback network at which no resolver waits.
const SERVER: Ipv4Addr = Ipv4Addr::new(127, 53, 99, 7);
const A: u16 = 1;
const AAAA: u16 = 28;
const FLAGS: u16 = event_flag::UNRESOLVED;

/// A message about a name of one label; where it is an answer, with an address.
fn message(name: &str, record_type: u16, answer: Option<[u8; 4]>) -> Vec<u8> {
    let flags: u16 = if answer.is_some() { 0x8180 } else { 0x0100 };
    let mut bytes: Vec<u8> =
        [7, flags, 1, u16::from(answer.is_some()), 0, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    bytes.push(name.len() as u8);
    bytes.extend(name.as_bytes());
    bytes.push(0);
    bytes.extend([record_type, 1].into_iter().flat_map(u16::to_be_bytes));
    if let Some(address) = answer {
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        bytes.extend(address);
    }
    bytes
}

/// What is told of it.
fn told(socket: &UdpSocket, server: SocketAddr, name: &str, record_type: u16, answer: Option<[u8; 4]>) -> OwnedRecord {
    let told = of(Kind::Dns)
        .with(field::dns::NAME, name)
        .with(field::dns::RECORD_TYPE, record_type)
        .with(field::dns::RESPONSE, answer.is_some())
        .with(field::dns::ADDRESS, server.ip())
        .with(field::dns::PORT, server.port())
        .with(field::dns::FD, i64::from(socket.as_raw_fd()));
    match answer {
        Some(address) => told
            .with(field::dns::CODE, 0_u16)
            .with(field::dns::ANSWERS, 1_u16)
            .with(field::dns::ANSWER, std::net::IpAddr::from(address)),
        None => told,
    }
}

/// A name server that says what it is told to.
fn server() -> UdpSocket {
    UdpSocket::bind((SERVER, 53)).expect("root may, and nobody else is there")
}

#[test]
fn questions_and_answers_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Dns]) else { return };
    let server = server();
    let at = server.local_addr().expect("it has one");
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let own = client.local_addr().expect("it has one");
    let mut buffer = [0_u8; 256];

    // Without a connection: sendto, recvfrom.
    let asked = message("Sendto", A, None);
    client.send_to(&asked, at).expect("sent");
    watch.tells(asked.len() as i64, FLAGS, &told(&client, at, "sendto", A, None));
    let answer = message("recvfrom", A, Some([192, 0, 2, 7]));
    server.send_to(&answer, own).expect("sent");
    client.recv_from(&mut buffer).expect("received");
    watch.tells(answer.len() as i64, FLAGS, &told(&client, at, "recvfrom", A, Some([192, 0, 2, 7])));

    // With one: send and recv, read and write.
    client.connect(at).expect("connected");
    let asked = message("send", AAAA, None);
    client.send(&asked).expect("sent");
    watch.tells(asked.len() as i64, FLAGS, &told(&client, at, "send", AAAA, None));
    let fd = client.as_raw_fd();
    let asked = message("write", A, None);
    assert_eq!(call!(libc::SYS_write, fd, asked.as_ptr(), asked.len()), asked.len() as i64);
    watch.tells(asked.len() as i64, FLAGS, &told(&client, at, "write", A, None));
    let answer = message("read", A, Some([192, 0, 2, 8]));
    server.send_to(&answer, own).expect("sent");
    assert_eq!(call!(libc::SYS_read, fd, buffer.as_mut_ptr(), buffer.len()), answer.len() as i64);
    watch.tells(answer.len() as i64, FLAGS, &told(&client, at, "read", A, Some([192, 0, 2, 8])));

    // As messages, one and several.
    let mut asked = [message("first", A, None), message("second", AAAA, None)];
    let mut pieces =
        [0, 1].map(|index| libc::iovec { iov_base: asked[index].as_mut_ptr().cast(), iov_len: asked[index].len() });
    let mut messages = [0, 1].map(|index| {
        // SAFETY: all zero it is an empty message.
        let mut message: libc::mmsghdr = unsafe { std::mem::zeroed() };
        message.msg_hdr.msg_iov = &raw mut pieces[index];
        message.msg_hdr.msg_iovlen = 1;
        message
    });
    assert_eq!(call!(libc::SYS_sendmsg, fd, &raw const messages[0].msg_hdr, 0), asked[0].len() as i64);
    watch.tells(asked[0].len() as i64, FLAGS, &told(&client, at, "first", A, None));
    assert_eq!(call!(libc::SYS_sendmmsg, fd, messages.as_mut_ptr(), 2, 0), 2);
    watch.tells(asked[0].len() as i64, FLAGS, &told(&client, at, "first", A, None));
    watch.tells(asked[1].len() as i64, FLAGS, &told(&client, at, "second", AAAA, None));
    let answer = message("third", A, Some([192, 0, 2, 9]));
    let mut room = [[0_u8; 256]; 2];
    for (piece, room) in pieces.iter_mut().zip(&mut room) {
        *piece = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    }
    for _ in 0..3 {
        server.send_to(&answer, own).expect("sent");
    }
    assert_eq!(call!(libc::SYS_recvmsg, fd, &raw mut messages[0].msg_hdr, 0), answer.len() as i64);
    let expected = told(&client, at, "third", A, Some([192, 0, 2, 9]));
    watch.tells(answer.len() as i64, FLAGS, &expected);
    assert_eq!(call!(libc::SYS_recvmmsg, fd, messages.as_mut_ptr(), 2, 0, 0), 2);
    watch.tells(answer.len() as i64, FLAGS, &expected);
    watch.tells(answer.len() as i64, FLAGS, &expected);

    // What goes elsewhere is none, nor is what is read from a file, or what is too short for a question.
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    other.send_to(&message("other", A, None), own).expect("sent");
    client.send(&[0; 4]).expect("sent");
    std::fs::read("/proc/self/stat").expect("read");
    let last = message("last", A, None);
    client.send(&last).expect("sent");
    watch.tells(last.len() as i64, FLAGS, &told(&client, at, "last", A, None));
    watch.end();
}

#[test]
fn what_is_no_message_has_no_name() {
    let Some(mut watch) = Watch::over(&[Kind::Dns]) else { return };
    let at = SocketAddr::from((Ipv4Addr::new(127, 53, 99, 8), 53));
    let _server = UdpSocket::bind(at).expect("root may, and nobody else is there");
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    client.send_to(&[0xff; 40], at).expect("sent");
    let expected = of(Kind::Dns)
        .with(field::dns::RESPONSE, true)
        .with(field::dns::ADDRESS, at.ip())
        .with(field::dns::PORT, 53_u16)
        .with(field::dns::FD, i64::from(client.as_raw_fd()));
    watch.tells(40, FLAGS, &expected);
    watch.end();
}
