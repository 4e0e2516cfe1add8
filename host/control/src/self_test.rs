//! The self-test: the host has a child do a few harmless things, and looks whether the findings arrive. An empty
//! screen then means that nothing happens, not that nothing is seen.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use lanner_abi::Kind;
use lanner_engine::{Engine, Rule};
use lanner_finding::Finding;
use lanner_pipeline::Seen;
use lanner_probes::Probes;

/// The hidden verb under which the host runs itself as the child.
pub const ACTOR: &str = "self-test-actor";
/// How long findings may take once all that the child did has come through; they take some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all of it may take: longer than a busy machine needs to run the child.
const LONGEST: Duration = Duration::from_secs(60);
/// How often it is looked whether it has come through.
const LOOK: Duration = Duration::from_millis(100);
/// Processes of the self-test that end: the child, and the program that it runs.
const ENDS: u64 = 2;
/// A memory file system that is there on every Linux.
const MEMORY_FOLDER: &str = "/dev/shm";

/// The property by which a rule says which of the child's actions it reports.
const PROPERTY: &str = "self-test";

/// Something that the child does.
struct Action {
    /// The value of the property.
    name: &'static str,
    what: &'static str,
    kind: Kind,
}

const ACTIONS: [Action; 2] = [
    Action { name: "read-shadow", what: "reading /etc/shadow", kind: Kind::Open },
    Action { name: "exec-from-memory", what: "running a program from /dev/shm", kind: Kind::Exec },
];

/// What the loaded packs should see of it: an action, and the rule that reports it.
pub struct Expected(Vec<(&'static Action, String)>);

/// Finds out which of the loaded rules say that they see something of it.
pub fn expected(engine: &Engine) -> Expected {
    let rules = engine.packs().flat_map(|(_, pack)| &pack.rules);
    let of = |rule: &Rule| {
        let name = rule.property(PROPERTY)?;
        let action = ACTIONS.iter().find(|action| action.name == name);
        if action.is_none() {
            tracing::warn!("self-test: rule {} is for {name}, which this version does not do", rule.id);
        }
        Some((action?, rule.id.clone()))
    };
    Expected(rules.filter_map(of).collect())
}

/// Starts the self-test beside the running host; it says how it went when it is over.
///
/// # Errors
/// The child cannot be started.
pub fn start(expected: Expected, seen: Arc<Seen>, findings: Receiver<Finding>) -> std::io::Result<()> {
    if expected.0.is_empty() {
        let names = ACTIONS.map(|action| action.name).join(" or ");
        tracing::warn!(
            "self-test: no loaded rule has the property {PROPERTY} ({names}), so there is nothing to look for"
        );
        return Ok(());
    }
    let mut child =
        Command::new("/proc/self/exe").arg0("lanner").arg(ACTOR).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    std::thread::Builder::new().name("lanner-self-test".into()).spawn(move || {
        if let Ok(status) = child.wait()
            && !status.success()
        {
            tracing::warn!("self-test: the child could not do all it should ({status})");
        }
        judge(expected, &seen, &findings);
    })?;
    Ok(())
}

/// Waits for the findings, and says what came and what did not.
fn judge(expected: Expected, seen: &Seen, findings: &Receiver<Finding>) {
    let mut end = Instant::now() + LONGEST;
    let mut ended = false;
    let Expected(mut missing) = expected;
    let mut times = Vec::new();
    while !missing.is_empty() && Instant::now() < end {
        if !ended && seen.count(Kind::Exit) >= ENDS {
            // Events come in order: what has not come by now does not come.
            (ended, end) = (true, end.min(Instant::now() + PATIENCE));
        }
        let finding = match findings.recv_timeout(LOOK) {
            Ok(finding) => finding,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let is_it = |(_, rule): &(&Action, String)| finding.is_self_test() && *rule == finding.rule().id;
        let Some(found) = missing.iter().position(is_it) else { continue };
        missing.remove(found);
        times.push(format!("{} after {:.1} ms", finding.rule().id, since(finding.time_ns).as_secs_f64() * 1e3));
    }
    if missing.is_empty() {
        tracing::info!("self-test: the path from the kernel to the rules is alive: {}", times.join(", "));
    }
    for (Action { what, kind, .. }, rule) in missing {
        if seen.count(*kind) == 0 {
            let hooks = Probes::hooks(*kind).join(", ");
            tracing::error!("self-test: {what} gave no event: the hook is silent ({hooks}); `lanner doctor` says why");
        } else {
            tracing::error!("self-test: {what} gave events, but the rule {rule} did not report it");
        }
    }
}

fn since(time_ns: u64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(time_ns))
}

/// What the child does.
///
/// # Errors
/// Something could not be done. The rest was.
pub fn act() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let read = fs::read("/etc/shadow").map(drop);
    let folder = PathBuf::from(MEMORY_FOLDER).join(format!("lanner-self-test-{}", std::process::id()));
    let ran = DirBuilder::new().mode(0o700).create(&folder).and_then(|()| {
        let ran = run_from(&folder);
        // Left behind only where removing fails, and then there is nothing more to try.
        let _ = fs::remove_dir_all(&folder);
        ran
    });
    read.map_err(|error| format!("/etc/shadow cannot be read: {error}"))?;
    ran.map_err(|error| format!("a program cannot be run from {}: {error}", folder.display()).into())
}

fn run_from(folder: &Path) -> std::io::Result<()> {
    let program = folder.join("true");
    fs::copy("/bin/true", &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
    Command::new(&program).status().map(drop)
}
