//! Looking around: accounts, processes, networks, software, files. Each act alone is a hint; what comes together within a
//! minute in one session is a finding for each technique, and what nobody does in ordinary work is one by itself.

mod act;
mod commands;
mod files;
mod scan;
mod sessions;
mod topic;
mod who;

use common::families;
use lanner_sdk::prelude::*;
use lanner_sdk::state;
use serde::{Deserialize, Serialize};

use crate::topic::{Said, TOPICS, Topic};

/// The pack.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Discovery {
    sessions: sessions::Sessions,
    scans: scan::Scans,
}

/// Where everybody may write.
static OPEN_FOLDERS: TextSet = TextSet::new().starts_with(&["/dev/shm/", "/tmp/", "/var/tmp/"]);
static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);
/// Who goes through /proc without being made for it.
static PROC_READERS: TextSet = TextSet::new().file_name(&[
    "awk", "bash", "busybox", "cat", "dash", "gawk", "grep", "head", "mawk", "perl", "python3", "readlink", "sed",
    "sh", "strings", "tr", "xxd", "zsh",
]);
static PROC_FILES: TextSet =
    TextSet::new().ends_with(&["/cmdline", "/comm", "/environ", "/exe", "/maps", "/stat", "/status"]);

impl Pack for Discovery {
    const INFO: PackInfo = pack_info!("discovery", "Looking around: accounts, processes, networks, software, files");

    fn rules(r: &mut Rules<Self>) {
        for said in TOPICS {
            add(r, said);
        }
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(self)
    }

    fn restore(&mut self, bytes: &[u8], _version: &str) -> Result<(), String> {
        let saved: Self = state::from_bytes(bytes)?;
        *self = Self { sessions: saved.sessions.with_limits(), scans: saved.scans.with_limits() };
        Ok(())
    }
}

/// Adds the rule of a topic. What an act adds up to may belong to others' topics: each rule takes what is its own of it, with
/// the same event where its turn comes later, else within a second.
fn add(r: &mut Rules<Discovery>, said: &'static Said) {
    let topic = said.topic;
    let mut rule = r.rule(said.id).summary(said.summary).severity(Low);
    for technique in said.attack {
        rule = rule.attack(*technique);
    }
    rule = rule
        .property("maturity", "incubating")
        .property("misses", said.misses)
        .on_exec(move |pack, e, out| {
            if pack.sessions.is_new(e.seq())
                && let Some(act) = commands::act_of(&e.image())
            {
                pack.sessions.did(e.time(), e.seq(), &e.image(), true, act);
            }
            pack.sessions.raise(topic, out);
        })
        .on_tick(move |pack, _, out| pack.sessions.raise(topic, out));
    rule = match topic {
        // What a shell opens before it begins a program is where that writes.
        Topic::System => rule
            .only(process::exe().matches(&SHELLS).and(open::path().matches(&OPEN_FOLDERS)))
            .on_open(|pack, e, _| {
                if e.is_write() && !e.failed() {
                    pack.sessions.output(e.time(), &e.process());
                }
            })
            .unfiltered(),
        Topic::Processes => rule
            .only(open::path().starts_with(["/proc/"]).and(open::path().matches(&PROC_FILES)))
            .only(process::exe().matches(&PROC_READERS))
            .on_open(|pack, e, out| scan::processes(&mut pack.scans, e, out))
            .unfiltered(),
        Topic::NetworkServices => rule
            .only(connect::protocol().equals(6).and(event::result().failed()))
            .only(!connect::port().one_of([53, 80, 443]))
            .on_connect(|pack, e, out| scan::ports(&mut pack.scans, e, e.address().zip(e.port()), out))
            .unfiltered()
            // Who does not wait learns later how it ended.
            .only(connect_end::protocol().equals(6).and(event::result().failed()))
            .on_connect_end(|pack, e, out| scan::ports(&mut pack.scans, e, e.address().zip(e.port()), out))
            .unfiltered(),
        Topic::RemoteSystems => rule
            .on_exec(|pack, e, out| scan::pings(&mut pack.scans, e, out))
            .only(connect::protocol().equals(6).and(event::result().failed()))
            .on_connect(|pack, e, out| scan::addresses(&mut pack.scans, e, e.address().zip(e.port()), out))
            .unfiltered()
            .only(connect_end::protocol().equals(6).and(event::result().failed()))
            .on_connect_end(|pack, e, out| scan::addresses(&mut pack.scans, e, e.address().zip(e.port()), out))
            .unfiltered(),
        Topic::ExternalAddress => rule
            .only(dns::name().matches(&commands::SERVICE_NAMES))
            .on_dns(|pack, e, out| {
                let act = act::Act { topic: Topic::ExternalAddress, name: "its own address", weight: act::TELLING };
                if !e.is_response() {
                    pack.sessions.did(e.time(), e.seq(), &e.process(), false, act);
                }
                pack.sessions.raise(Topic::ExternalAddress, out);
            })
            .unfiltered(),
        _ => rule,
    };
    if let Some((_, set)) = files::FILES.iter().find(|(it, _)| *it == topic) {
        rule.only(open::file().matches(set)).on_open(move |pack, e, out| {
            if let Some(act) = files::act_of(topic, e) {
                pack.sessions.did(e.time(), e.seq(), &e.process(), false, act);
            }
            pack.sessions.raise(topic, out);
        });
    }
}

export_pack!(Discovery);
