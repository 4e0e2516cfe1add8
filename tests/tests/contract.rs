//! The contract as both sides age: packs of earlier versions, packs that are newer than the host, hosts that are newer than
//! the pack.

use std::fs;
use std::path::Path;

use lanner_abi::{Frame, Kind};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Description, Filter, Finding, Rule, Subscription};
use lanner_engine::{Candidate, Limits, Refusal, Runtime};
use lanner_enrich::{Enricher, Event};
use lanner_frame::Encoder;
use lanner_probes::Task;
use lanner_source::record::Machine;
use lanner_tests::{assert_found_again, events, root, run, test_pack};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const HEADER: usize = 16;
const ENTRY: usize = 16;

fn runtime() -> Runtime {
    Runtime::new(Limits::default(), None).expect("a runtime")
}

/// A pack of this description, which raises a finding of its first rule for each batch. No SDK had a hand in it.
fn pack_of(description: &[u8]) -> Vec<u8> {
    let finding = Finding { message: "a batch".to_owned(), ..Finding::default() }.encode();
    let escaped = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let pointer = |at: u32, length: usize| escaped(&[at.to_le_bytes(), (length as u32).to_le_bytes()].concat());
    let module = format!(
        r#"(module
            (import "lanner:pack/host@2.0.0" "emit" (func $emit (param i32 i32)))
            (memory (export "memory") 128)
            (data (i32.const 16) "{}")
            (data (i32.const 1024) "{}")
            (data (i32.const 32768) "{}")
            (func (export "lanner:pack/rules@2.0.0#describe") (result i32) (i32.const 16))
            (func (export "lanner:pack/rules@2.0.0#configure") (param i32 i32) (result i32) (i32.const 64))
            (func (export "lanner:pack/rules@2.0.0#evaluate") (param i32 i32)
                (call $emit (i32.const 1024) (i32.const {})))
            (func (export "lanner:pack/rules@2.0.0#tick") (param i64))
            (func (export "lanner:pack/rules@2.0.0#save") (result i32) (i32.const 64))
            (func (export "lanner:pack/rules@2.0.0#restore") (param i32 i32 i32 i32) (result i32) (i32.const 64))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1048576)))"#,
        pointer(32768, description.len()),
        escaped(&finding),
        escaped(description),
        finding.len(),
    );
    let mut module = wat::parse_str(module).expect("a module");
    let mut contract = Resolve::default();
    let (package, _) = contract.push_dir(root().join("sdk/wit")).expect("the contract");
    let world = contract.select_world(&[package], Some("pack")).expect("the world");
    embed_component_metadata(&mut module, &contract, world, StringEncoding::UTF8, false).expect("a module");
    ComponentEncoder::default().module(&module).and_then(ComponentEncoder::encode).expect("a component")
}

fn rule(id: &str, events: Vec<Subscription>) -> Rule {
    Rule { id: id.to_owned(), events, ..Rule::default() }
}

fn described(rules: Vec<Rule>) -> Description {
    Description { name: "aged".into(), version: "1.0.0".into(), rules, ..Description::default() }
}

/// Any events of the kind.
fn all(kind: &str) -> Subscription {
    Subscription { kind: kind.to_owned(), filter: None }
}

/// Opens in which a field passes a test.
fn opens(field: &str, test: Test) -> Subscription {
    Subscription { kind: "open".to_owned(), filter: Some(Filter::Field(field.to_owned(), test)) }
}

/// Opens of these files, by one process.
fn batch(paths: &[&str]) -> Vec<Event> {
    let mut enricher = Enricher::new(&Machine::default(), None);
    let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
    let exec = events::exec(events::TIME_NS, &task, "/usr/bin/cat", b"cat\0");
    let opens = paths.iter().map(|path| events::open(events::TIME_NS, &task, path));
    let all = std::iter::once(exec).chain(opens);
    all.filter_map(|event| enricher.take(events::record(event))).filter(|event| event.kind == Kind::Open).collect()
}

