//! Taking out of a module or component what says nothing of what it does: names, the tools that made it, debug information.

use anyhow::{Context as _, Result, bail};

/// What of it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// What says in which function and line something happens.
    Debug,
}

/// What begins a module or component: `\0asm`, version and layer.
const HEAD: usize = 8;
const CUSTOM: u8 = 0;
/// Of a component: a module, and a component, as one of its sections.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;
/// How deep components may lie in one another.
const MAX_DEPTH: usize = 32;

/// The same module or component without custom sections (WebAssembly, section 2.5.8), but for those that describe the interface
/// of a module that is still to be made a component.
///
/// # Errors
/// It is none.
pub fn strip(wasm: &[u8], keep: Keep) -> Result<Vec<u8>> {
    nested(wasm, keep, 0)
}

fn nested(wasm: &[u8], keep: Keep, depth: usize) -> Result<Vec<u8>> {
    if depth > MAX_DEPTH {
        bail!("components lie deeper than {MAX_DEPTH} in one another");
    }
    let (head, mut rest) = wasm.split_at_checked(HEAD).context("it is cut")?;
    let is_component = match head {
        [0, b'a', b's', b'm', _, _, layer, 0] => *layer == 1,
        _ => bail!("it is no WebAssembly"),
    };
    let mut stripped = head.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (content, after) = after.split_at_checked(size).context("a section is cut")?;
        rest = after;
        match *id {
            CUSTOM if !stays(content, keep)? => {}
            MODULE | COMPONENT if is_component => write(&mut stripped, *id, &nested(content, keep, depth + 1)?),
            id => write(&mut stripped, id, content),
        }
    }
    Ok(stripped)
}

fn stays(section: &[u8], keep: Keep) -> Result<bool> {
    let (size, after) = number(section)?;
    let name = after.get(..size).context("a section's name is cut")?;
    let of_interface = name.starts_with(b"component-type");
    Ok(of_interface || keep == Keep::Debug && (name == b"name" || name.starts_with(b".debug_")))
}

/// A number in LEB128, of 32 bits, and what follows it.
fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).context("a size is too large")?;
            return Ok((number as usize, &bytes[place + 1..]));
        }
    }
    bail!("a size is cut, or too long")
}

fn write(out: &mut Vec<u8>, id: u8, content: &[u8]) {
    out.push(id);
    let mut left = content.len();
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        out.push(if left == 0 { byte } else { byte | 0x80 });
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(wasm: &[u8], name: &str) -> bool {
        wasm.windows(name.len()).any(|part| part == name.as_bytes())
    }

    #[test]
    fn names_go_from_modules_in_components_too() {
        let text = r#"(component (core module $outer (func $inner_name (export "a") unreachable)
            (@custom ".debug_line" "lines") (@custom "producers" "who")))"#;
        let component = wat::parse_str(text).expect("good WAT");
        let (none, debug) =
            (strip(&component, Keep::Nothing).expect("one"), strip(&component, Keep::Debug).expect("one"));
        for name in ["inner_name", ".debug_line", "producers"] {
            assert!(has(&component, name), "{name}");
            assert!(!has(&none, name), "{name}");
        }
        assert!(has(&debug, "inner_name") && has(&debug, ".debug_line") && !has(&debug, "producers"));
        assert_eq!(strip(&none, Keep::Nothing).expect("one"), none);
        // What is large has a size of more bytes.
        let data = "x".repeat(100_000);
        let module = wat::parse_str(format!("(module (memory 2) (data (i32.const 0) \"{data}\"))")).expect("good WAT");
        assert_eq!(strip(&module, Keep::Nothing).expect("one"), module);
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        let module = wat::parse_str("(module (func (export \"a\")))").expect("good WAT");
        for cut in 0..module.len() {
            // It may be cut between two sections.
            if let Ok(stripped) = strip(&module[..cut], Keep::Nothing) {
                assert!(stripped.len() <= cut);
            }
        }
        assert!(strip(b"\0asm\x01\0\0\0\0\xff\xff\xff\xff\xff", Keep::Nothing).is_err());
        assert!(strip(b"#!/bin/sh", Keep::Nothing).is_err());
        let mut deep = Vec::new();
        for _ in 0..100 {
            let mut outer = b"\0asm\x0d\0\x01\0".to_vec();
            write(&mut outer, COMPONENT, &deep);
            deep = outer;
        }
        assert!(strip(&deep, Keep::Nothing).is_err());
    }
}
