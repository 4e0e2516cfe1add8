//! Filters on the events of frames.

use std::net::IpAddr;

use lanner_abi::{
    CONTAINER, Event, EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, RecordRef, Value, event_flag, field,
};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{FieldRef, Filter, Happening, Missing, Scope, Sieve, Subscription, Wanted};
use proptest::collection::vec;
use proptest::prelude::*;

fn add(writer: &mut FrameWriter, record: RecordRef<'_>) -> u32 {
    writer.record(record, &mut |_, row| Some(row))
}

/// A shell in a container opens a file, connects, and runs a program; a file is opened by nobody that is known, and events
/// are lost.
fn frame() -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let container =
        OwnedRecord::new(&CONTAINER).with(field::container::ID, "c0ffee").with(field::container::IMAGE, "web:1");
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
    let image = add(&mut writer, process(7, "/tmp/x\u{e4}").with(field::process::PARENT, parent).get());
    let header = EventHeader { seq: 1, process: Some(shell), ..Default::default() };

    let open = OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, "/etc/shadow")
        .with(field::open::FLAGS, 0o102_u32)
        .with(field::open::CREATED, false);
    let open = add(&mut writer, open.get());
    writer.event(&EventHeader { result: Some(-13), flags: event_flag::FAILED, ..header }, Kind::Open, open);
    let address: IpAddr = "10.1.2.3".parse().expect("an address");
    let connect = OwnedRecord::new(Kind::Connect.record())
        .with(field::connect::ADDRESS, address)
        .with(field::connect::PORT, 443_u16)
        .with(field::connect::FD, -1);
    let connect = add(&mut writer, connect.get());
    writer.event(&header, Kind::Connect, connect);
    let exec = OwnedRecord::new(Kind::Exec.record()).with(field::exec::IMAGE, image).with(field::exec::FILENAME, "");
    let exec = add(&mut writer, exec.get());
    writer.event(&header, Kind::Exec, exec);
    let open = add(&mut writer, OwnedRecord::new(Kind::Open.record()).get());
    writer.event(&EventHeader::default(), Kind::Open, open);
    let loss = add(&mut writer, OwnedRecord::new(Kind::Loss.record()).with(field::loss::COUNT, 5_u64).get());
    writer.event(&EventHeader::default(), Kind::Loss, loss);
    writer.finish().to_vec()
}

const OPEN: usize = 0;
const CONNECT: usize = 1;
const EXEC: usize = 2;
const BARE: usize = 3;
const LOSS: usize = 4;

fn sieve(kind: &str, filter: Option<Filter>) -> Sieve {
    let subscription = Subscription { kind: kind.to_owned(), filter };
    Sieve::new(&[Wanted::of(&subscription, &[]).expect("a sound subscription")])
}

/// Whether the frame's event of that number passes; its negation must say the opposite.
#[allow(clippy::needless_pass_by_value, reason = "callers make one for it")]
fn passes(number: usize, filter: Filter) -> bool {
    let bytes = frame();
    let frame = Frame::parse(&bytes).expect("a frame");
    let event = frame.events().nth(number).expect("there");
    let kind = event.kind().expect("a known kind").name();
    let negated = Filter::Not(Box::new(filter.clone()));
    let passes = sieve(kind, Some(filter.clone())).wants(&event);
    assert_ne!(sieve(kind, Some(negated)).wants(&event), passes, "{filter:?}");
    passes
}

fn test(field: &str, test: Test) -> Filter {
    Filter::Field(field.to_owned(), test)
}

fn equals<L: Into<Literal>>(field: &str, values: impl IntoIterator<Item = L>) -> Filter {
    test(field, Test::Equals(values.into_iter().map(Into::into).collect()))
}

fn is(field: &str, values: &[&str]) -> Filter {
    test(field, Test::Equals(values.iter().map(|value| Literal::Bytes(value.as_bytes().to_vec())).collect()))
}

fn texts(values: &[&str]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.as_bytes().to_vec()).collect()
}

fn network(address: &str, bits: u8) -> ([u8; 16], u8) {
    match Value::from(address.parse::<IpAddr>().expect("an address")) {
        Value::Bytes16(bytes) => (bytes, bits),
        _ => panic!("an address has 16 bytes"),
    }
}

