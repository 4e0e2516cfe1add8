//! Rules to start from.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct Starter {}

impl Pack for Starter {
    const INFO: PackInfo = pack_info!("starter", "Rules to start from");

    fn rules(r: &mut Rules<Self>) {
        r.rule("credential-access/shadow-read").on_open(|_, e, out| {
            if e.path() == "/etc/shadow" {
                out.finding(format!("{} read {}", e.process(), e.path()));
            }
        });
    }
}

export_pack!(Starter);
