//! What the pack does, call by call, as `tests/reference/script.tsv` has it for all languages.
//!
//! `LANNER_WRITE_VECTORS=1 cargo test -p reference` writes the script.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use lanner_contract::{Description, Sieve, Wanted};
use lanner_sdk::Fact;
use lanner_sdk::abi::{
    EventHeader, FieldInfo, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, event_flag, field, with_passed,
};
use lanner_sdk::testing::PackTest;
use reference::Reference;

const SECOND: u64 = 1_000_000_000;
const BEGINNING: u64 = 1_700_000_000 * SECOND;
const O_WRONLY: u32 = 1;

/// The events of one frame.
struct Batch {
    writer: FrameWriter,
    seq: u64,
    time: u64,
}

impl Batch {
    fn new(first: u64) -> Self {
        Self { writer: FrameWriter::new(), seq: first, time: BEGINNING }
    }

    /// A process, as its row.
    fn process(&mut self, id: u64, parent: Option<u32>, fields: &[(&'static FieldInfo, &[u8])]) -> u32 {
        let mut record = OwnedRecord::new(&PROCESS).with(field::process::ID, id).with(field::process::IMAGE, id << 8);
        if let Some(parent) = parent {
            record = record.with(field::process::PARENT, parent);
        }
        for (at, text) in fields {
            record = record.with(at, *text);
        }
        self.writer.record(record.get(), &mut |_, row| Some(row))
    }

    fn named(&mut self, id: u64, exe: &str) -> u32 {
        let comm = exe.rsplit('/').next().unwrap_or(exe);
        self.process(id, None, &[(field::process::EXE, exe.as_bytes()), (field::process::COMM, comm.as_bytes())])
    }

    fn event(&mut self, process: Option<u32>, kind: Kind, payload: &OwnedRecord) {
        self.event_with(EventHeader { process, ..EventHeader::default() }, kind, payload);
    }

    fn event_with(&mut self, header: EventHeader, kind: Kind, payload: &OwnedRecord) {
        let row = self.writer.record(payload.get(), &mut |_, row| Some(row));
        self.writer.event(&EventHeader { seq: self.seq, time: self.time, ..header }, kind, row);
        self.seq += 1;
    }

    fn open(&mut self, process: u32, path: &[u8]) {
        self.event(Some(process), Kind::Open, &open(path, 0));
    }

    fn exec(&mut self, image: u32) {
        let before = self.process(900, None, &[]);
        self.event(Some(before), Kind::Exec, &OwnedRecord::new(Kind::Exec.record()).with(field::exec::IMAGE, image));
    }

    fn connect(&mut self, process: u32, address: Option<&str>, port: Option<u16>) {
        let mut record = OwnedRecord::new(Kind::Connect.record());
        if let Some(address) = address {
            record = record.with(field::connect::ADDRESS, address.parse::<IpAddr>().expect("an address"));
        }
        if let Some(port) = port {
            record = record.with(field::connect::PORT, port);
        }
        self.event(Some(process), Kind::Connect, &record);
    }
}

fn open(path: &[u8], flags: u32) -> OwnedRecord {
    OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, path).with(field::open::FLAGS, flags)
}

/// The script, as it is being written: the pack plays along.
struct Script {
    pack: PackTest<Reference>,
    text: String,
    said: Description,
    /// Which rule is which.
    rules: Vec<String>,
}

impl Script {
    fn new() -> Self {
        let pack = PackTest::new();
        let rules = pack.rules().into_iter().map(|rule| rule.id).collect();
        Self { said: described(), pack, text: "# what\t...\n".to_owned(), rules }
    }

    fn configure(&mut self, settings: &[(&str, &str)], configuration: &str) {
        self.pack = PackTest::with_settings(settings.iter().copied());
        let _ = writeln!(self.text, "configure\t{configuration}");
    }

