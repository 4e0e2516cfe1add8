//! Making other files the rules of a running host: all of them at once, or none.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lanner_engine::{Candidate, Description, Handover, Order, PackError, PackStatus, Refusal, Runtime, Set};
use serde::{Deserialize, Serialize};

use super::exchange::{self, Ended};
use super::load;
use super::locate::{self, LocateError, Located};
use super::reload::Reloader;

/// How long the pipeline may take to say what runs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Files of packs, with the digests of their bytes.
type Digests = Vec<(PathBuf, [u8; 32])>;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Pack files, and folders of them: all that is to run of files from here on. Absolute.
    pub paths: Vec<PathBuf>,
    /// Only say what would change.
    pub dry_run: bool,
}

/// What changes, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Packs that begin, end or change, by name. Those that stay as they are are left out.
    pub changes: Vec<PackChange>,
    /// How many stay as they are.
    pub unchanged: usize,
}

/// What changes of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PackChange {
    /// Its name.
    pub name: String,
    /// Its version before; nothing where it begins.
    pub before: Option<String>,
    /// Its version now; nothing where it ends.
    pub now: Option<String>,
    /// Ids of rules that come, that go, and that say something else of themselves: what they want, how severe they are.
    pub rules_added: Vec<String>,
    /// Likewise.
    pub rules_gone: Vec<String>,
    /// Likewise.
    pub rules_changed: Vec<String>,
    /// Bytes of state that came over.
    pub state: Option<usize>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// One of the paths is not there, or cannot be read.
    #[error("{path} cannot be read: {error}; name a pack or a folder of packs; nothing was changed", path = path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is no pack in any of them. That all rules are to end is not said so.
    #[error("there is no pack (a file that ends in .wasm) in what was named; nothing was changed")]
    Nothing,
    /// No pack has this name.
    #[error("there is no pack {name:?}; those that run are {running}")]
    NoSuchPack {
        /// The name.
        name: String,
        /// Those that run.
        running: String,
    },
    /// One of the packs is refused.
    #[error("{0}; nothing was changed")]
    Pack(#[from] PackError),
    /// The host ends, or hangs.
    #[error(
        "the host does not answer: it is ending, or a call into a pack takes long; nothing is known to have changed"
    )]
    Ended,
}

impl From<LocateError> for ApplyError {
    fn from(error: LocateError) -> Self {
        match error {
            LocateError::Unreadable { path, error } => Self::Unreadable { path, error },
            LocateError::Nothing { .. } => Self::Nothing,
        }
    }
}

impl From<Ended> for ApplyError {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl fmt::Display for Report {
    /// A line for each pack, and one for each of its rules that is another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            let PackChange { name, before, now, rules_added, rules_gone, rules_changed, state } = change;
            let rules = |count: usize| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
            match (before, now) {
                (None, Some(now)) => writeln!(f, "+ {name} {now}, with {}", rules(rules_added.len()))?,
                (Some(before), None) => writeln!(f, "- {name} {before}, with {}", rules(rules_gone.len()))?,
                (before, now) => {
                    let [before, now] = [before, now].map(|version| version.as_deref().unwrap_or("?"));
                    let state = state.map_or_else(String::new, |bytes| format!(", {bytes} bytes of state kept"));
                    writeln!(f, "~ {name} {before} -> {now}{state}")?;
                    for (sign, ids) in [("+", rules_added), ("-", rules_gone), ("~", rules_changed)] {
                        ids.iter().try_for_each(|id| writeln!(f, "    {sign} {id}"))?;
                    }
                }
            }
        }
        match (self.changes.len(), self.unchanged) {
            (0, same) => write!(f, "nothing changes: {same} as they are"),
            (changes, same) => write!(f, "{changes} changed, {same} as they are"),
        }
    }
}

impl Reloader {
    /// Makes these files the rules. Packs of the same name are the same packs, wherever they lie: they keep their state. Packs
    /// from registries stay.
    pub(super) fn apply(&mut self, wish: &Wish) -> Result<Report, ApplyError> {
        let located = locate::locate(&wish.paths)?;
        let runtime = self.runtime.clone();
        self.make(located, &runtime, Anew::default(), wish.dry_run)
    }