#[test]
fn texts_are_compared_as_bytes() {
    let path = "open.path";
    assert!(
        passes(OPEN, is(path, &["/etc/passwd", "/etc/shadow"])) && !passes(OPEN, is(path, &["/etc/shado", "/etc"]))
    );
    assert!(passes(OPEN, test(path, Test::StartsWith(texts(&["/root/", "/etc/"])))));
    assert!(!passes(OPEN, test(path, Test::StartsWith(texts(&["etc/", "/etc/shadow-"])))));
    assert!(passes(OPEN, test(path, Test::EndsWith(texts(&[".pem", "shadow"])))));
    assert!(!passes(OPEN, test(path, Test::EndsWith(texts(&["x/etc/shadow", "/etc"])))));
    assert!(passes(OPEN, test(path, Test::Contains(texts(&["passwd", "/sha"])))));
    assert!(!passes(OPEN, test(path, Test::Contains(texts(&["Shadow", "shadow/"])))));
    // Every text begins and ends with the empty one.
    for values in [Test::StartsWith(texts(&[""])), Test::EndsWith(texts(&[""])), Test::Contains(texts(&[""]))] {
        assert!(passes(OPEN, test(path, values.clone())) && !passes(BARE, test(path, values)));
    }
    // Known, and empty.
    assert!(passes(EXEC, is("exec.filename", &[""])) && passes(EXEC, test("exec.filename", Test::Known)));
    assert!(
        passes(EXEC, test("exec.image.exe", Test::EndsWith(vec![b"\xa4".to_vec()]))),
        "in the middle of a character"
    );
    // Arguments are a text with NULs in it.
    assert!(passes(OPEN, test("process.argv", Test::Contains(texts(&["\0-i\0"])))));
}

#[test]
fn numbers_lie_in_ranges() {
    let result = "event.result";
    assert!(passes(OPEN, equals(result, [-13])) && !passes(OPEN, equals(result, [13, -12, -14])));
    assert!(passes(OPEN, test(result, Test::Between(vec![(0, 5), (-13, -13)]))));
    assert!(passes(OPEN, test(result, Test::Between(vec![(i128::MIN, -1)]))));
    assert!(!passes(OPEN, test(result, Test::Between(vec![(0, i128::MAX), (-12, -1), (-100, -14)]))));
    assert!(passes(CONNECT, equals("connect.port", [80, 443])) && !passes(CONNECT, equals("connect.port", [44, 4430])));
    assert!(passes(CONNECT, equals("connect.fd", [-1])) && !passes(CONNECT, equals("connect.fd", [u32::MAX])));
    assert!(passes(LOSS, test("loss.count", Test::Between(vec![(1, 5)]))));
    assert!(passes(LOSS, equals("event.kind", [Kind::Loss.number()])));
}

#[test]
fn bits_are_set_or_not() {
    let flags = |bits: fn(u64) -> Test, of: u64| passes(OPEN, test("open.flags", bits(of)));
    assert!(flags(Test::AnyBits, 0o3) && !flags(Test::AnyBits, 0o1) && !flags(Test::AnyBits, 0));
    assert!(flags(Test::AllBits, 0o102) && !flags(Test::AllBits, 0o103) && flags(Test::AllBits, 0));
    assert!(flags(Test::NoBits, 0o1001) && !flags(Test::NoBits, 0o100) && flags(Test::NoBits, 0));
    assert!(passes(OPEN, test("event.flags", Test::AllBits(event_flag::FAILED.into()))));
    assert!(passes(OPEN, test("process.caps_effective", Test::AnyBits(1 << 3))));
    // Of a negative number those of its 64 bits.
    assert!(passes(CONNECT, test("connect.fd", Test::AllBits(u64::MAX))));
    assert!(!passes(BARE, test("open.flags", Test::NoBits(1))), "nothing is known of it");
}

#[test]
fn yes_or_no() {
    assert!(passes(OPEN, equals("open.created", [false])) && !passes(OPEN, equals("open.created", [true])));
    assert!(
        passes(OPEN, equals("open.created", [true, false])) && !passes(BARE, equals("open.created", [true, false]))
    );
}

#[test]
fn addresses_lie_in_networks() {
    let within =
        |networks: &[([u8; 16], u8)]| passes(CONNECT, test("connect.address", Test::Within(networks.to_vec())));
    assert!(within(&[network("10.0.0.0", 104)]) && within(&[network("10.1.2.3", 128)]));
    assert!(within(&[network("::", 0)]) && within(&[network("192.168.0.0", 112), network("10.1.2.99", 120)]));
    assert!(!within(&[network("10.1.3.0", 120), network("fe80::", 10), network("10.1.2.2", 128)]));
    let (address, _) = network("10.1.2.3", 128);
    let equal =
        |bytes: [u8; 16]| passes(CONNECT, test("connect.address", Test::Equals(vec![Literal::Bytes(bytes.to_vec())])));
    assert!(equal(address) && !equal(network("10.1.2.4", 128).0));
    assert!(!passes(CONNECT, test("connect.local_address", Test::Within(vec![network("::", 0)]))));
}

