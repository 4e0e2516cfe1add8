use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;

/// After so long something hangs. Far beyond what the slowest machine needs.
const HANG: Duration = Duration::from_secs(600);

const INTERFACE: &str = r#"
  (core module $m
    (func (export "f"))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
"#;

fn pack(imports: &str, functions: &[&str], export: &str) -> Vec<u8> {
    let exports: String = functions.iter().map(|name| format!("(export \"{name}\" (func $f))")).collect();
    let text = format!(
        "(component {imports} {INTERFACE} (instance $rules {exports}) (export \"{export}\" (instance $rules)))"
    );
    wat::parse_str(text).unwrap()
}

/// With all the time it needs: whatever is refused, it is not because the machine is slow.
fn check(bytes: &[u8]) -> Result<(), ComponentError> {
    check_until(Instant::now() + HANG, bytes)
}

fn refusal(bytes: &[u8]) -> String {
    check(bytes).unwrap_err().to_string()
}

#[test]
fn a_pack_of_our_world() {
    for export in ["lanner:pack/rules@2.0.0", "lanner:pack/rules@2.7.2"] {
        check(&pack("", &FUNCTIONS, export)).unwrap();
    }
    for import in ["lanner:pack/host@2.0.0", "lanner:pack/host@2.2.0", "lanner:pack/lists@2.0.0"] {
        check(&pack(&format!("(import \"{import}\" (instance))"), &FUNCTIONS, "lanner:pack/rules@2.0.0")).unwrap();
    }
}

#[test]
fn other_worlds() {
    let rules = "lanner:pack/rules@2.0.0";
    let wasi = refusal(&pack("(import \"wasi:cli/environment@0.2.0\" (instance))", &FUNCTIONS, rules));
    assert!(wasi.contains("imports wasi:cli/environment@0.2.0") && wasi.contains("no WASI"), "{wasi}");
    let function = refusal(&pack("(import \"host\" (func))", &FUNCTIONS, rules));
    assert!(function.contains("imports host,"), "{function}");
    let newer = refusal(&pack("", &FUNCTIONS, "lanner:pack/rules@3.0.0"));
    assert!(newer.contains("speaks lanner:pack/rules@3.0.0"), "{newer}");
    let other = refusal(&pack("", &FUNCTIONS, "wasi:http/incoming-handler@0.2.0"));
    assert!(other.contains("exports no lanner:pack/rules@2.0.0"), "{other}");
    let partly = refusal(&pack("", &FUNCTIONS[..5], rules));
    assert!(partly.contains("without its function restore"), "{partly}");
    // The name alone does not do.
    let text = format!("(component {INTERFACE} (export \"{rules}\" (func $f)))");
    assert!(wat::parse_str(text).map_or(true, |bytes| check(&bytes).is_err()));
    assert!(refusal(b"\0asm\x0d\0\x01\0").contains("exports no"));
}

#[test]
fn what_is_no_component() {
    for bytes in [&b""[..], b"\0asm", b"hello", b"\0asm\x0d\0\x01\0\x01", &[0xff; 4096]] {
        assert!(refusal(bytes).contains("is not a valid component"), "{bytes:?}");
    }
    assert!(refusal(&wat::parse_str("(module)").unwrap()).contains("core WebAssembly module"));
    // An instruction is wrong deep within.
    let text = "(component (core module (func (result i32) i64.const 1)))";
    assert!(refusal(&wat::parse_str(text).unwrap()).contains("type mismatch"));
    // Every prefix of a good one, but for that without the names at its end.
    let whole = pack("", &FUNCTIONS, "lanner:pack/rules@2.0.0");
    let good: Vec<usize> = (0..whole.len()).filter(|end| check(&whole[..*end]).is_ok()).collect();
    assert!(good.len() <= 1, "{good:?}");
}

const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len()), content].concat()
}

/// On a thread with the stack that the registry's have. To follow all that these say would never end.
fn refused_soon(bytes: Vec<u8>) -> String {
    let (sender, refused) = mpsc::channel();
    let work = move || sender.send(refusal(&bytes)).unwrap();
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    refused.recv_timeout(HANG).expect("it is refused")
}

#[test]
fn what_takes_too_long() {
    let bytes = pack("", &FUNCTIONS, "lanner:pack/rules@2.0.0");
    let refused = check_until(Instant::now(), &bytes).unwrap_err().to_string();
    assert!(refused.contains("takes longer than 20 s"), "{refused}");
}

#[test]
fn components_within_components() {
    // Each level names the length of all that is within it.
    let mut bytes = PREAMBLE.to_vec();
    for _ in 0..20_000 {
        bytes = [PREAMBLE, &section(4, &bytes)].concat();
    }
    let refusal = refused_soon(bytes);
    assert!(refusal.contains("more than 16 levels"), "{refusal}");
}

#[test]
fn types_within_types() {
    // (type (component (type (component …
    let mut kind = vec![0x41, 0x00];
    for _ in 0..10_000 {
        kind = [&[0x41, 0x01, 0x01][..], &kind].concat();
    }
    let bytes = [PREAMBLE, &section(7, &[&[0x01][..], &kind].concat())].concat();
    let refusal = refused_soon(bytes);
    assert!(refusal.contains("is not a valid component"), "{refusal}");
}

#[test]
fn types_that_double() {
    // A tuple of two of the one before, sixty times.
    let mut content = leb(61);
    content.extend([0x6f, 0x02, 0x7d, 0x7d]);
    for index in 0..60_u8 {
        content.extend([0x6f, 0x02, index, index]);
    }
    let refusal = refused_soon([PREAMBLE, &section(7, &content)].concat());
    assert!(refusal.contains("is not a valid component"), "{refusal}");
}

#[test]
fn counts_that_are_lies_or_too_large() {
    for id in 1..=11 {
        let refusal = refused_soon([PREAMBLE, &section(id, &leb(u32::MAX as usize))].concat());
        assert!(refusal.contains("is not a"), "{id}: {refusal}");
    }
    // As many as are said, each of one byte: the primitive type u32.
    let mut content = leb(MAX_ITEMS as usize);
    content.resize(content.len() + MAX_ITEMS as usize, 0x79);
    let types = [PREAMBLE, &section(7, &content)].concat();
    let refusal = refused_soon(types);
    assert!(refusal.contains("more than 1000000 items"), "{refusal}");
}

#[test]
fn a_branch_table_of_many_types() {
    let results = "i32 ".repeat(1000);
    let values = "i32.const 0 ".repeat(1000);
    let targets = "0 ".repeat(50_000);
    // Fifty million comparisons each.
    let function = format!("(func (result {results}) {values} i32.const 0 br_table {targets})");
    let text = format!("(component (core module {}))", function.repeat(4));
    let refusal = refused_soon(wat::parse_str(text).unwrap());
    assert!(refusal.contains("exports no"), "{refusal}");
    let text = format!("(component (core module (func i32.const 0 br_table {})))", "0 ".repeat(100_002));
    assert!(refused_soon(wat::parse_str(text).unwrap()).contains("more than 100000 targets"));
}
