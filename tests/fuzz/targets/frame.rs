//! A frame of any bytes: once parsed, every getter gives a value and every walk ends.

#![no_main]

use lanner_abi::{Frame, Payload, Process, RecordRef, Type};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = Frame::parse(bytes) else { return };
    for process in frame.processes() {
        look_at(&process);
    }
    for event in frame.events() {
        let _ = (event.header(), event.failed(), event.result(), event.tid());
        every_field_of(&event.as_record());
        if let Some(process) = event.process() {
            look_at(&process);
        }
        if let Some(subject) = event.subject() {
            look_at(&subject);
        }
        if let Some(payload) = event.payload_record() {
            every_field_of(&payload);
        }
        match event.payload() {
            Payload::Exec(exec) => drop((exec.stdin_peer(), exec.image().is_known(), exec.filename().to_string())),
            Payload::Fork(fork) => look_at(&fork.child()),
            Payload::Exit(exit) => drop((exit.code(), exit.signal())),
            Payload::Open(open) => drop((open.path().file_name().to_string(), open.is_read(), open.truncates())),
            Payload::Connect(connect) => {
                drop((connect.address(), connect.is_public(), connect.unix_path().to_string()))
            }
            Payload::Loss(loss) => drop((loss.lost_kind(), loss.count())),
            _ => {}
        }
        drop(format!("{event:?}"));
    }
});

fn look_at(process: &Process<'_>) {
    every_field_of(&process.as_record());
    drop((process.name().to_string(), process.command_line().to_string(), process.is_root()));
    // A circle of parents ends too.
    let _ = process.ancestors().map(|ancestor| ancestor.exe().len()).sum::<usize>();
    let Some(container) = process.container() else { return };
    every_field_of(&container.as_record());
    for label in container.labels().into_iter().flatten() {
        drop((label.name().to_string(), label.value().to_string()));
    }
}

/// By the tables, as the host reads it.
fn every_field_of(record: &RecordRef<'_>) {
    for field in record.info().fields {
        match field.ty {
            Type::List => record.list(field).into_iter().flatten().for_each(|item| every_field_of(&item)),
            _ => assert!(record.has(field) || record.value(field).is_none()),
        }
    }
}
