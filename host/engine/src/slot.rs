//! A pack in its worker: the running instance, its checkpoint, its rests after failures, and its share of the processor.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use lanner_contract::{Configuration, Sieve};
use lanner_lists::Snapshot;

use super::account::{Account, Flood};
use super::batch::Batch;
use super::candidate::Candidate;
use super::compare::{Comparison, Side};
use super::contract::PackPre;
use super::description::Description;
use super::exchange::{Last, Previous};
use super::instance::{Failure, Gave, Instance, PackState};
use super::mailbox::Mailbox;
use super::meter::{Meter, State, nanoseconds};
use super::rest::{Rest, Sentence};
use super::retry::{PATIENCE, Retried, Retry};
use super::route::Routed;
use super::rule_cost::{MEASURING, RuleCost};
use super::runtime::{Runtime, processor_time};

/// How often a pack that was given events is asked for its state, to start from where it fails; ns of event time.
const CHECKPOINT_NS: u64 = 5_000_000_000;
/// Bytes of a state that is kept so. Larger ones are kept for a reload alone.
const MAX_CHECKPOINT: usize = 4 << 20;

pub(super) struct Slot {
    pre: PackPre<PackState>,
    pub(super) description: Arc<Description>,
    configuration: Configuration,
    /// None while it rests.
    pub(super) instance: Option<Instance>,
    /// Of the pack as a whole, and of rules that trapped.
    rest: Rest,
    rules: BTreeMap<u32, Rest>,
    /// The rules that the instance was told not to run because of that.
    resting: Vec<u32>,
    checkpoint: Checkpoint,
    /// Events that came while it rested.
    missed: u64,
    account: Account,
    cost: RuleCost,
    flood: Flood,
    meter: Arc<Meter>,
    mailbox: Arc<Mailbox>,
    /// Where it replaced another version while batches waited.
    overtaken: Option<Overtaken>,
    /// Where what it finds is compared with what another version does, as long as anybody looks at that.
    pub(super) compared: Option<(Side, Weak<Comparison>)>,
}

/// The state to start from after a failure.
#[derive(Default)]
struct Checkpoint {
    state: Option<Vec<u8>>,
    /// When it was last asked for, event time, ns.
    taken_ns: u64,
    /// Events since then.
    events: u64,
    /// It is not asked for: it trapped in that, or says too much.
    off: bool,
    /// How often the pack failed as a whole since then.
    failures: u32,
}

impl Checkpoint {
    /// This is the state now, where it is not too large.
    fn keep(&mut self, state: Vec<u8>) {
        self.failures = 0;
        self.state = Some(state).filter(|state| state.len() <= MAX_CHECKPOINT);
    }
}

/// The batches that had been routed for the version before, and wait: this one judges them, by its own subscriptions.
struct Overtaken {
    /// Which they are.
    last: Last,
    sieve: Sieve,
}

/// What comes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The pack rests.
    Pack(Sentence),
    /// The rule of this index does, and the pack goes on without it.
    Rule(u32, Sentence),
    /// The pack goes on: without the event of this sequence number, where it is known which one it was.
    GoesOn(Option<u64>),
}

impl Slot {
    /// Runs the instance, which took that state over; the batches up to the last one of `overtaken` were routed for the version
    /// before it.
    pub(super) fn new(
        candidate: Candidate,
        state: Option<Vec<u8>>,
        overtaken: Option<Last>,
        meter: Arc<Meter>,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let Candidate { pre, instance, description, configuration, .. } = candidate;
        let overtaken = overtaken.map(|last| Overtaken { last, sieve: Sieve::new(&description.wanted) });
        meter.loaded(nanoseconds(since_epoch()).cast_signed(), description.rules.len());
        meter.set_memory(instance.memory() as u64);
        let (rest, rules, resting, account) = Default::default();
        let mut checkpoint = Checkpoint::default();
        state.into_iter().for_each(|state| checkpoint.keep(state));
        let (cost, flood) = Default::default();
        Self {
            pre,
            description,
            configuration,
            instance: Some(instance),
            rest,
            rules,
            resting,
            checkpoint,
            missed: 0,
            account,
            cost,
            flood,
            meter,
            mailbox,
            overtaken,
            compared: None,
        }
    }

    /// The state that it would begin with after a failure.
    pub(super) fn checkpoint(&self) -> Option<&[u8]> {
        self.checkpoint.state.as_deref()
    }

