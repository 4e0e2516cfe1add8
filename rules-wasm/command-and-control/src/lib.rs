//! How an intruder gets in over the network, brings tools, keeps in touch and moves on: initial access, command and control,
//! lateral movement. One file a way.

mod agents;
mod download;
mod egress;
mod initial_access;
mod lateral;
mod names;
mod pipes;
mod proxies;
mod queries;
mod relay;
mod remote_access;
mod rhythm;
mod transfer;
mod tunnel;
mod web;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

/// The pack.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandAndControl {
    downloads: download::Downloads,
    queries: queries::Queries,
    rhythm: rhythm::Rhythm,
    relays: relay::Relays,
    agents: agents::Agents,
    spread: lateral::Spread,
}

impl Pack for CommandAndControl {
    const INFO: PackInfo =
        pack_info!("command-and-control", "What comes in over the network, stays in touch and moves on");

    fn rules(r: &mut Rules<Self>) {
        initial_access::add(r);
        download::add(r);
        pipes::add(r);
        transfer::add(r);
        egress::add(r);
        relay::add(r);
        tunnel::add(r);
        proxies::add(r);
        names::add(r);
        queries::add(r);
        web::add(r);
        rhythm::add(r);
        remote_access::add(r);
        lateral::add(r);
        agents::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let saved: Self = state::from_bytes(bytes)?;
        *self = Self {
            downloads: saved.downloads.with_limits(),
            queries: saved.queries.with_limits(),
            rhythm: saved.rhythm.with_limits(),
            relays: saved.relays.with_limits(),
            agents: saved.agents.with_limits(),
            spread: saved.spread.with_limits(),
        };
        Ok(())
    }
}

/// Where shells and interpreters lie, and programs that nobody installed: what a filter can say of them.
pub(crate) static SCRIPTABLE: TextSet = TextSet::new()
    .starts_with(&[
        "/usr/bin/python",
        "/usr/local/bin/python",
        "/usr/bin/perl",
        "/usr/local/bin/perl",
        "/usr/bin/ruby",
        "/usr/local/bin/ruby",
        "/usr/bin/php",
        "/usr/local/bin/php",
        "/usr/bin/node",
        "/usr/local/bin/node",
        "/usr/bin/lua",
        "/usr/bin/tclsh",
        "/tmp/",
        "/var/tmp/",
        "/dev/shm/",
        "/home/",
        "/root/",
        "/opt/",
        "memfd:",
    ])
    .ends_with(&["/bash", "/sh", "/dash", "/zsh", "/ksh", "/mksh", "/ksh93", "/busybox", "/ash"]);

export_pack!(CommandAndControl);
