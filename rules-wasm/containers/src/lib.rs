//! Rules about containers: what leaves them, what is deployed, entered and built by whom, what runs in them that their
//! images did not have, and what opens a cluster. One file a topic; `client.rs` reads the command lines of those who
//! steer containers.

mod capabilities;
mod client;
mod cluster;
mod copied;
mod deploy;
mod devices;
mod discovery;
mod drift;
mod enter;
mod host_files;
mod images;
mod kernel;
mod kubectl;
mod miners;
mod namespaces;
mod raise;
mod sockets;
mod tools;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

/// The pack.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Containers {
    /// Who looks around.
    queries: discovery::Queries,
    /// Images that were built and changed lately.
    images: images::Images,
    /// Programs that were built in containers.
    built: drift::Built,
    /// Containers of which it was said that they may do everything.
    privileged: deploy::Privileged,
}

impl Pack for Containers {
    const INFO: PackInfo = pack_info!("containers", "Containers and Kubernetes: escapes, deployments, drift, clusters");

    fn rules(r: &mut Rules<Self>) {
        kernel::add(r);
        devices::add(r);
        namespaces::add(r);
        host_files::add(r);
        sockets::add(r);
        deploy::add(r);
        capabilities::add(r);
        enter::add(r);
        copied::add(r);
        images::add(r);
        kubectl::add(r);
        cluster::add(r);
        discovery::add(r);
        drift::add(r);
        miners::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let Self { queries, images, built, privileged } = state::from_bytes(bytes)?;
        *self = Self {
            queries: queries.with_limits(),
            images: images.with_limits(),
            built: built.with_limits(),
            privileged: privileged.with_limits(),
        };
        Ok(())
    }
}

export_pack!(Containers);
