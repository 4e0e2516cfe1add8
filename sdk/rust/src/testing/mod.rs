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

mod container;
mod event;
mod found;
mod kinds;
mod lists;
mod process;

use std::time::Duration;

use lanner_abi::{EventHeader, Frame, FrameError, FrameWriter};
use lanner_contract::{Checked, Configuration, Description, Sieve};

pub use container::{TestContainer, container};
pub use event::{TestEvent, connect, connect_unix, exec, fork};
pub use found::{TestFinding, TestRule};
pub use kinds::*;
pub(crate) use lists::is_listed;
pub use process::{TestProcess, process};

use crate::dispatch::{Evaluate as _, Running};
use crate::lists::Asking;
use crate::pack::Pack;
use found::Collected;
use process::Written;

/// When the first event happens: any time will do, but not 0.
const BEGINNING: u64 = 1_700_000_000_000_000_000;
/// Between two events, where nothing is said.
const STEP: u64 = 1_000_000;
/// The host ticks at every full second of event time,
const TICK: u64 = 1_000_000_000;
/// and after a jump in time makes up for so many.
const MISSED_TICKS: u64 = 3600;

/// A pack under test.
pub struct PackTest<P: Pack> {
    running: Running<P>,
    said: Checked,
    told: Configuration,
    /// What the host would hand over.
    sieve: Sieve,
    now: u64,
    /// When the next tick is due.
    next_tick: u64,
    seq: u64,
}

impl<P: Pack> Default for PackTest<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Pack> PackTest<P> {
    /// A pack that has just been loaded, with nothing set.
    ///
    /// # Panics
    ///
    /// Where the pack cannot do without.
    #[must_use]
    pub fn new() -> Self {
        Self::with_settings::<&str>([])
    }

    /// A pack that has just been loaded, with settings as people write them: `("quiet", "true")`.
    ///
    /// # Panics
    ///
    /// Where the pack does not take the settings, or says something of itself that a host would refuse.
    #[must_use]
    pub fn with_settings<T: Into<String>>(settings: impl IntoIterator<Item = (T, T)>) -> Self {
        let running = Running::<P>::new();
        let said = checked(&running.describe().encode());
        let settings: Vec<_> = settings.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let told = match said.configuration(&settings) {
            Ok(told) => told,
            Err(wrong) => panic!("a host would refuse the settings: {wrong}"),
        };
        let sieve = Sieve::new(&said.wanted);
        let mut test = Self { running, said, told, sieve, now: BEGINNING, next_tick: BEGINNING + TICK, seq: 0 };
        test.configure();
        test
    }

    /// The same, with these rules switched off.
    ///
    /// # Panics
    ///
    /// Where the pack has no such rule.
    #[must_use]
    pub fn off<T: AsRef<str>>(mut self, rules: impl IntoIterator<Item = T>) -> Self {
        for id in rules {
            let id = id.as_ref();
            match (0..).zip(&self.said.said.rules).find(|(_, rule)| rule.id == id) {
                Some((index, _)) => self.told.off.push(index),
                None => panic!("the pack has no rule {id}"),
            }
        }
        self.running = Running::new();
        self.configure();
        self
    }

    /// The same, with these entries in place of what the pack brings along.
    ///
    /// # Panics
    ///
    /// Where the pack has no such list, or one of them is no entry of it.
    #[must_use]
    pub fn list<T: Into<String>>(mut self, name: &str, entries: impl IntoIterator<Item = T>) -> Self {
        let Some(list) = self.said.said.lists.iter_mut().find(|list| list.name == name) else {
            panic!("the pack has no list {name}");
        };
        list.entries = entries.into_iter().map(Into::into).collect();
        if let Some((entry, what)) =
            list.entries.iter().find_map(|entry| list.holds.read(entry).err().map(|what| (entry, what)))
        {
            panic!("a host would refuse the list: {entry:?} {what}");
        }
        self
    }