#[test]
fn fields_of_everybody_around_the_event() {
    for (number, filter) in [
        (OPEN, equals("event.seq", [1])),
        (OPEN, is("process.exe", &["/bin/sh"])),
        (OPEN, equals("process.uid", [33])),
        (OPEN, is("parent.exe", &["/sbin/init"])),
        (OPEN, equals("parent.uid", [0])),
        (OPEN, is("container.id", &["c0ffee"])),
        (OPEN, test("container.image", Test::StartsWith(texts(&["web:"])))),
        (CONNECT, is("process.exe", &["/bin/sh"])),
        (EXEC, is("process.exe", &["/bin/sh"])),
        (EXEC, test("exec.image.exe", Test::StartsWith(texts(&["/tmp/"])))),
        (EXEC, equals("exec.image.pid", [7])),
    ] {
        assert!(passes(number, filter.clone()), "{filter:?}");
        assert!(!passes(BARE, is("process.exe", &["/bin/sh"])));
    }
    assert!(!passes(OPEN, is("parent.exe", &["/bin/sh"])) && !passes(EXEC, is("exec.image.exe", &["/bin/sh"])));
}

/// A test of what is not known does not hold, whatever it is; its negation does (`passes` looks at that).
#[test]
fn what_is_not_known_passes_no_test() {
    let all = |field: &str| {
        [
            test(field, Test::Known),
            test(field, Test::Between(vec![(i128::MIN, i128::MAX)])),
            test(field, Test::NoBits(0)),
            test(field, Test::AllBits(0)),
        ]
    };
    for field in ["open.inode", "event.result", "process.uid", "parent.uid", "process.login_uid", "open.flags"] {
        for filter in all(field) {
            assert!(!passes(BARE, filter.clone()), "{filter:?}");
        }
    }
    // The parent of the parent, the container of the host, a field that was not given.
    for filter in
        all("open.inode").into_iter().chain(all("process.login_uid")).chain([test("container.name", Test::Known)])
    {
        assert!(!passes(OPEN, filter.clone()), "{filter:?}");
    }
    // An unknown user is not root, and not somebody else either.
    assert!(!passes(BARE, equals("process.uid", [0])) && !passes(BARE, equals("process.uid", [u32::MAX])));
    let other_than_root = Filter::Not(Box::new(equals("process.uid", [0])));
    assert!(passes(BARE, other_than_root.clone()) && passes(OPEN, other_than_root.clone()));
    let known_other = Filter::All(vec![test("process.uid", Test::Known), other_than_root]);
    assert!(!passes(BARE, known_other.clone()) && passes(OPEN, known_other));
}

#[test]
fn all_any_and_not() {
    let yes = || is("open.path", &["/etc/shadow"]);
    let no = || is("open.path", &["/etc/passwd"]);
    let unknown = || equals("open.inode", [1]);
    let all = |filters: Vec<Filter>| passes(OPEN, Filter::All(filters));
    let any = |filters: Vec<Filter>| passes(OPEN, Filter::Any(filters));
    assert!(all(vec![]) && all(vec![yes(), yes()]) && !all(vec![yes(), no()]) && !all(vec![unknown(), yes()]));
    assert!(!any(vec![]) && any(vec![no(), yes()]) && !any(vec![no(), unknown()]) && any(vec![unknown(), yes()]));
    assert!(all(vec![Filter::Not(Box::new(no())), Filter::Any(vec![no(), Filter::Not(Box::new(unknown()))])]));
}

