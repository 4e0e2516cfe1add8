//! Testing packs natively: events are made up, written as a real frame, filtered as the host would, and handled by the
//! same code that runs in the pack.
//!
//! ```
//! # use lanner_sdk::prelude::*;
//! # #[derive(Default)]
//! # struct Example;
//! # impl Pack for Example {
//! #     const INFO: PackInfo = pack_info!("example", "");
//! #     fn rules(r: &mut Rules<Self>) {
//! #         r.rule("execution/shell").on_exec(|_, e, out| {
//! #             out.finding(format!("{} began", e.image()));
//! #         });
//! #     }
//! # }
//! use std::time::Duration;
//! use lanner_sdk::testing::{PackTest, exec, process};
//!
//! let nginx = process("/usr/sbin/nginx").uid(33).user("www-data");
//! let shell = process("/usr/bin/dash").args(["sh", "-c", "id"]).parent(&nginx);
//! let mut test = PackTest::<Example>::new();
//! let findings = test.feed([exec(&shell).after(Duration::from_secs(5))]);
//! assert_eq!(findings[0].rule, "execution/shell");
//! ```

mod description;
mod event;
mod process;

use std::cell::RefCell;
use std::time::Duration;

use lanner_abi::{EventHeader, Frame, FrameError, FrameWriter, Payload, PayloadRecord};

pub use event::{TestEvent, connect, connect_unix, exec, exit, fork, loss, open};
pub use process::{TestProcess, process};

use crate::dispatch::{Evaluate as _, Running, Subscription};
use crate::finding::{Finding, Severity, Sink};
use crate::pack::{Pack, Settings};
use crate::rules::RuleInfo;
use process::Written;

/// When the first event happens: any time will do, but not 0.
const BEGINNING: u64 = 1_700_000_000_000_000_000;
/// Between two events, where nothing is said.
const STEP: u64 = 1_000_000;
/// How often the host ticks, at least.
const TICK: u64 = 1_000_000_000;

/// A pack under test.
pub struct PackTest<P: Pack> {
    running: Running<P>,
    settings: Settings,
    now: u64,
    ticked: u64,
    seq: u64,
}

/// What a rule raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFinding {
    /// The rule's id.
    pub rule: String,
    /// What happened.
    pub message: String,
    /// The finding's, or where it has none the rule's.
    pub severity: Severity,
    /// More facts.
    pub fields: Vec<(String, String)>,
    /// Sequence numbers of the events behind it; the first event that was fed has 1.
    pub events: Vec<u64>,
    /// Image id of the process it is about, where that was said.
    pub process: Option<u64>,
}

impl TestFinding {
    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(there, _)| there == name).map(|(_, value)| &**value)
    }
}

/// What a rule says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRule {
    /// Its id.
    pub id: String,
    /// What a finding of it means.
    pub summary: String,
    /// How bad its findings are, where they do not say otherwise.
    pub severity: Severity,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
}

#[derive(Default)]
struct Collected(RefCell<Vec<Finding>>);

impl Sink for Collected {
    fn emit(&self, finding: Finding) {
        self.0.borrow_mut().push(finding);
    }
}

impl<P: Pack> Default for PackTest<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Pack> PackTest<P> {
    /// A pack that has just been loaded, without settings.
    ///
    /// # Panics
    ///
    /// Where the pack cannot do without.
    #[must_use]
    pub fn new() -> Self {
        Self::with_settings::<&str>([])
    }

    /// A pack that has just been loaded.
    ///
    /// # Panics
    ///
    /// Where the pack does not take the settings, or says something of itself that a host would refuse.
    #[must_use]
    pub fn with_settings<T: Into<String>>(settings: impl IntoIterator<Item = (T, T)>) -> Self {
        let settings = settings.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let settings = Settings::new(settings);
        let mut running = Running::new();
        if let Some(refusal) = description::refusal(&running.describe()) {
            panic!("a host would refuse the pack: {refusal}");
        }
        if let Err(error) = running.configure(&settings) {
            panic!("the pack does not take its settings: {error}");
        }
        Self { running, settings, now: BEGINNING, ticked: BEGINNING, seq: 0 }
    }

    /// The pack's rules.
    #[must_use]
    pub fn rules(&self) -> Vec<TestRule> {
        let shown = |rule: RuleInfo| {
            let RuleInfo { id, summary, severity, attack, .. } = rule;
            TestRule { id, summary, severity, attack }
        };
        self.running.describe().rules.into_iter().map(shown).collect()
    }

