//! Events as JSON, one object a line, with all that the host knows of each. `docs/capture.md` tells of it.

use lanner_abi::{event_flag, field};
use lanner_enrich::{Event, Process};
use lanner_json::Object;

use lanner_finding::object::{arguments, container};
use lanner_finding::time;

/// Appends an event as a line.
pub fn append_event(event: &Event, out: &mut Vec<u8>) {
    let Event { seq, time_ns, kind, flags, result, process, tid, payload, .. } = event;
    let mut object = Object::new();
    let mut set = |name: &str, value: serde_json::Value| object.insert(name.to_owned(), value);
    set("type", "event".into());
    set("seq", (*seq).into());
    set("time", time::rfc3339(*time_ns).into());
    set("kind", kind.name().into());
    set("flags", names(*flags).into());
    result.map(|result| set("result", result.into()));
    tid.map(|tid| set("tid", tid.into()));
    if let Some(process) = process {
        set("process", of_process(process).into());
        set("lineage", process.line().skip(1).map(|ancestor| named(ancestor)).collect());
    }
    let payload = lanner_json::write(payload.get(), &mut |field, _| Some(named(event.named(field)?)));
    set(kind.name(), payload.into());
    if let Some(image) = event.subject().filter(|_| kind.info().has_image) {
        set("image", of_process(image).into());
    }
    let written = serde_json::to_writer(&mut *out, &object);
    debug_assert!(written.is_ok(), "nothing in it has keys that are no text: {written:?}");
    out.push(b'\n');
}

fn names(flags: u16) -> Vec<&'static str> {
    event_flag::NAMES.bits.iter().filter(|(_, bit)| flags >> bit & 1 == 1).map(|(name, _)| *name).collect()
}

fn of_process(process: &Process) -> Object {
    let mut object = lanner_json::write(process.record(), &mut |_, _| None);
    let mut set = |name: &str, value: serde_json::Value| object.insert(name.to_owned(), value);
    // JSON's readers do not all have 64 bits for a number, and no text should have NULs in it.
    set("id", format!("{:016x}", process.id().0).into());
    set("image", format!("{:016x}", process.image().0).into());
    set("argv", arguments(process.argv()).map(String::from_utf8_lossy).collect());
    for field in
        [field::process::START, field::process::IMAGE_START, field::process::EXE_MTIME, field::process::EXE_CTIME]
    {
        if let Some(time_ns) = process.record().number(field) {
            set(field.name, time::rfc3339(time_ns).into());
        }
    }
    if let Some(recorded) = &process.container {
        object.insert("container".into(), container(recorded).into());
    }
    object
}

/// A process that stands beside.
fn named(process: &Process) -> serde_json::Value {
    let exe = String::from_utf8_lossy(process.exe());
    serde_json::json!({ "id": format!("{:016x}", process.id().0), "pid": process.pid(), "exe": exe })
}
