//! Whether bytes are a component of world `pack`, told without running or compiling it.
//!
//! The bytes come from anybody. Beyond what the validator bounds by itself, what may stand in them is bounded here: how
//! deep it is nested, how many items it declares in all, and how long looking at it may take.

use std::time::{Duration, Instant};

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, Encoding, FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload, ValidPayload,
    Validator, WasmFeatures,
};

/// The interface that a pack exports, without its version.
const EXPORT: &str = "lanner:pack/rules";
/// The functions of that interface.
const FUNCTIONS: [&str; 6] = ["describe", "configure", "evaluate", "tick", "save", "restore"];
/// The interfaces that it may import, without their version.
const IMPORTS: [&str; 2] = ["lanner:pack/host", "lanner:pack/lists"];
/// The contract's version; another minor or patch version will do, as it does for the host.
const VERSION: &str = "2.0.0";

/// Components within components. What the tools of any language make has three levels.
const MAX_DEPTH: usize = 16;
/// Whatever a section counts, over all sections: each costs the validator about 100 bytes. An interpreter of a language
/// that is carried within a pack has some 50,000.
const MAX_ITEMS: u64 = 1_000_000;
/// Instances of components: the types of each are compared whole.
const MAX_INSTANCES: u64 = 1_000;
/// Targets of one branch table: with each, up to 1,000 types are compared.
const MAX_TARGETS: u32 = 100_000;
/// How long it may take. A pack of 40 MiB takes under a second.
const MAX_TIME: Duration = Duration::from_secs(20);
/// How many instructions pass between two looks at the clock.
const INSTRUCTIONS: u32 = 4096;
/// The instruction's first byte.
const BR_TABLE: u8 = 0x0e;
/// How much of a text of the component is repeated in a sentence, in characters.
const MAX_QUOTED: usize = 128;

