//! Addresses and networks.

use std::net::{IpAddr, Ipv6Addr};

use lanner_sdk::abi::{Frame, Kind, OwnedRecord, Value, field, is_public};
use lanner_sdk::prelude::*;

use crate::{Vectors, frame_of, hex, row};

/// As it comes out of a frame.
fn read(bytes: [u8; 16]) -> IpAddr {
    let mut record = OwnedRecord::new(Kind::Connect.record());
    record.set(field::connect::ADDRESS, Some(Value::Bytes16(bytes))).expect("16 bytes");
    let frame = frame_of(Kind::Connect, &record, None);
    let frame = Frame::parse(&frame).expect("a frame");
    let event = frame.events().next().expect("one event");
    event.as_connect().and_then(|connect| connect.address()).expect("an address")
}

fn octets(address: &str) -> [u8; 16] {
    match address.parse().expect("an address") {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

#[test]
fn address() {
    let mut vectors = Vectors::new("address.tsv", "bytes, printed, is_public");
    let addresses = [
        "0.0.0.0",
        "0.255.255.255",
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.255.0.0",
        "172.15.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.1.0",
        "192.0.2.1",
        "192.0.3.0",
        "192.167.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.100.7",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.113.9",
        "203.0.114.0",
        "223.255.255.255",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::7f00:1",
        "::808:808",
        "::fffe:808:808",
        "::ffff:0:808:808",
        "64:ff9b::808:808",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "100::1",
        "1fff:ffff::1",
        "2000::",
        "2001::1",
        "2001:0:1::1",
        "2001:1::1",
        "2001:1ff::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db8::1",
        "2001:db8:ffff::1",
        "2001:db9::1",
        "2002:808:808::1",
        "2002:a00:1::1",
        "2002:c0a8:101::",
        "2606:4700::1111",
        "3ffe:ffff::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "3fff:1000::1",
        "4000::1",
        "5f00::1",
        "fbff::1",
        "fc00::1",
        "fd12:3456:789a:bcde:f012:3456:789a:bcde",
        "fe00::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        // How they are printed: the longest run of zeros, of two such the first, and never a single one.
        "1:2:3:4:5:6:7:8",
        "1:0:3:4:5:6:7:8",
        "0:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:0",
        "1:0:0:4:5:6:7:8",
        "1:0:0:4:5:0:0:8",
        "1:0:0:4:0:0:0:8",
        "0:0:3:4:5:6:7:8",
        "1:2:3:4:5:6:0:0",
        "1:0:0:0:0:0:0:0",
        "0:0:0:0:0:0:0:1",
        "0:0:0:0:0:0:1:0",
        "a0b:c00d:e0:f:10:200:3000:abcd",
        "0:1:0:1:0:1:0:1",
    ];
    for address in addresses {
        let bytes = octets(address);
        let address = read(bytes);
        row!(vectors; hex(&bytes), address.to_string(), is_public(address));
    }
    vectors.check();
}

#[test]
fn network() {
    let mut vectors = Vectors::new("network.tsv", "networks, address, contains");
    let cases: [(&'static [&'static str], &[&str]); 14] = [
        (&[], &["10.0.0.1", "::1"]),
        (&["10.0.0.0/8"], &["10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0", "::a00:1"]),
        (&["10.1.2.3/8"], &["10.200.0.1", "11.0.0.1"]),
        (&["0.0.0.0/0"], &["0.0.0.0", "255.255.255.255", "::", "::1"]),
        (&["::/0"], &["0.0.0.0", "255.255.255.255", "::", "ffff::"]),
        (&["::ffff:0:0/96"], &["1.2.3.4", "::1"]),
        (&["::ffff:10.0.0.0/104"], &["10.1.2.3", "11.1.2.3"]),
        (&["192.0.2.7/32"], &["192.0.2.7", "192.0.2.6", "192.0.2.8"]),
        (&["192.0.2.128/25"], &["192.0.2.127", "192.0.2.128", "192.0.2.255", "192.0.3.0"]),
        (&["::1/128"], &["::1", "::", "::2"]),
        (&["fd00::/8", "fe80::/10"], &["fd12::1", "fc00::1", "fe80::1", "febf:ffff::", "fec0::"]),
        (&["2001:db8::/33"], &["2001:db8:7fff::1", "2001:db8:8000::1"]),
        (
            &["10.0.0.0/8", "10.0.0.0/16", "10.255.0.0/16", "11.0.0.0/8"],
            &["10.0.0.1", "10.1.0.1", "11.255.255.255", "12.0.0.0"],
        ),
        (
            &["10.0.0.0/9", "10.128.0.0/9", "64:ff9b::1.2.3.4/128"],
            &["10.127.255.255", "10.128.0.0", "64:ff9b::102:304", "64:ff9b::102:305"],
        ),
    ];
    for (networks, addresses) in cases {
        let set = Networks::default().with(networks).expect("networks");
        for address in addresses {
            let address: IpAddr = address.parse().expect("an address");
            row!(vectors; networks.join(" "), hex(&octets(&address.to_string())), set.contains(address));
        }
    }
    vectors.check();
}

#[test]
fn network_wrong() {
    let mut vectors = Vectors::new("network-wrong.tsv", "network, why");
    for network in [
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "/8",
        "10.0.0/8",
        "10.0.0.0.0/8",
        "10.0.0.256/8",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.00.0.0/8",
        "010.0.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.0/1000",
        "0x0a.0.0.0/8",
        "fd00:/8",
        "::/129",
        ":::/8",
        "1::2::3/8",
        "1:2:3:4:5:6:7/8",
        "1:2:3:4:5:6:7:8:9/8",
        "1:2:3:4:5:6:7:8::/8",
        "12345::/8",
        "g::/8",
        ":1::/8",
        "1:2:3:4:5:6:7:1.2.3.4/8",
        "::1.2.3/8",
        "::1.2.3.4:1/8",
        "fe80::1%eth0/64",
        "[::1]/128",
        "::01.2.3.4/128",
    ] {
        let why = Networks::default().with([network]).expect_err("no network").to_string();
        let (_, why) = why.split_once("is no network: ").expect("why");
        row!(vectors; network, why);
    }
    vectors.check();
}

#[test]
fn networks_as_they_are_read() {
    let mut vectors = Vectors::new("network-bits.tsv", "network, address, bits");
    for network in [
        "10.0.0.0/8",
        "0.0.0.0/0",
        "::/0",
        "fd00::/8",
        "::1/128",
        "1::/16",
        "1:2:3:4:5:6:7:8/128",
        "1:2:3:4:5:6:7::/128",
        "::2:3:4:5:6:7:8/128",
        "1:2:3:4:5:6:1.2.3.4/128",
        "64:ff9b::1.2.3.4/96",
        "FD00:ABCD::/8",
        "10.1.2.3/8",
        "0001::/16",
    ] {
        // Read by the standard library: that the SDK agrees is a test of its own.
        let (address, bits) = network.split_once('/').expect("a network");
        let v4 = address.parse::<Ipv6Addr>().is_err();
        let bits: u16 = bits.parse().expect("a number");
        assert!(Networks::default().with([network]).is_ok(), "{network}");
        row!(vectors; network, hex(&octets(address)), if v4 { bits + 96 } else { bits });
    }
    vectors.check();
}
