//! Putting packs in place and taking them out, while others run: what the engine does of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use lanner_contract::LeftOut;

use super::exchange::{Agreement, Ballot, Exchange, Install, Known, Member, Newcomer, Outcome, Placed, Progress};
use super::owed::Owed;
use super::placement::Cost;
use super::{Candidate, Description, Engine, Handover, Loaded, PackId, Refusal, WorkerGone};

/// Versions of a pack that are kept beside the one that runs, each with its state.
const VERSIONS: usize = 3;
/// How long it is waited for what is under way before it is looked again.
const SETTLING: Duration = Duration::from_micros(200);

/// Packs that are put in place at once, by where they come from; and where those come from that are taken out with that.
#[derive(Default)]
pub struct Set {
    /// They take the place, and the state, of those from the same paths.
    pub packs: Vec<(PathBuf, Candidate)>,
    /// These end.
    pub remove: Vec<PathBuf>,
    /// Those from here go back to the version that ran before, with the state that it had.
    pub back: Vec<PathBuf>,
}

impl Set {
    /// Whether something becomes of the pack from there.
    fn concerns(&self, path: &Path) -> bool {
        let paths = self.packs.iter().map(|(path, _)| path).chain(&self.remove).chain(&self.back);
        paths.into_iter().any(|other| other == path)
    }
}

