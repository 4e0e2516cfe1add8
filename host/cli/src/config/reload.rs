//! A running host takes up what its configuration says by now: all that can change while it runs, at once or not at all. What
//! cannot is named, as long as it is not as it was at the start.

use std::sync::{Arc, Mutex, PoisonError};

use lanner_config::{Change, Config};
use lanner_engine::Settings;
use lanner_finding::Labels;
use lanner_lists::Lists;
use lanner_pack::reference::Reference;
use lanner_pack::{Board, Configured as Taken, Steering, Wanted};
use lanner_tuning::{Source, Stamp, Tuner, Tuning};
use lanner_watch::{Watch, Why};

use super::{CONFIGURATION, Configured};
use crate::{Failure, run, tuning};

/// The parts of a host that can be told something else.
pub(crate) struct Parts {
    pub(crate) steering: Steering,
    pub(crate) lists: Lists,
    pub(crate) tuner: Tuner,
    /// What watches over the tuning: another one where it lies in another place.
    pub(crate) tuning: Arc<Mutex<Option<lanner_tuning::Watch>>>,
    pub(crate) labels: Labels,
    pub(crate) board: Board,
}

/// What a host goes by, and what it was started with.
pub(crate) struct Reloading {
    parts: Parts,
    /// What cannot change any more.
    started: Config,
    started_references: Vec<Reference>,
    started_settings: Settings,
    now: Configured,
    arguments: run::Arguments,
    /// What is set for packs from registries, and counts after a restart.
    later: Vec<String>,
    /// The list because of which lists are what they were before.
    list: Option<String>,
}

/// What came of a look.
#[derive(Default)]
struct Looked {
    /// Keys that are taken up.
    taken: Vec<String>,
    /// Keys that need a restart.
    restart: Vec<String>,
}

impl Reloading {
    /// Watches over the configuration, if that is to be done; it is looked at in any case where somebody asks for it.
    pub(crate) fn start(
        now: Configured,
        arguments: run::Arguments,
        parts: Parts,
        watches: bool,
    ) -> Result<Watch, Failure> {
        let (place, last) = (now.place.clone(), now.stamp.clone());
        let started_references = arguments.rules.named()?.1;
        let (started, started_settings) = (now.config.clone(), arguments.rules.settings());
        let (later, list) = (Vec::new(), None);
        let mut reloading = Self { parts, started, started_references, started_settings, now, arguments, later, list };
        let stamp = move || if watches { place.stamp() } else { Vec::new() };
        let last = if watches { last } else { Vec::new() };
        Ok(Watch::start("lanner-config", last, stamp, move |why| reloading.look(why))?)
    }

    fn look(&mut self, why: Why) {
        let path = self.now.place.path().display().to_string();
        let Looked { taken, restart } = match self.take_up() {
            Ok(looked) => looked,
            Err(error) => {
                let what =
                    format!("the configuration has changed and cannot be used: {error}; what was said before holds");
                tracing::error!("{what}");
                self.parts.board.set(CONFIGURATION, &what);
                return;
            }
        };
        if !taken.is_empty() {
            tracing::info!("the configuration in {path} has changed, and is taken up: {}", taken.join(", "));
        } else if why == Why::Changed && restart.is_empty() {
            tracing::info!("the configuration in {path} has changed, and says what it said");
        }
        if restart.is_empty() {
            self.parts.board.clear(CONFIGURATION);
            return;
        }
        let what = format!(
            "the configuration says something else than at the start, which needs a restart: {}",
            restart.join(", ")
        );
        if self.parts.board.set(CONFIGURATION, &what) {
            tracing::warn!("{what}");
        }
    }

