//! Rules to start from: what goes wrong on Linux machines most often, with as little noise as can be had without knowing
//! the machine. One file a tactic of ATT&CK; `programs.rs` says which programs are expected to do what.

mod command_and_control;
mod credential_access;
mod defense_evasion;
mod download;
mod execution;
mod files;
mod outcome;
mod persistence;
mod programs;

use lanner_sdk::prelude::*;
use lanner_sdk::state;

/// The pack.
#[derive(Default)]
pub struct Starter {
    downloads: download::Downloads,
}

impl Pack for Starter {
    const INFO: PackInfo = pack_info!("starter", "Rules to start from: credentials, execution, persistence, traces");

    fn rules(r: &mut Rules<Self>) {
        credential_access::add(r);
        execution::add(r);
        download::add(r);
        persistence::add(r);
        defense_evasion::add(r);
        command_and_control::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(&self.downloads)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let downloads: download::Downloads = state::from_bytes(bytes)?;
        self.downloads = downloads.with_limits();
        Ok(())
    }
}

export_pack!(Starter);