fn frame(events: &[Event]) -> Vec<u8> {
    Encoder::default().encode(events.iter()).swap_remove(0).0.to_vec()
}

/// The frame as a later host might write it: every record is longer, and has bits for what was appended; there are a section
/// and an event of a kind that today's readers do not know.
fn of_a_later_host(frame: &[u8]) -> Vec<u8> {
    const MORE: usize = 24;
    let half = |at: usize| u16::from_le_bytes(frame[at..at + 2].try_into().expect("two bytes"));
    let word = |at: usize| u32::from_le_bytes(frame[at..at + 4].try_into().expect("four bytes")) as usize;
    let mut sections: Vec<(u16, usize, Vec<u8>)> = (0..word(12))
        .map(|entry| HEADER + entry * ENTRY)
        .map(|at| {
            let (number, stride, count, start) = (half(at), usize::from(half(at + 2)), word(at + 4), word(at + 8));
            let records = &frame[start..start + stride * count];
            if number == 0 {
                return (number, stride, records.to_vec());
            }
            let mut longer = Vec::new();
            for record in records.chunks_exact(stride) {
                longer.extend(record);
                let last = longer.len() - stride + 7;
                longer[last] |= 0x80;
                longer.extend([0xee; MORE]);
            }
            (number, stride + MORE, longer)
        })
        .collect();
    let events = sections.iter_mut().find(|(number, ..)| *number == 2).expect("events");
    let mut unknown = events.2[..events.1].to_vec();
    // Its kind: after the bits, the sequence number and the time.
    unknown[24..26].copy_from_slice(&99_u16.to_le_bytes());
    events.2.splice(0..0, unknown);
    sections.push((77, 5, vec![0xee; 15]));

    let mut table = Vec::new();
    let mut body = Vec::new();
    for (number, stride, records) in &sections {
        table.extend(number.to_le_bytes());
        table.extend((*stride as u16).to_le_bytes());
        table.extend(((records.len() / stride) as u32).to_le_bytes());
        table.extend(((HEADER + sections.len() * ENTRY + body.len()) as u32).to_le_bytes());
        table.extend([0; 4]);
        body.extend(records);
        body.resize(body.len().next_multiple_of(8), 0);
    }
    let mut later = frame[..8].to_vec();
    later.extend(((HEADER + table.len() + body.len()) as u32).to_le_bytes());
    later.extend((sections.len() as u32).to_le_bytes());
    later.extend(table);
    later.extend(body);
    later
}

#[test]
fn a_pack_of_the_first_contract_is_refused_with_how_to_rebuild_it() {
    let old = root().join("tests/released/1/pack.wasm");
    let ended = run([Path::new("replay"), Path::new("/dev/null"), Path::new("--rules"), &old]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "one sentence:\n{}", ended.stderr);
    for part in ["lanner:pack/rules@1.0.0", "lanner:pack/rules@2.0.0", "rebuild the pack", "lanner rule build"] {
        assert!(ended.stderr.contains(part), "{part} in: {}", ended.stderr);
    }
}

#[test]
fn packs_of_released_versions_find_what_they_found() {
    let released = fs::read_dir(root().join("tests/released")).expect("the released versions");
    let mut packs = 0;
    for folder in released.map(|folder| folder.expect("a folder").path()) {
        let found = folder.join("pack-findings.jsonl");
        if !found.exists() {
            continue; // It is refused: above.
        }
        let found = fs::read_to_string(found).expect("its findings");
        assert!(!found.is_empty());
        let (capture, pack) = (folder.join("capture.lcap"), folder.join("pack.wasm"));
        let ended = run([
            "replay".as_ref(),
            "--output".as_ref(),
            "json".as_ref(),
            capture.as_os_str(),
            "--rules".as_ref(),
            pack.as_os_str(),
        ]);
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert_found_again(&ended.stdout, &found, &[]);
        packs += 1;
    }
    assert!(packs > 0);
}

