//! What was looked for in one session within a minute. One act says little; several of them tell somebody who finds his way
//! about a machine that he does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::act::{Act, NOTABLE, ROUTINE, TELLING, WEAK};
use crate::topic::{Topic, said};
use crate::who::{Circumstance, actor, circumstance_of, is_implant};

/// How long acts belong together.
const TOGETHER: Duration = Duration::from_secs(60);
/// Sessions that are remembered; those that have been quiet longest are forgotten.
const SESSIONS: usize = 512;
/// Acts of a session that are remembered.
const ACTS: usize = 48;
/// What acts weigh together that deserve a look, and at a terminal, where people look around at leisure.
const ENOUGH: u32 = TELLING;
const ENOUGH_AT_A_TERMINAL: u32 = 2 * TELLING;
/// Topics that make a survey of a session.
const SURVEY: usize = 6;
/// What weak acts weigh at most, all together.
const WEAK_AT_MOST: u32 = 2;
/// What the same act with other arguments adds, and how often.
const AGAIN: u32 = 1;
const AGAIN_AT_MOST: usize = 2;
/// Files that shells opened for the output of what they are about to start.
const OUTPUTS: usize = 256;
const STARTING: Duration = Duration::from_secs(2);
/// Findings that wait for their rule.
const PENDING: usize = 64;
/// Bytes of a command line that are shown.
const SHOWN: usize = 160;

/// What sessions did, and what is to be said about it.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sessions {
    sessions: Recent<u64, Vec<Done>>,
    outputs: Recent<u64, ()>,
    /// Findings that belong to other rules than the one whose turn it was. Given within a second.
    pending: Vec<Pending>,
    /// The last event that was looked at: several rules see the same.
    #[serde(skip)]
    seen: u64,
}

/// An act that was done.
#[derive(Clone, Serialize, Deserialize)]
struct Done {
    topic: Topic,
    name: String,
    weight: u32,
    time: u64,
    seq: u64,
    image: u64,
    /// Of the arguments, to tell the same from another.
    arguments: u64,
    /// What was run.
    shown: String,
    raised: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    topic: Topic,
    severity: u8,
    message: String,
    events: Vec<u64>,
    image: u64,
    commands: String,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            sessions: Recent::new(SESSIONS, TOGETHER),
            outputs: Recent::new(OUTPUTS, STARTING),
            pending: Vec::new(),
            seen: 0,
        }
    }
}