    fn configure(&mut self) {
        let told = match Configuration::decode(&self.told.encode()) {
            Ok(told) => told,
            Err(malformed) => panic!("the configuration cannot be read: {malformed}"),
        };
        if let Err(error) = self.running.configure(&told) {
            panic!("the pack does not take its settings: {error}");
        }
    }

    /// The pack's rules.
    #[must_use]
    pub fn rules(&self) -> Vec<TestRule> {
        self.said.said.rules.iter().map(TestRule::of).collect()
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
            if self.now >= self.next_tick {
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
        lists::say(&self.said.said.lists);
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

    /// What the pack saves now.
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        self.running.save()
    }

    /// Starts the pack anew, with what this version of it saved.
    ///
    /// # Errors
    ///
    /// Where the pack does not take it.
    pub fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String> {
        self.running = Running::new();
        self.configure();
        self.running.restore(state, version)
    }

    /// Reloads the pack, as the host would with another version of it.
    ///
    /// # Panics
    ///
    /// Where the pack does not take what it saved.
    pub fn save_and_restore(&mut self) {
        if let Err(error) = self.restore(&self.saved(), P::INFO.version) {
            panic!("the pack does not take what it saved: {error}");
        }
    }

    /// Ticks at every full second that has passed, as the host does.
    fn tick(&mut self, found: &Collected) {
        lists::say(&self.said.said.lists);
        self.next_tick = self.next_tick.max((self.now - self.now % TICK).saturating_sub(MISSED_TICKS * TICK));
        while self.next_tick <= self.now {
            self.running.tick(self.next_tick, found);
            self.next_tick += TICK;
        }
    }

    fn evaluate(&mut self, batch: &[(u64, u64, TestEvent)], found: &Collected) {
        let all = written(batch.iter());
        let all = match Frame::parse(&all) {
            Ok(frame) => frame,
            Err(error) => panic!("the frame of a test is none: {error}"),
        };
        lists::say(&self.said.said.lists);
        let chosen = batch.iter().zip(all.events()).filter(|(_, event)| self.sieve.wants(&Asking(event)));
        if let Err(error) = self.running.evaluate(&written(chosen.map(|(event, _)| event)), found) {
            panic!("the frame of a test is none: {error}");
        }
    }

    fn shown(&self, found: Collected) -> Vec<TestFinding> {
        found.take().into_iter().map(|finding| TestFinding::of(finding, &self.said.said)).collect()
    }
}

/// What a pack said of itself, as a host takes it.
fn checked(said: &[u8]) -> Checked {
    let said = match Description::decode(said) {
        Ok(said) => said,
        Err(malformed) => panic!("a host would refuse the pack: {malformed}"),
    };
    let checked = match said.check() {
        Ok(checked) => checked,
        Err(nonsense) => panic!("a host would refuse the pack: {nonsense}"),
    };
    if let Some(left_out) = checked.left_out.first() {
        panic!("a host would leave out rule {}: it needs {}", left_out.rule, left_out.needs);
    }
    checked
}

/// A frame of events, one after the other, as a host writes it: for what reads frames and is no [`Pack`].
#[must_use]
pub fn frame(events: impl IntoIterator<Item = TestEvent>) -> Vec<u8> {
    let mut now = BEGINNING;
    let mut at = |event: &TestEvent| {
        now += event.after.unwrap_or(STEP);
        now
    };
    let events: Vec<_> = (1..).zip(events).map(|(seq, event)| (seq, at(&event), event)).collect();
    written(events.iter())
}

fn written<'a>(events: impl Iterator<Item = &'a (u64, u64, TestEvent)>) -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let mut written = Written::default();
    for (seq, time, event) in events {
        let process = event.process().map(|process| written.row(&mut writer, &process));
        let header = EventHeader { seq: *seq, time: *time, process, ..event.header };
        let payload = event.add_payload(&mut writer, &mut written);
        writer.event(&header, event.kind, payload);
    }
    writer.finish().to_vec()
}