impl Engine {
    /// Runs a pack, in place of the one from the same path, whose state it takes over; waits until it is in place. What waits to
    /// be judged is judged by the new version.
    ///
    /// # Errors
    /// Any refusal; the older version, where there is one, goes on as if nothing had been.
    pub fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
        let (reply, outcome) = channel();
        self.exchange(Set { packs: vec![(path.to_owned(), candidate)], ..Set::default() }, reply);
        loop {
            self.settle();
            match outcome.recv_timeout(SETTLING) {
                Ok(outcome) => {
                    let handover = |mut placed: Placed| placed.handovers.pop().unwrap_or(Handover::First);
                    return outcome.map(handover).map_err(|(_, refusal)| refusal);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Refusal::Call { call: "its start", reason: WorkerGone.to_string() });
                }
            }
        }
    }

    /// Begins to put packs in place of those from the same paths, and to take others out: all of it between two batches, or
    /// nothing. Does not wait: what comes of it is seen, and said, by [`settle`](Self::settle).
    pub fn exchange(&mut self, set: Set, reply: Sender<Outcome>) {
        self.asked.push_back((set, reply));
        self.settle();
    }

    /// Sees to what is under way, and begins what waits for that. Says whether the packs that run are others now.
    pub fn settle(&mut self) -> bool {
        let mut changed = false;
        loop {
            if let Some(exchange) = &mut self.exchange {
                let outcome = match exchange.look() {
                    Progress::UnderWay => return changed,
                    Progress::Done(handovers) => Ok(handovers),
                    Progress::Refused(path, refusal) => Err((path, refusal)),
                };
                let Some(exchange) = self.exchange.take() else { return changed };
                let reply = exchange.reply.clone();
                changed |= outcome.is_ok();
                let outcome = outcome.map(|handovers| Placed { handovers, removed: self.put_in_place(exchange) });
                // Who asked may have gone.
                let _ = reply.send(outcome);
            }
            let arrived = |loaded: &mut Loaded| {
                loaded.arriving.take_if(|arriving| arriving.try_recv() != Err(TryRecvError::Empty));
            };
            self.packs.values_mut().for_each(arrived);
            // An exchange overtakes what waits; so it is seen to that none of its packs waits among that.
            let Some((set, _)) = self.asked.front() else { return changed };
            if self.packs.values().any(|loaded| loaded.arriving.is_some() && set.concerns(&loaded.path)) {
                return changed;
            }
            let Some((set, reply)) = self.asked.pop_front() else { return changed };
            match self.begin(set, reply.clone()) {
                Ok(exchange) => self.exchange = Some(exchange),
                Err(refused) => drop(reply.send(Err(refused))),
            }
        }
    }

    /// Whether something is under way.
    pub fn is_settling(&self) -> bool {
        self.exchange.is_some() || !self.asked.is_empty()
    }

    fn begin(&mut self, set: Set, reply: Sender<Outcome>) -> Result<Exchange, (PathBuf, Refusal)> {
        let Set { packs, remove, back } = set;
        let packs = packs.into_iter().map(|(path, candidate)| (path, Newcomer::Candidate(Box::new(candidate))));
        let mut packs: Vec<(PathBuf, Newcomer)> = packs.collect();
        for path in back {
            let loaded = self.packs.values_mut().find(|loaded| loaded.path == path);
            let Some(previous) = loaded.and_then(|loaded| loaded.previous.pop()) else {
                return Err((path, Refusal::NoVersionBefore));
            };
            packs.push((path, Newcomer::Previous(Box::new(previous))));
        }
        self.check_set(&packs, &remove)?;
        let costs = self.costs(|_| Duration::ZERO);
        let (mut known, mut members) = (Vec::new(), BTreeMap::<usize, Vec<Member>>::new());
        for (path, newcomer) in packs {
            let description = newcomer.description().clone();
            let running = self.packs.iter().find(|(_, loaded)| loaded.path == path);
            let (pack, worker, meter, mailbox) = match running {
                Some((pack, loaded)) => (*pack, loaded.worker, loaded.meter.clone(), loaded.mailbox.clone()),
                None => {
                    let new: Vec<Cost> = known
                        .iter()
                        .map(|known: &Known| Cost {
                            worker: known.worker,
                            took: Duration::ZERO,
                            longest: Duration::ZERO,
                        })
                        .collect();
                    self.next += 1;
                    let worker = self.placement.idlest(&[costs.as_slice(), &new].concat());
                    (PackId(self.next - 1), worker, Arc::default(), Arc::default())
                }
            };
            let member = Member { pack, newcomer, meter, mailbox };
            let (meter, mailbox) = (member.meter.clone(), member.mailbox.clone());
            members.entry(worker).or_default().push(member);
            known.push(Known { pack, path, description, worker, meter, mailbox });
        }
        let agreement = Arc::new(Agreement::new(members.len()));
        let (exchange, report) = Exchange::new(known, remove, reply);
        for (worker, members) in members {
            let (last, report) = (exchange.last.clone(), report.clone());
            if let Some(worker) = self.workers.get(worker) {
                worker.install(Install { members, ballot: Ballot::new(&agreement), last, report });
            }
        }
        Ok(exchange)
    }

    /// Whether these may run beside the packs that are neither replaced nor removed, and beside each other.
    fn check_set(&self, packs: &[(PathBuf, Newcomer)], remove: &[PathBuf]) -> Result<(), (PathBuf, Refusal)> {
        let stays =
            |path: &Path| !remove.iter().any(|gone| gone == path) && packs.iter().all(|(other, _)| other != path);
        let running = self.packs.values().filter(|loaded| stays(&loaded.path));
        let mut beside: Vec<(&Path, &Description)> =
            running.map(|loaded| (loaded.path.as_path(), &*loaded.description)).collect();
        for (path, newcomer) in packs {
            fits(newcomer.description(), &beside).map_err(|refusal| (path.clone(), refusal))?;
            beside.push((path, newcomer.description()));
        }
        Ok(())
    }

    /// The workers run the new ones: events are routed to them from here on.
    fn put_in_place(&mut self, mut exchange: Exchange) -> Vec<(PathBuf, Arc<Description>)> {
        exchange.last.set(self.batches);
        let removed = exchange.remove.into_iter();
        let removed = removed.filter_map(|path| self.remove(&path).map(|description| (path, description))).collect();
        for Known { pack, path, description, worker, meter, mailbox } in exchange.known {
            for LeftOut { rule, needs } in &description.left_out {
                let rule = description.rules.get(*rule as usize).map_or("", |rule| &rule.id);
                tracing::warn!(
                    "pack {}: the rule {rule} is left out, as it needs {needs}, which this host does not have; run it on a \
                     newer lanner",
                    description.name
                );
            }
            self.router.remove(pack);
            self.router.add(pack, &description);
            let settled = meter.processor();
            let (arriving, owed, previous) = (None, Owed::default(), Vec::new());
            let loaded = Loaded {
                path,
                description: description.clone(),
                worker,
                settled,
                meter,
                mailbox,
                arriving,
                owed,
                previous,
            };
            let mut kept = exchange.previous.remove(&pack).into_iter().collect::<Vec<_>>();
            let before = self.packs.insert(pack, loaded);
            let (Some(before), Some(loaded)) = (before, self.packs.get_mut(&pack)) else { continue };
            warn_of_loss(&before.description, &description);
            kept.splice(0..0, before.previous);
            kept.drain(..kept.len().saturating_sub(VERSIONS));
            // Its file may have been moved meanwhile, and what it is owed is owed to the new one.
            (loaded.previous, loaded.path, loaded.owed) = (kept, before.path, before.owed);
        }
        removed
    }
}

/// Whether a pack may run beside others.
fn fits(description: &Description, beside: &[(&Path, &Description)]) -> Result<(), Refusal> {
    for (path, other) in beside {
        if other.name == description.name {
            return Err(Refusal::DuplicatePack { name: description.name.clone(), other: (*path).to_owned() });
        }
        let theirs: BTreeSet<&str> = other.rules.iter().map(|rule| rule.id.as_str()).collect();
        if let Some(rule) = description.rules.iter().find(|rule| theirs.contains(rule.id.as_str())) {
            return Err(Refusal::DuplicateRule { rule: rule.id.clone(), other: other.name.clone() });
        }
    }
    Ok(())
}

/// Says what a pack in the place of another does not have any more.
fn warn_of_loss(before: &Description, now: &Description) {
    let Description { name, version, rules, .. } = before;
    if *name != now.name {
        let (other, theirs) = (&now.name, now.rules.len());
        tracing::warn!(
            "pack {name} {version} ({} rules) is replaced by another pack, {other} ({theirs} rules)",
            rules.len()
        );
        return;
    }
    now.warn_of_rules_gone(version, rules.iter().map(|rule| rule.id.as_str()));
}
