//! What runtimes ask of WASI, answered by the adapters: packs with them import nothing, and none gets randomness.

use std::fs;
use std::path::PathBuf;

use lanner_engine::{Candidate, Limits, Refusal, Runtime};
use lanner_tests::{made, root};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const ADAPTERS: [&str; 2] = ["go", "libc"];

fn adapter(name: &str) -> PathBuf {
    root().join("sdk/adapter").join(name).with_extension("wasm")
}

/// A pack that begins with these instructions whenever it is asked what it is. It has all of what an adapter answers, the names
/// with their types, and 64 KiB of memory from 65536 on to write to.
fn pack(name: &str, instructions: &str) -> Vec<u8> {
    let description = made::description("adapted", vec![made::rule("test/adapted", vec![("open", None)])]);
    let escaped = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let list = [1024_u32.to_le_bytes(), (description.len() as u32).to_le_bytes()].concat();
    let import = |name: &str, signature: &str| {
        format!("(import \"wasi_snapshot_preview1\" {name:?} (func ${name} {signature}))")
    };
    let imports = [
        import("random_get", "(param i32 i32) (result i32)"),
        import("clock_time_get", "(param i32 i64 i32) (result i32)"),
        import("args_sizes_get", "(param i32 i32) (result i32)"),
        import("environ_sizes_get", "(param i32 i32) (result i32)"),
        import("fd_write", "(param i32 i32 i32 i32) (result i32)"),
        import("fd_prestat_get", "(param i32 i32) (result i32)"),
        import("poll_oneoff", "(param i32 i32 i32 i32) (result i32)"),
        import("proc_exit", "(param i32)"),
    ];
    let text = format!(
        r#"(module
            {}
            (memory (export "memory") 2)
            (data (i32.const 16) "{}")
            (data (i32.const 1024) "{}")
            (func $expect (param $got i32) (param $want i32)
                (if (i32.ne (local.get $got) (local.get $want)) (then (unreachable))))
            (func (export "lanner:pack/rules@2.0.0#describe") (result i32) {instructions} (i32.const 16))
            (func (export "lanner:pack/rules@2.0.0#configure") (param i32 i32) (result i32) (i32.const 0))
            (func (export "lanner:pack/rules@2.0.0#evaluate") (param i32 i32))
            (func (export "lanner:pack/rules@2.0.0#tick") (param i64))
            (func (export "lanner:pack/rules@2.0.0#save") (result i32) (i32.const 0))
            (func (export "lanner:pack/rules@2.0.0#restore") (param i32 i32 i32 i32) (result i32) (i32.const 0))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536)))"#,
        imports.join("\n"),
        escaped(&list),
        escaped(&description),
    );
    let mut module = wat::parse_str(text).expect("a module");
    let mut contract = Resolve::default();
    let (package, _) = contract.push_dir(root().join("sdk/wit")).expect("the contract");
    let world = contract.select_world(&[package], Some("pack")).expect("the world");
    embed_component_metadata(&mut module, &contract, world, StringEncoding::UTF8, false).expect("a module");
    let adapter = fs::read(adapter(name)).expect("the adapter");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).and_then(|encoder| encoder.adapter("wasi_snapshot_preview1", &adapter));
    encoder.and_then(ComponentEncoder::encode).expect("a component")
}

fn load(adapter: &str, instructions: &str) -> Result<Candidate, Refusal> {
    let runtime = Runtime::new(Limits::default(), None).expect("a runtime");
    Candidate::prepare(&runtime, &pack(adapter, instructions))
}

fn loads(adapter: &str, instructions: &str) {
    if let Err(refusal) = load(adapter, instructions) {
        panic!("{adapter}: {instructions}: {refusal}");
    }
}

fn traps(adapter: &str, instructions: &str) {
    match load(adapter, instructions) {
        Err(Refusal::Call { .. }) => {}
        other => panic!("{adapter}: {instructions}: {:?}", other.map(|_| "it runs")),
    }
}

#[test]
fn randomness_traps() {
    let ask = "(drop (call $random_get (i32.const 65536) (i32.const 32)))";
    traps("libc", ask);
    traps("libc", "(drop (call $random_get (i32.const 65536) (i32.const 0)))");
    // Go's runtime asks once before anything else runs, and is refused; the bytes stay what they are.
    loads("go", "(call $expect (call $random_get (i32.const 65536) (i32.const 32)) (i32.const 52))");
    traps("go", &ask.repeat(2));
}

#[test]
fn waiting_and_exiting_trap() {
    for adapter in ADAPTERS {
        traps(adapter, "(drop (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)))");
        traps(adapter, "(call $proc_exit (i32.const 0))");
    }
}

#[test]
fn there_is_nothing_around_a_pack() {
    for adapter in ADAPTERS {
        // Time stands still.
        let clock = "(call $expect (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 65536)) (i32.const 0))
            (call $expect (i32.wrap_i64 (i64.load (i32.const 65536))) (i32.const 1000000000))";
        loads(adapter, &clock.repeat(2));
        for call in ["args_sizes_get", "environ_sizes_get"] {
            loads(
                adapter,
                &format!(
                    "(i64.store (i32.const 65536) (i64.const -1))
                    (call $expect (call ${call} (i32.const 65536) (i32.const 65540)) (i32.const 0))
                    (call $expect (i32.load (i32.const 65536)) (i32.const 0))
                    (call $expect (i32.load (i32.const 65540)) (i32.const 0))"
                ),
            );
        }
        loads(adapter, "(call $expect (call $fd_prestat_get (i32.const 3) (i32.const 65536)) (i32.const 8))");
        // What is written in two parts is taken.
        let write = "(i32.store (i32.const 65540) (i32.const 3)) (i32.store (i32.const 65548) (i32.const 4))
            (call $expect (call $fd_write (i32.const 2) (i32.const 65536) (i32.const 2) (i32.const 65600)) (i32.const 0))
            (call $expect (i32.load (i32.const 65600)) (i32.const 7))";
        loads(adapter, write);
    }
}
