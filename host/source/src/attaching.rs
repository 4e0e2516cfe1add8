//! The probes, which are attached aside: the verifier takes its time, and what is attached already goes on telling meanwhile.

use std::sync::mpsc::{Receiver, RecvError, TryRecvError, channel};

use lanner_abi::Kind;
use lanner_probes::{ProbeError, Probes};

use super::SourceError;

/// Probes, or where they come back from.
pub(super) struct Attaching {
    place: Place,
    /// Why what was asked for last could not be had.
    failed: Option<ProbeError>,
}

enum Place {
    Here(Box<Probes>),
    /// Other kinds are being attached or detached.
    Away(Receiver<Back>),
    /// The thread that had them ended without a word.
    Gone,
}

/// The probes, and whether all kinds that were asked for are reported.
type Back = (Box<Probes>, Result<(), ProbeError>);

impl Attaching {
    pub(super) fn new(probes: Probes) -> Self {
        Self { place: Place::Here(Box::new(probes)), failed: None }
    }

    /// The probes, where nothing is being attached.
    ///
    /// # Errors
    /// There are none any more.
    pub(super) fn look(&mut self) -> Result<Option<&mut Probes>, SourceError> {
        if let Place::Away(back) = &self.place {
            match back.try_recv() {
                Ok(back) => self.take_back(back),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => self.place = Place::Gone,
            }
        }
        match &mut self.place {
            Place::Here(probes) => Ok(Some(probes)),
            Place::Away(_) => Ok(None),
            Place::Gone => Err(SourceError::ProbesGone),
        }
    }

    /// The same, to look only.
    pub(super) fn here(&self) -> Option<&Probes> {
        if let Place::Here(probes) = &self.place { Some(probes) } else { None }
    }

    /// The same, and waits for them.
    ///
    /// # Errors
    /// Likewise.
    pub(super) fn wait(&mut self) -> Result<Option<&mut Probes>, SourceError> {
        if let Place::Away(back) = &self.place {
            match back.recv() {
                Ok(back) => self.take_back(back),
                Err(RecvError) => self.place = Place::Gone,
            }
        }
        self.look()
    }

    fn take_back(&mut self, (probes, reported): Back) {
        (self.place, self.failed) = (Place::Here(probes), reported.err());
    }

    /// Why what was asked for last could not be had; said once.
    pub(super) fn take_failure(&mut self) -> Option<ProbeError> {
        self.failed.take()
    }

    /// Has these kinds reported, and no others, where the probes are here. Does not wait.
    pub(super) fn report(&mut self, kinds: Vec<Kind>) {
        let Place::Here(probes) = &self.place else { return };
        let attached = probes.attached();
        if Probes::kinds().iter().all(|kind| kinds.contains(kind) == attached.contains(kind)) {
            return;
        }
        let (give, back) = channel::<Back>();
        let (hand, take) = channel::<(Box<Probes>, Vec<Kind>)>();
        let work = move || {
            if let Ok((mut probes, kinds)) = take.recv() {
                let reported = report(&mut probes, &kinds);
                // The source may be gone.
                let _ = give.send((probes, reported));
            }
        };
        let thread = std::thread::Builder::new().name("lanner-probes".into()).spawn(work);
        let Place::Here(mut probes) = std::mem::replace(&mut self.place, Place::Away(back)) else { return };
        if thread.is_err() {
            // Then events wait.
            let reported = report(&mut probes, &kinds);
            self.take_back((probes, reported));
        } else {
            // It waits for them.
            let _ = hand.send((probes, kinds));
        }
    }
}

/// In the order of the kinds.
fn report(probes: &mut Probes, kinds: &[Kind]) -> Result<(), ProbeError> {
    let attached = kinds.iter().try_for_each(|kind| probes.attach(*kind));
    let others = Probes::kinds().into_iter().filter(|kind| !kinds.contains(kind));
    let detached = others.into_iter().try_for_each(|kind| probes.detach(kind));
    probes.rest();
    attached.and(detached)
}
