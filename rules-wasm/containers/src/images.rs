//! Images that are built, changed and passed on where containers run.

use std::time::Duration;

use common::context::{is_build, is_ci, is_configuration_management};
use common::programs::{is_world_writable, starter};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Containers;
use crate::client::{CLIENTS, Call, Tool};
use crate::deploy::{fetches_and_runs, reasons};

/// Sessions that build images at a time; more are forgotten.
const SESSIONS: usize = 256;
/// How long it is remembered that somebody built an image.
const KEEP: Duration = Duration::from_secs(10 * 60);

/// Who built an image lately, and who made one of a container.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Images {
    built: Recent<u64, u64>,
    committed: Recent<Vec<u8>, u64>,
    loaded: Recent<Vec<u8>, u64>,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            built: Recent::new(SESSIONS, KEEP),
            committed: Recent::new(SESSIONS, KEEP),
            loaded: Recent::new(SESSIONS, KEEP),
        }
    }
}

impl Images {
    /// With the limits of this version.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            built: self.built.with_limits(SESSIONS, KEEP),
            committed: self.committed.with_limits(SESSIONS, KEEP),
            loaded: self.loaded.with_limits(SESSIONS, KEEP),
        }
    }
}

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("defense-evasion/image-built-on-host")
        .summary("An image was built where containers run: so nobody sees at a registry what is in it")
        .severity(Low)
        .attack("T1612")
        .property("maturity", "incubating")
        .property("misses", "Images that a builder of another name makes; a build alone is ordinary, and Low")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let session = starter(&image).map_or(0, |starter| starter.id());
            let now = e.time();
            if call.is(Tool::Engine, &["build"]) {
                pack.images.built.insert(now, session, e.seq());
                let expected = is_ci(&image) || is_configuration_management(&image);
                let is_remote = call.values(&["H", "host", "url"]).any(|host| host.starts_with(b"tcp://"));
                let severity = if !expected && (is_remote || is_unseen(&call)) { Medium } else { Low };
                out.finding(format!("{} builds an image", image.command_line())).severity(severity);
                return;
            }
            // Built, and at once put to a use that is none of a test.
            let is_own = |command: &&[u8]| command.contains(&b'/');
            let is_use = (call.is(Tool::Engine, &["exec"])
                && (call.runs_shell(1) || call.operands.get(1).is_some_and(is_own)))
                || (call.is(Tool::Engine, &["run", "create"])
                    && (reasons(&call).iter().any(|(severity, _)| *severity >= Medium)
                        || call.operands.iter().skip(1).any(|word| fetches_and_runs(word))));
            if is_use
                && !is_ci(&image)
                && !is_configuration_management(&image)
                && let Some(built) = pack.images.built.take(now, &session)
            {
                out.finding(format!("{} uses an image that was built on this host a moment ago", image.command_line()))
                    .because_of(built)
                    .severity(Medium);
            }
        });

    r.rule("persistence/image-implanted")
        .summary("A running container was made an image, or such an image was passed on, with what was put in")
        .severity(Medium)
        .attack("T1525")
        .property("maturity", "incubating")
        .property("misses", "Images that are built with what is put in; those that are pushed from elsewhere")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let now = e.time();
            if call.is(Tool::Engine, &["commit"]) {
                if let Some(name) = call.operands.get(1).or(call.operands.first()) {
                    pack.images.committed.insert(now, name.to_vec(), e.seq());
                }
                let finding = out.finding(format!("{} makes a container an image", image.command_line()));
                if is_ci(&image) || image.ancestors().any(|ancestor| ancestor.name() == "packer") {
                    finding.severity(Low);
                }
            } else if call.is(Tool::Engine, &["tag"]) {
                // What it is called from then on.
                if let [old, new, ..] = call.operands.as_slice()
                    && let Some(seq) = pack.images.committed.get(now, *old).copied()
                {
                    pack.images.committed.insert(now, new.to_vec(), seq);
                }
            } else if call.is(Tool::Engine, &["push"]) {
                let committed = call.operands.first().and_then(|name| pack.images.committed.get(now, *name)).copied();
                let session = starter(&image).map_or(0, |starter| starter.id());
                // A script that builds and pushes where nothing else is built.
                let by_script = image.tty().is_none() && !is_ci(&image) && !is_build(&image);
                let built = pack.images.built.get(now, &session).copied().filter(|_| by_script);
                let finding = out.finding(format!("{} passes an image on", image.command_line()));
                match committed.or(built) {
                    Some(seq) => drop(finding.because_of(seq)),
                    None => drop(finding.severity(Low)),
                }
            }
        });

    r.rule("execution/image-from-nowhere")
        .summary("An image came from where nobody keeps account: an address without a name, a temporary folder")
        .severity(Low)
        .attack("T1204.003")
        .attack("T1610")
        .property("maturity", "incubating")
        .property("misses", "Images of the large public registries, whatever is in them")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let now = e.time();
            if call.is(Tool::Engine, &["load", "import"]) {
                let file = call.values(&["i", "input"]).next().or(call.operands.first().copied()).unwrap_or_default();
                if file.starts_with(b"http://") || file.starts_with(b"https://") {
                    out.finding(format!("{} takes an image from the network", image.command_line())).severity(Medium);
                } else if is_world_writable(Text::new(file)) {
                    if let Some(name) = call.operands.get(1) {
                        pack.images.loaded.insert(now, name.to_vec(), e.seq());
                    }
                    out.finding(format!("{} takes an image from a temporary folder", image.command_line()));
                }
                return;
            }
            if !call.is(Tool::Engine, &["pull", "run", "create"]) {
                return;
            }
            let Some(name) = call.operands.first() else { return };
            if is_mining(name) {
                out.finding(format!("{} uses an image that mines", image.command_line())).severity(High);
            } else if is_anonymous(name) {
                out.finding(format!("{} uses an image of an address without a name", image.command_line()))
                    .severity(Medium);
            } else if !call.is(Tool::Engine, &["pull"])
                && (call.operands.iter().skip(1).any(|word| fetches_and_runs(word)))
                && let Some(loaded) = pack.images.loaded.get(now, *name)
            {
                out.finding(format!("{} uses an image from a temporary folder", image.command_line()))
                    .because_of(*loaded)
                    .severity(Medium);
            }
        });
}