    /// What can be started again of it, with the state that it saved.
    pub(super) fn retire(self, state: Option<Vec<u8>>) -> Previous {
        let Self { pre, description, configuration, .. } = self;
        Previous { pre, description, configuration, state }
    }

    /// By what to choose its events from this batch, where that was routed for the version before.
    pub(super) fn sieve(&self, batch: &Batch) -> Option<&Sieve> {
        self.overtaken
            .as_ref()
            .filter(|overtaken| !overtaken.last.is_before(batch.number))
            .map(|overtaken| &overtaken.sieve)
    }

    /// Has it judge a frame, by these lists; where others are on its thread, that has been idle for so long in all.
    pub(super) fn judge(
        &mut self,
        runtime: &Runtime,
        routed: &Routed,
        (now, lists): (u64, &Arc<Snapshot>),
        idle: Option<Duration>,
    ) -> Gave {
        let before = processor_time();
        match self.awake(runtime, now) {
            Ok(true) => {}
            Ok(false) => {
                self.miss(routed.events);
                return Gave::default();
            }
            Err(failure) => {
                self.miss(routed.events);
                return self.failed(runtime, Gave { failure: Some(failure), ..Gave::default() }, now);
            }
        }
        let Some(instance) = &mut self.instance else { return Gave::default() };
        let mut gave = instance.evaluate(&routed.frame, now, lists);
        let took = processor_time().saturating_sub(before);
        self.meter.called(routed.events, took);
        self.meter.set_memory(instance.memory() as u64);
        self.checkpoint.events += routed.events;
        self.cost.note(&routed.frame, routed.events);
        match &gave.failure {
            Some(Failure::Trap(_) | Failure::Memory(_)) => {
                gave = self.try_again(runtime, routed, gave, (now, lists));
            }
            // How far it came is not known.
            Some(_) => self.miss(routed.events),
            None => {}
        }
        // What it took to try again is the pack's, too.
        let after = processor_time();
        let all = after.saturating_sub(before);
        self.meter.spent(nanoseconds(all.saturating_sub(took)));
        self.book(&mut gave, all, after, idle);
        self.failed(runtime, gave, now)
    }

    /// Event time has reached `now`.
    pub(super) fn tick(
        &mut self,
        runtime: &Runtime,
        (now, lists): (u64, &Arc<Snapshot>),
        idle: Option<Duration>,
    ) -> Gave {
        let before = processor_time();
        match self.awake(runtime, now) {
            Ok(true) => {}
            Ok(false) => return Gave::default(),
            Err(failure) => return self.failed(runtime, Gave { failure: Some(failure), ..Gave::default() }, now),
        }
        let Some(instance) = &mut self.instance else { return Gave::default() };
        let mut gave = instance.tick(now, lists);
        if gave.failure.is_none() {
            gave.failure = self.take_checkpoint(now).err();
        }
        let after = processor_time();
        let took = after.saturating_sub(before);
        self.meter.spent(nanoseconds(took));
        self.book(&mut gave, took, after, idle);
        self.failed(runtime, gave, now)
    }

    /// Measures what one of its rules costs.
    pub(super) fn measure_a_rule(&mut self, runtime: &Runtime, now: u64, lists: &Arc<Snapshot>) {
        if self.instance.is_none() {
            return;
        }
        let before = processor_time();
        let mut quick = runtime.clone();
        quick.limits.start = quick.limits.start.min(MEASURING);
        quick.limits.deadline = quick.limits.deadline.min(MEASURING);
        let mut cost = std::mem::take(&mut self.cost);
        let rules = self.description.rules.len() as u32;
        cost.measure(rules, (now, lists), &self.meter, |off| self.start(&quick, off));
        self.cost = cost;
        self.meter.spent_aside(nanoseconds(processor_time().saturating_sub(before)));
    }

    /// What is left to be raised of what it gave.
    pub(super) fn compared(&mut self, mut gave: Gave, now: u64) -> Gave {
        let Some((side, comparison)) = &self.compared else { return gave };
        match (comparison.upgrade(), side) {
            (Some(comparison), side) => comparison.take(*side, &self.description.rules, &mut gave, now),
            (None, Side::Running) => self.compared = None,
            // It is about to end.
            (None, Side::Candidate) => gave = Gave::default(),
        }
        gave
    }

    /// It is on another thread from here on.
    pub(super) fn moved(&mut self) {
        self.account = Account::default();
    }

