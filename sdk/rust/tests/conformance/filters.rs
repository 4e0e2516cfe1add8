//! Filters, as they travel, and which of the events of a frame pass them.

use std::net::IpAddr;

use lanner_contract::{Description, Sieve, Wanted};
use lanner_sdk::abi::{
    CONTAINER, EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, RecordRef, event_flag, field,
};
use serde_json::Value as Json;

use crate::{Field, Vectors, check, hex, row};

const OPEN: u64 = 1;
const CONNECT: u64 = 2;
const EXEC: u64 = 3;
/// An open of which nothing is known, not even who did it.
const BARE: u64 = 4;
const LOSS: u64 = 5;
/// An open with the largest numbers, an empty path, and a process with texts that are not UTF-8.
const ODD: u64 = 6;
/// One of a path as long as no other.
const LONG: u64 = 7;
const CONNECT6: u64 = 8;

fn add(writer: &mut FrameWriter, record: RecordRef<'_>) -> u32 {
    writer.record(record, &mut |_, row| Some(row))
}

fn frame() -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let container = OwnedRecord::new(&CONTAINER)
        .with(field::container::ID, "c0ffee")
        .with(field::container::IMAGE, "web:1")
        .with(field::container::PRIVILEGED, true);
    let container = add(&mut writer, container.get());
    let process = |pid: u32, exe: &'static str| {
        OwnedRecord::new(&PROCESS).with(field::process::PID, pid).with(field::process::EXE, exe)
    };
    let parent = add(&mut writer, process(1, "/sbin/init").with(field::process::UID, 0_u32).get());
    let shell = process(7, "/bin/sh")
        .with(field::process::PARENT, parent)
        .with(field::process::CONTAINER, container)
        .with(field::process::UID, 33_u32)
        .with(field::process::ARGV, "sh\0-i\0")
        .with(field::process::CAPS_EFFECTIVE, 0b1010_u64);
    let shell = add(&mut writer, shell.get());
    let image = add(&mut writer, process(8, "/tmp/x\u{e4}").with(field::process::PARENT, parent).get());
    let odd = OwnedRecord::new(&PROCESS)
        .with(field::process::EXE, b"/tmp/\xff\xfe\0\n".as_slice())
        .with(field::process::COMM, "")
        .with(field::process::CAPS_EFFECTIVE, u64::MAX);
    let odd = add(&mut writer, odd.get());
    let header = |seq: u64| EventHeader { seq, process: Some(shell), ..Default::default() };

    let open = OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, "/etc/shadow")
        .with(field::open::FLAGS, 0o102_u32)
        .with(field::open::CREATED, false);
    let open = add(&mut writer, open.get());
    let failed = EventHeader { result: Some(-13), flags: event_flag::FAILED, ..header(OPEN) };
    writer.event(&failed, Kind::Open, open);

    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let connect = OwnedRecord::new(Kind::Connect.record())
        .with(field::connect::ADDRESS, address("10.1.2.3"))
        .with(field::connect::PORT, 443_u16)
        .with(field::connect::FD, -1);
    let connect = add(&mut writer, connect.get());
    writer.event(&header(CONNECT), Kind::Connect, connect);

    let exec = OwnedRecord::new(Kind::Exec.record()).with(field::exec::IMAGE, image).with(field::exec::FILENAME, "");
    let exec = add(&mut writer, exec.get());
    writer.event(&header(EXEC), Kind::Exec, exec);

    let open = add(&mut writer, OwnedRecord::new(Kind::Open.record()).get());
    writer.event(&EventHeader { seq: BARE, ..Default::default() }, Kind::Open, open);

    let loss = add(&mut writer, OwnedRecord::new(Kind::Loss.record()).with(field::loss::COUNT, 5_u64).get());
    writer.event(&EventHeader { seq: LOSS, ..Default::default() }, Kind::Loss, loss);

    let open = OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, "")
        .with(field::open::FLAGS, u32::MAX)
        .with(field::open::INODE, u64::MAX)
        .with(field::open::CREATED, true);
    let open = add(&mut writer, open.get());
    let header_of_odd = EventHeader { seq: ODD, process: Some(odd), result: Some(i64::MIN), ..Default::default() };
    writer.event(&header_of_odd, Kind::Open, open);

    let path = format!("/{}end", "long/".repeat(2_000));
    let open =
        OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, path.as_str()).with(field::open::INODE, 0_u64);
    let open = add(&mut writer, open.get());
    writer.event(&EventHeader { result: Some(i64::MAX), ..header(LONG) }, Kind::Open, open);

    let connect = OwnedRecord::new(Kind::Connect.record()).with(field::connect::ADDRESS, address("2001:db8::7"));
    let connect = add(&mut writer, connect.get());
    writer.event(&header(CONNECT6), Kind::Connect, connect);
    writer.finish().to_vec()
}