/// Why bytes are no pack's component.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComponentError {
    /// A module without the component around it.
    #[error("is a core WebAssembly module and no component; build it with the SDK's tools, which make one of it")]
    CoreModule,
    /// Not valid.
    #[error("is not a valid component: {0}")]
    Invalid(#[from] BinaryReaderError),
    /// Valid, perhaps, but built to be hard to look at.
    #[error("is not a component that can be checked: it has more than {limit} {what}")]
    Excessive {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// It took too long.
    #[error("is not a component that can be checked: it takes longer than {} s", MAX_TIME.as_secs())]
    TooSlow,
    /// Another world.
    #[error("is a component of another world: it exports no {EXPORT}@{VERSION}")]
    OtherWorld,
    /// Another major version of the contract.
    #[error("speaks {found}; this registry knows {EXPORT}@{VERSION}: rebuild the pack with a matching SDK")]
    Version {
        /// What it exports.
        found: String,
    },
    /// A part of the interface is not there.
    #[error("exports {EXPORT} without its function {0}; rebuild the pack with the SDK")]
    Function(&'static str),
    /// It wants what packs do not get.
    #[error("imports {name}, which packs are not given; a pack may import {} and nothing else (no WASI)", IMPORTS.join(" and "))]
    Import {
        /// What it wants.
        name: String,
    },
}

/// Looks at the bytes of a component. It may take seconds: not for a thread that answers others.
///
/// # Errors
/// They are not what a pack has to be.
pub(super) fn check(bytes: &[u8]) -> Result<(), ComponentError> {
    check_until(Instant::now() + MAX_TIME, bytes)
}

fn check_until(end: Instant, bytes: &[u8]) -> Result<(), ComponentError> {
    let mut check = Check { end, items: 0, instances: 0, names: Names::default() };
    let types = check.validate(bytes)?;
    check.names.check(&types)
}

/// What a component exports and imports, by name.
#[derive(Default)]
struct Names {
    exports: Vec<String>,
    imports: Vec<String>,
}

struct Check {
    end: Instant,
    items: u64,
    instances: u64,
    names: Names,
}

impl Check {
    fn validate(&mut self, bytes: &[u8]) -> Result<Types, ComponentError> {
        // As the host has it: packs run without concurrency.
        let features = WasmFeatures::default().difference(WasmFeatures::CM_ASYNC);
        let mut validator = Validator::new_with_features(features);
        let mut parser = Parser::new(0);
        parser.set_features(features);
        let mut allocations = FuncValidatorAllocations::default();
        let mut depth = 0;
        let mut outermost = None;
        for payload in parser.parse_all(bytes) {
            let payload = payload?;
            if let Payload::Version { encoding: Encoding::Module, .. } = payload
                && depth == 0
            {
                return Err(ComponentError::CoreModule);
            }
            self.count(&payload)?;
            if depth == 1 {
                self.names.read(&payload)?;
            }
            self.in_time()?;
            if matches!(payload, Payload::Version { .. }) {
                depth += 1;
                within("levels of nested components", depth as u64, MAX_DEPTH as u64)?;
            }
            match validator.payload(&payload)? {
                ValidPayload::Func(function, body) => {
                    let mut function = function.into_validator(allocations);
                    self.function(&mut function, &body)?;
                    allocations = function.into_allocations();
                }
                ValidPayload::End(types) => {
                    depth -= 1;
                    outermost = Some(types);
                }
                ValidPayload::Ok | ValidPayload::Parser(_) => {}
            }
        }
        // An empty input ends with an error before.
        outermost.ok_or(ComponentError::OtherWorld)
    }

    /// The body of a function, instruction by instruction, so that it can be given up.
    fn function<T: wasmparser::WasmModuleResources>(
        &self,
        validator: &mut wasmparser::FuncValidator<T>,
        body: &FunctionBody<'_>,
    ) -> Result<(), ComponentError> {
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        reader.set_features(*validator.features());
        let mut until_look = INSTRUCTIONS;
        while !reader.eof() {
            let at = reader.original_position();
            if reader.clone().read_u8()? == BR_TABLE {
                let operator = reader.peek_operator(&validator.visitor(at))?;
                if let Operator::BrTable { targets } = &operator {
                    within("targets in one branch table", targets.len().into(), MAX_TARGETS.into())?;
                }
                until_look = 1;
            }
            reader.visit_operator(&mut validator.visitor(at))??;
            until_look -= 1;
            if until_look == 0 {
                self.in_time()?;
                until_look = INSTRUCTIONS;
            }
        }
        Ok(reader.finish_expression(&validator.visitor(reader.original_position()))?)
    }

    fn count(&mut self, payload: &Payload<'_>) -> Result<(), ComponentError> {
        let items = match payload {
            Payload::TypeSection(section) => section.count(),
            Payload::ImportSection(section) => section.count(),
            Payload::FunctionSection(section) => section.count(),
            Payload::TableSection(section) => section.count(),
            Payload::MemorySection(section) => section.count(),
            Payload::TagSection(section) => section.count(),
            Payload::GlobalSection(section) => section.count(),
            Payload::ExportSection(section) => section.count(),
            Payload::ElementSection(section) => section.count(),
            Payload::DataSection(section) => section.count(),
            Payload::InstanceSection(section) => section.count(),
            Payload::CoreTypeSection(section) => section.count(),
            Payload::ComponentInstanceSection(section) => {
                self.instances += u64::from(section.count());
                section.count()
            }
            Payload::ComponentAliasSection(section) => section.count(),
            Payload::ComponentTypeSection(section) => section.count(),
            Payload::ComponentCanonicalSection(section) => section.count(),
            Payload::ComponentImportSection(section) => section.count(),
            Payload::ComponentExportSection(section) => section.count(),
            // Sections without a count, and functions that were counted with their types.
            _ => 1,
        };
        self.items += u64::from(items);
        within("instances of components", self.instances, MAX_INSTANCES)?;
        within("items", self.items, MAX_ITEMS)
    }

    fn in_time(&self) -> Result<(), ComponentError> {
        match Instant::now() < self.end {
            true => Ok(()),
            false => Err(ComponentError::TooSlow),
        }
    }
}

fn within(what: &'static str, count: u64, limit: u64) -> Result<(), ComponentError> {
    match count <= limit {
        true => Ok(()),
        false => Err(ComponentError::Excessive { what, limit }),
    }
}

impl Names {
    fn read(&mut self, payload: &Payload<'_>) -> Result<(), ComponentError> {
        match payload {
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether this is our world.
    fn check(&self, types: &Types) -> Result<(), ComponentError> {
        let Some(rules) = self.exports.iter().find(|name| same_track(name, EXPORT)) else {
            let theirs = self.exports.iter().find(|name| name.split('@').next() == Some(EXPORT));
            return Err(match theirs {
                Some(name) => ComponentError::Version { found: quoted(name) },
                None => ComponentError::OtherWorld,
            });
        };
        let types = types.as_ref();
        let item = types.component_item_for_export(rules);
        let Some(ComponentEntityType::Instance(instance)) = item.map(|item| item.ty) else {
            return Err(ComponentError::OtherWorld);
        };
        for function in FUNCTIONS {
            let export = types[instance].exports.get(function);
            if !export.is_some_and(|item| matches!(item.ty, ComponentEntityType::Func(_))) {
                return Err(ComponentError::Function(function));
            }
        }
        let known = |name: &String| IMPORTS.iter().any(|import| same_track(name, import));
        match self.imports.iter().find(|name| !known(name)) {
            Some(name) => Err(ComponentError::Import { name: quoted(name) }),
            None => Ok(()),
        }
    }
}

/// Whether a name is that of an interface in a version that differs from ours in minor and patch at most.
fn same_track(name: &str, interface: &str) -> bool {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    name.split_once('@').is_some_and(|(theirs, version)| theirs == interface && major(version) == major(VERSION))
}

/// A text of the component, for a sentence.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTED).collect()
}

#[cfg(test)]
mod tests;