#[test]
fn a_sieve_takes_what_any_subscription_wants() {
    let bytes = frame();
    let frame = Frame::parse(&bytes).expect("a frame");
    let wanted = |subscriptions: &[(&str, Option<Filter>)]| {
        let wanted = |(kind, filter): &(&str, Option<Filter>)| {
            Wanted::of(&Subscription { kind: (*kind).to_owned(), filter: filter.clone() }, &[]).expect("sound")
        };
        let sieve = Sieve::new(&subscriptions.iter().map(wanted).collect::<Vec<_>>());
        frame.events().map(|event| sieve.wants(&event)).collect::<Vec<_>>()
    };
    let shadow = || Some(is("open.path", &["/etc/shadow"]));
    assert_eq!(wanted(&[]), [false; 5]);
    assert_eq!(wanted(&[("open", None)]), [true, false, false, true, false]);
    assert_eq!(wanted(&[("open", shadow()), ("loss", None)]), [true, false, false, false, true]);
    let none = Some(Filter::Any(Vec::new()));
    assert_eq!(wanted(&[("open", none), ("open", shadow()), ("connect", None)]), [true, true, false, false, false]);
}

#[test]
fn fields_are_found_by_their_names() {
    let scope = |kind: Kind, name: &str| FieldRef::of(kind, name).map(|found| (found.scope, found.field.name));
    assert_eq!(scope(Kind::Open, "event.result"), Ok((Scope::Event, "result")));
    assert_eq!(scope(Kind::Open, "process.exe"), Ok((Scope::Process, "exe")));
    assert_eq!(scope(Kind::Open, "parent.exe"), Ok((Scope::Parent, "exe")));
    assert_eq!(scope(Kind::Open, "container.image"), Ok((Scope::Container, "image")));
    assert_eq!(scope(Kind::Open, "open.path"), Ok((Scope::Payload, "path")));
    assert_eq!(scope(Kind::Exec, "exec.image.exe"), Ok((Scope::Named(0), "exe")));
    assert_eq!(scope(Kind::Fork, "fork.child.pid"), Ok((Scope::Named(0), "pid")));
    for (kind, name, missing) in [
        (Kind::Open, "", Missing::Unknown),
        (Kind::Open, "path", Missing::Unknown),
        (Kind::Open, "open.", Missing::Unknown),
        (Kind::Open, ".path", Missing::Unknown),
        (Kind::Open, "open.path.exe", Missing::Unknown),
        (Kind::Open, "process.parent.exe", Missing::Unknown),
        (Kind::Exec, "exec.image.", Missing::Unknown),
        (Kind::Exec, "exec.image.parent.exe", Missing::Unknown),
        (Kind::Open, "exec.image.exe", Missing::OtherKind),
        (Kind::Open, "loss.count", Missing::OtherKind),
        (Kind::Loss, "process.exe", Missing::OtherKind),
        (Kind::Loss, "parent.exe", Missing::OtherKind),
        (Kind::Loss, "container.id", Missing::OtherKind),
        (Kind::Open, "process.parent", Missing::NotComparable),
        (Kind::Open, "event.process", Missing::NotComparable),
        (Kind::Open, "container.labels", Missing::NotComparable),
        (Kind::Exec, "exec.image.container", Missing::NotComparable),
    ] {
        assert_eq!(scope(kind, name), Err(missing), "{kind:?} {name}");
    }
}

/// As the frame's own getters have it.
#[test]
fn values_are_those_of_the_frame() {
    let bytes = frame();
    let frame = Frame::parse(&bytes).expect("a frame");
    let event = frame.events().next().expect("an open");
    let value = |name: &str| {
        let field = FieldRef::of(Kind::Open, name).expect("there is one");
        event.value(&field).map(|value| format!("{value:?}"))
    };
    let text = |text: &str| Some(format!("{:?}", Value::Text(text.as_bytes())));
    assert_eq!(value("open.path"), text("/etc/shadow"));
    assert_eq!(value("container.id"), text("c0ffee"));
    assert_eq!(value("event.result"), Some(format!("{:?}", Value::Signed(-13))));
    assert_eq!(value("open.created"), Some(format!("{:?}", Value::Bool(false))));
    assert_eq!((value("open.inode"), value("container.name")), (None, None));
    assert_eq!(Happening::kind(&event), Some(Kind::Open));
}

// === anything ===

