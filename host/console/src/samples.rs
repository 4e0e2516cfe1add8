//! How the host did lately: a figure every few seconds for an hour, and every few minutes for a day. In memory, and bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lanner_control::status::{Rates, Report};

use crate::desk::Desk;

/// From one to the next.
const EVERY: Duration = Duration::from_secs(5);
/// An hour of them.
const FINE: usize = 720;
/// So many make a coarse one: two minutes.
const TOGETHER: usize = 24;
/// A day of those.
const COARSE: usize = 720;

/// How it did between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// When, seconds since 1970.
    pub(crate) time: u64,
    /// Events judged, filtered out and lost, and findings: a second.
    pub(crate) events: f64,
    pub(crate) filtered: f64,
    pub(crate) lost: f64,
    pub(crate) findings: f64,
    /// Processors that it kept busy.
    pub(crate) processors: f64,
    /// Memory in use, bytes.
    pub(crate) memory: u64,
}

/// What is remembered.
#[derive(Default)]
pub(crate) struct Samples(Mutex<Course>);

#[derive(Default)]
struct Course {
    fine: VecDeque<Sample>,
    coarse: VecDeque<Sample>,
    /// That do not make a coarse one yet.
    since: Vec<Sample>,
}

impl Samples {
    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, sample: Sample) {
        let mut course = self.course();
        push(&mut course.fine, sample, FINE);
        course.since.push(sample);
        if course.since.len() >= TOGETHER {
            let together = mean(&std::mem::take(&mut course.since));
            push(&mut course.coarse, together, COARSE);
        }
    }

    /// The last hour, the oldest first.
    pub(crate) fn hour(&self) -> Vec<Sample> {
        self.course().fine.iter().copied().collect()
    }

    /// The last day, the oldest first.
    pub(crate) fn day(&self) -> Vec<Sample> {
        self.course().coarse.iter().copied().collect()
    }
}

fn push(samples: &mut VecDeque<Sample>, sample: Sample, most: usize) {
    if samples.len() >= most {
        samples.pop_front();
    }
    samples.push_back(sample);
}

fn mean(samples: &[Sample]) -> Sample {
    let count = samples.len().max(1) as f64;
    let of = |field: fn(&Sample) -> f64| samples.iter().map(field).sum::<f64>() / count;
    Sample {
        time: samples.last().map_or(0, |last| last.time),
        events: of(|sample| sample.events),
        filtered: of(|sample| sample.filtered),
        lost: of(|sample| sample.lost),
        findings: of(|sample| sample.findings),
        processors: of(|sample| sample.processors),
        // The most is what matters.
        memory: samples.iter().map(|sample| sample.memory).max().unwrap_or_default(),
    }
}

/// Takes them until the host ends.
pub(crate) async fn take(desk: Arc<Desk>) {
    let mut before: Option<Arc<Report>> = None;
    loop {
        if let Some(now) = desk.inquiry.report().await {
            if let Some(before) = before.filter(|before| before.time_ns < now.time_ns) {
                desk.samples.add(sample(&before, &now));
            }
            before = Some(now);
        } else {
            before = None;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = desk.stop.cancelled() => return,
        }
    }
}

fn sample(before: &Report, now: &Report) -> Sample {
    let rates = Rates::between(before, now);
    Sample {
        time: now.time_ns / 1_000_000_000,
        events: rates.events,
        filtered: rates.filtered,
        lost: rates.lost,
        findings: rates.findings,
        processors: rates.processors,
        memory: now.memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let samples = Samples::default();
        let count = (COARSE + 10) * TOGETHER;
        for time in 0..count as u64 {
            samples.add(Sample { time, events: (time % 2) as f64, memory: time, ..Sample::default() });
        }
        let (hour, day) = (samples.hour(), samples.day());
        assert_eq!((hour.len(), day.len(), samples.course().since.len()), (FINE, COARSE, 0));
        assert_eq!(hour.last().map(|last| last.time), Some(count as u64 - 1));
        assert_eq!((day[0].events, day[0].memory), (0.5, day[0].time));
        assert!(day.is_sorted_by_key(|sample| sample.time));
    }
}
