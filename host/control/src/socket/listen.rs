//! The events of a running host, for clients that listen to them: made into lines on a thread of their own.

use std::io;
use std::time::Duration;

use lanner_abi::Kind;
use lanner_enrich::Event;
use lanner_pipeline::{Heard, Interest, Listening};
use lanner_sdk::matching::{BadPattern, Comparison, TextSet};
use lanner_sink::append_event;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::protocol::{Answer, Sought};

/// How often it is looked whether there are more, where there were none: as late as that people see them.
const LOOK: Duration = Duration::from_millis(20);
/// Lines are handed over when they have this many bytes, and when there are no more for now.
const PORTION: usize = 64 << 10;
/// They are handed over after so many events, too, where few of these are asked for.
const LOOKED_AT: usize = 1024;
/// Portions that wait until they are written. What does not fit waits as events.
const PORTIONS: usize = 2;
/// What only globs have.
const WILD: [char; 5] = ['*', '?', '[', '{', '\\'];

/// Which events a client has asked for.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) interest: Interest,
    /// Their programs: compared where lines are made, as that takes longer.
    pub(super) programs: Option<TextSet>,
}

impl Filter {
    /// What a client has asked for.
    ///
    /// # Errors
    /// A sentence for the client: there is no such kind, or it is no glob.
    pub(super) fn new(sought: &Sought) -> Result<Self, String> {
        let kind = |name: &String| {
            Kind::from_name(name).ok_or_else(|| {
                let kinds = Kind::ALL.map(Kind::name).join(", ");
                format!("there is no kind {name:?} of events; there are {kinds}")
            })
        };
        let kinds = sought.kinds.iter().map(kind).collect::<Result<_, _>>()?;
        let programs = sought.exe.as_deref().map(programs).transpose().map_err(|bad| bad.to_string())?;
        Ok(Self { interest: Interest { kinds, pid: sought.pid }, programs })
    }
}

/// The programs that are meant: those whose paths begin so or have the form of a glob; without a `/`, those of that name.
fn programs(exe: &str) -> Result<TextSet, BadPattern> {
    let (is_path, is_glob) = (exe.contains('/'), exe.contains(WILD));
    match (is_path, is_glob) {
        (true, true) => TextSet::new().with(Comparison::Glob, [exe]),
        (true, false) => TextSet::new().with(Comparison::StartsWith, [exe]),
        (false, true) => TextSet::new().with(Comparison::Glob, [format!("**/{exe}")]),
        (false, false) => TextSet::new().with(Comparison::FileName, [exe]),
    }
}

/// Whether one of these programs did it, or begins with it.
fn is_by(event: &Event, programs: &TextSet) -> bool {
    event.process.iter().chain(event.subject()).any(|process| programs.matches(process.exe()))
}

/// Makes lines of the events of these programs that are heard, until no more come or nobody takes them.
///
/// # Errors
/// No thread can be had.
pub(super) fn lines(listening: Listening, programs: Option<TextSet>) -> io::Result<Receiver<Vec<u8>>> {
    let (give, lines) = channel(PORTIONS);
    let name = "lanner-listener".to_owned();
    std::thread::Builder::new().name(name).spawn(move || write(listening, programs.as_ref(), &give))?;
    Ok(lines)
}

fn write(mut listening: Listening, programs: Option<&TextSet>, give: &Sender<Vec<u8>>) {
    let mut portion = Vec::new();
    let mut looked_at = 0;
    while !give.is_closed() {
        let heard = listening.hear();
        let (nothing, end) = (matches!(heard, Heard::Nothing), matches!(heard, Heard::End));
        match heard {
            Heard::Event(event) => {
                looked_at += 1;
                if programs.is_none_or(|programs| is_by(&event, programs)) {
                    append_event(&event, &mut portion);
                }
            }
            Heard::LeftOut(events) => portion.extend(Answer::LeftOut { findings: 0, events }.line()),
            Heard::Nothing | Heard::End => {}
        }
        let is_due = nothing || end || portion.len() >= PORTION || looked_at >= LOOKED_AT;
        if is_due && !portion.is_empty() && give.blocking_send(std::mem::take(&mut portion)).is_err() {
            return;
        }
        if is_due {
            looked_at = 0;
        }
        if end {
            return;
        }
        if nothing {
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests;