impl Sessions {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            sessions: self.sessions.with_limits(SESSIONS, TOGETHER),
            outputs: self.outputs.with_limits(OUTPUTS, STARTING),
            ..self
        }
    }

    /// Whether this is the first time that the event is looked at.
    pub(crate) fn is_new(&mut self, seq: u64) -> bool {
        let new = self.seen != seq;
        self.seen = seq;
        new
    }

    /// The process has opened a file where everybody may write, and is about to begin what will write there.
    pub(crate) fn output(&mut self, now: u64, process: &Process<'_>) {
        self.outputs.insert(now, process.id(), ());
    }

    /// An act was done; `began`: by beginning this process.
    pub(crate) fn did(&mut self, now: u64, seq: u64, process: &Process<'_>, began: bool, act: Act) {
        let circumstance = circumstance_of(process, began);
        if circumstance.excuses(act.weight) {
            return;
        }
        let saved = self.outputs.take(now, &process.id()).is_some();
        let done = Done {
            topic: act.topic,
            name: act.name.to_owned(),
            weight: weight(act.weight, saved, circumstance, process),
            time: now,
            seq,
            image: process.image(),
            arguments: hash(process.argv().as_bytes()),
            shown: shown(process),
            raised: false,
        };
        if circumstance == Circumstance::Routine {
            self.alone(&done, process, true);
            return;
        }
        let session = actor(process, began);
        let mut acts = self.sessions.take(now, &session.id()).unwrap_or_default();
        let oldest = now.saturating_sub(u64::try_from(TOGETHER.as_nanos()).unwrap_or(u64::MAX));
        acts.retain(|act| act.time >= oldest);
        let known =
            acts.iter().any(|it| it.topic == done.topic && it.name == done.name && it.arguments == done.arguments);
        if !known && acts.len() < ACTS {
            acts.push(done);
            self.judge(&mut acts, process, &session);
        }
        self.sessions.insert(now, session.id(), acts);
    }

    /// Raises what the newest act adds to.
    fn judge(&mut self, all_acts: &mut Vec<Done>, process: &Process<'_>, session: &Process<'_>) {
        let acts = &mut *all_acts;
        let enough = if process.tty().is_some() { ENOUGH_AT_A_TERMINAL } else { ENOUGH };
        let alone = acts.last().is_some_and(|act| act.weight >= TELLING);
        let least = least(process);
        if sum(acts, least) < enough || (acts.len() < 2 && alone) {
            if let Some(act) = acts.last_mut() {
                act.raised = act.weight >= TELLING;
                let act = act.clone();
                self.alone(&act, process, false);
            }
            return;
        }
        let all = acts.iter().filter(|act| act.topic != Topic::Survey).count();
        let mut by_topic: BTreeMap<Topic, Vec<&mut Done>> = BTreeMap::new();
        for act in acts.iter_mut().filter(|act| !act.raised) {
            by_topic.entry(act.topic).or_default().push(act);
        }
        let by = common::programs::label(session);
        for (topic, acts) in by_topic {
            let commands: Vec<_> = acts.iter().map(|act| act.shown.clone()).collect();
            let commands = commands.join("; ");
            let others =
                if all > acts.len() { format!(", one of {all} looks around within a minute") } else { String::new() };
            self.pending.push(Pending {
                topic,
                severity: 2,
                message: format!("{by} looked for {}: {commands}{others}", said(topic).what),
                events: acts.iter().map(|act| act.seq).collect(),
                image: acts.last().map_or_else(|| process.image(), |act| act.image),
                commands,
            });
            for act in acts {
                act.raised = true;
            }
        }
        self.survey(all_acts, process, &by, least);
    }

    /// Says so once where a session went over the whole machine.
    fn survey(&mut self, acts: &mut Vec<Done>, process: &Process<'_>, by: &str, least: u32) {
        let topics: BTreeSet<Topic> = acts.iter().filter(|act| act.weight > least).map(|act| act.topic).collect();
        if topics.len() < SURVEY || topics.contains(&Topic::Survey) {
            return;
        }
        let whats: Vec<_> = topics.iter().map(|topic| said(*topic).what).collect();
        let Some(last) = acts.last().cloned() else { return };
        self.pending.push(Pending {
            topic: Topic::Survey,
            severity: 3,
            message: format!("{by} looked for {} within a minute", whats.join(", ")),
            events: acts.iter().map(|act| act.seq).collect(),
            image: process.image(),
            commands: last.shown.clone(),
        });
        acts.push(Done { topic: Topic::Survey, name: "all".to_owned(), raised: true, weight: ROUTINE, ..last });
    }

    /// Says that an act was done, for what it is by itself.
    fn alone(&mut self, act: &Done, process: &Process<'_>, routine: bool) {
        if act.weight <= WEAK {
            return;
        }
        let severity = if act.weight >= TELLING && !routine { 2 } else { 1 };
        let by =
            process.parent().map_or_else(String::new, |parent| format!("{} ran ", common::programs::label(&parent)));
        self.pending.push(Pending {
            topic: act.topic,
            severity,
            message: format!("{by}{}, which tells about {}", act.shown, said(act.topic).what),
            events: vec![act.seq],
            image: act.image,
            commands: act.shown.clone(),
        });
    }

    /// Raises what is to be said of a topic: with its rule.
    pub(crate) fn raise(&mut self, topic: Topic, out: &mut Out<'_>) {
        if self.pending.is_empty() {
            return;
        }
        // Those of rules that are switched off are nobody's.
        let too_many = self.pending.len().saturating_sub(PENDING);
        self.pending.drain(..too_many);
        let (mine, others) = std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.topic == topic);
        self.pending = others;
        let mine: Vec<Pending> = mine;
        for pending in mine {
            let Pending { severity, message, events, image, commands, .. } = pending;
            let severity = match severity {
                0 | 1 => Low,
                2 => Medium,
                _ => High,
            };
            let mut finding = out.finding(message).field("commands", commands).about_image(image).severity(severity);
            for seq in events {
                finding = finding.because_of(seq);
            }
        }
    }
}

/// What an act weighs as it was done.
fn weight(weight: u32, saved: bool, circumstance: Circumstance, process: &Process<'_>) -> u32 {
    if circumstance == Circumstance::Served {
        return TELLING;
    }
    let weight = match weight {
        // What is written down somewhere is to be taken along.
        NOTABLE.. if saved => weight + NOTABLE,
        ROUTINE if saved => weight + 1,
        _ => weight,
    };
    if weight > WEAK && circumstance == Circumstance::Ordinary && is_implant(process) { weight * 2 } else { weight }
}

/// What an act has to weigh more than to add up. Whoever logs in looks how the machine is before he begins: at a terminal only
/// what administrators do not do all the time counts.
fn least(process: &Process<'_>) -> u32 {
    if process.tty().is_some() { ROUTINE } else { WEAK }
}

/// What acts weigh together, of which each but a few has to weigh more than the least.
fn sum(acts: &[Done], least: u32) -> u32 {
    let mut weak = 0;
    let mut others = 0;
    for (place, act) in acts.iter().enumerate() {
        let before = acts[..place].iter().filter(|it| it.topic == act.topic && it.name == act.name).count();
        match before {
            0 if act.weight <= least => weak += act.weight,
            0 => others += act.weight,
            1..=AGAIN_AT_MOST if act.weight > least => others += AGAIN,
            _ => {}
        }
    }
    // Weak ones alone are what every script begins with.
    if others == 0 { 0 } else { others + weak.min(WEAK_AT_MOST) }
}

/// FNV-1a: to tell arguments from others, not against somebody who wants them to be alike.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The command line, cut.
fn shown(process: &Process<'_>) -> String {
    let mut shown = process.command_line().to_string();
    if shown.is_empty() {
        shown = common::programs::label(process);
    }
    if shown.len() > SHOWN {
        shown.truncate(shown.floor_char_boundary(SHOWN));
        shown.push('…');
    }
    shown
}