    /// Takes up all that can be, or nothing.
    fn take_up(&mut self) -> Result<Looked, Failure> {
        let next = self.now.again()?;
        let arguments = next.clone().run()?;
        let mut looked = Looked::default();
        let mut changed = Vec::new();
        for (name, key) in self.now.config.differences(&next.config) {
            if let Some(key) = key.filter(|key| key.change == Change::Live && !next.is_said_otherwise(key)) {
                looked.taken.push(name);
                changed.push(key.name.split('.').next().unwrap_or_default());
            }
        }
        let is_changed = |table: &str| changed.contains(&table);
        // What can be refused comes first; what was done is undone where something that comes later is.
        let tuning = if is_changed("tuning") { self.read_tuning(&arguments)? } else { None };
        let lists = if is_changed("lists") { self.give_lists(&arguments)? } else { Given::AsBefore };
        let configured = match is_changed("rules") || is_changed("pack") {
            true => self.configure(&arguments),
            false => Ok(Taken::default()),
        };
        let configured = match configured {
            Ok(configured) => configured,
            Err(error) => {
                self.give_back(&lists);
                return Err(error);
            }
        };
        if let Some((source, stamp, tuning)) = tuning {
            self.replace_tuning(source, stamp, tuning)?;
        }
        if is_changed("labels") {
            self.parts.labels.replace(arguments.labels());
        }
        self.later.extend(configured.later);
        self.later.sort_unstable();
        self.later.dedup();
        let otherwise = self.started_settings.differences(&arguments.rules.settings());
        self.later.retain(|pack| otherwise.contains(pack));
        match lists {
            Given::AsBefore => {}
            Given::Anew(_) => self.list = None,
            Given::NeedsRestart(list) => {
                looked.taken.retain(|name| !name.starts_with("lists."));
                self.list = Some(list);
            }
        }
        if arguments.rules.named()?.0 == self.arguments.rules.named()?.0 {
            looked.taken.retain(|name| name != "rules");
        }
        looked.restart.extend(self.needs_restart(&next, &arguments)?);
        (self.now, self.arguments) = (next, arguments);
        Ok(looked)
    }

    /// What is not as it was at the start, and cannot be while the host runs.
    fn needs_restart(&self, next: &Configured, arguments: &run::Arguments) -> Result<Vec<String>, Failure> {
        let differences = self.started.differences(&next.config).into_iter();
        let restarts = differences.filter(|(_, key)| match key {
            Some(key) => key.change == Change::Restart && !next.is_said_otherwise(key),
            // Of no key is what findings are written to.
            None => !next.says_output(),
        });
        let mut names: Vec<String> = restarts.map(|(name, _)| name).collect();
        if arguments.rules.named()?.1 != self.started_references {
            names.push("rules (those from registries)".to_owned());
        }
        names.extend(self.list.iter().map(|list| format!("lists (because of {list})")));
        names.extend(self.later.iter().map(|pack| format!("pack.{pack}.settings (it is from a registry)")));
        Ok(names)
    }

    fn read_tuning(&self, arguments: &run::Arguments) -> Result<Option<(Source, Stamp, Tuning)>, Failure> {
        let Some(source) = arguments.tuning.source(true) else { return Ok(None) };
        let stamp = source.stamp();
        let tuning = source.read()?;
        Ok(Some((source, stamp, tuning)))
    }

    fn replace_tuning(&self, source: Source, stamp: Stamp, tuning: Tuning) -> Result<(), Failure> {
        let mut watch = self.parts.tuning.lock().unwrap_or_else(PoisonError::into_inner);
        self.parts.tuner.replace(tuning);
        let next = tuning::watch(source, stamp, &self.parts.tuner, self.parts.board.clone())?;
        // The one before may be at its last look.
        next.look();
        *watch = Some(next);
        Ok(())
    }

    fn give_lists(&self, arguments: &run::Arguments) -> Result<Given, Failure> {
        let before = self.parts.lists.given();
        let given = match arguments.rules.lists.again(&before) {
            Ok(given) => given,
            Err(name) => return Ok(Given::NeedsRestart(name)),
        };
        self.parts.lists.give(given, arguments.rules.place.folder(true))?;
        Ok(Given::Anew(before))
    }

    /// Has lists be what they were before.
    fn give_back(&self, given: &Given) {
        let Given::Anew(before) = given else { return };
        if let Err(error) = self.parts.lists.give(before.clone(), self.arguments.rules.place.folder(true)) {
            tracing::warn!("what was given for lists before cannot be read any more: {error}");
        }
    }

    fn configure(&self, arguments: &run::Arguments) -> Result<Taken, Failure> {
        let (paths, before) = (arguments.rules.named()?.0, self.arguments.rules.named()?.0);
        let settings = arguments.rules.settings();
        let anew = self.arguments.rules.settings().differences(&settings);
        let paths = (paths != before).then_some(paths);
        if paths.is_none() && anew.is_empty() {
            return Ok(Taken::default());
        }
        Ok(self.parts.steering.configure(Wanted { paths, waits: arguments.waits_for_rules(), settings, anew })?)
    }
}

/// What became of lists.
enum Given {
    /// Nothing was to be done.
    AsBefore,
    /// Others are given; before it was these.
    Anew(Vec<lanner_lists::Given>),
    /// One of them is in a registry, and was not given before.
    NeedsRestart(String),
}
