//! The loop that brings records from sources to whatever takes them in.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use lanner_engine::Order;
use lanner_source::record::Record;
use lanner_source::{Drained, SourceError};

use crate::sources::{Sources, Take};

/// How long it is waited for records before it is looked for orders.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it is waited for room before it is looked again; what is full lasts longer.
pub(crate) const FULL: Duration = Duration::from_millis(1);

/// Takes in records: judges them, or keeps them.
pub trait Intake {
    /// Why it cannot go on.
    type Error: From<SourceError>;

    /// Whether it takes more for now.
    fn has_room(&self) -> bool;

    /// Whether anybody wants what comes of it.
    fn is_heard(&self) -> bool;

    /// Takes a record of the source of this number.
    ///
    /// # Errors
    /// It cannot go on.
    fn take(&mut self, source: usize, record: Record) -> Result<(), Self::Error>;

    /// Does what had to wait for room, as far as there is some.
    ///
    /// # Errors
    /// It cannot go on.
    fn catch_up(&mut self) -> Result<(), Self::Error>;

    /// Sees to what was begun and goes on meanwhile.
    fn settle(&mut self, _sources: &mut Sources) {}

    /// Whether something was begun and goes on.
    fn is_settling(&self) -> bool {
        false
    }

    /// Nothing more is there for now. All up to `quiet`, ns since 1970 (UTC), has been taken, where time goes on while
    /// nothing happens; `nothing` came with this look.
    ///
    /// # Errors
    /// It cannot go on.
    fn pause(&mut self, quiet: Option<u64>, nothing: bool) -> Result<(), Self::Error>;

    /// Carries out an order that is not about when to end.
    ///
    /// # Errors
    /// It cannot go on.
    fn apply(&mut self, order: Order, sources: &mut Sources, ending: bool) -> Result<(), Self::Error>;
}

/// What the orders so far come to. The later ones count for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// Nobody said anything.
    GoOn,
    /// What has arrived is taken in, and nothing more.
    Stop,
    /// Nothing more is taken in.
    GiveUp,
}

/// Sources, and the orders about what comes of them.
pub struct Flow<'o> {
    pub(crate) sources: Sources,
    orders: &'o Receiver<Order>,
    pub(crate) course: Course,
}

impl<'o> Flow<'o> {
    /// From these sources, by these orders.
    pub fn new(sources: impl Into<Sources>, orders: &'o Receiver<Order>) -> Self {
        Self { sources: sources.into(), orders, course: Course::GoOn }
    }

    /// The sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Takes in all that there is to take: to the end of the sources, or what has arrived when an order stops it. Gives
    /// what the orders came to.
    ///
    /// # Errors
    /// A source is broken, or the intake is; what came before was taken in.
    pub fn take_in<I: Intake>(&mut self, intake: &mut I) -> Result<Course, I::Error> {
        let mut closed = false;
        loop {
            self.apply_orders(intake)?;
            if self.course != Course::GoOn && !closed {
                // What goes on happening is not waited for.
                self.sources.close()?;
                closed = true;
            }
            if self.course == Course::GiveUp {
                return Ok(self.course);
            }
            if !intake.is_heard() {
                // What comes of it reaches nobody any more.
                self.course = Course::GiveUp;
                continue;
            }
            intake.settle(&mut self.sources);
            intake.catch_up()?;
            if !intake.has_room() {
                self.sources.look()?;
                self.wait_for_order(intake)?;
                continue;
            }
            let drained = self.pass_on(intake, |sources, take| sources.drain(take))?;
            if drained != Drained::Some {
                intake.pause(self.sources.quiet_since(), drained == Drained::Nothing)?;
            }
            let stopped = self.course == Course::Stop;
            if drained == Drained::End || (stopped && drained != Drained::Some) {
                self.pass_on(intake, |sources, take| sources.finish(take))?;
                return Ok(self.course);
            }
            if !stopped {
                self.sources.wait(drained, if intake.is_settling() { FULL } else { PATIENCE })?;
            }
        }
    }

    /// Hands records over as long as there is room for them.
    fn pass_on<I: Intake, T>(
        &mut self,
        intake: &mut I,
        give: impl FnOnce(&mut Sources, &mut Take<'_>) -> Result<T, SourceError>,
    ) -> Result<T, I::Error> {
        let mut taken = Ok(());
        let given = give(&mut self.sources, &mut |source, record| {
            taken = intake.take(source, record);
            match taken.is_ok() && intake.has_room() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        taken?;
        Ok(given?)
    }

    /// Carries out the orders that wait.
    fn apply_orders<I: Intake>(&mut self, intake: &mut I) -> Result<(), I::Error> {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.apply(order, intake)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return self.apply(Order::Stop, intake),
            }
        }
    }

    /// Waits a moment for an order, and carries it out.
    pub(crate) fn wait_for_order<I: Intake>(&mut self, intake: &mut I) -> Result<(), I::Error> {
        match self.orders.recv_timeout(FULL) {
            Ok(order) => self.apply(order, intake)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(FULL),
        }
        Ok(())
    }

    fn apply<I: Intake>(&mut self, order: Order, intake: &mut I) -> Result<(), I::Error> {
        match order {
            Order::Stop => self.course = self.course.max(Course::Stop),
            Order::GiveUp => self.course = Course::GiveUp,
            other => intake.apply(other, &mut self.sources, self.course != Course::GoOn)?,
        }
        Ok(())
    }
}
