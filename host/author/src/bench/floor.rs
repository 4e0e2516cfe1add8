//! The floor: a pack that asks for the same events as another and does nothing with them, so that what is left is what the host
//! itself takes to hand them over.

use lanner_contract::{Description as Said, Rule};
use lanner_engine::Description;

/// The component, in the text form of WebAssembly.
const EMPTY: &str = include_str!("empty.wat");
/// Bytes of a page of memory.
const PAGE: usize = 65_536;
/// Where its description lies in its memory.
const AT: usize = 1024;

/// The pack. An error is a fault of this crate's.
pub(super) fn pack(like: &Description) -> Result<Vec<u8>, String> {
    let rule = |rule: &Rule| Rule { id: rule.id.clone(), events: rule.events.clone(), ..Rule::default() };
    let (name, version) = (like.name.clone(), like.version.clone());
    let rules = like.rules.iter().map(rule).collect();
    let said = Said { name, version, rules, ..Said::default() }.encode();
    let data: String = said.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let heap = (AT + said.len()).next_multiple_of(PAGE);
    let text = EMPTY
        .replace("{pages}", &(heap / PAGE + 1).to_string())
        .replace("{heap}", &heap.to_string())
        .replace("{length}", &said.len().to_string())
        .replace("{data}", &data);
    wat::parse_str(&text).map_err(|error| format!("the empty pack cannot be made: {error}"))
}
