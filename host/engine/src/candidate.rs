//! A pack on its way into the engine: compiled, checked, described, and started.

use std::sync::Arc;

use lanner_contract::Configuration;
use lanner_lists::Bound;

use super::contract::{self, Interfaces, PackPre};
use super::description::Description;
use super::exchange::Previous;
use super::instance::{Failure, Instance, PackState, is_out_of_memory};
use super::refusal::Refusal;
use super::runtime::Runtime;

/// A component that was compiled and checked: candidates are started from it without doing that again.
#[derive(Clone)]
pub struct Program {
    pre: PackPre<PackState>,
    interfaces: Interfaces,
}

impl Program {
    /// Compiles and checks a component.
    ///
    /// # Errors
    /// Any way in which it is not one of the contract.
    pub fn compile(runtime: &Runtime, bytes: &[u8]) -> Result<Self, Refusal> {
        refuse_other_files(bytes)?;
        let invalid = |error: wasmtime::Error| match is_out_of_memory(&error) {
            true => Refusal::NoMemory,
            false => Refusal::Invalid(format!("{error:#}")),
        };
        let component = runtime.compile(bytes).map_err(invalid)?;
        contract::check(&component)?;
        let pre = runtime.linker.instantiate_pre(&component).and_then(PackPre::new).map_err(invalid)?;
        Ok(Self { pre, interfaces: Interfaces::of(&component) })
    }
}

/// A pack, compiled, checked and described, and an instance of it that is ready to run.
pub struct Candidate {
    pub(crate) pre: PackPre<PackState>,
    pub(crate) instance: Instance,
    pub(crate) description: Arc<Description>,
    /// What each of its instances is told.
    pub(crate) configuration: Configuration,
    interfaces: Interfaces,
}

impl Candidate {
    /// Compiles and checks a component, starts it, asks what it is, and tells it what is set for it.
    ///
    /// # Errors
    /// Any way in which it is not a pack that this host can run.
    pub fn prepare(runtime: &Runtime, bytes: &[u8]) -> Result<Self, Refusal> {
        Self::of(runtime, &Program::compile(runtime, bytes)?)
    }

    /// Starts what was compiled, by this runtime or a clone of it, asks what it is, and tells it what is set for it.
    ///
    /// # Errors
    /// Any way in which it is not a pack that this host can run.
    pub fn of(runtime: &Runtime, program: &Program) -> Result<Self, Refusal> {
        let Program { pre, interfaces } = program.clone();
        let call = |call: &'static str| {
            move |failure: Failure| match failure {
                Failure::NoMemory => Refusal::NoMemory,
                failure => Refusal::Call { call, reason: format!("it {failure}") },
            }
        };
        let mut instance =
            Instance::start(runtime, &pre, Arc::from("(new)"), Bound::default()).map_err(call("its start"))?;
        let said = instance.describe().map_err(call("describe"))?;
        let (description, configuration) = Description::check(&said, &runtime.settings(), runtime.lists())?;
        let state = instance.store.data_mut();
        state.name = Arc::from(description.name.as_str());
        state.bound = description.bound.clone();
        instance
            .configure(&configuration.encode())
            .map_err(call("configure"))?
            .map_err(|reason| Refusal::Call { call: "configure", reason })?;
        Ok(Self { pre, instance, description: Arc::new(description), configuration, interfaces })
    }

    /// A new instance in the place of one that is of no use any more.
    pub(crate) fn begin_anew(&mut self, runtime: &Runtime) -> Result<(), Refusal> {
        *self = Self::again(runtime, self.as_before())?;
        Ok(())
    }

    /// What starts it again, without any state.
    pub(crate) fn as_before(&self) -> Previous {
        let (pre, description, configuration) =
            (self.pre.clone(), self.description.clone(), self.configuration.clone());
        Previous { pre, description, configuration, state: None }
    }

    /// A version that ran before, with the state that it had.
    pub(crate) fn again(runtime: &Runtime, previous: Previous) -> Result<Self, Refusal> {
        let Previous { pre, description, configuration, state } = previous;
        let call = |call| move |failure: Failure| Refusal::Call { call, reason: format!("it {failure}") };
        let name = Arc::from(description.name.as_str());
        let bound = description.bound.clone();
        let mut instance = Instance::start(runtime, &pre, name, bound).map_err(call("its start"))?;
        let refused = |reason| Refusal::Call { call: "configure", reason };
        instance.configure(&configuration.encode()).map_err(call("configure"))?.map_err(refused)?;
        if let Some(state) = state {
            let refused = |reason| Refusal::State { from: description.version.clone(), reason };
            instance.restore(&state, &description.version).map_err(refused)?;
        }
        let interfaces = Interfaces::default();
        Ok(Self { pre, instance, description, configuration, interfaces })
    }

    /// What the pack says of itself.
    pub fn description(&self) -> &Arc<Description> {
        &self.description
    }

    /// What the component exports and imports.
    pub fn interfaces(&self) -> &Interfaces {
        &self.interfaces
    }

    /// Judges a frame aside from any engine, as for measuring a pack; gives how many findings it raised.
    ///
    /// # Errors
    /// The call failed. The candidate is of no use then.
    pub fn evaluate(&mut self, frame: &[u8]) -> Result<usize, Failure> {
        let lists = self.instance.runtime.lists().now();
        let gave = self.instance.evaluate(frame, 0, &lists);
        gave.failure.map_or(Ok(gave.findings.len()), Err)
    }
}

/// Tells a component from what people give by mistake.
fn refuse_other_files(bytes: &[u8]) -> Result<(), Refusal> {
    // "\0asm", then version and layer: 1 and 0 for a module, 13 and 1 for a component.
    match bytes {
        [0, b'a', b's', b'm', _, _, 0, 0, ..] => Err(Refusal::CoreModule),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        _ => Err(Refusal::NotWasm),
    }
}
