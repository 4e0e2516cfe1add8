//! The loop of who writes a rule: at each save the pack is built, its tests run, and events judged anew; what is told is what
//! changed in the findings.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use lanner_engine::Settings;
use lanner_lists::Lists;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use serde_json::Value as Json;

use crate::build::{build, shorter};
use crate::event::Scene;
use crate::explain::{Events, judge};
use crate::language::Mode;
use crate::pack::Pack;
use crate::stage::{Heard, Stage};
use crate::suite::{self, Coverage, Found, Report, Suite, Test};
use crate::{log_line, printable};

/// Live events that are kept, to be judged again by the next version: so many, and so many bytes.
const KEPT: usize = 20_000;
const KEPT_BYTES: usize = 64 << 20;
/// Changes that are shown of one save.
const SHOWN: usize = 40;
/// Lines of the pack's log that are shown of one save.
const LOG_LINES: usize = 40;
/// What is not the source of a pack: what is built, what version control and editors keep, and the SDK.
const NOT_SOURCE: [&str; 9] =
    ["target", ".git", ".lanner", "node_modules", "__pycache__", ".venv", ".zig-cache", "zig-out", ".idea"];
/// How long nothing may change until it is built: an editor writes several files, and some twice.
pub const SETTLED: Duration = Duration::from_millis(60);

/// What is judged at each save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Nothing.
    Nothing,
    /// What this file holds: a capture, or events as lines of JSON.
    Capture(PathBuf),
    /// What a host tells as it happens.
    Live,
}

/// A project that is worked on.
pub struct Session {
    folder: PathBuf,
    mode: Mode,
    judged: Judged,
    settings: Vec<(String, String)>,
    lists: Lists,
    colour: bool,
    pack: Option<Pack>,
    /// What was found in the file by the version before.
    found: Option<Vec<Found>>,
    live: Option<(Stage, Scene)>,
    kept: VecDeque<String>,
    kept_bytes: usize,
    /// Findings as they happen, in a line each.
    tell: Sender<String>,
}

impl Session {
    /// Of the project in a folder. What is found in live events is told, in a line each.
    pub fn new(
        folder: PathBuf,
        mode: Mode,
        judged: Judged,
        settings: Vec<(String, String)>,
        lists: Lists,
        colour: bool,
        tell: Sender<String>,
    ) -> Self {
        let (pack, found, live, kept) = Default::default();
        Self { folder, mode, judged, settings, lists, colour, pack, found, live, kept, kept_bytes: 0, tell }
    }

    /// Builds, tests and judges; gives what there is to say, in lines.
    pub fn turn(&mut self) -> String {
        let built = match build(&self.folder, self.mode) {
            Ok(built) => built,
            Err(error) => return format!("{error}"),
        };
        let Some(pack) = built.checked.pack else { return "what was built is no pack".to_owned() };
        let pack = match pack.with_lists(self.lists.clone()) {
            Ok(pack) => pack,
            Err(error) => return error.to_string(),
        };
        let as_it_was = if built.changed { "" } else { ", as it was" };
        let mut lines = vec![format!(
            "{} {} is built{as_it_was}, {:.1} s",
            pack.description.name,
            pack.description.version,
            built.took.as_secs_f64()
        )];
        let errors = built.checked.notes.iter().filter(|note| note.is_error);
        lines.extend(errors.map(|note| format!("error: {}: {}", note.rule.as_deref().unwrap_or_default(), note.what)));
        self.test(&pack, &mut lines);
        match self.judged.clone() {
            Judged::Nothing => {}
            Judged::Capture(path) => self.judge_file(&pack, &path, &mut lines),
            Judged::Live => self.judge_kept(&pack, &mut lines),
        }
        self.pack = Some(pack);
        lines.join("\n")
    }

    fn settings(&self, pack: &Pack) -> Settings {
        let mut settings = Settings::default();
        self.settings.iter().for_each(|(name, value)| settings.set(&pack.description.name, name, value));
        settings
    }