    /// The same with what was located; new packs are prepared by this runtime.
    pub(super) fn make(
        &mut self,
        located: Located,
        runtime: &Runtime,
        anew: Anew<'_>,
        dry_run: bool,
    ) -> Result<Report, ApplyError> {
        let running = self.running()?;
        let is_anew = |path: &Path| {
            let pack = running.iter().find(|pack| pack.path == path);
            pack.is_some_and(|pack| anew.packs.contains(&pack.description.name))
        };
        let of_files = |pack: &&PackStatus| self.known.contains_key(&pack.path);
        let (mut set, mut moves, mut digests) = (Set::default(), Vec::new(), Digests::new());
        let (mut report, mut stays) = (Report::default(), Vec::new());
        for file in &located.files {
            let refused = |refusal| PackError { path: file.clone(), refusal };
            let bytes = load::read(file).map_err(refused)?;
            let digest = load::digest(&bytes);
            // The very file that runs, under whatever name.
            let same = self.known.keys().find(|path| self.runs(path) == Some(digest) && !stays.contains(*path));
            let as_it_was = |path: &&PathBuf| anew.only && *path == file && self.known.get(*path) == Some(&digest);
            let same = same.or_else(|| self.known.keys().find(as_it_was));
            if let Some(path) = same.filter(|path| !is_anew(path)) {
                report.unchanged += 1;
                stays.push(path.clone());
                moves.push((path.clone(), file.clone()));
                digests.push((file.clone(), digest));
                continue;
            }
            let candidate = Candidate::prepare(runtime, &bytes).map_err(refused)?;
            let description = candidate.description().clone();
            let older = running.iter().filter(of_files).find(|pack| pack.description.name == description.name);
            // What runs is known by the path that it came from; it moves when it is in place.
            let place = older.map_or_else(|| file.clone(), |older| older.path.clone());
            report.changes.push(change(older.map(|older| &older.description), Some(&description)));
            if let Some((_, other)) = moves.iter().find(|(taken, _)| *taken == place) {
                let (name, other) = (description.name.clone(), other.clone());
                return Err(refused(Refusal::DuplicatePack { name, other }).into());
            }
            moves.push((place.clone(), file.clone()));
            digests.push((file.clone(), digest));
            stays.push(place.clone());
            set.packs.push((place, candidate));
        }
        for gone in running.iter().filter(of_files).filter(|pack| !stays.contains(&pack.path)) {
            report.changes.push(change(Some(&gone.description), None));
            set.remove.push(gone.path.clone());
        }
        let is_there = |name: &&String| {
            let named = |description: &Arc<Description>| description.name == **name;
            running.iter().any(|pack| named(&pack.description))
                || set.packs.iter().any(|(_, candidate)| named(candidate.description()))
        };
        if let (false, Some(name)) = (anew.waits, anew.packs.iter().find(|name| !is_there(name))) {
            return Err(no_such_pack(name, &running));
        }
        if !dry_run {
            let handovers = self.put_in_place(set, moves, digests, located)?;
            let placed = report.changes.iter_mut().filter(|change| change.now.is_some());
            for (change, handover) in placed.zip(handovers) {
                change.state = if let Handover::State(bytes) = handover { Some(bytes) } else { None };
            }
        }
        report.changes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(report)
    }

    fn put_in_place(
        &mut self,
        set: Set,
        moves: Vec<(PathBuf, PathBuf)>,
        digests: Digests,
        located: Located,
    ) -> Result<Vec<Handover>, ApplyError> {
        let began = Instant::now();
        let said: Vec<Arc<Description>> =
            set.packs.iter().map(|(_, candidate)| candidate.description().clone()).collect();
        let placed = exchange::exchange(&self.orders, set)??;
        for (description, handover) in said.iter().zip(&placed.handovers) {
            super::reload::say_loaded(description, handover, Duration::ZERO, began.elapsed());
        }
        for (path, description) in &placed.removed {
            tracing::warn!("pack {} is unloaded: it is not among the rules of {}", description.name, named(&located));
            self.board.clear(&path.to_string_lossy());
        }
        // First those that give their paths up: two packs may have changed places.
        let away = |path: &Path| path.with_added_extension("moved");
        let order = |from: &Path, to: &Path| {
            // Nobody listens any more only when the host ends.
            let _ = self.orders.send(Order::Rename { from: from.to_owned(), to: to.to_owned() });
        };
        let moves: Vec<_> = moves.into_iter().filter(|(from, to)| from != to).collect();
        moves.iter().for_each(|(from, _)| order(from, &away(from)));
        moves.iter().for_each(|(from, to)| order(&away(from), to));
        self.run_from(located, digests.into_iter().collect());
        Ok(placed.handovers)
    }