/// As CBOR: objects stand for what JSON does not have, `{"hex": …}` for bytes, `{"cbor": …}` for any item.
fn cbor(json: &Json, out: &mut Vec<u8>) {
    fn head(major: u8, length: u64, out: &mut Vec<u8>) {
        let major = major << 5;
        match length {
            0..24 => out.push(major | length as u8),
            24..0x100 => out.extend([major | 24, length as u8]),
            0x100..0x1_0000 => {
                out.push(major | 25);
                out.extend((length as u16).to_be_bytes());
            }
            0x1_0000..0x1_0000_0000 => {
                out.push(major | 26);
                out.extend((length as u32).to_be_bytes());
            }
            _ => {
                out.push(major | 27);
                out.extend(length.to_be_bytes());
            }
        }
    }
    match json {
        Json::Bool(yes) => out.push(0xf4 | u8::from(*yes)),
        Json::Null => out.push(0xf6),
        Json::String(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(0, number, out),
            (_, Some(number)) => head(1, !number as u64, out),
            _ => panic!("{number} is no integer"),
        },
        Json::Array(items) => {
            head(4, items.len() as u64, out);
            items.iter().for_each(|item| cbor(item, out));
        }
        Json::Object(object) => {
            let bytes = |key: &str| {
                let hex = object.get(key)?.as_str()?;
                let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
                Some((0..hex.len()).step_by(2).map(byte).collect::<Vec<u8>>())
            };
            if let Some(bytes) = bytes("hex") {
                head(2, bytes.len() as u64, out);
                out.extend(bytes);
            } else {
                out.extend(bytes("cbor").expect("hex or cbor"));
            }
        }
    }
}

/// The filter as it travels, and as a description has it that says so.
fn travelled(kind: &str, filter: &str) -> (Vec<u8>, Result<Wanted, String>) {
    let json: Json = serde_json::from_str(filter).unwrap_or_else(|wrong| panic!("{filter}: {wrong}"));
    let mut bytes = Vec::new();
    cbor(&json, &mut bytes);
    let mut description = Vec::new();
    // {"rules": [{"events": [{"kind": …, "filter": …}]}]}
    description.extend(b"\xa1\x65rules\x81\xa1\x66events\x81\xa2\x64kind");
    cbor(&Json::String(kind.to_owned()), &mut description);
    description.extend(b"\x66filter");
    description.extend(&bytes);
    let description = Description::decode(&description).expect("well-formed");
    (bytes, Wanted::of(&description.rules[0].events[0], &description.lists).map_err(|wrong| wrong.to_string()))
}

/// As it is written, where that is all there is to it.
fn shown(filter: &str) -> Field {
    if filter.contains("\"cbor\"") { None::<&[u8]>.into() } else { filter.into() }
}