/// Whether nobody can read afterwards what was built: it was described through a pipe, in the network, or hidden.
fn is_unseen(call: &Call<'_>) -> bool {
    let is_hidden = |path: &[u8]| {
        static HIDDEN: TextSet =
            TextSet::new().contains(&["/."]).starts_with(&["/dev/fd/", "/dev/shm", "/proc/", "/var/tmp/."]);
        HIDDEN.matches(Text::new(path)) && !path.starts_with(b"/./")
    };
    let remote = |path: &[u8]| path.starts_with(b"http://") || path.starts_with(b"https://");
    call.operands.last().is_some_and(|context| *context == b"-" || remote(context) || is_hidden(context))
        || call.values(&["f", "file"]).any(|file| file == b"-" || remote(file) || is_hidden(file))
}

/// Whether an image is called after what mines.
fn is_mining(name: &[u8]) -> bool {
    static MINERS: TextSet =
        TextSet::new().contains(&["cpuminer", "kinsing", "minerd", "monero", "nanominer", "xmr-stak", "xmrig"]);
    MINERS.matches(name.to_ascii_lowercase().as_slice())
}

/// Whether an image is of a registry that has no name, or keeps images for a day.
fn is_anonymous(name: &[u8]) -> bool {
    let host = name.split(|byte| *byte == b'/').next().unwrap_or_default();
    if host.len() == name.len() {
        return false;
    }
    let bare = host.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_address = bare.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && bare.contains(&b'.');
    let address = Text::new(bare).to_str().and_then(|text| text.parse().ok());
    let is_public = address.is_some_and(lanner_sdk::abi::is_public);
    (is_address && is_public) || bare == b"ttl.sh"
}
