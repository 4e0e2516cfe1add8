//! Programs that tell about the machine, and what their arguments ask for.

mod host;
mod network;
mod remote;
mod search;
mod users;

use common::command::Command;
use lanner_sdk::prelude::*;

pub(crate) use network::SERVICE_NAMES;

use crate::act::Act;

/// The act that a program is which begins.
pub(crate) fn act_of(image: &Process<'_>) -> Option<Act> {
    let command = Command::of(image);
    search::act_of(&command, image.cwd(), image.euid() == 0)
        .or_else(|| users::act_of(&command))
        .or_else(|| host::act_of(&command))
        .or_else(|| network::act_of(&command))
        .or_else(|| remote::act_of(&command))
}
