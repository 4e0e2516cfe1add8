//! A frame of any bytes: once parsed, every getter gives a value and every walk ends.

#![no_main]

use lanner_abi::{Frame, Payload, Process};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = Frame::parse(bytes) else { return };
    for process in frame.processes() {
        look_at(&process);
    }
    for event in frame.events() {
        let _ = (event.header(), event.failed(), event.result());
        look_at(&event.process());
        look_at(&event.subject());
        match event.payload() {
            Payload::Exec(exec) => drop((exec.to_record(), exec.stdin_peer(), exec.filename().to_string())),
            Payload::Fork(fork) => look_at(&fork.child()),
            Payload::Exit(exit) => drop(exit.to_record()),
            Payload::Open(open) => drop((open.path().file_name().to_string(), open.is_read(), open.truncates())),
            Payload::Connect(connect) => {
                drop((connect.address(), connect.is_public(), connect.unix_path().to_string()))
            }
            Payload::Loss(loss) => drop((loss.lost_kind(), loss.count())),
            _ => {}
        }
    }
});

fn look_at(process: &Process<'_>) {
    let _ = (process.to_record(), process.name().to_string(), process.command_line().to_string());
    // A circle of parents ends too.
    let _ = process.ancestors().map(|ancestor| ancestor.exe().len()).sum::<usize>();
}
