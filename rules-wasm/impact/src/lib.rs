//! What intruders take, and what they break: collection, exfiltration, impact. One file a way.

mod accounts;
mod archives;
mod defacement;
mod destruction;
mod disks;
mod encryption;
mod floods;
mod loads;
mod mail;
mod mining;
mod pipelines;
mod places;
mod protocols;
mod recovery;
mod senses;
mod services;
mod shutdown;
mod staging;
mod uploads;
mod valuables;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

/// The pack.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Impact {
    staging: staging::Staging,
    pipelines: pipelines::Pipelines,
    uploads: uploads::Uploads,
    encryption: encryption::Changes,
    destruction: destruction::Removals,
    services: services::Stops,
    loads: loads::Loads,
    floods: floods::Floods,
    accounts: accounts::Accounts,
}

impl Pack for Impact {
    const INFO: PackInfo = pack_info!("impact", "What intruders take, and what they break");

    fn rules(r: &mut Rules<Self>) {
        senses::add(r);
        mail::add(r);
        staging::add(r);
        archives::add(r);
        pipelines::add(r);
        uploads::add(r);
        places::add(r);
        protocols::add(r);
        encryption::add(r);
        destruction::add(r);
        disks::add(r);
        recovery::add(r);
        services::add(r);
        mining::add(r);
        loads::add(r);
        floods::add(r);
        shutdown::add(r);
        accounts::add(r);
        defacement::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let saved: Self = state::from_bytes(bytes)?;
        *self = Self {
            staging: saved.staging.with_limits(),
            pipelines: saved.pipelines.with_limits(),
            uploads: saved.uploads.with_limits(),
            encryption: saved.encryption.with_limits(),
            destruction: saved.destruction.with_limits(),
            services: saved.services.with_limits(),
            loads: saved.loads.with_limits(),
            floods: saved.floods.with_limits(),
            accounts: saved.accounts.with_limits(),
        };
        Ok(())
    }
}

/// Where programs lie that somebody brought along, and what runs scripts.
pub(crate) static LIKELY: TextSet = TextSet::new()
    .starts_with(&[
        "/usr/bin/python",
        "/usr/local/bin/python",
        "/usr/bin/perl",
        "/usr/bin/ruby",
        "/usr/bin/php",
        "/usr/bin/node",
        "/usr/local/bin/node",
        "/tmp/",
        "/var/tmp/",
        "/dev/shm/",
        "/home/",
        "/root/",
        "memfd:",
    ])
    .ends_with(&[
        "/bash",
        "/dash",
        "/sh",
        "/zsh",
        "/ksh",
        "/busybox",
        "/hping3",
        "/nping",
        "/nc.openbsd",
        "/nc.traditional",
        "/ncat",
        "/socat",
    ]);

export_pack!(Impact);
