//! Which findings go to a sink, and how many: before its queue, on Lanner's JSON of a finding.
//!
//! A sink has [`Routes`] of its own. Whoever feeds it asks [`Routes::pass`] of each finding, and takes from [`Routes::due`] what
//! goes in the place of others, at the time that [`Routes::next_due`] says or later, and all of it with [`Routes::finish`] at the end:
//!
//! ```ignore
//! if routes.pass(&finding, now) == Decision::Send {
//!     queue.push(bytes);
//! }
//! for value in routes.due(now) {
//!     queue.push(value.to_string().into());
//! }
//! ```
//!
//! Which findings belong together is told by when they happened, so that a replay groups them as the live run did. The clock only
//! sees to it that nothing waits for longer than its time, and may be any that does not go backwards. What waits is in memory.

mod choose;
mod groups;
mod rate;
mod settings;
mod span;
mod times;

use std::time::{Duration, Instant};

use serde_json::Value;

pub use settings::{
    Choice, GroupSettings, MaintenanceSettings, OneOrMore, RateSettings, RouteSettings, ScheduleSettings,
};

use choose::Chooser;
use groups::{Grouped, Groups};
use rate::Rate;
use times::{Maintenance, Schedule};

/// How often at most it is looked for what the clock has ended.
const LOOK: Duration = Duration::from_millis(100);
/// What may wait to be taken; beyond it nothing is grouped or kept back.
const MAX_OUT: usize = 8192;

/// The settings of a route are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("route.{0}")]
pub struct RouteError(String);

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes to the sink as it is.
    Send,
    /// It waits, or is counted: what comes of [`Routes::due`] stands for it.
    Hold,
    /// It does not go.
    Drop(Why),
}

/// Why a finding does not go to a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is none of those that were chosen.
    NotChosen,
    /// It happened outside of the schedule.
    Schedule,
    /// It happened while something was worked on.
    Maintenance,
}

/// What became of findings so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// That went as they are.
    pub sent: u64,
    /// That waited to become one with others.
    pub grouped: u64,
    /// That were more than the rate lets go.
    pub limited: u64,
    /// That were not chosen.
    pub not_chosen: u64,
    /// That were outside of the schedule.
    pub outside_schedule: u64,
    /// That maintenance silenced.
    pub silenced: u64,
    /// That went alone, as there was no room to group them.
    pub no_room: u64,
}

/// The way to a sink.
#[derive(Debug)]
pub struct Routes {
    choice: Chooser,
    not: Option<Chooser>,
    schedule: Option<Schedule>,
    maintenance: Vec<Maintenance>,
    groups: Option<Groups>,
    rate: Option<Rate>,
    counts: Counts,
    out: Vec<Value>,
    /// When it is looked again for what the clock has ended.
    look: Option<Instant>,
}

impl Routes {
    /// As the settings say.
    ///
    /// # Errors
    /// Something in them makes no sense; it says which key.
    pub fn new(settings: &RouteSettings) -> Result<Self, RouteError> {
        Self::read(settings).map_err(RouteError)
    }

    fn read(settings: &RouteSettings) -> Result<Self, String> {
        let not = settings.not.as_ref().map(|not| match *not == Choice::default() {
            true => Err("not: it says nothing, so that nothing would be sent".to_owned()),
            false => Chooser::new(not).map_err(|problem| format!("not.{problem}")),
        });
        Ok(Self {
            choice: Chooser::new(&settings.choice())?,
            not: not.transpose()?,
            schedule: settings.schedule.as_ref().map(Schedule::new).transpose()?,
            maintenance: settings.maintenance.iter().map(Maintenance::new).collect::<Result<_, _>>()?,
            groups: settings.group.as_ref().map(Groups::new).transpose()?,
            rate: settings.rate.as_ref().map(Rate::new).transpose()?,
            counts: Counts::default(),
            out: Vec::new(),
            look: None,
        })
    }