    /// So many bytes of what waited for it are done with.
    pub(super) fn release(&self, bytes: usize) {
        self.mailbox.release(bytes);
    }

    /// It goes on, whatever it did before.
    pub(super) fn forgive(&mut self) {
        (self.rest, self.rules) = Default::default();
        if self.instance.is_some() {
            self.meter.set_state(State::Running);
        }
    }

    /// Books what a call took that ended then, where packs share a thread.
    fn book(&mut self, gave: &mut Gave, took: Duration, after: Duration, idle: Option<Duration>) {
        let Some(idle) = idle else { return };
        if self.account.book(took, after + idle) && gave.failure.is_none() {
            self.instance = None;
            gave.failure = Some(Failure::Share);
        }
    }

    /// Counts events that it does not get to judge.
    fn miss(&mut self, events: u64) {
        self.missed += events;
        self.meter.missed(events);
    }

    /// Sees to it that there is an instance, where its rest is over, and that it has all rules that are not to rest.
    fn awake(&mut self, runtime: &Runtime, now: u64) -> Result<bool, Failure> {
        let clock = rest_clock(runtime, now);
        if self.instance.is_some() {
            if !self.resting.is_empty() && self.resting_at(clock) != self.resting {
                self.take_back_rules(runtime, clock)?;
            }
            return Ok(true);
        }
        if !self.rest.is_over(clock) {
            return Ok(false);
        }
        let resting = self.resting_at(clock);
        let instance = self.start(runtime, &resting).or_else(|failure| {
            // Perhaps it is the state that it cannot go on with.
            let state = self.checkpoint.state.take();
            state.map_or(Err(failure), |_| self.start(runtime, &resting))
        })?;
        let state =
            if self.checkpoint.state.is_some() { "from its last checkpoint" } else { "without the state it had" };
        tracing::warn!(
            "pack {} runs again, {state}; {} events passed it by while it rested",
            self.description.name,
            std::mem::take(&mut self.missed)
        );
        self.run(instance, resting);
        Ok(true)
    }

    /// The rules that rest at a time.
    fn resting_at(&self, clock: u64) -> Vec<u32> {
        self.rules.iter().filter(|(_, rest)| !rest.is_over(clock)).map(|(rule, _)| *rule).collect()
    }

    /// An instance that has rules again whose rest is over, with the state of the one that runs.
    fn take_back_rules(&mut self, runtime: &Runtime, clock: u64) -> Result<(), Failure> {
        let resting = self.resting_at(clock);
        let saved = self.instance.as_mut().and_then(|instance| instance.save().ok());
        let instance = match &saved {
            Some(state) => self.start_from(runtime, &resting, Some(state))?,
            None => self.start(runtime, &resting)?,
        };
        saved.into_iter().for_each(|state| self.checkpoint.keep(state));
        for rule in self.resting.iter().filter(|rule| !resting.contains(rule)) {
            tracing::info!("pack {}: the rule {} runs again", self.description.name, self.name_of(*rule));
        }
        self.run(instance, resting);
        Ok(())
    }

    fn name_of(&self, rule: u32) -> &str {
        self.description.rules.get(rule as usize).map_or("", |rule| &rule.id)
    }

    fn run(&mut self, mut instance: Instance, resting: Vec<u32>) {
        instance.set_quiet(false);
        self.meter.set_memory(instance.memory() as u64);
        self.meter.set_state(State::Running);
        self.instance = Some(instance);
        self.resting = resting;
    }

    /// An instance with the state of the last checkpoint, that has these rules not.
    fn start(&self, runtime: &Runtime, off: &[u32]) -> Result<Instance, Failure> {
        self.start_from(runtime, off, self.checkpoint.state.as_deref())
    }

    fn start_from(&self, runtime: &Runtime, off: &[u32], state: Option<&[u8]>) -> Result<Instance, Failure> {
        let Self { pre, description, configuration, .. } = self;
        let mut instance =
            Instance::start(runtime, pre, Arc::from(description.name.as_str()), description.bound.clone())?;
        let mut told = configuration.clone();
        told.off.extend(off);
        // As every start of an instance: the contract promises a configure before the first batch.
        instance.configure(&told.encode())?.map_err(Failure::Trap)?;
        if let Some(state) = state {
            instance.restore(state, &description.version).map_err(Failure::Trap)?;
        }
        Ok(instance)
    }

