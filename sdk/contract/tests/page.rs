//! The bytes on the contract's page are those that are written, and read.

use lanner_abi::{EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, field};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Configuration, Description, Filter, Finding, Rule, Severity, Subscription};

const PAGE: &str = include_str!("../../../docs/contract.md");

/// The bytes of a block of the page: what stands before the words of each line, without offsets.
fn bytes(block: &str) -> Vec<u8> {
    let (_, rest) = PAGE.split_once(&format!("```hexdump {block}\n")).expect("the block");
    let (block, _) = rest.split_once("```").expect("its end");
    let hex = |token: &&str| token.len().is_multiple_of(2) && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let of_line = |line: &str| {
        let tokens: Vec<String> = line
            .split(' ')
            .filter(|token| !token.is_empty() && !token.ends_with(':'))
            .take_while(hex)
            .map(str::to_owned)
            .collect();
        tokens.concat()
    };
    let digits: String = block.lines().map(of_line).collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
        .collect()
}

#[test]
fn the_description() {
    let equals = Filter::Field("open.path".into(), Test::Equals(vec![Literal::Bytes(b"/etc/x".to_vec())]));
    let rule = Rule {
        id: "test/one".into(),
        severity: Severity::High,
        events: vec![Subscription { kind: "open".into(), filter: Some(equals) }],
        ..Rule::default()
    };
    let said = Description {
        name: "demo".into(),
        version: "1.0.0".into(),
        summary: "one of".into(),
        rules: vec![rule],
        ..Description::default()
    };
    assert_eq!(Description::decode(&bytes("description")).expect("a description"), said);
    assert_eq!(said.encode(), bytes("description"));
    let checked = said.check().expect("a sound one");
    assert!(checked.left_out.is_empty() && checked.wanted.len() == 1);
}

#[test]
fn the_configuration() {
    assert_eq!(Configuration::decode(&bytes("configuration")).expect("one"), Configuration::default());
    assert_eq!(Configuration::default().encode(), bytes("configuration"));
}

#[test]
fn the_frame() {
    let mut writer = FrameWriter::new();
    let process = OwnedRecord::new(&PROCESS).with(field::process::PID, 7_u32);
    let process = writer.record(process.get(), &mut |_, _| None);
    let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "/etc/x");
    let open = open.with(field::open::FLAGS, 0_u32).with(field::open::MODE, 0_u32).with(field::open::CREATED, false);
    let payload = writer.record(open.get(), &mut |_, _| None);
    let header = EventHeader { seq: 1, time: 2, process: Some(process), result: Some(3), ..Default::default() };
    writer.event(&header, Kind::Open, payload);
    let written = writer.finish();
    let lines: Vec<String> = written
        .chunks(16)
        .enumerate()
        .map(|(line, bytes)| {
            let hex: Vec<String> =
                bytes.chunks(4).map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
            format!("{:04x}: {}", line * 16, hex.join(" "))
        })
        .collect();
    assert!(written == bytes("frame"), "the frame is\n{}", lines.join("\n"));
    let frame = Frame::parse(written).expect("a frame");
    let event = frame.events().next().expect("an event");
    assert_eq!(event.as_open().expect("an open").path(), "/etc/x");
}

#[test]
fn the_finding() {
    let finding = Finding { message: "opened".into(), events: vec![1], ..Finding::default() };
    assert_eq!(Finding::decode(&bytes("finding")).expect("a finding"), finding);
    assert_eq!(finding.encode(), bytes("finding"));
}