    /// What becomes of a finding, now.
    pub fn pass(&mut self, finding: &Value, now: Instant) -> Decision {
        let time_ns = finding["time_ns"].as_u64().unwrap_or_default();
        let is_not = |chooser: &Chooser| chooser.chooses(finding);
        if !self.choice.chooses(finding) || self.not.as_ref().is_some_and(is_not) {
            self.counts.not_chosen += 1;
            return Decision::Drop(Why::NotChosen);
        }
        if self.maintenance.iter().any(|maintenance| maintenance.silences(finding, time_ns)) {
            self.counts.silenced += 1;
            return Decision::Drop(Why::Maintenance);
        }
        if self.schedule.as_ref().is_some_and(|schedule| !schedule.holds(time_ns)) {
            self.counts.outside_schedule += 1;
            return Decision::Drop(Why::Schedule);
        }
        if self.out.len() >= MAX_OUT {
            self.counts.no_room += 1;
            return Decision::Send;
        }
        let decision = self.limit(finding, time_ns, now);
        if decision == Decision::Send {
            self.counts.sent += 1;
        }
        // What began with it ends no earlier than that.
        let times = [self.groups.as_ref().map(Groups::window), self.rate.as_ref().map(Rate::per)];
        let soonest = times.into_iter().flatten().min().and_then(|shortest| now.checked_add(shortest.max(LOOK)));
        self.look = [self.look, soonest].into_iter().flatten().min();
        decision
    }

    fn limit(&mut self, finding: &Value, time_ns: u64, now: Instant) -> Decision {
        if let Some(groups) = &mut self.groups {
            let mut closed = Vec::new();
            let grouped = groups.add(finding, time_ns, now, &mut closed);
            self.bring_out(closed, now);
            match grouped {
                Grouped::Goes => {}
                Grouped::NoRoom => self.counts.no_room += 1,
                Grouped::Waits => {
                    self.counts.grouped += 1;
                    return Decision::Hold;
                }
            }
        }
        if let Some(rate) = &mut self.rate
            && !rate.lets(finding, time_ns, now, &mut self.out)
        {
            self.counts.limited += 1;
            return Decision::Hold;
        }
        Decision::Send
    }

    /// What stands for a group counts as a finding for the rate.
    fn bring_out(&mut self, closed: Vec<Value>, now: Instant) {
        for value in closed {
            let time_ns = value["time_ns"].as_u64().unwrap_or_default();
            let goes = self.rate.as_mut().is_none_or(|rate| rate.lets(&value, time_ns, now, &mut self.out));
            match goes {
                true => self.out.push(value),
                false => self.counts.limited += 1,
            }
        }
    }

    /// What goes to the sink in the place of findings that were held.
    #[must_use = "what it gives stands for findings that are told nowhere else"]
    pub fn due(&mut self, now: Instant) -> Vec<Value> {
        if self.look.is_some_and(|look| look <= now) {
            self.look_for(Some(now), now);
        }
        std::mem::take(&mut self.out)
    }

    /// How long what is held waits at most, by the clock.
    pub fn longest(&self) -> Duration {
        let times = [self.groups.as_ref().map(Groups::window), self.rate.as_ref().map(Rate::per)];
        // A group may end and then be counted by the rate.
        times.into_iter().flatten().sum::<Duration>() + 10 * LOOK
    }

    /// When [`Routes::due`] may give something that it does not give now.
    pub fn next_due(&self) -> Option<Instant> {
        self.look
    }

    /// All that waits, as nothing more comes.
    #[must_use = "what it gives stands for findings that are told nowhere else"]
    pub fn finish(&mut self) -> Vec<Value> {
        self.look_for(None, Instant::now());
        std::mem::take(&mut self.out)
    }

    /// Brings out what has ended by this time, or all.
    fn look_for(&mut self, until: Option<Instant>, now: Instant) {
        let mut closed = Vec::new();
        let groups = self.groups.as_mut().and_then(|groups| groups.close_due(until, &mut closed));
        self.bring_out(closed, now);
        let rate = self.rate.as_mut().and_then(|rate| rate.end_due(until, &mut self.out));
        let next = [groups, rate].into_iter().flatten().min();
        // Not at each of many ends by itself.
        self.look = next.map(|next| now.checked_add(LOOK).map_or(next, |soonest| next.max(soonest)));
    }

    /// What became of findings so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