/// What a filter says, value by value.
fn holds(filter: &Filter, event: &Event<'_>) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| holds(filter, event)),
        Filter::Any(filters) => filters.iter().any(|filter| holds(filter, event)),
        Filter::Not(filter) => !holds(filter, event),
        Filter::Unknown(_) | Filter::Listed(..) => panic!("none is made here"),
        Filter::Field(name, test) => {
            let kind = event.kind().expect("a known kind");
            let Some(value) = event.value(&FieldRef::of(kind, name).expect("a field")) else { return false };
            let text = |test: &dyn Fn(&[u8]) -> bool| matches!(value, Value::Text(text) if test(text));
            let number = match value {
                Value::Unsigned(number) => i128::from(number),
                Value::Signed(number) => number.into(),
                Value::Bool(yes) => yes.into(),
                _ => 0,
            };
            let set = number as u64;
            match test {
                Test::Known => true,
                Test::Equals(values) => values.iter().any(|literal| match literal {
                    Literal::Bytes(bytes) => text(&|text| text == bytes),
                    Literal::Number(other) => number == *other,
                    Literal::Bool(yes) => number == i128::from(*yes),
                }),
                Test::StartsWith(values) => values.iter().any(|value| text(&|text| text.starts_with(value))),
                Test::EndsWith(values) => values.iter().any(|value| text(&|text| text.ends_with(value))),
                Test::Contains(values) => values.iter().any(|value| {
                    text(&|text| value.is_empty() || text.windows(value.len()).any(|part| part == value.as_slice()))
                }),
                Test::Between(ranges) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&number)),
                Test::AnyBits(bits) => set & bits != 0,
                Test::AllBits(bits) => set & bits == *bits,
                Test::NoBits(bits) => set & bits == 0,
                Test::Within(_) => panic!("none is made here"),
            }
        }
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let some_text = || {
        prop::sample::select(vec![
            "",
            "/",
            "/etc/shadow",
            "/etc",
            "shadow",
            "/bin/sh",
            "sh",
            "s",
            "\0",
            "/sbin/init",
            "c0ffee",
        ])
        .prop_map(|text| text.as_bytes().to_vec())
    };
    let some_texts = move || vec(some_text(), 1..5);
    let of_text = (
        prop::sample::select(vec![
            "open.path",
            "process.exe",
            "parent.exe",
            "process.cwd",
            "container.id",
            "process.argv",
        ]),
        prop_oneof![
            some_texts().prop_map(|texts| Test::Equals(texts.into_iter().map(Literal::Bytes).collect())),
            some_texts().prop_map(Test::StartsWith),
            some_texts().prop_map(Test::EndsWith),
            some_texts().prop_map(Test::Contains),
            Just(Test::Known),
        ],
    );
    let number = || prop_oneof![-20_i128..20, Just(i128::from(u32::MAX)), Just(0o102)];
    let range = (number(), number()).prop_map(|(one, other)| (one.min(other), one.max(other)));
    let of_number = (
        prop::sample::select(vec![
            "open.flags",
            "open.inode",
            "event.result",
            "process.uid",
            "parent.uid",
            "event.seq",
        ]),
        prop_oneof![
            vec(number(), 1..5).prop_map(|all| Test::Equals(all.into_iter().map(Literal::Number).collect())),
            vec(range, 1..5).prop_map(Test::Between),
            any::<u8>().prop_map(|bits| Test::AnyBits(bits.into())),
            any::<u8>().prop_map(|bits| Test::AllBits(bits.into())),
            any::<u8>().prop_map(|bits| Test::NoBits(bits.into())),
            Just(Test::Known),
        ],
    );
    let leaf = prop_oneof![of_text, of_number].prop_map(|(field, test)| Filter::Field(field.to_owned(), test));
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::All),
            vec(inner.clone(), 0..4).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #[test]
    fn a_sieve_says_what_its_filters_say(filters in vec(any_filter(), 1..4)) {
        let bytes = frame();
        let frame = Frame::parse(&bytes).expect("a frame");
        let subscription = |filter: &Filter| Subscription { kind: "open".to_owned(), filter: Some(filter.clone()) };
        let wanted: Vec<_> = filters.iter().map(|filter| Wanted::of(&subscription(filter), &[]).expect("sound")).collect();
        let sieve = Sieve::new(&wanted);
        for event in frame.events() {
            let expected = event.kind() == Some(Kind::Open) && filters.iter().any(|filter| holds(filter, &event));
            prop_assert_eq!(sieve.wants(&event), expected);
        }
    }

    #[test]
    fn any_name_is_a_field_or_none(kind in prop::sample::select(Kind::ALL.to_vec()), name in "[a-z._]{0,20}", end in "\\PC{0,6}") {
        for name in [name.clone(), end.clone(), format!("{}.{end}", kind.name()), format!("process.{name}")] {
            if let Ok(found) = FieldRef::of(kind, &name) {
                prop_assert!(name.ends_with(found.field.name));
            }
        }
    }
}
