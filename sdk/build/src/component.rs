//! From a core module to a component.

use std::borrow::Cow;

use anyhow::{Context as _, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldKey};

/// The contract's package, whatever its version; the host checks that when it loads the pack.
const PACKAGE: (&str, &str) = ("lanner", "pack");
/// What a pack may import of it.
const IMPORTS: [&str; 2] = ["host", "lists"];
/// What it must export.
const EXPORT: &str = "rules";
/// The contract as it is written, and its world.
pub const CONTRACT: &str = include_str!("../../wit/lanner.wit");
const WORLD: &str = "pack";
/// What an adapter stands for: the calls that runtimes make even where their program makes none.
const ADAPTED: &str = "wasi_snapshot_preview1";
/// How the custom sections begin in which bindings leave a description of a module's interface.
const DESCRIBED: &[u8] = b"component-type";

/// Wraps the module. Where no bindings have left a description of its interface in it, it is taken to be the contract's.
///
/// # Errors
/// It is not one of a pack: it imports what packs are not given, or does not export what they have to.
pub fn encode(module: &[u8], adapter: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut module = Cow::Borrowed(module);
    if !module.windows(DESCRIBED.len()).any(|part| part == DESCRIBED) {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("lanner.wit", CONTRACT)?;
        let world = resolve.select_world(&[package], Some(WORLD))?;
        embed_component_metadata(module.to_mut(), &resolve, world, StringEncoding::UTF8, false)?;
    }
    let mut encoder = ComponentEncoder::default();
    let mut encoder = encoder.validate(true).module(&module)?;
    if let Some(adapter) = adapter {
        encoder = encoder.adapter(ADAPTED, adapter).context("the adapter")?;
    }
    let component = encoder
        .encode()
        .context("a pack exports lanner:pack/rules, and may import nothing but lanner:pack/host and lanner:pack/lists (no WASI either)")?;
    check(&component)?;
    Ok(component)
}

/// Whether a component is of the contract's world, whatever its version.
///
/// # Errors
/// It imports what packs are not given, or does not export what they have to.
pub fn check(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("it is a package of interfaces and no component");
    };
    let world = &resolve.worlds[world];
    let names = |keys: Vec<&WorldKey>| keys.into_iter().map(|key| resolve.name_world_key(key)).collect::<Vec<_>>();
    let foreign = world
        .imports
        .keys()
        .filter(|key| !IMPORTS.iter().any(|import| is_of_contract(&resolve, key, import)))
        .collect::<Vec<_>>();
    if !foreign.is_empty() {
        bail!(
            "it imports {}; a pack may import nothing but lanner:pack/host and lanner:pack/lists",
            names(foreign).join(", ")
        );
    }
    if !world.exports.keys().any(|key| is_of_contract(&resolve, key, EXPORT)) {
        bail!("it does not export lanner:pack/rules; the SDK's `export_pack!` does that");
    }
    Ok(())
}

fn is_of_contract(resolve: &Resolve, key: &WorldKey, interface_name: &str) -> bool {
    let WorldKey::Interface(id) = key else { return false };
    let interface = &resolve.interfaces[*id];
    let package = interface.package.map(|package| &resolve.packages[package].name);
    package.is_some_and(|package| (package.namespace.as_str(), package.name.as_str()) == PACKAGE)
        && interface.name.as_deref().is_some_and(|name| name == interface_name)
}

#[cfg(test)]
mod tests {
    use wit_component::{StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    use super::encode;

    const PARTS: &str = "
        package lanner:pack@2.0.0;
        interface host { enum level { debug } log: func(level: level); }
        interface lists { contains: func(place: u32, value: list<u8>) -> bool; }
        interface rules { tick: func(now: u64); }
        interface clock { now: func() -> u64; }";
    const LOG: &str = r#"(import "lanner:pack/host@2.0.0" "log" (func (param i32)))"#;
    const CONTAINS: &str = r#"(import "lanner:pack/lists@2.0.0" "contains" (func (param i32 i32 i32) (result i32)))"#;
    const CLOCK: &str = r#"(import "lanner:pack/clock@2.0.0" "now" (func (result i64)))"#;
    const PROC_EXIT: &str = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
    const TICK: &str = r#"(func (export "lanner:pack/rules@2.0.0#tick") (param i64))"#;

    const MEMORY: &str = r#"(memory (export "memory") 1)"#;

    /// A module with these fields, and with the description of its world as bindings leave it.
    fn module(world: &str, fields: &[&str]) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let contract = format!("{PARTS} world pack {{ {world} }}");
        let package = resolve.push_str("test.wit", &contract).expect("good WIT");
        let world = resolve.select_world(&[package], Some("pack")).expect("the world");
        let mut module = wat::parse_str(format!("(module {})", fields.join(" "))).expect("good WAT");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).expect("embedded");
        module
    }

    fn refusal(module: &[u8]) -> String {
        format!("{:#}", encode(module, None).expect_err("refused"))
    }

    #[test]
    fn a_pack_is_what_the_contract_says() {
        encode(&module("import host; export rules;", &[LOG, TICK]), None).expect("a component");
        let with_lists = module("import host; import lists; export rules;", &[LOG, CONTAINS, MEMORY, TICK]);
        encode(&with_lists, None).expect("a component");
    }

    #[test]
    fn an_adapter_answers_what_a_runtime_asks_for() {
        let module = module("import host; export rules;", &[LOG, PROC_EXIT, MEMORY, TICK]);
        let adapter = r#"(module (func (export "proc_exit") (param i32) unreachable))"#;
        encode(&module, Some(&wat::parse_str(adapter).expect("good WAT"))).expect("a component");
    }

    #[test]
    fn a_foreign_import_is_named() {
        let said = refusal(&module("import host; import clock; export rules;", &[LOG, CLOCK, TICK]));
        assert!(said.contains("it imports lanner:pack/clock@2.0.0;"), "{said}");
    }

    #[test]
    fn an_import_that_no_bindings_made_is_named() {
        let said = refusal(&module("import host; export rules;", &[PROC_EXIT, TICK]));
        assert!(said.contains("`wasi_snapshot_preview1`") && said.contains("no WASI"), "{said}");
    }

    #[test]
    fn a_pack_exports_rules() {
        let said = refusal(&module("import host;", &[LOG]));
        assert!(said.contains("does not export lanner:pack/rules"), "{said}");
    }

    #[test]
    fn without_a_description_it_is_taken_to_be_the_contract() {
        let said = refusal(&wat::parse_str("(module)").expect("good WAT"));
        assert!(said.contains("a pack exports lanner:pack/rules"), "{said}");
    }
}