    /// What runs.
    pub(super) fn running(&self) -> Result<Vec<PackStatus>, ApplyError> {
        let (reply, answer) = channel();
        self.orders.send(Order::Tell { reply }).map_err(|_| ApplyError::Ended)?;
        Ok(answer.recv_timeout(PATIENCE).map_err(|_| ApplyError::Ended)?.packs)
    }
}

/// Packs that are started anew also where their files are as they were.
#[derive(Clone, Copy, Default)]
pub(super) struct Anew<'a> {
    /// Their names.
    pub(super) packs: &'a [String],
    /// Those that are not there are waited for.
    pub(super) waits: bool,
    /// Others whose files are as they were go on, whatever version runs in place of what those hold.
    pub(super) only: bool,
}

/// There is no pack of this name among those that run.
pub(super) fn no_such_pack(name: &str, running: &[PackStatus]) -> ApplyError {
    let names: Vec<&str> = running.iter().map(|pack| &*pack.description.name).collect();
    let running = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    ApplyError::NoSuchPack { name: name.to_owned(), running }
}

fn named(located: &Located) -> String {
    located.named.iter().map(|(named, _)| named.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What changes from one version to another; from or to none, where it begins or ends.
fn change(before: Option<&Arc<Description>>, now: Option<&Arc<Description>>) -> PackChange {
    let rules = |of: Option<&Arc<Description>>| of.map_or(Vec::new(), |of| of.rules.clone());
    let (old, new) = (rules(before), rules(now));
    let lacks = |these: &[lanner_engine::Rule], others: &[lanner_engine::Rule]| {
        let gone = these.iter().filter(|rule| !others.iter().any(|other| other.id == rule.id));
        gone.map(|rule| rule.id.clone()).collect::<Vec<_>>()
    };
    let changed = new.iter().filter(|rule| old.iter().any(|other| other.id == rule.id && other != *rule));
    PackChange {
        name: now.or(before).map_or_else(String::new, |pack| pack.name.clone()),
        before: before.map(|pack| pack.version.clone()),
        now: now.map(|pack| pack.version.clone()),
        rules_added: lacks(&new, &old),
        rules_gone: lacks(&old, &new),
        rules_changed: changed.map(|rule| rule.id.clone()).collect(),
        state: None,
    }
}

#[cfg(test)]
mod tests {
    use lanner_engine::{Rule, Severity};

    use super::*;

    #[test]
    fn what_changes_of_a_pack_is_said_by_rule() {
        let rule = |id: &str, severity| Rule { id: id.to_owned(), severity, ..Rule::default() };
        let pack = |version: &str, rules| {
            let (name, version) = ("a".to_owned(), version.to_owned());
            Arc::new(Description { name, version, rules, ..Description::default() })
        };
        let before = pack(
            "1.0.0",
            vec![rule("a/same", Severity::Low), rule("a/more", Severity::Low), rule("a/old", Severity::Low)],
        );
        let now = pack(
            "1.1.0",
            vec![rule("a/same", Severity::Low), rule("a/more", Severity::High), rule("a/new", Severity::Low)],
        );
        let said = change(Some(&before), Some(&now));
        assert_eq!((said.before.as_deref(), said.now.as_deref()), (Some("1.0.0"), Some("1.1.0")));
        assert_eq!([said.rules_added, said.rules_gone, said.rules_changed], [["a/new"], ["a/old"], ["a/more"]]);
        let report =
            Report { changes: vec![change(Some(&before), Some(&now)), change(None, Some(&now))], unchanged: 2 };
        let text = "~ a 1.0.0 -> 1.1.0\n    + a/new\n    - a/old\n    ~ a/more\n+ a 1.1.0, with 3 rules\n2 changed, 2 as they are";
        assert_eq!(report.to_string(), text);
        assert_eq!(change(None, Some(&now)).rules_added.len(), 3);
        assert_eq!(change(Some(&before), None).rules_gone.len(), 3);
    }
}