    fn test(&self, pack: &Pack, lines: &mut Vec<String>) {
        let folder = shorter(&self.folder.join("tests"));
        let files = match suite::files(&folder) {
            Ok(files) if !files.is_empty() => files,
            _ => return,
        };
        let suites: Vec<Suite> = files
            .iter()
            .filter_map(|file| Suite::read(file).map_err(|wrong| lines.push(wrong.to_string())).ok())
            .collect();
        let tests: Vec<(&Suite, &Test)> =
            suites.iter().flat_map(|suite| suite.tests.iter().map(move |test| (suite, test))).collect();
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut coverage, mut ran) = (Coverage::new(&pack.description), Vec::new());
        suite::run_all(pack, &tests, jobs, |place, of| {
            let (suite, test) = tests[place];
            coverage.add(&test.name, &test.off, &of);
            if !of.outcome.is_passed() {
                lines.push(suite::lines(suite, test, &of, self.colour));
            }
            ran.push((suite, test, of));
        });
        let report = Report { tests: ran, left_out: 0, coverage };
        let (all, failed) = (report.tests.len(), report.failed());
        lines.push(match failed {
            0 => format!("tests: {all} passed, {:.0} % of the rules covered", report.coverage.percent()),
            _ => format!("tests: {} passed, {failed} failed", all - failed),
        });
    }

    fn judge_file(&mut self, pack: &Pack, path: &Path, lines: &mut Vec<String>) {
        match judge(pack, &self.settings(pack), &Events::File(path)) {
            Err(error) => lines.push(error),
            Ok(judged) => {
                let found: Vec<Found> = judged.findings.iter().map(Found::of).collect();
                say(&judged.log, &judged.troubles, lines);
                lines.push(format!("{}: {} events, {} findings", path.display(), judged.events, found.len()));
                lines.extend(changes(self.found.as_deref(), &found));
                self.found = Some(found);
            }
        }
    }

    /// Judges the live events that are kept by the version before and by this one, and goes on with this one.
    fn judge_kept(&mut self, pack: &Pack, lines: &mut Vec<String>) {
        let settings = self.settings(pack);
        let text = self.kept.make_contiguous().join("\n");
        if let (Some(before), false) = (&self.pack, text.is_empty()) {
            let events = Events::Lines("live", &text);
            let of = |pack: &Pack, settings: &Settings| {
                let judged = judge(pack, settings, &events)?;
                Ok::<Vec<Found>, String>(judged.findings.iter().map(Found::of).collect())
            };
            match (of(before, &self.settings(before)), of(pack, &settings)) {
                (Ok(before), Ok(now)) => {
                    lines.push(format!("the last {} live events: {} findings", self.kept.len(), now.len()));
                    lines.extend(changes(Some(&before), &now));
                }
                (_, Err(error)) | (Err(error), _) => lines.push(error),
            }
        }
        let tell = self.tell.clone();
        let telling = Box::new(move |finding: &lanner_finding::Finding| {
            // Who listens may have gone.
            let _ = tell.send(format!("found  {}", shown(&Found::of(finding))));
        });
        match Stage::telling(pack, settings, Some(telling)) {
            Ok(stage) => self.live = Some((stage, Scene::default())),
            Err(error) => lines.push(error.to_string()),
        }
    }

    /// Live events came, as lines of JSON; gives what there is to say of the pack.
    pub fn live(&mut self, events: Vec<String>) -> String {
        let mut lines = Vec::new();
        if let Some((stage, scene)) = &mut self.live {
            let text = events.join("\n");
            let played = stage.lines(scene, Path::new("live"), &text).and_then(|()| stage.flush());
            let Heard { log, troubles } = stage.heard();
            say(&log, &troubles, &mut lines);
            if let Err(error) = played {
                lines.push(error.to_string());
            }
        }
        for event in events {
            self.kept_bytes += event.len();
            self.kept.push_back(event);
            while self.kept.len() > KEPT || self.kept_bytes > KEPT_BYTES {
                self.kept_bytes -= self.kept.pop_front().map_or(self.kept_bytes, |event| event.len());
            }
        }
        lines.join("\n")
    }
}

fn say(log: &[(tracing::Level, String)], troubles: &[String], lines: &mut Vec<String>) {
    lines.extend(log.iter().take(LOG_LINES).map(log_line));
    if let Some(more) = log.len().checked_sub(LOG_LINES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more lines of its log"));
    }
    lines.extend(troubles.iter().cloned());
}

/// What differs between the findings of two versions: those that came, went, and are about the same and say something else.
fn changes(before: Option<&[Found]>, now: &[Found]) -> Vec<String> {
    let Some(before) = before else {
        return cut(now.iter().map(|found| format!("  {}", shown(found))).collect());
    };
    // A version of a rule finds something once about the same events.
    let about = |found: &Found| {
        (
            found.rule().to_owned(),
            found.0.get("events").map(Json::to_string),
            found.0.get("time_ns").map(Json::to_string),
        )
    };
    let mut left: Vec<&Found> = before.iter().collect();
    let mut lines = Vec::new();
    for found in now {
        let Some(place) = left.iter().position(|other| about(other) == about(found)) else {
            lines.push(format!("  + {}", shown(found)));
            continue;
        };
        let other = left.remove(place);
        let parts = ["severity", "message", "key", "fields", "process"];
        let differing: Vec<&str> = parts.into_iter().filter(|part| other.0.get(*part) != found.0.get(*part)).collect();
        if !differing.is_empty() {
            lines.push(format!("  ~ {}", shown(found)));
            for part in differing {
                let of = |found: &Found| found.0.get(part).map_or("nothing".to_owned(), Json::to_string);
                lines.push(format!("      {part}: {} → {}", printable(&of(other)), printable(&of(found))));
            }
        }
    }
    lines.extend(left.iter().map(|gone| format!("  - {}", shown(gone))));
    if lines.is_empty() {
        lines.push("  the same as before".to_owned());
    }
    cut(lines)
}