#[test]
fn filter() {
    let frame = frame();
    check("filter.bin", &frame);
    let frame = Frame::parse(&frame).expect("a frame");
    let mut vectors = Vectors::new("filter.tsv", "event, json, cbor, passes");
    let long = format!(r#"["equals","open.path","/{}end"]"#, "long/".repeat(2_000));
    let deep = format!("{}[\"known\",\"open.path\"]{}", r#"["not","#.repeat(16), "]".repeat(16));
    let many: Vec<String> = (0..200).map(|number| format!("\"/srv/{number}\"")).collect();
    let many = format!(r#"["equals","open.path",{},"/etc/shadow"]"#, many.join(","));
    let opens = [OPEN, BARE, ODD, LONG];
    let connects = [CONNECT, CONNECT6];
    let cases: &[(&[u64], &[&str])] = &[
        (
            &opens,
            &[
                r#"["known","open.path"]"#,
                r#"["not",["known","open.path"]]"#,
                r#"["equals","open.path","/etc/passwd","/etc/shadow"]"#,
                r#"["equals","open.path","/etc/shado","/etc",""]"#,
                r#"["equals","open.path",{"hex":"2f6574632f736861646f77"}]"#,
                r#"["not",["equals","open.path",""]]"#,
                r#"["starts-with","open.path","/root/","/etc/"]"#,
                r#"["starts-with","open.path","/etc/shadow-","etc"]"#,
                r#"["starts-with","open.path",""]"#,
                r#"["ends-with","open.path",".pem","shadow"]"#,
                r#"["ends-with","open.path","x/etc/shadow"]"#,
                r#"["ends-with","open.path","end"]"#,
                r#"["ends-with","open.path",""]"#,
                r#"["contains","open.path","passwd","/sha"]"#,
                r#"["contains","open.path","Shadow","shadow/"]"#,
                r#"["contains","open.path","g/end"]"#,
                r#"["contains","open.path",""]"#,
                r#"["contains","process.argv","\u0000-i\u0000"]"#,
                r#"["equals","process.exe",{"hex":"2f746d702ffffe000a"}]"#,
                r#"["starts-with","process.exe",{"hex":"2f746d702fff"}]"#,
                r#"["ends-with","process.exe","\u0000\n"]"#,
                r#"["equals","process.comm",""]"#,
                r#"["equals","event.result",-13]"#,
                r#"["equals","event.result",13,-12,-14]"#,
                r#"["equals","event.result",-9223372036854775808,9223372036854775807]"#,
                r#"["between","event.result",[-13,-13]]"#,
                r#"["between","event.result",[0,5],[-100,-14]]"#,
                r#"["between","event.result",[-9223372036854775808,-1]]"#,
                r#"["between","event.result",[{"cbor":"3bffffffffffffffff"},-1]]"#,
                r#"["between","event.result",[0,18446744073709551615]]"#,
                r#"["equals","event.result",{"cbor":"3bffffffffffffffff"},{"cbor":"1bffffffffffffffff"}]"#,
                r#"["equals","open.inode",18446744073709551615]"#,
                r#"["equals","open.inode",-1]"#,
                r#"["equals","open.inode",0]"#,
                r#"["between","open.inode",[9223372036854775808,18446744073709551615]]"#,
                r#"["between","open.inode",[-5,0]]"#,
                r#"["any-bits","open.flags",66]"#,
                r#"["any-bits","open.flags",1]"#,
                r#"["any-bits","open.flags",0]"#,
                r#"["all-bits","open.flags",66]"#,
                r#"["all-bits","open.flags",67]"#,
                r#"["all-bits","open.flags",0]"#,
                r#"["all-bits","open.flags",4294967296]"#,
                r#"["no-bits","open.flags",1]"#,
                r#"["no-bits","open.flags",66]"#,
                r#"["no-bits","open.flags",0]"#,
                r#"["any-bits","process.caps_effective",9223372036854775808]"#,
                r#"["all-bits","process.caps_effective",10]"#,
                r#"["any-bits","event.result",4]"#,
                r#"["all-bits","event.result",18446744073709551603]"#,
                r#"["equals","open.created",true]"#,
                r#"["equals","open.created",false]"#,
                r#"["equals","open.created",true,false]"#,
                r#"["known","open.created"]"#,
                r#"["equals","container.privileged",true]"#,
                r#"["equals","event.seq",1,7]"#,
                r#"["equals","event.kind",32]"#,
                r#"["any-bits","event.flags",1]"#,
                r#"["equals","process.exe","/bin/sh"]"#,
                r#"["equals","process.uid",33]"#,
                r#"["not",["equals","process.uid",0]]"#,
                r#"["all",["known","process.uid"],["not",["equals","process.uid",0]]]"#,
                r#"["equals","parent.exe","/sbin/init"]"#,
                r#"["equals","parent.uid",0]"#,
                r#"["known","parent.pid"]"#,
                r#"["equals","container.id","c0ffee"]"#,
                r#"["starts-with","container.image","web:"]"#,
                r#"["known","container.name"]"#,
                r#"["all"]"#,
                r#"["any"]"#,
                r#"["not",["all"]]"#,
                r#"["not",["any"]]"#,
                r#"["all",["known","open.path"],["equals","open.path","/etc/shadow"]]"#,
                r#"["all",["equals","open.inode",1],["known","open.path"]]"#,
                r#"["any",["equals","open.inode",1],["equals","open.path","/etc/shadow"]]"#,
                r#"["any",["equals","open.path","a"],["equals","open.path","b"]]"#,
                r#"["all",["not",["equals","open.path","/etc/passwd"]],["any",["equals","open.path","x"],["not",["equals","open.inode",1]]]]"#,
                r#"["any",["starts-with","open.path","/etc/"],["ends-with","open.path","end"],["known","process.login_uid"]]"#,
                // Without a length.
                r#"{"cbor":"9f66657175616c73696f70656e2e706174686b2f6574632f736861646f77ff"}"#,
                &long,
                &deep,
                &many,
            ],
        ),
        (
            &connects,
            &[
                r#"["known","connect.address"]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000ffff0a000000"},104]]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000ffff0a010203"},128]]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000ffff0a010202"},128]]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000ffff0a010202"},127]]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000000000000000"},0]]"#,
                r#"["within","connect.address",[{"hex":"00000000000000000000ffffc0a80000"},112],[{"hex":"20010db8000000000000000000000000"},33]]"#,
                r#"["within","connect.local_address",[{"hex":"00000000000000000000000000000000"},0]]"#,
                r#"["equals","connect.address",{"hex":"00000000000000000000ffff0a010203"}]"#,
                r#"["equals","connect.address",{"hex":"20010db8000000000000000000000007"},{"hex":"00000000000000000000000000000000"}]"#,
                r#"["equals","connect.port",80,443]"#,
                r#"["equals","connect.port",44,4430,-1,65979]"#,
                r#"["between","connect.port",[1,443]]"#,
                r#"["not",["between","connect.port",[0,65535]]]"#,
                r#"["equals","connect.fd",-1]"#,
                r#"["equals","connect.fd",4294967295]"#,
                r#"["between","connect.fd",[-10,-1]]"#,
            ],
        ),
        (
            &[EXEC],
            &[
                r#"["equals","exec.filename",""]"#,
                r#"["known","exec.filename"]"#,
                r#"["starts-with","exec.image.exe","/tmp/"]"#,
                r#"["ends-with","exec.image.exe",{"hex":"a4"}]"#,
                r#"["ends-with","exec.image.exe","ä"]"#,
                r#"["equals","exec.image.pid",8]"#,
                r#"["equals","process.pid",7]"#,
                r#"["equals","exec.image.exe","/bin/sh"]"#,
                r#"["equals","process.exe","/bin/sh"]"#,
                r#"["known","exec.image.uid"]"#,
            ],
        ),
        (
            &[LOSS],
            &[r#"["between","loss.count",[1,5]]"#, r#"["equals","loss.count",6]"#, r#"["equals","event.seq",5]"#],
        ),
    ];
    for (events, filters) in cases {
        for (number, filter) in events.iter().flat_map(|number| filters.iter().map(move |filter| (*number, *filter))) {
            // What is long is not said for each event.
            if filter.len() > 2_000 && !matches!(number, OPEN | LONG) {
                continue;
            }
            let event = frame.events().find(|event| event.seq() == number).expect("there");
            let kind = event.kind().expect("a known kind").name();
            let (bytes, wanted) = travelled(kind, filter);
            let passes = Sieve::new(&[wanted.unwrap_or_else(|wrong| panic!("{filter}: {wrong}"))]).wants(&event);
            row!(vectors; number, shown(filter), hex(&bytes), passes);
        }
    }
    vectors.check();
}

#[test]
fn filter_wrong() {
    let mut vectors = Vectors::new("filter-wrong.tsv", "kind, json, cbor, why");
    let deep = format!("{}[\"known\",\"open.path\"]{}", r#"["not","#.repeat(17), "]".repeat(17));
    let cases = [
        ("open", r#"["known","open.no_such_field"]"#),
        ("open", r#"["known","path"]"#),
        ("open", r#"["known",""]"#),
        ("open", r#"["known","open."]"#),
        ("open", r#"["known","open.path.exe"]"#),
        ("open", r#"["known","process.parent.exe"]"#),
        ("open", r#"["known","connect.port"]"#),
        ("open", r#"["known","exec.image.exe"]"#),
        ("exec", r#"["known","exec.image.parent.exe"]"#),
        ("loss", r#"["known","process.exe"]"#),
        ("loss", r#"["known","parent.exe"]"#),
        ("loss", r#"["known","container.id"]"#),
        ("open", r#"["known","process.parent"]"#),
        ("open", r#"["known","event.process"]"#),
        ("open", r#"["known","container.labels"]"#),
        ("exec", r#"["known","exec.image"]"#),
        ("open", r#"["equals","open.path"]"#),
        ("open", r#"["starts-with","open.path"]"#),
        ("open", r#"["between","open.flags"]"#),
        ("connect", r#"["within","connect.address"]"#),
        ("open", r#"["equals","open.path",1]"#),
        ("open", r#"["equals","open.path",true]"#),
        ("open", r#"["equals","open.flags","a"]"#),
        ("open", r#"["equals","open.flags",true]"#),
        ("open", r#"["equals","open.created",1]"#),
        ("open", r#"["starts-with","open.flags","a"]"#),
        ("open", r#"["ends-with","open.created","a"]"#),
        ("connect", r#"["contains","connect.address","a"]"#),
        ("open", r#"["between","open.path",[1,2]]"#),
        ("open", r#"["between","open.flags",[2,1]]"#),
        ("open", r#"["any-bits","open.path",1]"#),
        ("open", r#"["all-bits","open.created",1]"#),
        ("connect", r#"["no-bits","connect.address",1]"#),
        ("open", r#"["within","open.path",[{"hex":"00000000000000000000000000000000"},0]]"#),
        ("connect", r#"["within","connect.address",[{"hex":"00000000000000000000000000000000"},129]]"#),
        ("connect", r#"["equals","connect.address",{"hex":"0a000001"}]"#),
        ("connect", r#"["equals","connect.address","10.0.0.1"]"#),
        ("connect", r#"["equals","connect.address",1]"#),
        ("no-such-kind", r#"["all"]"#),
        ("open", r#"["no-such-test","open.path"]"#),
        ("open", &deep),
    ];
    for (kind, filter) in cases {
        let (bytes, wanted) = travelled(kind, filter);
        let why = wanted.expect_err(filter);
        row!(vectors; kind, shown(filter), hex(&bytes), why);
    }
    vectors.check();
}