    /// Lets events happen, one after the other; gives what was raised.
    ///
    /// # Panics
    ///
    /// Where a handler does.
    pub fn feed(&mut self, events: impl IntoIterator<Item = TestEvent>) -> Vec<TestFinding> {
        let found = Collected::default();
        let mut batch = Vec::new();
        for event in events {
            self.now += event.after.unwrap_or(STEP);
            self.seq += 1;
            if self.now - self.ticked >= TICK {
                self.evaluate(&std::mem::take(&mut batch), &found);
                self.tick(&found);
            }
            batch.push((self.seq, self.now, event));
        }
        self.evaluate(&batch, &found);
        self.shown(found)
    }

    /// Judges a frame that was made elsewhere, as a host hands it over; gives what was raised.
    ///
    /// # Errors
    ///
    /// Where it is no frame.
    pub fn judge(&mut self, frame: &[u8]) -> Result<Vec<TestFinding>, FrameError> {
        let found = Collected::default();
        self.running.evaluate(frame, &found)?;
        Ok(self.shown(found))
    }

    /// Lets time go by; gives what was raised.
    pub fn wait(&mut self, time: Duration) -> Vec<TestFinding> {
        let found = Collected::default();
        self.now += event::ns(time);
        self.tick(&found);
        self.shown(found)
    }

    /// Reloads the pack, as the host would with another version of it.
    ///
    /// # Panics
    ///
    /// Where the pack does not take what it saved.
    pub fn save_and_restore(&mut self) {
        let state = self.running.save();
        let mut next = Running::new();
        let restored = next.configure(&self.settings).and_then(|()| next.restore(&state, P::INFO.version));
        if let Err(error) = restored {
            panic!("the pack does not take what it saved: {error}");
        }
        self.running = next;
    }

    fn tick(&mut self, found: &Collected) {
        self.ticked = self.now;
        self.running.tick(self.now, found);
    }

    fn evaluate(&mut self, batch: &[(u64, u64, TestEvent)], found: &Collected) {
        let all = frame(batch.iter());
        let subscriptions = self.running.describe().subscriptions;
        let wanted = wanted(&all, &subscriptions);
        let chosen = batch.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(event, _)| event);
        if let Err(error) = self.running.evaluate(&frame(chosen), found) {
            panic!("the frame of a test is none: {error}");
        }
    }

    fn shown(&self, found: Collected) -> Vec<TestFinding> {
        if found.0.borrow().is_empty() {
            return Vec::new();
        }
        let rules = self.running.describe().rules;
        let shown = |finding: Finding| {
            let rule = &rules[finding.rule as usize];
            TestFinding {
                rule: rule.id.clone(),
                message: finding.message,
                severity: finding.severity.unwrap_or(rule.severity),
                fields: finding.fields,
                events: finding.events,
                process: finding.process,
            }
        };
        found.0.into_inner().into_iter().map(shown).collect()
    }
}

fn frame<'a>(events: impl Iterator<Item = &'a (u64, u64, TestEvent)>) -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let mut written = Written::default();
    for (seq, time, event) in events {
        let process = written.row(&mut writer, &event.process());
        let header = EventHeader { seq: *seq, time: *time, process, ..event.header };
        event.with_payload(|payload, named| {
            let row = named.map(|named| written.row(&mut writer, named)).unwrap_or_default();
            let payload = match payload {
                PayloadRecord::Exec(exec) => PayloadRecord::Exec(lanner_abi::ExecRecord { image: row, ..exec }),
                PayloadRecord::Fork(_) => PayloadRecord::Fork(lanner_abi::ForkRecord { child: row }),
                other => other,
            };
            writer.event(&header, &payload);
        });
    }
    writer.finish().to_vec()
}

/// Which events the host would hand over.
fn wanted(frame: &[u8], subscriptions: &[Subscription]) -> Vec<bool> {
    let frame = match Frame::parse(frame) {
        Ok(frame) => frame,
        Err(error) => panic!("the frame of a test is none: {error}"),
    };
    let known = frame.events().all(|event| !matches!(event.payload(), Payload::Other(_)));
    debug_assert!(known, "tests make events of known kinds only");
    frame.events().map(|event| subscriptions.iter().any(|subscription| subscription.wants(&event))).collect()
}
