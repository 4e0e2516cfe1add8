//! Several sources as one stream.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Duration;

use lanner_abi::Kind;
use lanner_contract::Wanted;
use lanner_source::record::{Machine, Record};
use lanner_source::{Drained, Shortcoming, Source, SourceError};

/// How long it is waited for one of several sources before the others are looked at, each.
const TURN: Duration = Duration::from_millis(4);

/// Takes records, each with the number of its source; says whether it takes more for now.
pub(crate) type Take<'a> = dyn FnMut(usize, Record) -> ControlFlow<()> + 'a;

/// The sources of a pipeline.
pub struct Sources(Vec<Input>);

struct Input {
    source: Box<dyn Source>,
    /// What its last drain found; after the end it is not asked again.
    last: Drained,
}

impl From<Vec<Box<dyn Source>>> for Sources {
    fn from(sources: Vec<Box<dyn Source>>) -> Self {
        Self(sources.into_iter().map(|source| Input { source, last: Drained::Nothing }).collect())
    }
}

impl From<Box<dyn Source>> for Sources {
    fn from(source: Box<dyn Source>) -> Self {
        vec![source].into()
    }
}

impl Sources {
    /// The machine of each, in order.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.0.iter().map(|input| input.source.machine())
    }

    /// Asks each for the events of these kinds; those of processes come always.
    ///
    /// # Errors
    /// They cannot be had.
    pub(crate) fn want(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.0.iter_mut().try_for_each(|input| input.source.want(wanted))
    }

    /// Whether what was asked for last is given by now.
    ///
    /// # Errors
    /// It cannot be had.
    pub(crate) fn settle(&mut self) -> Result<bool, SourceError> {
        // Each is looked at.
        let settled = self.0.iter_mut().map(|input| input.source.settle());
        settled.collect::<Result<Vec<_>, _>>().map(|settled| settled.into_iter().all(|settled| settled))
    }

    /// Likewise, and waits until it is given, with nothing drained meanwhile.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn want_at_once(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.0.iter_mut().try_for_each(|input| input.source.want_at_once(wanted))
    }

    /// A portion of each. What is said of them together is what the one with the most to give said.
    pub(crate) fn drain(&mut self, take: &mut Take<'_>) -> Result<Drained, SourceError> {
        let mut together = Drained::End;
        for (number, input) in self.0.iter_mut().enumerate() {
            if input.last == Drained::End {
                continue;
            }
            let mut full = false;
            input.last = input.source.drain(&mut |record| {
                let flow = take(number, record);
                full = flow.is_break();
                flow
            })?;
            together = more(together, input.last);
            if full {
                // The others have their turn when there is room.
                return Ok(Drained::Some);
            }
        }
        Ok(together)
    }

    /// What each can be told that it need not give.
    pub(crate) fn unwanted(&self) -> impl Iterator<Item = Option<Sender<u64>>> {
        self.0.iter().map(|input| input.source.unwanted())
    }

    /// Waits until there may be something to drain, or the time is over. `last` is what the last drain gave.
    pub(crate) fn wait(&mut self, last: Drained, timeout: Duration) -> Result<(), SourceError> {
        if last == Drained::Some {
            return Ok(());
        }
        let mut waiting = self.0.iter_mut().filter(|input| input.last != Drained::End);
        let first = waiting.next();
        let others = waiting.count();
        match (first, others) {
            (None, _) => Ok(()),
            (Some(input), 0) => input.source.wait(last, timeout),
            // One after the other, each for a moment.
            _ => self
                .0
                .iter_mut()
                .filter(|input| input.last != Drained::End)
                .try_for_each(|input| input.source.wait(input.last, TURN.min(timeout))),
        }
    }

    /// The time up to which everything has been drained from all of them, ns since 1970 (UTC), where it goes on while
    /// nothing happens.
    pub(crate) fn quiet_since(&self) -> Option<u64> {
        let open = self.0.iter().filter(|input| input.last != Drained::End);
        open.map(|input| input.source.quiet_since()).collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// Looks at what is looked at only from time to time, such as losses, while nothing is drained.
    pub(crate) fn look(&mut self) -> Result<(), SourceError> {
        self.0.iter_mut().try_for_each(|input| input.source.look())
    }

    /// Lets nothing more arrive: what has arrived can still be drained, and ends.
    pub(crate) fn close(&mut self) -> Result<(), SourceError> {
        self.0.iter_mut().try_for_each(|input| input.source.close())
    }

    /// Passes on what is looked at only from time to time. To be called when nothing more will be drained.
    pub(crate) fn finish(&mut self, take: &mut Take<'_>) -> Result<(), SourceError> {
        let mut inputs = self.0.iter_mut().enumerate();
        inputs.try_for_each(|(number, input)| input.source.finish(&mut |record| take(number, record)))
    }

    /// Events that they did not give as nobody wants them.
    pub fn filtered(&self) -> u64 {
        self.0.iter().map(|input| input.source.filtered()).sum()
    }

    /// What was lost and what was filtered out, by kind.
    pub fn by_kind(&self) -> impl Iterator<Item = (Kind, u64, u64)> {
        self.0.iter().flat_map(|input| input.source.by_kind())
    }

    /// What they do not see or know.
    pub fn degraded(&self) -> Vec<Shortcoming> {
        self.0.iter().flat_map(|input| input.source.degraded()).collect()
    }

    /// Has each begin anew with the processes that are there.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn begin_anew(&mut self) -> Result<(), SourceError> {
        self.0.iter_mut().try_for_each(|input| input.source.begin_anew())
    }

    /// Events that were lost so far.
    pub fn lost(&self) -> u64 {
        self.0.iter().map(|input| input.source.lost()).sum()
    }
}

/// Which of two says that there is more.
fn more(one: Drained, other: Drained) -> Drained {
    let rank = |drained| match drained {
        Drained::End => 0,
        Drained::Nothing => 1,
        Drained::All => 2,
        Drained::Some => 3,
    };
    if rank(one) >= rank(other) { one } else { other }
}
