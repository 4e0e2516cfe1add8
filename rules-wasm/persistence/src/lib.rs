//! What stays when an attacker has gone: accounts and keys, jobs, services, start-up and login scripts, libraries and programs
//! that were replaced, kernel and boot. One file a way to stay; `who.rs` says how much a change says by who made it.

mod accounts;
mod authentication;
mod boot;
mod jobs;
mod loader;
mod logins;
mod machine;
mod network;
mod packages;
mod passwords;
mod programs;
mod services;
mod software;
mod web;
mod who;

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct Persistence;

impl Pack for Persistence {
    const INFO: PackInfo =
        pack_info!("persistence", "What stays: accounts, keys, jobs, services, start-up, replaced programs");

    fn rules(r: &mut Rules<Self>) {
        jobs::add(r);
        services::add(r);
        logins::add(r);
        accounts::add(r);
        passwords::add(r);
        authentication::add(r);
        loader::add(r);
        programs::add(r);
        boot::add(r);
        machine::add(r);
        software::add(r);
        packages::add(r);
        web::add(r);
        network::add(r);
    }
}

export_pack!(Persistence);