fn cut(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

fn shown(found: &Found) -> String {
    format!("{}  {}  {}", found.rule(), found.severity(), printable(found.message()))
}

/// While it lives, a project is watched.
#[derive(Debug)]
pub struct Watched(#[allow(dead_code, reason = "it watches as long as it lives")] RecommendedWatcher);

/// Has a project watched: `changed` is called when something of its source is. Ends when what is given is dropped.
///
/// # Errors
/// It cannot be watched.
pub fn watch(folder: &Path, changed: impl Fn() + Send + 'static) -> Result<Watched, String> {
    let (send, receive) = channel::<()>();
    let root = folder.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let matters = match event {
            Ok(event) => {
                !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_source(&root, path))
            }
            Err(_) => true,
        };
        if matters {
            // Who waits for it ends with the watcher.
            let _ = send.send(());
        }
    })
    .map_err(|error| format!("{} cannot be watched: {error}", folder.display()))?;
    // What is built lies below it too, and may be much: each folder of the source by itself.
    for folder in folders(folder) {
        let watched = watcher.watch(&folder, RecursiveMode::NonRecursive);
        watched.map_err(|error| format!("{} cannot be watched: {error}", folder.display()))?;
    }
    let wait = move || {
        while receive.recv().is_ok() {
            while receive.recv_timeout(SETTLED).is_ok() {}
            changed();
        }
    };
    std::thread::Builder::new().name("lanner-dev".into()).spawn(wait).map_err(|error| error.to_string())?;
    Ok(Watched(watcher))
}

/// A folder, and those below it that hold source.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(folder) = all.get(next).cloned() {
        next += 1;
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        all.extend(
            entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink() && !is_foreign(path)),
        );
    }
    all
}

fn is_foreign(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| NOT_SOURCE.contains(&name))
}

/// Whether a path is of a project's source, and not what an editor keeps beside it.
fn is_source(root: &Path, path: &Path) -> bool {
    let Ok(inner) = path.strip_prefix(root) else { return true };
    let foreign = inner.ancestors().any(is_foreign);
    let name = inner.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let of_editor = name.ends_with('~')
        || name.ends_with(".swp")
        || name.ends_with(".swx")
        || name.starts_with(".#")
        || name == "4913";
    !foreign && !of_editor && !name.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(all: &[(&str, u64, &str)]) -> Vec<Found> {
        let one = |(rule, event, message): &(&str, u64, &str)| {
            json!({"rule": rule, "events": [event], "severity": "low", "message": message}).as_object().cloned()
        };
        all.iter().map(|of| Found(one(of).expect("an object"))).collect()
    }

    #[test]
    fn changes_are_what_came_went_and_says_something_else() {
        let before = found(&[("a/a", 1, "x"), ("a/a", 2, "y"), ("b/b", 3, "z")]);
        let now = found(&[("a/a", 1, "x"), ("a/a", 2, "new"), ("c/c", 3, "z")]);
        let expected = ["  ~ a/a  low  new", "      message: \"y\" → \"new\"", "  + c/c  low  z", "  - b/b  low  z"];
        assert_eq!(changes(Some(&before), &now), expected);
        assert_eq!(changes(Some(&now), &now), ["  the same as before"]);
        assert_eq!(changes(None, &now).len(), 3);
        assert_eq!(changes(None, &found(&[("a/a", 1, "x"); 100])).last().map(String::as_str), Some("  and 60 more"));
    }

    #[test]
    fn only_source_matters() {
        let root = Path::new("/p");
        for source in ["/p/src/lib.rs", "/p/tests/a.yaml", "/p/Cargo.toml", "/p/pack.py"] {
            assert!(is_source(root, Path::new(source)), "{source}");
        }
        for other in [
            "/p/target/x.wasm",
            "/p/.git/index",
            "/p/src/.lib.rs.swp",
            "/p/src/lib.rs~",
            "/p/.lanner/sdk/x",
            "/p/src/4913",
            "/p",
        ] {
            assert!(!is_source(root, Path::new(other)), "{other}");
        }
    }
}
