//! Putting packs in place and taking them out, while others run: what the engine does of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SendError, Sender, TryRecvError, channel};
use std::time::Duration;

use lanner_contract::{LeftOut, Wanted};

use super::compare::Comparison;
use super::exchange::{
    Agreement, Ballot, Exchange, Install, Known, Member, Newcomer, Outcome, Placed, Planned, Progress,
};
use super::owed::Owed;
use super::placement::Cost;
use super::route::Plan;
use super::shadow::Shadow;
use super::worker::Job;
use super::{Aside, Candidate, Description, Engine, Handover, Loaded, PackId, Refusal, WorkerGone};

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
    /// In the shadow of those from here candidates run, from where the other path says; each in place of the one before.
    pub shadows: Vec<(PathBuf, PathBuf, Candidate)>,
    /// The candidates in the shadow of those from here take their place, and their state.
    pub promote: Vec<PathBuf>,
    /// Those in the shadow of those from here end.
    pub unshadow: Vec<PathBuf>,
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
            if let Some(exchange) = self.exchange.take() {
                match self.advance(exchange) {
                    ControlFlow::Break(placed) => changed |= placed,
                    ControlFlow::Continue(waiting) => {
                        self.exchange = Some(waiting);
                        return changed;
                    }
                }
            }
            let arrived = |loaded: &mut Loaded| {
                loaded.arriving.take_if(|arriving| arriving.try_recv() != Err(TryRecvError::Empty));
            };
            self.packs.values_mut().for_each(arrived);
            // An exchange overtakes what waits, and has threads wait for each other: as one does that takes over a pack from another.
            if self.packs.values().any(|loaded| loaded.arriving.is_some()) {
                return changed;
            }
            let Some((set, reply)) = self.asked.pop_front() else { return changed };
            match self.begin(set, reply.clone()) {
                Ok(exchange) => self.exchange = Some(exchange),
                Err(refused) => drop(reply.send(Err(refused))),
            }
        }
    }

    /// Brings an exchange to its end, and says whether it changed anything; gives it back where it waits.
    fn advance(&mut self, mut exchange: Exchange) -> ControlFlow<bool, Exchange> {
        if exchange.planned.is_none() {
            match exchange.look() {
                Progress::UnderWay => return ControlFlow::Continue(exchange),
                Progress::Done(handovers) => exchange.planned = Some(self.plan(&exchange, handovers)),
                Progress::Refused(path, refusal) => {
                    // Who asked may have gone.
                    let _ = exchange.reply.send(Err((path, refusal)));
                    return ControlFlow::Break(false);
                }
            }
        }
        let Some(Planned { handovers, gone, plan }) = exchange.planned.take() else {
            return ControlFlow::Continue(exchange);
        };
        match plan.try_recv() {
            Ok(plan) => {
                let reply = exchange.reply.clone();
                let removed = self.put_in_place(exchange, plan, gone);
                // Likewise.
                let _ = reply.send(Ok(Placed { handovers, removed }));
                ControlFlow::Break(true)
            }
            Err(TryRecvError::Empty) => {
                exchange.planned = Some(Planned { handovers, gone, plan });
                ControlFlow::Continue(exchange)
            }
            // Who worked it out has ended: it is worked out anew, here.
            Err(TryRecvError::Disconnected) => {
                exchange.planned = Some(self.plan(&exchange, handovers));
                ControlFlow::Continue(exchange)
            }
        }
    }

    /// Whether something is under way.
    pub fn is_settling(&self) -> bool {
        self.exchange.is_some() || !self.asked.is_empty()
    }

    /// Has it worked out how events come to those that run by now; of a live stream aside, as nothing waits for that.
    fn plan(&self, exchange: &Exchange, handovers: Vec<Handover>) -> Planned {
        let removed = exchange.remove.iter().filter_map(|path| self.at(path));
        let removed: Vec<PackId> = removed.collect();
        let shadows =
            exchange.unshadow.iter().chain(&removed).filter_map(|of| self.shadow_of(*of)).map(|(pack, _)| pack);
        let gone: Vec<PackId> = shadows.chain(removed.iter().copied()).collect();
        let replaced = exchange.known.iter().map(|known| known.pack);
        let come: Vec<_> = exchange.known.iter().map(|known| (known.pack, &*known.description)).collect();
        let make = self.router.plan(&gone.iter().copied().chain(replaced).collect::<Vec<_>>(), &come);
        let (give, plan) = channel();
        let give: Aside = Box::new(move || {
            // The engine may have ended.
            let _ = give.send(make());
        });
        match &self.aside {
            Some(aside) => {
                if let Err(SendError(give)) = aside.send(give) {
                    give();
                }
            }
            None => give(),
        }
        Planned { handovers, gone, plan }
    }

    /// Lets go of something, aside where nothing is to wait for that.
    fn let_go(&self, what: impl Send + 'static) {
        if let Some(aside) = &self.aside {
            // Where there is no such thread any more it is let go of here.
            let _ = aside.send(Box::new(move || drop(what)));
        }
    }

    /// What those want that a set puts in place.
    pub fn wanted_by(&self, set: &Set) -> Vec<Wanted> {
        let shadows = set.shadows.iter().map(|(.., candidate)| candidate);
        let candidates = set.packs.iter().map(|(_, candidate)| candidate).chain(shadows);
        let previous = |path: &PathBuf| self.packs.get(&self.at(path)?)?.previous.last().map(|last| &last.description);
        let descriptions =
            candidates.map(|candidate| &candidate.description).chain(set.back.iter().filter_map(previous));
        descriptions.flat_map(|description| description.wanted.iter().cloned()).collect()
    }

    fn begin(&mut self, set: Set, reply: Sender<Outcome>) -> Result<Exchange, (PathBuf, Refusal)> {
        let Set { packs, remove, back, shadows, promote, unshadow } = set;
        let packs = packs.into_iter().map(|(path, candidate)| (path, Newcomer::Candidate(Box::new(candidate))));
        let mut packs: Vec<(PathBuf, Newcomer)> = packs.collect();
        let (asked_back, mut back) = (back, Vec::new());
        for path in asked_back {
            let loaded = self.at(&path).and_then(|pack| Some((pack, self.packs.get(&pack)?)));
            let Some((pack, previous)) =
                loaded.and_then(|(pack, loaded)| Some((pack, loaded.previous.last()?.clone())))
            else {
                return Err((path, Refusal::NoVersionBefore));
            };
            back.push(pack);
            packs.push((path, Newcomer::Previous(Box::new(previous))));
        }
        let mut unshadow = unshadow.iter().map(|path| self.shadowed(path)).collect::<Result<Vec<_>, _>>()?;
        for path in promote {
            unshadow.push(self.shadowed(&path)?);
            packs.push((path.clone(), self.promoted(&path)?));
        }
        self.check_set(&packs, &remove)?;
        let mut shadowed = Vec::new();
        for (path, from, candidate) in shadows {
            let of = self.check_shadow(&path, &candidate).map_err(|refusal| (from.clone(), refusal))?;
            unshadow.push(of);
            shadowed.push((from, of, candidate));
        }
        let costs = self.costs(|_| Duration::ZERO);
        let (mut known, mut members) = (Vec::new(), BTreeMap::<usize, Vec<Member>>::new());
        for (path, newcomer) in packs {
            let description = newcomer.description().clone();
            let running = self.running().find(|(_, loaded)| loaded.path == path);
            let (pack, worker, meter, mailbox) = match running {
                Some((pack, loaded)) => (pack, loaded.worker, loaded.meter.clone(), loaded.mailbox.clone()),
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
            known.push(Known { pack, path, description, worker, meter, mailbox, shadow: None });
        }
        for (path, of, candidate) in shadowed {
            let Some(worker) = self.packs.get(&of).map(|loaded| loaded.worker) else { continue };
            let (description, comparison) = (candidate.description.clone(), Arc::<Comparison>::default());
            let (meter, mailbox) = <(Arc<_>, Arc<_>)>::default();
            let start = candidate.as_before();
            let shadow = Some(Shadow { of, comparison: comparison.clone(), start });
            self.next += 1;
            let pack = PackId(self.next - 1);
            // Where the other one is, whose state it begins with.
            let newcomer = Newcomer::Shadow { of, candidate: Box::new(candidate), comparison };
            let member = Member { pack, newcomer, meter: Arc::clone(&meter), mailbox: Arc::clone(&mailbox) };
            members.entry(worker).or_default().push(member);
            known.push(Known { pack, path, description, worker, meter, mailbox, shadow });
        }
        let in_order = self.does_a_rule_move(&known, &remove);
        let mut gone = BTreeMap::<usize, Vec<PackId>>::new();
        if in_order {
            for pack in remove.iter().filter_map(|path| self.at(path)) {
                let worker = self.packs.get(&pack).map_or(0, |loaded| loaded.worker);
                gone.entry(worker).or_default().push(pack);
                members.entry(worker).or_default();
            }
        }
        let agreement = Arc::new(Agreement::new(members.len()));
        let (mut exchange, report) = Exchange::new(known, remove, reply);
        (exchange.unshadow, exchange.back) = (unshadow, back);
        for (number, members) in members {
            let Some(worker) = self.workers.get(number) else { continue };
            let (last, report) = (exchange.last.clone(), report.clone());
            let (ballot, gone) = (Ballot::new(&agreement), gone.remove(&number).unwrap_or_default());
            let install = Install { members, gone, ballot, last, report };
            if in_order {
                // Where its thread has ended it says no, as the vote is dropped.
                let _ = worker.send(Job::Install(install));
            } else {
                worker.install(install);
            }
        }
        Ok(exchange)
    }

    /// Whether a pack of the set has a rule that another one had, of those that it replaces or ends.
    fn does_a_rule_move(&self, known: &[Known], remove: &[PathBuf]) -> bool {
        let replaced = known.iter().filter_map(|known| self.packs.get_key_value(&known.pack));
        let ended = remove.iter().filter_map(|path| self.packs.get_key_value(&self.at(path)?));
        let had: BTreeMap<&str, PackId> = replaced
            .chain(ended)
            .flat_map(|(pack, loaded)| loaded.description.rules.iter().map(|rule| (rule.id.as_str(), *pack)))
            .collect();
        let of_set = known.iter().filter(|known| known.shadow.is_none());
        let mut has =
            of_set.flat_map(|known| known.description.rules.iter().map(|rule| (rule.id.as_str(), known.pack)));
        has.any(|(rule, pack)| had.get(rule).is_some_and(|before| *before != pack))
    }

    /// Whether these may run beside the packs that are neither replaced nor removed, and beside each other.
    fn check_set(&self, packs: &[(PathBuf, Newcomer)], remove: &[PathBuf]) -> Result<(), (PathBuf, Refusal)> {
        let stays =
            |path: &Path| !remove.iter().any(|gone| gone == path) && packs.iter().all(|(other, _)| other != path);
        let running = self.running().map(|(_, loaded)| loaded).filter(|loaded| stays(&loaded.path));
        let mut beside: Vec<(&Path, &Description)> =
            running.map(|loaded| (loaded.path.as_path(), &*loaded.description)).collect();
        for (path, newcomer) in packs {
            fits(newcomer.description(), &beside).map_err(|refusal| (path.clone(), refusal))?;
            beside.push((path, newcomer.description()));
        }
        Ok(())
    }

    /// The workers run the new ones: events are routed to them from here on.
    fn put_in_place(
        &mut self,
        mut exchange: Exchange,
        plan: Plan,
        gone: Vec<PackId>,
    ) -> Vec<(PathBuf, Arc<Description>)> {
        exchange.last.set(self.batches);
        let before = self.router.take_up(plan);
        let gone: Vec<Loaded> = gone.into_iter().filter_map(|pack| self.remove(pack)).collect();
        let removed = gone.iter().filter(|loaded| loaded.shadow.is_none());
        let removed = removed.map(|loaded| (loaded.path.clone(), loaded.description.clone())).collect();
        let mut forgotten = Vec::new();
        for Known { pack, path, description, worker, meter, mailbox, shadow } in exchange.known {
            for LeftOut { rule, needs } in &description.left_out {
                let rule = description.rules.get(*rule as usize).map_or("", |rule| &rule.id);
                tracing::warn!(
                    "pack {}: the rule {rule} is left out, as it needs {needs}, which this host does not have; run it on a \
                     newer lanner",
                    description.name
                );
            }
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
                shadow,
            };
            let mut kept = exchange.previous.remove(&pack).into_iter().collect::<Vec<_>>();
            let before = self.packs.insert(pack, loaded);
            let (Some(mut before), Some(loaded)) = (before, self.packs.get_mut(&pack)) else { continue };
            if exchange.back.contains(&pack) {
                // It runs again.
                before.previous.pop();
            }
            warn_of_loss(&before.description, &description);
            kept.splice(0..0, before.previous);
            forgotten.extend(kept.drain(..kept.len().saturating_sub(VERSIONS)));
            // Its file may have been moved meanwhile, and what it is owed is owed to the new one.
            (loaded.previous, loaded.path, loaded.owed) = (kept, before.path, before.owed);
        }
        // To give compiled code back takes longer than all of this.
        self.let_go((before, gone, forgotten));
        removed
    }
}

/// Whether a pack may run beside others.
pub(super) fn fits(description: &Description, beside: &[(&Path, &Description)]) -> Result<(), Refusal> {
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