#[test]
fn a_pack_runs_on_a_later_host() {
    let now = frame(&batch(&["/etc/shadow", "/tmp/x", "/root/.ssh/id_rsa"]));
    let later = of_a_later_host(&now);
    let parsed = Frame::parse(&later).expect("a frame");
    assert_eq!(parsed.events().count(), 4);
    let bytes = fs::read(test_pack("one-rule")).expect("the pack");
    let mut pack = Candidate::prepare(&runtime(), &bytes).expect("a pack");
    assert_eq!(pack.evaluate(&now).expect("a call"), 2);
    assert_eq!(pack.evaluate(&later).expect("a call"), 2);
}

#[test]
fn of_a_pack_that_is_newer_only_the_rules_that_need_more_are_left_out() {
    let rules = vec![
        rule("test/runs", vec![opens("open.path", Test::Equals(vec![Literal::Bytes(b"/etc/x".to_vec())]))]),
        rule("test/kind", vec![all("open"), all("teleport")]),
        rule("test/field", vec![opens("open.mood", Test::Known)]),
        rule("test/owner", vec![opens("weather.wind", Test::Known)]),
        rule(
            "test/test",
            vec![Subscription { kind: "open".into(), filter: Some(Filter::Unknown("rhymes-with".into())) }],
        ),
    ];
    let bytes = pack_of(&described(rules).encode());
    let mut pack = Candidate::prepare(&runtime(), &bytes).expect("a pack");
    let left_out: Vec<(u32, &str)> =
        pack.description().left_out.iter().map(|left| (left.rule, left.needs.as_str())).collect();
    let expected = [
        (1, "events of the kind \"teleport\""),
        (2, "the field \"open.mood\" of events of the kind \"open\""),
        (3, "the field \"weather.wind\" of events of the kind \"open\""),
        (4, "the test \"rhymes-with\""),
    ];
    assert_eq!(left_out, expected);
    assert_eq!(pack.description().wanted.len(), 1, "what the others want is not handed over");
    assert_eq!(pack.evaluate(&frame(&batch(&["/etc/x"]))).expect("a call"), 1);

    // And the people who run it are told.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("aged.wasm");
    fs::write(&path, bytes).expect("written");
    let capture = root().join("tests/released/1/capture.lcap");
    let ended = run([Path::new("replay"), &capture, Path::new("--rules"), &path]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let said = "the rule test/kind is left out, as it needs events of the kind \"teleport\"";
    assert!(ended.stderr.contains(said) && ended.stderr.contains("1 rule (4 left out)"), "{}", ended.stderr);
}

#[test]
fn a_pack_of_which_nothing_can_run_is_refused() {
    let bytes = pack_of(&described(vec![rule("test/kind", vec![all("teleport")])]).encode());
    match Candidate::prepare(&runtime(), &bytes) {
        Err(refusal @ Refusal::TooNew { .. }) => {
            let said = refusal.to_string();
            assert!(said.contains("test/kind") && said.contains("teleport") && said.contains("newer lanner"), "{said}");
        }
        other => panic!("{:?}", other.map(|_| "it is taken")),
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_rule() {
    let wrong = [
        (opens("open.flags", Test::StartsWith(vec![b"x".to_vec()])), "\"open.flags\" is a number"),
        (opens("connect.port", Test::Known), "events of the kind \"open\" have no field \"connect.port\""),
        (opens("open.path", Test::Equals(Vec::new())), "no value at all"),
        (opens("process.parent", Test::Known), "cannot be compared"),
    ];
    for (subscription, says) in wrong {
        let bytes = pack_of(&described(vec![rule("test/wrong", vec![subscription])]).encode());
        let Err(refusal) = Candidate::prepare(&runtime(), &bytes) else { panic!("{says}: it is taken") };
        let said = refusal.to_string();
        assert!(said.contains("rule test/wrong") && said.contains(says), "{said}");
    }
    let Err(refusal) = Candidate::prepare(&runtime(), &pack_of(b"\xff\xff")) else { panic!("no CBOR is taken") };
    assert!(refusal.to_string().contains("docs/contract.md"), "{refusal}");
}
