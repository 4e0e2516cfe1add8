//! From rules to a pack: the module that evaluates them, with the rules in its memory.

use std::ops::Range;

use anyhow::{Context as _, Result, bail, ensure};
use lanner_build::{Keep, component, strip};
use wasm_encoder::{Encode as _, RawSection};
use wasmparser::{BinaryReader, MemorySectionReader, Parser, Payload};

/// `sdk/conditions/guest`, built by `cargo xtask evaluator`.
const EVALUATOR: &[u8] = include_bytes!("../evaluator/evaluator.wasm");
/// How the place in the module begins that says where the rules lie: then address and length, each of four bytes.
const MARK: &[u8] = b"lanner:rules:1\0\xff";
const PAGE: u64 = 1 << 16;
/// Bytes of rules at most.
const MAX_RULES: usize = 16 << 20;

/// The component of a pack with these rules.
pub(crate) fn component(rules: &[u8]) -> Result<Vec<u8>> {
    let module = filled(EVALUATOR, rules).context("the rules cannot be put into the module that evaluates them")?;
    strip(&component::encode(&module, None)?, Keep::Nothing)
}

/// The module with the rules behind what its memory begins with, and in its slot where that is.
fn filled(module: &[u8], rules: &[u8]) -> Result<Vec<u8>> {
    ensure!(rules.len() <= MAX_RULES, "they have {} bytes; {MAX_RULES} are allowed", rules.len());
    let mut filled = wasm_encoder::Module::new();
    let mut at = None;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::MemorySection(reader) => {
                let (section, end) = grown(reader.clone(), rules.len())?;
                filled.section(&section);
                at = Some(end);
                continue;
            }
            // Nothing counts on it: it is only there for code that copies from segments.
            Payload::DataCountSection { count, .. } => {
                filled.section(&wasm_encoder::DataCountSection { count: count + 1 });
                continue;
            }
            Payload::DataSection(reader) => {
                let data = part(module, &reader.range()).context("the data are cut")?;
                let at = at.context("it has no memory")?;
                filled.section(&RawSection { id: 11, data: &with_rules(data, reader.count(), rules, at)? });
                continue;
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            filled.section(&RawSection { id, data: part(module, &range).context("a section is cut")? });
        }
    }
    Ok(filled.finish())
}

fn part<'m>(module: &'m [u8], range: &Range<u64>) -> Option<&'m [u8]> {
    module.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}

/// The memory with room for the rules, and where that begins.
fn grown(reader: MemorySectionReader<'_>, length: usize) -> Result<(wasm_encoder::MemorySection, u32)> {
    let mut memories = wasm_encoder::MemorySection::new();
    let mut reader = reader.into_iter();
    let (Some(memory), None) = (reader.next(), reader.next()) else { bail!("it has not one memory") };
    let memory = memory?;
    let end = memory.initial * PAGE;
    let minimum = memory.initial + (length as u64).div_ceil(PAGE);
    memories.memory(wasm_encoder::MemoryType {
        minimum,
        maximum: memory.maximum.map(|maximum| maximum.max(minimum)),
        memory64: memory.memory64,
        shared: memory.shared,
        page_size_log2: memory.page_size_log2,
    });
    Ok((memories, u32::try_from(end).context("its memory is too large")?))
}

/// The data with one segment more, and the slot filled.
fn with_rules(data: &[u8], count: u32, rules: &[u8], at: u32) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(data, 0);
    reader.read_var_u32()?;
    let begin = usize::try_from(reader.original_position())?;
    let mut segments = data.get(begin..).context("the data are cut")?.to_vec();
    let places = |bytes: &[u8]| bytes.windows(MARK.len()).filter(|window| *window == MARK).count();
    ensure!(places(&segments) == 1, "it has not one place that says where rules lie");
    let slot = segments.windows(MARK.len()).position(|window| window == MARK).unwrap_or_default() + MARK.len();
    let length = u32::try_from(rules.len())?;
    let place = segments.get_mut(slot..slot + 8).context("the place where rules lie is cut")?;
    place.copy_from_slice(&(u64::from(at) | u64::from(length) << 32).to_le_bytes());
    let mut section = Vec::with_capacity(segments.len() + rules.len() + 16);
    (count + 1).encode(&mut section);
    section.append(&mut segments);
    // Active, in memory 0, from `i32.const at` on.
    section.extend([0, 0x41]);
    at.cast_signed().encode(&mut section);
    section.push(0x0b);
    length.encode(&mut section);
    section.extend_from_slice(rules);
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_put_behind_what_is_there() {
        let module = filled(EVALUATOR, b"rules of somebody").expect("filled");
        wasmparser::validate(&module).expect("a module");
        assert!(module.windows(17).any(|window| window == b"rules of somebody"));
        let before = pages(EVALUATOR);
        assert_eq!(pages(&module), before + 1);
        assert_eq!(pages(&filled(EVALUATOR, &vec![1; 100_000]).expect("filled")), before + 2);
        component(b"").expect("a component");
    }

    fn pages(module: &[u8]) -> u64 {
        let memory = Parser::new(0).parse_all(module).find_map(|payload| match payload {
            Ok(Payload::MemorySection(reader)) => reader.into_iter().next()?.ok(),
            _ => None,
        });
        memory.expect("a memory").initial
    }

    #[test]
    fn a_module_without_a_place_for_rules_is_refused() {
        assert!(filled(b"no module", b"").is_err());
        let empty = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\x0b\x01\0";
        assert!(filled(empty, b"").is_err());
    }
}