    /// Asks it for its state, where that is due.
    fn take_checkpoint(&mut self, now: u64) -> Result<(), Failure> {
        let Self { checkpoint, instance: Some(instance), description, .. } = self else { return Ok(()) };
        let set_back = now < checkpoint.taken_ns;
        let due = set_back || now.saturating_sub(checkpoint.taken_ns) >= CHECKPOINT_NS;
        if checkpoint.off || checkpoint.events == 0 || !due {
            return Ok(());
        }
        (checkpoint.taken_ns, checkpoint.events) = (now, 0);
        // Where it cannot be had any more, an old one is of no use for ever.
        let state = instance.save().inspect_err(|_| (checkpoint.off, checkpoint.state) = (true, None))?;
        if state.len() > MAX_CHECKPOINT {
            tracing::debug!("pack {}: no checkpoints of {} bytes", description.name, state.len());
            checkpoint.off = true;
        }
        checkpoint.keep(state);
        Ok(())
    }

    /// It trapped: has new instances judge the batch again, to find out on what, and to go on.
    fn try_again(
        &mut self,
        runtime: &Runtime,
        routed: &Routed,
        mut gave: Gave,
        (now, lists): (u64, &Arc<Snapshot>),
    ) -> Gave {
        self.instance = None;
        let mut quick = runtime.clone();
        let live = runtime.limits.shared;
        if live {
            quick.limits.start = quick.limits.start.min(PATIENCE);
        }
        let start = |off: &[u32]| {
            let mut instance = self.start(&quick, off).ok()?;
            // What it logs was logged the first time.
            instance.set_quiet(true);
            Some(instance)
        };
        let retry = Retry {
            description: &self.description,
            start,
            off: &self.resting,
            frame: &routed.frame,
            now,
            lists,
            raised: &gave.findings,
            patience: live.then_some(PATIENCE),
        };
        let Retried { findings, rules, events, missed, instance } = retry.run();
        gave.findings.extend(findings);
        gave.cut();
        self.miss(missed);
        let clock = rest_clock(runtime, now);
        let Some(mut instance) = instance else {
            gave.after = Some(After::Pack(self.rest.begin(clock)));
            return gave;
        };
        instance.set_limits(&runtime.limits);
        let mut resting = self.resting.clone();
        for rule in rules.iter().rev() {
            resting.push(*rule);
            let sentence = self.rules.entry(*rule).or_default().begin(clock);
            if gave.after.replace(After::Rule(*rule, sentence)).is_some() {
                tracing::error!(
                    "pack {}: more than one rule trapped in a batch: {} rests, too",
                    self.description.name,
                    self.name_of(*rule)
                );
            }
        }
        resting.sort_unstable();
        if rules.is_empty() {
            gave.after = Some(match self.rest.begin_unless_seldom(clock) {
                Some(sentence) => After::Pack(sentence),
                None => After::GoesOn(events.first().copied()),
            });
        }
        if let Some(After::Rule(..) | After::GoesOn(_)) = gave.after {
            self.run(instance, resting);
        }
        gave
    }

    /// Sees to what comes of a failure.
    fn failed(&mut self, runtime: &Runtime, mut gave: Gave, now: u64) -> Gave {
        self.meter.found(&gave.findings);
        if runtime.limits.shared {
            gave.dropped += self.flood.cut(&mut gave.findings, runtime.limits.findings, rest_clock(runtime, now));
        }
        if gave.failure.is_none() {
            return gave;
        }
        self.meter.failed();
        let after = match gave.after {
            Some(after) => after,
            None => {
                self.instance = None;
                After::Pack(self.rest.begin(rest_clock(runtime, now)))
            }
        };
        gave.after = Some(after);
        if let After::Pack(sentence) = after {
            // A trap poisons the instance.
            self.instance = None;
            self.checkpoint.failures += 1;
            if self.checkpoint.failures > 1 {
                // Perhaps it is the state that it does not get on with.
                self.checkpoint.state = None;
            }
            self.account = Account::default();
            self.meter.set_state(match sentence {
                Sentence::Rests(_) => State::Resting,
                Sentence::Quarantined => State::Quarantined,
            });
        }
        gave
    }
}

/// The time that rests are counted in, ns. In a replay that of the events, so that each replay is as the last. Live it is
/// the wall clock: after a failure the events wait, and their time would let the pack go on at once, with all that the
/// others wait for behind it.
fn rest_clock(runtime: &Runtime, now: u64) -> u64 {
    if runtime.limits.shared { nanoseconds(since_epoch()) } else { now }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