    /// Evaluates what happened, once as it is and once with what a host says of the filters. The pack is as before in
    /// between.
    fn frame(&mut self, batch: &mut Batch) {
        let bytes = batch.writer.finish().to_vec();
        let state = self.pack.saved();
        self.judge(&bytes);
        self.restore(&state);
        self.judge(&self.with_passed(&bytes));
        batch.writer.clear();
    }

    fn judge(&mut self, bytes: &[u8]) {
        let _ = writeln!(self.text, "frame\t{}", hex(bytes));
        for found in self.pack.judge(bytes).expect("a frame") {
            let rule = self.rules.iter().position(|id| *id == found.rule).expect("one of the pack's");
            let events: Vec<String> = found.events.iter().map(ToString::to_string).collect();
            let key = found.key.map_or_else(|| "-".to_owned(), |key| escaped(key.as_bytes()));
            let _ = write!(
                self.text,
                "finding\t{rule}\t{}\t{key}\t{}",
                escaped(found.message.as_bytes()),
                events.join(" ")
            );
            for (name, fact) in &found.fields {
                let _ = write!(self.text, "\t{name}\t{}", shown(fact));
            }
            self.text.push('\n');
        }
    }

    /// As the host does it: a bit for each of the pack's subscriptions.
    fn with_passed(&self, bytes: &[u8]) -> Vec<u8> {
        let frame = Frame::parse(bytes).expect("a frame");
        let subscriptions = self.said.rules.iter().flat_map(|rule| &rule.events);
        let sieves: Vec<Sieve> =
            subscriptions.map(|wanted| Sieve::new(&[Wanted::of(wanted, &[]).expect("sound")])).collect();
        let word = |event| (0..).zip(&sieves).map(|(bit, sieve)| u64::from(sieve.wants(&event)) << bit).sum();
        with_passed(bytes, &frame.events().map(word).collect::<Vec<u64>>(), 1)
    }

    fn saved(&mut self) -> Vec<u8> {
        let state = self.pack.saved();
        let _ = writeln!(self.text, "saved\t{}", hex(&state));
        state
    }

