//! What runs: shells that somebody far away types into, one-liners, programs and scripts from where none belong, commands of
//! servers, services and jobs that begin at once. One file a kind; `state.rs` says what is remembered between events.

mod escapes;
mod inputs;
mod libraries;
mod memory;
mod one_liners;
mod pipelines;
mod places;
mod servers;
mod services;
mod shells;
mod state;

use lanner_sdk::prelude::*;

pub(crate) use state::State;

/// The pack.
#[derive(Default)]
pub struct Execution {
    state: State,
}

impl Pack for Execution {
    const INFO: PackInfo =
        pack_info!("execution", "What runs: shells, one-liners, programs from odd places, commands of servers");

    fn rules(r: &mut Rules<Self>) {
        places::add(r);
        shells::add(r);
        pipelines::add(r);
        one_liners::add(r);
        escapes::add(r);
        servers::add(r);
        services::add(r);
        memory::add(r);
        libraries::add(r);
        inputs::add(r);
    }

    fn save(&self) -> Vec<u8> {
        lanner_sdk::state::to_bytes(&self.state)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let state: State = lanner_sdk::state::from_bytes(bytes)?;
        self.state = state.with_limits();
        Ok(())
    }
}

export_pack!(Execution);
