//! What opens other doors: password hashes, keys, tokens, and the places that keep them; and who guesses, listens or lies in
//! wait for them.

mod brute_force;
mod capture;
mod hashes;
mod keys;
mod links;
mod memory;
mod read;
mod search;
mod stores;

use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

/// The pack.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialAccess {
    attempts: brute_force::Attempts,
    histories: stores::Histories,
}

impl Pack for CredentialAccess {
    const INFO: PackInfo =
        pack_info!("credential-access", "Reading, guessing and listening for passwords, keys and tokens");

    fn rules(r: &mut Rules<Self>) {
        hashes::add(r);
        keys::add(r);
        links::add(r);
        stores::add(r);
        search::add(r);
        memory::add(r);
        capture::add(r);
        brute_force::add(r);
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let saved: Self = state::from_bytes(bytes)?;
        *self = Self { attempts: saved.attempts.with_limits(), histories: saved.histories.with_limits() };
        Ok(())
    }
}

export_pack!(CredentialAccess);
