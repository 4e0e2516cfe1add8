//! Traces removed, defences switched off, things made to look like others. One file a way of doing so.

mod audit;
mod boot;
mod cloud;
mod compile;
mod copies;
mod decode;
mod environment;
mod firewall;
mod hiding;
mod history;
mod loaders;
mod logs;
mod masquerade;
mod mounts;
mod permissions;
mod proxy;
mod removal;
mod rootkit;
mod service;
mod timestamps;
mod tools;
mod trust;
mod watchers;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

/// The pack: what it remembers.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DefenseEvasion {
    running: removal::Running,
    fresh: timestamps::Fresh,
    decoded: decode::Decoded,
    copies: copies::Copies,
    compiled: compile::Compiled,
    looks: environment::Looks,
    loaders: rootkit::Loaders,
}

impl Pack for DefenseEvasion {
    const INFO: PackInfo =
        pack_info!("defense-evasion", "Traces removed, defences switched off, things made to look like others");

    fn rules(r: &mut Rules<Self>) {
        logs::add(r);
        history::add(r);
        removal::add(r);
        timestamps::add(r);
        tools::add(r);
        audit::add(r);
        firewall::add(r);
        cloud::add(r);
        hiding::add(r);
        mounts::add(r);
        masquerade::add(r);
        copies::add(r);
        decode::add(r);
        compile::add(r);
        permissions::add(r);
        rootkit::add(r);
        boot::add(r);
        trust::add(r);
        loaders::add(r);
        proxy::add(r);
        environment::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let saved: Self = state::from_bytes(bytes)?;
        *self = Self {
            running: saved.running.with_limits(),
            fresh: saved.fresh.with_limits(),
            decoded: saved.decoded.with_limits(),
            copies: saved.copies.with_limits(),
            compiled: saved.compiled.with_limits(),
            looks: saved.looks.with_limits(),
            loaders: saved.loaders.with_limits(),
        };
        Ok(())
    }
}

export_pack!(DefenseEvasion);