    fn restore(&mut self, state: &[u8]) {
        self.pack.restore(state, "1.0.0").expect("its own");
        let _ = writeln!(self.text, "restore\t{}", hex(state));
    }
}

/// What the rules say they want, as their page has it too.
fn described() -> Description {
    use lanner_contract::filter::{Literal, Test};
    use lanner_contract::{Filter, Rule, Subscription};
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let path = |test| Filter::Field("open.path".to_owned(), test);
    let exe = |test| Filter::Field("exec.image.exe".to_owned(), test);
    let shadow = Test::Equals(vec![Literal::Bytes(b"/etc/shadow".to_vec())]);
    let secret = [shadow, Test::StartsWith(texts(&["/root/.ssh/"])), Test::EndsWith(texts(&[".pem"]))];
    let ports = Test::Equals([4444, 1337, 31337].into_iter().map(Literal::Number).collect());
    let wanted = [
        ("open", Filter::Any(secret.into_iter().map(path).collect())),
        ("exec", exe(Test::StartsWith(texts(&["/tmp/", "/var/tmp/", "/dev/shm/"])))),
        ("connect", Filter::Field("connect.port".to_owned(), ports)),
        ("exec", exe(Test::EndsWith(texts(&["/sh", "/bash", "/dash", "/zsh"])))),
        ("open", path(Test::StartsWith(texts(&["/etc/"])))),
    ];
    let rule = |(kind, filter): (&str, Filter)| {
        let events = vec![Subscription { kind: kind.to_owned(), filter: Some(filter) }];
        Rule { events, ..Rule::default() }
    };
    Description { rules: wanted.into_iter().map(rule).collect(), ..Description::default() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(bytes: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'\\' | 0..0x20 | 0x7f.. => format!("\\x{byte:02x}"),
        byte => char::from(*byte).to_string(),
    };
    bytes.iter().map(byte).collect()
}

fn shown(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => format!("text:{}", escaped(text.as_bytes())),
        Fact::Path(path) => format!("path:{}", escaped(path)),
        Fact::Number(number) => format!("number:{number}"),
        Fact::Address(address) => format!("address:{address}"),
        Fact::Process(image) => format!("process:{image}"),
        other => panic!("the pack has no such fact: {other:?}"),
    }
}

fn opens(script: &mut Script) {
    let mut batch = Batch::new(1);
    let cat = batch.named(1, "/usr/bin/cat");
    let sshd = batch.named(2, "/usr/sbin/sshd");
    let unnamed = batch.process(3, None, &[(field::process::COMM, b"ghost")]);
    let unknown = batch.process(4, None, &[]);
    let odd = batch.process(5, None, &[(field::process::EXE, b"/opt/\xff\x1b[2J\n"), (field::process::COMM, b"odd")]);
    let shy = batch.named(7, "cron");
    for path in
        ["/etc/shadow", "/etc/shadow-", "/root/.ssh/id_rsa", "/root/.ssh", "/srv/tls/key.pem", ".pem", "/tmp/x", ""]
    {
        batch.open(cat, path.as_bytes());
    }
    for process in [sshd, unnamed, unknown, odd, shy] {
        batch.open(process, b"/etc/shadow");
    }
    batch.open(cat, b"/srv/\xfe\xe2\x80\xae\t.pem");
    batch.event(Some(cat), Kind::Open, &open(b"/etc/shadow", O_WRONLY));
    batch.event(Some(cat), Kind::Open, &open(b"/etc/shadow", 2));
    let failed =
        EventHeader { process: Some(cat), flags: event_flag::FAILED, result: Some(-13), ..EventHeader::default() };
    batch.event_with(failed, Kind::Open, &open(b"/etc/shadow", 0));
    batch.event(None, Kind::Open, &open(b"/etc/shadow", 0));
    // Of no path and no flags, and of another kind.
    batch.event(Some(cat), Kind::Open, &OwnedRecord::new(Kind::Open.record()));
    batch.event(None, Kind::Loss, &OwnedRecord::new(Kind::Loss.record()).with(field::loss::COUNT, 3_u64));
    script.frame(&mut batch);
}

fn execs(script: &mut Script) {
    let mut batch = Batch::new(100);
    let argv = |text: &'static str| (field::process::ARGV, text.as_bytes());
    let exe = |text: &'static str| (field::process::EXE, text.as_bytes());
    let comm = |text: &'static str| (field::process::COMM, text.as_bytes());
    let init = batch.process(1, None, &[exe("/sbin/init"), comm("systemd")]);
    let master = batch.process(20, Some(init), &[exe("/usr/sbin/nginx"), comm("nginx")]);
    let worker = batch.process(21, Some(master), &[exe("/usr/sbin/nginx"), comm("worker")]);
    let node = batch.process(22, Some(worker), &[exe("/usr/bin/node"), comm("node")]);
    let images = [
        batch.process(30, Some(init), &[exe("/tmp/x"), comm("x"), argv("x\0-a\0b c\0")]),
        batch.process(31, Some(init), &[exe("/var/tmp/y"), comm("y")]),
        batch.process(32, Some(init), &[exe("/dev/shm/.z"), argv("\0")]),
        batch.process(33, Some(init), &[exe("/tmp"), argv("x\0")]),
        batch.process(34, Some(init), &[exe("/bin/sh"), argv("sh\0")]),
        batch.process(35, Some(worker), &[exe("/bin/sh"), argv("sh\0-c\0id; \x1b[2J\n\0")]),
        batch.process(36, Some(node), &[exe("/usr/bin/bash"), argv("bash\0-i")]),
        batch.process(37, Some(node), &[exe("/usr/bin/dash")]),
        batch.process(38, Some(node), &[exe("/usr/bin/fish"), argv("fish\0")]),
        batch.process(39, Some(node), &[exe("/usr/bin/crash"), argv("crash\0")]),
        batch.process(40, Some(node), &[exe("sh"), argv("sh\0")]),
        // Both rules, in their order.
        batch.process(41, Some(master), &[exe("/tmp/zsh"), argv("zsh\0")]),
        batch.process(42, Some(master), &[comm("sh"), argv("sh\0")]),
    ];
    for image in images {
        batch.exec(image);
    }
    // A line of ancestors that leads back to itself, and an image that is not there.
    let first = images.len() as u32 + 4 + images.len() as u32;
    let circle = batch.process(50, Some(first + 1), &[exe("/bin/zsh"), argv("zsh\0")]);
    let _ = batch.process(51, Some(first), &[exe("/bin/other"), comm("other")]);
    assert_eq!(circle, first);
    batch.exec(circle);
    batch.exec(1_000_000);
    script.frame(&mut batch);
}

fn connects(script: &mut Script) {
    let mut batch = Batch::new(200);
    let nc = batch.named(1, "/usr/bin/nc");
    for (address, port) in [
        (Some("1.1.1.1"), Some(4444)),
        (Some("1.1.1.1"), Some(443)),
        (Some("10.0.0.1"), Some(4444)),
        (Some("2606:4700::1111"), Some(1337)),
        (Some("fd00::1"), Some(31337)),
        (Some("127.0.0.1"), Some(31337)),
        (None, Some(4444)),
        (Some("1.1.1.1"), None),
    ] {
        batch.connect(nc, address, port);
    }
    script.frame(&mut batch);
}

fn bursts(script: &mut Script) {
    let mut batch = Batch::new(300);
    let names = [batch.named(70, "/usr/bin/find"), batch.named(71, "/usr/bin/grep")];
    for number in 0..5 {
        for process in names {
            batch.open(process, format!("/etc/{number}").as_bytes());
        }
        batch.open(names[1], b"/etcetera");
    }
    // Exactly 10 s after the window began, and then after its end.
    batch.time = BEGINNING + 10 * SECOND;
    batch.open(names[0], b"/etc/late");
    batch.time += 1;
    for number in 0..4 {
        batch.open(names[0], format!("/etc/again{number}").as_bytes());
    }
    // Before the window began.
    batch.time = BEGINNING;
    batch.open(names[0], b"/etc/early");
    batch.event(None, Kind::Open, &open(b"/etc/nobody", 0));
    script.frame(&mut batch);
    let state = script.saved();
    // The next instance goes on where this one ended.
    script.restore(&state);
    let mut batch = Batch::new(400);
    batch.time += 5 * SECOND;
    let names = [batch.named(70, "/usr/bin/find"), batch.named(71, "/usr/bin/grep"), batch.named(72, "/usr/bin/ls")];
    for name in names.into_iter().chain(names) {
        batch.open(name, b"/etc/more");
    }
    script.frame(&mut batch);
    script.saved();
}

/// More processes than are remembered.
fn crowd(script: &mut Script) {
    let mut batch = Batch::new(1_000);
    let path = batch.writer.record(open(b"/etc/x", 0).get(), &mut |_, row| Some(row));
    for id in 0..1_024_u64 {
        // Two each begin at the same time.
        batch.time = BEGINNING + id / 2;
        let process = Some(batch.process(10_000 - id, None, &[]));
        let header = EventHeader { seq: batch.seq, time: batch.time, process, ..EventHeader::default() };
        batch.writer.event(&header, Kind::Open, path);
        batch.seq += 1;
    }
    script.judge(&short_processes(batch.writer.finish()));
    let mut batch = Batch::new(3_000);
    batch.time += SECOND;
    // One that is there already, and three more, of which the last was forgotten a moment before.
    for id in [9_990, 1, 2, 10_000] {
        let process = batch.process(id, None, &[(field::process::COMM, b"one more")]);
        for path in [b"/etc/x", b"/etc/y", b"/etc/z"] {
            batch.open(process, path);
        }
    }
    script.judge(batch.writer.finish());
    script.saved();
}

/// The same frame, as of a host that knows of a process its ids and nothing else: a script of a thousand of them stays short.
fn short_processes(frame: &[u8]) -> Vec<u8> {
    const KEPT: usize = 24;
    let word = |at: usize| u32::from_le_bytes(frame[at..at + 4].try_into().expect("4 bytes")) as usize;
    let half = |at: usize| u16::from_le_bytes([frame[at], frame[at + 1]]);
    let entries = || (0..word(12)).map(|entry| 16 + entry * 16);
    let (mut short, mut at) = (frame[..16 + word(12) * 16].to_vec(), 16 + word(12) * 16);
    for entry in entries() {
        let (stride, count, from) = (half(entry + 2), word(entry + 4), word(entry + 8));
        let records = &frame[from..from + usize::from(stride) * count];
        let kept = if half(entry) == PROCESS.section { KEPT } else { stride.into() };
        records.chunks_exact(stride.into()).for_each(|record| short.extend(&record[..kept]));
        short.resize(short.len().next_multiple_of(8), 0);
        short[entry + 2..entry + 4].copy_from_slice(&(kept as u16).to_le_bytes());
        short[entry + 8..entry + 12].copy_from_slice(&(at as u32).to_le_bytes());
        at = short.len();
    }
    short[8..12].copy_from_slice(&(at as u32).to_le_bytes());
    short
}

#[test]
fn the_script_is_what_the_pack_does() {
    let mut script = Script::new();
    script.configure(&[], "a0");
    script.saved();
    opens(&mut script);
    execs(&mut script);
    connects(&mut script);
    // {"settings": {"private": true, "burst": 3}, "off": []}
    let settings = "a26873657474696e6773a267707269766174 65f5656275727374 03636f666680".replace(' ', "");
    script.configure(&[("private", "true"), ("burst", "3")], &settings);
    connects(&mut script);
    bursts(&mut script);
    // {"settings": {"burst": 2}, "off": []}
    script.configure(&[("burst", "2")], "a26873657474696e6773a165627572737402636f666680");
    crowd(&mut script);

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../script.tsv");
    if env::var_os("LANNER_WRITE_VECTORS").is_some() {
        fs::write(&path, &script.text).expect("written");
    }
    let there = fs::read_to_string(&path).expect("the script");
    for (number, (there, now)) in (1..).zip(there.lines().zip(script.text.lines())) {
        assert_eq!(there, now, "line {number} of tests/reference/script.tsv");
    }
    assert_eq!(there, script.text);
}

#[test]
fn says_what_it_wants() {
    let pack = PackTest::<Reference>::new();
    let rules: Vec<(String, String)> = pack.rules().into_iter().map(|rule| (rule.id, rule.attack.concat())).collect();
    let expected = [
        ("reference/secret-open", "T1552.004"),
        ("reference/exec-from-tmp", "T1059.004"),
        ("reference/odd-port", "T1571"),
        ("reference/shell-of-server", "T1505.003"),
        ("reference/many-opens", "T1083"),
    ];
    assert_eq!(rules, expected.map(|(id, technique)| (id.to_owned(), technique.to_owned())));
}

#[test]
fn refuses_what_is_no_state() {
    let mut pack = PackTest::<Reference>::new();
    for wrong in
        [b"x".as_slice(), b"\xa1\x67windows\x81\x83\x01\x02\x03", b"\xa1\x67windows\x81\x84\x01\x02\x03", b"\xa1"]
    {
        assert!(pack.restore(wrong, "1.0.0").is_err(), "{wrong:?}");
    }
    // What a later version adds is passed over.
    assert_eq!(pack.restore(b"\xa2\x61x\x80\x67windows\x80", "1.1.0"), Ok(()));
}
