//! Who becomes more than he was: setuid programs and capabilities, sudo, exploits, other processes' memory. One file a way;
//! the programs that are expected to do so stand where they are asked about.

mod exploit;
mod injection;
mod kernel;
mod setuid;
mod sudo;

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct PrivilegeEscalation;

impl Pack for PrivilegeEscalation {
    const INFO: PackInfo = pack_info!("privilege-escalation", "Who becomes more than he was");

    fn rules(r: &mut Rules<Self>) {
        setuid::add(r);
        sudo::add(r);
        exploit::add(r);
        kernel::add(r);
        injection::add(r);
    }
}

export_pack!(PrivilegeEscalation);
